"""Look: an eligible person opened something of it, for the first time."""

from datetime import datetime, timedelta

from approvals.commands import Look
from approvals.decide.responder import responder
from approvals.escalation import Escalation
from approvals.events import LOOKED, Event
from approvals.facts import Facts
from approvals.verdict import Case, Verdict, accept

#: Who says "I am looking" and goes on reading holds the chain; this often it is worth a record.
RENEWED_AFTER = timedelta(minutes=1)


def look(escalation: Escalation, command: Look, facts: Facts, now: datetime) -> Verdict:
    """Record the first look of a person who was asked; everybody else's is nobody's business."""
    found = responder(escalation, command.actor, facts.people, now)
    if isinstance(found, Verdict) or escalation.status.is_terminal:
        return Verdict()
    person = found.id
    holds = escalation.acknowledged
    if holds is not None and holds.person == person:
        going_on = timedelta(seconds=escalation.plan.acknowledge_for_s) - (holds.until - now)
        if going_on < RENEWED_AFTER:
            return Verdict()
    elif any(seen.person == person for seen in escalation.looks):
        return Verdict()
    body = {"person": person}
    return accept(Case.DONE, Event(kind=LOOKED, at=now, by=f"person:{person}", body=body))
