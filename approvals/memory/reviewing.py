"""Reviews: how often whoever is to write one is reminded: at half of the time, when it is due, then
daily.
"""

from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.escalation import Escalation
from approvals.events import REVIEW_REMINDED, Event
from approvals.memory.values import Review

#: At half of the time, when it is due, then daily; after that it only stays in the list.
MOST_REMINDERS, DAILY = 5, timedelta(days=1)


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
