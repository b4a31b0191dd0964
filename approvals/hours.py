"""Time as people live it: business hours, and whose turn it is to be on call.

Pure, and safe where clocks are put forward or back: a local time of day is turned into one instant
(the first, where it comes twice; as if the clock had not jumped, where it never comes), and all
reckoning is done between instants.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from approvals.people import People
from approvals.snapshot import Hours, Plan, Rotation

#: Days looked ahead for the next opening: enough for one a week, one of them lost to the clocks.
AHEAD = 16


def later(start: datetime, seconds: float, hours: Hours | None) -> datetime:
    """When so many open seconds have passed since `start`; all time is open without hours.

    The very end of an opening still belongs to it: what is due at closing time is due then.
    """
    left = timedelta(seconds=seconds)
    if hours is None:
        return start + left
    for opens, closes in _openings(start, hours):
        begins = max(opens, start)
        if begins + left <= closes:
            return (begins + left).astimezone(start.tzinfo)
        left -= closes - begins
    raise OverflowError("No opening ever comes.")


def open_seconds(start: datetime, end: datetime, hours: Hours | None) -> float:
    """How many seconds between the two are open; none where `end` is not after `start`."""
    if hours is None or end <= start:
        return max(0.0, (end - start).total_seconds())
    until_then = takewhile(lambda opening: opening[0] < end, _openings(start, hours))
    return sum(
        (min(closes, end) - max(opens, start)).total_seconds() for opens, closes in until_then
    )


def is_open(now: datetime, hours: Hours | None) -> bool:
    """Whether clocks run at that moment."""
    if hours is None:
        return True
    opens, _ = next(_openings(now, hours))  # the first that has not closed before
    return opens <= now


def on_call(rotation: Rotation, now: datetime) -> tuple[str, ...]:
    """The people of the rotation, the one whose turn it is first, then those who follow.

    Before the start it is the first one's turn.
    """
    turn = _turn(rotation, now) % len(rotation.people)
    return (*rotation.people[turn:], *rotation.people[:turn])


def current_people(plan: Plan, group: str, people: People, now: datetime) -> tuple[str, ...]:
    """Who of a group is on call: whoever's turn it is, or everybody where nobody takes turns.

    Only members who can be reached, are not quiet and not left out here; the next one's turn comes
    early where the one whose turn it is cannot be asked.
    """
    inside = people.groups.get(group, frozenset())
    can = {m for m in inside if people.may_decide(m, (group,))} - {*plan.excluded, *plan.quiet}
    rotation = plan.rotations.get(group)
    if rotation is None:
        return tuple(sorted(can))
    whose = next((person for person in on_call(rotation, now) if person in can), None)
    return (whose,) if whose else tuple(sorted(can))


def _turn(rotation: Rotation, now: datetime) -> int:
    """How many turns have ended; handovers are at the same local time, whatever clocks do."""
    start, days = datetime.fromisoformat(rotation.start), timedelta(days=rotation.days)
    here = now.astimezone(_zone(rotation.zone)).replace(tzinfo=None)
    turn = max(0, (here - start) // days)
    if turn and _instant(start + turn * days, rotation.zone) > now:
        return turn - 1
    return turn + (_instant(start + (turn + 1) * days, rotation.zone) <= now)


def _openings(start: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """Openings that have not closed before `start`, in order, as instants."""
    day = start.astimezone(_zone(hours.zone)).date() - timedelta(days=1)
    idle = 0
    while idle < AHEAD:
        idle += 1
        found = _opening(day, hours) if day.weekday() in hours.days else None
        if found and found[1] > max(found[0], start):
            idle = 0
            yield found
        day += timedelta(days=1)


@lru_cache(maxsize=1024)
def _opening(day: date, hours: Hours) -> tuple[datetime, datetime]:
    opens, closes = (
        _instant(datetime.combine(day, time.fromisoformat(text)), hours.zone)
        for text in (hours.start, hours.until)
    )
    return opens, max(opens, closes)


def _instant(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=_zone(zone)).astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
