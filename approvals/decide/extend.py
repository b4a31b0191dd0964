"""Extend: once, an approver gives the question more time, within the policy's bound."""

from datetime import datetime

from approvals.codec import instant
from approvals.commands import Extend
from approvals.decide.reach import until
from approvals.decide.times import later, reminder_at
from approvals.decide.who import approver, too_late
from approvals.escalation import Escalation
from approvals.events import EXTENDED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind


def extend(escalation: Escalation, command: Extend, facts: Facts, now: datetime) -> Verdict:
    """Move the deadline, unless it is over, was moved before, or may not be."""
    found = approver(escalation, command.actor, facts.people, now, releases=False)
    if isinstance(found, Verdict):
        return found
    person, plan = found.person, escalation.plan
    who = f"person:{person.id}"
    if escalation.status.is_terminal:
        late = too_late(escalation, command.actor, facts.people)
        return late or refuse(Why.ALREADY_TERMINAL, who=who, status=escalation.status)
    if escalation.extended is not None:
        return _already(escalation, who, facts)
    if plan.extend_by_s <= 0 or escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_EXTENDABLE, who=who)
    to = later(plan, escalation.deadline_at, plan.extend_by_s)
    body = {
        "by": person.id,
        "name": person.name,
        "was": instant(escalation.deadline_at),
        "to": instant(to),
        "remind_at": until(reminder_at(plan, now, to)) if plan.steps else None,
    }
    return accept(
        Case.EXTENDED,
        Event(kind=EXTENDED, at=now, by=who, body=body),
        was=body["was"],
        to=body["to"],
    )


def _already(escalation: Escalation, who: str, facts: Facts) -> Verdict:
    before = escalation.extended
    assert before is not None  # noqa: S101
    known = facts.people.persons.get(before.by)
    return refuse(
        Why.ALREADY_EXTENDED,
        who=who,
        by=known.name if known else before.by,
        at=instant(before.at),
        to=instant(escalation.deadline_at),
    )
