"""Owed work under way: one at a time in a lane, lanes side by side, at most so many at once.

A slow or failing lane holds up only itself. What a lane does was leased from the store; what could
not begin while its lease was young is let go, because somebody else may have taken it since.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from approvals.ports import Clock
from bot.background.budget import Ask, WaitError
from bot.background.loop import ended

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]

#: Seconds that what is under way gets to end by itself when the server stops.
GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that waits for a budget."""

    work: Work
    taken_at: datetime
    ask: Ask


class Lanes:
    """Tasks by lane. `fresh_s` is how old a lease may be when its work begins."""

    def __init__(self, clock: Clock, *, at_once: int, fresh_s: float) -> None:
        self._clock = clock
        self._fresh = timedelta(seconds=fresh_s)
        self._gate = asyncio.Semaphore(at_once)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._parked: dict[str, Parked] = {}
        self.wake: Callable[[], None] = lambda: None  #: called when a lane is free again
        self.failures = 0  #: in a row; health looks at it
        self.grace_s = GRACE_S

    def start(self, lane: str, work: Work) -> bool:
        """Begin, unless the lane is under way: then its row comes again with its lease."""
        return self._start(lane, work, self._clock())

    def _start(self, lane: str, work: Work, taken_at: datetime) -> bool:
        if lane in self._tasks:
            return False
        self._parked.pop(lane, None)
        self._tasks[lane] = asyncio.create_task(self._run(lane, work, taken_at))
        return True

    async def _run(self, lane: str, work: Work, taken_at: datetime) -> None:
        try:
            async with self._gate:
                if self._clock() - taken_at <= self._fresh:
                    await work()
            self.failures = 0
        except WaitError as wait:
            self._parked[lane] = Parked(work, taken_at, wait.ask)
        except Exception:
            self.failures += 1
            log.exception("lane-failed", lane=lane, failures=self.failures)
        finally:
            del self._tasks[lane]
            if lane not in self._parked:
                self.wake()

    def resume(self, left: Callable[[Ask], int]) -> None:
        """Begin again what was parked and may be called now: endings first, then the oldest."""
        begun: Counter[Ask] = Counter()
        for lane, parked in sorted(self._parked.items(), key=lambda one: not one[1].ask.urgent):
            if self._clock() - parked.taken_at > self._fresh:
                del self._parked[lane]
            elif begun[parked.ask] < left(parked.ask):
                begun[parked.ask] += 1
                self._start(lane, parked.work, parked.taken_at)

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while under_way := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(under_way)

    async def close(self) -> None:
        """Let what is under way end, for a moment; the rest stays owed."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self.grace_s)
        await ended(*self._tasks.values())
