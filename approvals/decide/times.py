"""When things are due: seconds that count while the plan's clocks run, deadlines, reminders."""

from datetime import datetime, timedelta

from approvals import hours
from approvals.escalation import Escalation
from approvals.snapshot import Plan

#: What is said of the time that is gone, and how many tenths of it that is.
HALF, FOUR_FIFTHS = "half", "four-fifths"
_GONE = {HALF: 5, FOUR_FIFTHS: 8}


def later(plan: Plan, start: datetime, seconds: float) -> datetime:
    """So many seconds after `start`, by the plan's clocks: they stand still outside its hours."""
    return hours.later(start, seconds, plan.hours)


def decide_by(plan: Plan, start: datetime) -> datetime:
    """The deadline of what began then."""
    return later(plan, start, plan.decide_within_s)


def latest_deadline(escalation: Escalation) -> datetime:
    """How far the deadline may move while nobody can be reached."""
    plan = escalation.plan
    return decide_by(plan, escalation.created_at) + timedelta(seconds=plan.undelivered_max_s)


def reminder_at(
    plan: Plan, start: datetime, deadline: datetime, reminded: tuple[str, ...] = ()
) -> datetime | None:
    """When those who may decide are reminded next; None when all was said."""
    for which in _GONE:
        if which not in reminded:
            return _moment(plan, start, deadline, which)
    return None


def _moment(plan: Plan, start: datetime, deadline: datetime, which: str) -> datetime:
    open_s = int(hours.open_seconds(start, deadline, plan.hours))
    return later(plan, start, open_s * _GONE[which] // 10)


def reminders_due(escalation: Escalation, now: datetime) -> tuple[str, ...]:
    """The next reminder, and with it every later one whose moment has come as well."""
    plan, start, deadline = escalation.plan, counted_from(escalation), escalation.deadline_at
    left = [which for which in _GONE if which not in escalation.reminded]
    return tuple(
        which
        for n, which in enumerate(left)
        if n == 0 or _moment(plan, start, deadline, which) <= now
    )


def counted_from(escalation: Escalation) -> datetime:
    """Since when the time until the deadline is counted."""
    return escalation.counted_from or escalation.created_at
