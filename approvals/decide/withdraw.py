"""Withdraw: the requester takes the question back; the operation is aborted."""

from datetime import datetime

from approvals.commands import Withdraw
from approvals.decide.who import too_late
from approvals.escalation import Escalation
from approvals.events import DECIDED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.tally import is_requester
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import DecidedBy, Effect, Status


def withdraw(escalation: Escalation, command: Withdraw, facts: Facts, now: datetime) -> Verdict:
    """Take it back, by the service or by the person it was asked for."""
    by = _who(escalation, command, facts)
    if isinstance(by, Verdict):
        return by
    if escalation.status.is_terminal:
        late = too_late(escalation, command.actor, facts.people) if command.actor else None
        return late or refuse(Why.ALREADY_TERMINAL, who=by, status=escalation.status)
    reason = (command.reason or "").strip() or None
    body = {
        "status": Status.WITHDRAWN,
        "effect": Effect.ABORT,
        "by": DecidedBy.REQUESTER,
        "reason": reason,
        "people": [by.removeprefix("person:")] if by.startswith("person:") else [],
    }
    return accept(Case.WITHDRAWN, Event(kind=DECIDED, at=now, by=by, body=body))


def _who(escalation: Escalation, command: Withdraw, facts: Facts) -> str | Verdict:
    if command.actor is None:
        same = command.service == escalation.service
        return f"service:{command.service}" if same else refuse(Why.NOT_FOUND)
    account = command.actor.account
    person = facts.people.of_account(account)
    if command.actor.foreign or not is_requester(escalation, account, person, facts.people):
        return refuse(Why.NOT_YOUR_VOTE, who=f"account:{account}", verb="withdraw")
    return f"person:{person.id}" if person else f"account:{account}"
