"""What time alone brings about. Folded before every command, so a dead clock lets nothing through.

Silence is never consent: each end is held, aborted, lapsed or unknown. A deadline wins over
everything else that is due at the same moment::

    expired, or held once while nobody was reached
        -> "I am looking" lapses -> the chain goes on -> reminders
    when all is over: reminders of the review
"""

from datetime import datetime

from approvals.codec import instant
from approvals.decide.chain import ended, go_on, resumed_at
from approvals.decide.reach import Asked, reach, until
from approvals.decide.times import (
    FOUR_FIFTHS,
    counted_from,
    latest_deadline,
    reminder_at,
    reminders_due,
)
from approvals.escalation import Acknowledgement, Escalation
from approvals.events import (
    DEADLINE_HELD,
    DECIDED,
    LAPSED,
    LET_GO,
    REMINDED,
    REPORTED,
    Event,
)
from approvals.facts import Facts
from approvals.memory.reviewing import reminded
from approvals.words import DecidedBy, Effect, Kind, Result, Status


def overdue(escalation: Escalation, facts: Facts, now: datetime) -> Event | None:
    """The one thing that is due at `now`, or None. It is dated `now`, when it was noticed."""
    due = escalation.due_at
    if due is None or now < due:
        return None
    if escalation.status is Status.PENDING:
        return _of_pending(escalation, facts, now)
    if escalation.can_be_stopped:
        return Event(kind=LAPSED, at=now, by="clock")
    if escalation.review is not None and escalation.is_over:
        return reminded(escalation, escalation.review, now)
    return Event(kind=REPORTED, at=now, by="clock", body={"result": Result.UNKNOWN, "by": "clock"})


def _of_pending(escalation: Escalation, facts: Facts, now: datetime) -> Event | None:
    held = escalation.acknowledged
    if escalation.kind is not Kind.INCIDENT and now >= escalation.deadline_at:
        return _at_the_deadline(escalation, now)
    if held is not None and now >= held.until:
        return _let_go(escalation, held, facts, now)
    if facts.people.as_of is None:
        return None  # just started: nobody has a name or an account yet
    next_at = escalation.chain.next_at if held is None else None
    if next_at is not None and now >= next_at:
        return go_on(escalation, facts, now)
    if escalation.remind_at is not None and now >= escalation.remind_at:
        return _remind(escalation, facts, now)
    return ended(escalation, facts, now)  # an incident without a chain, past its time


def _at_the_deadline(escalation: Escalation, now: datetime) -> Event:
    """The end; but time in which nobody could be reached does not count, up to a bound."""
    latest = latest_deadline(escalation)
    if escalation.is_unheard and now < latest:
        body = {"to": instant(latest), "was": instant(escalation.deadline_at)}
        return Event(kind=DEADLINE_HELD, at=now, by="clock", body=body)
    body = {"status": Status.EXPIRED, "effect": Effect.ABORT, "by": DecidedBy.EXPIRY}
    return Event(kind=DECIDED, at=now, by="clock", body=body)


def _let_go(escalation: Escalation, held: Acknowledgement, facts: Facts, now: datetime) -> Event:
    """Whoever said "I am looking" did not go on: the chain does."""
    known = facts.people.persons.get(held.person)
    body = {
        "person": held.person,
        "name": known.name if known else held.person,
        "next_at": until(resumed_at(escalation, held.until)),
    }
    return Event(kind=LET_GO, at=now, by="clock", body=body)


def _remind(escalation: Escalation, facts: Facts, now: datetime) -> Event:
    """Those who may still decide; at half of the time only whoever is looking, if anybody is."""
    which = reminders_due(escalation, now)
    held, last = escalation.acknowledged, FOUR_FIFTHS in which
    targets = (f"person:{held.person}",) if held and not last else ("approvers",)
    found = reach(Asked.in_(escalation), targets, facts, now)
    said = (*escalation.reminded, *which)
    start, deadline = counted_from(escalation), escalation.deadline_at
    remind_at = reminder_at(escalation.plan, start, deadline, said)
    body = {
        "which": list(which),
        "notices": list(found.notices),
        "missed": list(found.missed),
        "deadline_at": instant(deadline),
        "extendable": escalation.plan.extend_by_s > 0 and escalation.extended is None,
        "remind_at": until(remind_at),
    }
    return Event(kind=REMINDED, at=now, by="clock", body=body)
