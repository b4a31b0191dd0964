"""Look: an eligible person opened something of it, for the first time."""

from datetime import datetime

from approvals.commands import Look
from approvals.decide.who import approver
from approvals.escalation import Escalation
from approvals.events import LOOKED, Event
from approvals.facts import Facts
from approvals.verdict import Case, Verdict, accept


def look(escalation: Escalation, command: Look, facts: Facts, now: datetime) -> Verdict:
    """Record the first look of an eligible person; everybody else's is nobody's business."""
    found = approver(escalation, command.actor, facts.people, now, releases=False)
    if isinstance(found, Verdict) or escalation.status.is_terminal:
        return Verdict()
    person = found.person.id
    if any(seen.person == person for seen in escalation.looks):
        return Verdict()
    body = {"person": person}
    return accept(Case.DONE, Event(kind=LOOKED, at=now, by=f"person:{person}", body=body))
