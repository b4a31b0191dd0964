"""One time for the whole server, which never goes back.

Deadlines, leases and pauses are compared with moments seen before. Were the machine's clock taken
as it is when it is set back, work would rest until it has caught up, and what is known of people
would not grow old; were time to stand still, pauses would never end. So while the machine's clock
is behind what was seen, time goes on at half its pace until both agree. What others date, such as
Slack's signatures, is compared with the machine's clock itself.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from approvals.ports import Clock

log = structlog.get_logger(__name__)

#: How fast time goes while the machine's clock is behind.
PACE = 0.5

#: Seconds the machine's clock may be behind without a word: it is trimmed all the time.
TRIMMED_S = 2.0


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class SteadyClock:
    """Implements `approvals.ports.Clock` over a clock that may be set back."""

    def __init__(self, wall: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._last, self._at = wall(), monotonic()
        self._is_slow = False  # until the machine's clock has caught up
        self._is_behind = False  # and somebody was told

    def __call__(self) -> datetime:
        """Now; never earlier than any moment told before."""
        at, wall = self._monotonic(), self._wall()
        if wall >= self._last and not (self._is_slow or self._is_behind):  # as nearly always
            self._last, self._at = wall, at
            return wall
        slowly = self._last + timedelta(seconds=max(0.0, at - self._at) * PACE)
        wall_or_later = max(wall, slowly) if self._is_slow or wall < self._last else wall
        self._is_slow = wall_or_later > wall
        self._last, self._at = wall_or_later, at
        self._tell(wall)
        return self._last

    def not_before(self, seen: datetime) -> None:
        """A moment seen by the server that ran before."""
        self._last = max(self._last, seen)

    def _tell(self, wall: datetime) -> None:
        """Say once that the machine's clock was set back, and once that it has caught up."""
        behind = (self._last - wall).total_seconds()
        if behind > TRIMMED_S and not self._is_behind:
            log.error("clock-set-back", seconds=round(behind), do="set the machine's clock right")
            self._is_behind = True
        elif behind <= 0 and self._is_behind:
            log.info("clock-caught-up")
            self._is_behind = False
