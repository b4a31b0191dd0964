"""The time of Berlin in the simulated year, reckoned hour by hour and apart from the core."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24 * 380
END = BEGIN + timedelta(hours=HOURS)

#: Who takes turns on call, in order.
OPS = ("ana", "ben", "cem", "dee", "fay")


def _is_open(hour: int) -> bool:
    there = (BEGIN + timedelta(hours=hour)).astimezone(BERLIN)
    return there.weekday() < 5 and 9 <= there.hour < 18


#: Open hours before each hour of the year: Berlin is whole hours from UTC all the year round.
OPEN_BEFORE = (0, *accumulate(map(_is_open, range(HOURS))))


def open_until(at: datetime) -> float:
    """Open seconds from the year's beginning until then."""
    hour, rest = divmod((at - BEGIN).total_seconds(), 3600)
    return OPEN_BEFORE[int(hour)] * 3600 + (rest if _is_open(int(hour)) else 0)


def later(start: datetime, seconds: float) -> datetime:
    """When so many open seconds have passed; the next opening for none."""
    if not seconds:
        hour = int((start - BEGIN).total_seconds() // 3600)
        while not _is_open(hour):
            hour += 1
        return max(start, BEGIN + timedelta(hours=hour))
    wanted = open_until(start) + seconds
    hour = bisect_left(OPEN_BEFORE, wanted / 3600) - 1  # the last hour before it is reached
    return BEGIN + timedelta(hours=hour, seconds=wanted - OPEN_BEFORE[hour] * 3600)


def open_between(start: datetime, end: datetime) -> float:
    """Open seconds between the two."""
    return open_until(end) - open_until(start)


def on_call(at: datetime, out: set[str]) -> str:
    """Whose week it is, by the clock on the wall; the next one's where that is the asker's."""
    there = at.astimezone(BERLIN).replace(tzinfo=None)
    turn = (there - datetime(2026, 1, 5, 9)) // timedelta(days=7)  # noqa: DTZ001
    turns = [OPS[(max(0, turn) + n) % len(OPS)] for n in range(len(OPS))]
    return next(person for person in turns if person not in out)
