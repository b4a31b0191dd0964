"""Reviews: when somebody has to look at it again, who, by when, and how often they are reminded.

::

    over --needed?--> review:opened --half--> reminded --due--> reminded --daily--> … 5 in all
                          |  another reason: opened again, the reasons add up
                          +--> review:handed (another owner)
                          +--> review:written (reminders stop)

Needed is one for what was critical or high, expired, released past the policy, or failed after it
was approved (escalation-practice section 7). Not for what was taken back, for what ran by itself,
nor for low and medium that went well. In a storm the first of it stands for all, as long as nothing
failed: nobody writes three hundred times that one database was down.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.escalation import Escalation
from approvals.events import (
    DECIDED,
    ISSUE_WRITTEN,
    LAPSED,
    REPORTED,
    RESOLVED,
    REVIEW_OPENED,
    REVIEW_REMINDED,
    STOPPED,
    Event,
    Record,
)
from approvals.memory.issue import ANDON, body_of, drafted, is_written_by_itself
from approvals.memory.owning import owner
from approvals.memory.values import Review, ReviewWhy
from approvals.words import DecidedBy, Kind, OperationState, Severity, Status

#: Within how many days it is to be written, by the clock, business or not.
DUE_WITHIN: Mapping[Severity, timedelta] = {
    Severity.CRITICAL: timedelta(days=3),
    Severity.HIGH: timedelta(days=5),
    Severity.MEDIUM: timedelta(days=7),
    Severity.LOW: timedelta(days=7),
}

#: At half of the time, when it is due, then daily; after that it only stays in the list.
MOST_REMINDERS, DAILY = 5, timedelta(days=1)

#: Records that may end it: nothing else opens a review, so what ended earlier stays as it is.
_ENDING = frozenset({DECIDED, RESOLVED, REPORTED, STOPPED, LAPSED})

_SEVERE = {Severity.CRITICAL: ReviewWhy.CRITICAL, Severity.HIGH: ReviewWhy.HIGH}


def needed(e: Escalation) -> tuple[ReviewWhy, ...]:
    """Why somebody has to look at it again, as it stands; empty where nobody has to."""
    spared = e.status is Status.WITHDRAWN or e.kind is Kind.AUTOMATION or e.erased is not None
    return () if spared else tuple(_reasons(e))


def _reasons(e: Escalation) -> Iterator[ReviewWhy]:
    stands_alone = e.storm_place <= 1
    overridden = e.decision is not None and e.decision.by is DecidedBy.BREAK_GLASS
    if e.severity in _SEVERE and (overridden or (e.is_over and stands_alone)):
        yield _SEVERE[e.severity]
    if e.status is Status.EXPIRED and stands_alone:
        yield ReviewWhy.EXPIRED
    if overridden:
        yield ReviewWhy.BREAK_GLASS
    if e.state is OperationState.FAILED:
        yield ReviewWhy.FAILED


def follow_ups(e: Escalation, record: Record) -> tuple[Event, ...]:
    """What follows from a record that ended it: what stayed unresolved is written down, a review is
    opened. `e` is the state after the record.
    """
    if record.kind not in _ENDING:
        return ()
    found = []
    if e.issue is None and is_written_by_itself(e):
        body = {"issue": body_of(drafted(e, record.at))}
        found.append(Event(kind=ISSUE_WRITTEN, at=record.at, by=ANDON, body=body))
    known = e.review.why if e.review else ()
    why = [one for one in needed(e) if one not in known]
    return (*found, *([_opened(e, why, record.at)] if why else []))


def _opened(e: Escalation, why: list[ReviewWhy], now: datetime) -> Event:
    due_at = now + DUE_WITHIN[e.severity]
    remind_at = next_reminder(now, due_at, now)
    body = {
        "why": [one.value for one in why],
        "owner": owner(e),
        "due_at": instant(due_at),
        "remind_at": instant(remind_at) if remind_at else None,
    }
    return Event(kind=REVIEW_OPENED, at=now, by=ANDON, body=body)


def next_reminder(opened_at: datetime, due_at: datetime, now: datetime) -> datetime | None:
    """The first reminder after `now`; those that a dead clock missed are not made up for."""
    half = opened_at + (due_at - opened_at) / 2
    days = (due_at + n * DAILY for n in range(MOST_REMINDERS - 1))
    return next((at for at in (half, *days) if at > now), None)


def reminded(e: Escalation, review: Review, now: datetime) -> Event:
    """The reminder that is due, and when the next one is."""
    again = next_reminder(review.opened_at, review.due_at, now)
    body = {
        "owner": review.owner,
        "nth": review.reminded + 1,
        "late": now >= review.due_at,
        "remind_at": instant(again) if again else None,
    }
    return Event(kind=REVIEW_REMINDED, at=now, by="clock", body=body)
