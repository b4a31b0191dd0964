"""AddContext: the service tells more. The operation never changes; what is judged does."""

from datetime import datetime

from approvals.commands import AddContext
from approvals.escalation import Escalation
from approvals.events import CONTEXT_ADDED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse


def add_context(
    escalation: Escalation, command: AddContext, facts: Facts, now: datetime
) -> Verdict:
    """Add context while people may still read it."""
    if command.service != escalation.service:
        return refuse(Why.NOT_FOUND)
    who = f"service:{command.service}"
    if escalation.status.is_terminal:
        return refuse(Why.ALREADY_TERMINAL, who=who, status=escalation.status)
    if all(escalation.context.get(key) == told for key, told in command.context.items()):
        return accept(Case.CONTEXT_ADDED)  # nothing new to judge: no card becomes out of date
    body = {"context": dict(command.context), "redacted": list(command.redacted)}
    return accept(Case.CONTEXT_ADDED, Event(kind=CONTEXT_ADDED, at=now, by=who, body=body))
