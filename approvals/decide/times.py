"""When things are due: seconds that count while the plan's clocks run, deadlines, reminders."""

from datetime import datetime, timedelta

from approvals.escalation import Escalation, Plan

#: What is said of the time that is gone, and how much of it that is, in fifths.
HALF, FOUR_FIFTHS = "half", "four-fifths"
_GONE = {HALF: 0.5, FOUR_FIFTHS: 0.8}


def later(plan: Plan, start: datetime, seconds: float) -> datetime:
    """So many seconds after `start`, by the plan's clocks."""
    return start + timedelta(seconds=seconds)


def decide_by(plan: Plan, start: datetime) -> datetime:
    """The deadline of what began then."""
    return later(plan, start, plan.decide_within_s)


def latest_deadline(escalation: Escalation) -> datetime:
    """How far the deadline may move while nobody can be reached."""
    plan = escalation.plan
    return decide_by(plan, escalation.created_at) + timedelta(seconds=plan.undelivered_max_s)


def reminder_at(start: datetime, deadline: datetime, reminded: tuple[str, ...]) -> datetime | None:
    """When those who may decide are reminded next; None when all was said."""
    left = [gone for which, gone in _GONE.items() if which not in reminded]
    return start + (deadline - start) * left[0] if left else None


def reminders_due(escalation: Escalation, now: datetime) -> tuple[str, ...]:
    """The next reminder, and with it every later one whose moment has come as well."""
    start = counts_from(escalation)
    span = escalation.deadline_at - start
    left = [which for which in _GONE if which not in escalation.reminded]
    return tuple(w for n, w in enumerate(left) if n == 0 or start + span * _GONE[w] <= now)


def counts_from(escalation: Escalation) -> datetime:
    """Since when the time until the deadline is counted."""
    known = (escalation.created_at, escalation.delivered_at)
    extended = escalation.extended.at if escalation.extended else None
    return max(at for at in (*known, extended) if at is not None)
