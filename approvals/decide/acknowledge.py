"""Acknowledge: "I am looking". Nobody else is called meanwhile; nothing is decided by it."""

from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.commands import Acknowledge
from approvals.decide.responder import responder
from approvals.decide.who import too_late
from approvals.escalation import Escalation
from approvals.events import ACKNOWLEDGED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse


def acknowledge(
    escalation: Escalation, command: Acknowledge, facts: Facts, now: datetime
) -> Verdict:
    """Hold the chain for this person; one at a time, and longer if they say it again."""
    person = responder(escalation, command.actor, facts.people, now)
    if isinstance(person, Verdict):
        return person
    who = f"person:{person.id}"
    if escalation.status.is_terminal:
        late = too_late(escalation, command.actor, facts.people)
        return late or refuse(Why.ALREADY_TERMINAL, who=who, status=escalation.status)
    holds = escalation.acknowledged
    if holds is not None and holds.person != person.id:
        other = facts.people.persons.get(holds.person)
        name = other.name if other else holds.person
        return refuse(Why.ALREADY_ACKNOWLEDGED, who=who, by=name, until=instant(holds.until))
    until = instant(now + timedelta(seconds=escalation.plan.acknowledge_for_s))
    again = holds is not None
    body = {"person": person.id, "name": person.name, "until": until, "again": again}
    event = Event(kind=ACKNOWLEDGED, at=now, by=who, body=body)
    return accept(Case.ACKNOWLEDGED, event, until=until, again=again)
