"""Counting in constant memory: a ring of buckets, and time that only goes forward."""

from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: Tells the time: aware datetimes, like `wall`.
Clock = Callable[[], datetime]


def wall() -> datetime:
    """The time of this computer."""
    return datetime.now(UTC)


class Elapsed:
    """Seconds since it was made, by a clock that people and NTP may set.

    A step back counts as no time at all, and time goes on from there at once. A step forward is
    taken for what it cannot be told from: nobody counted for so long.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock()
        if self._last.tzinfo is None:
            raise ValueError("The clock tells no time zone: use datetime.now(UTC).")
        self._s = 0.0

    def __call__(self) -> float:
        """Seconds so far."""
        now = self._clock()
        self._s += max(0.0, (now - self._last).total_seconds())
        self._last = now
        return self._s

    def at(self, elapsed_s: float) -> datetime:
        """What the clock, as it is set now, would have shown then."""
        return self._last - timedelta(seconds=self._s - elapsed_s)


class Ring:
    """The newest `size` buckets, each a few sums; turning it forgets the oldest."""

    def __init__(self, size: int, columns: int) -> None:
        self.size = size
        self._columns = [array("d", bytes(8 * size)) for _ in range(columns)]
        self._totals = [0.0] * columns
        self._newest = 0

    def add(self, *amounts: float) -> None:
        """Count in the newest bucket."""
        for i, amount in enumerate(amounts):
            self._columns[i][self._newest] += amount
            self._totals[i] += amount

    def turn(self) -> tuple[float, ...]:
        """Begin a new bucket in place of the oldest; what that had counted."""
        self._newest = (self._newest + 1) % self.size
        fallen = tuple(column[self._newest] for column in self._columns)
        for i, column in enumerate(self._columns):
            column[self._newest] = 0.0
            # Summed anew once in a round, so that roundings never add up.
            self._totals[i] = self._totals[i] - fallen[i] if self._newest else sum(column)
        return fallen

    def sums(self, newest: int | None = None) -> tuple[float, ...]:
        """What the newest buckets counted; all of them unless said."""
        if newest is None or newest >= self.size:
            return tuple(self._totals)
        end = self._newest + 1
        begin = end - newest
        if begin >= 0:
            return tuple(sum(column[begin:end]) for column in self._columns)
        return tuple(sum(column[begin:]) + sum(column[:end]) for column in self._columns)
