"""Owed work under way: one at a time in a lane, lanes side by side, at most so many at once.

A slow or failing lane holds up only itself. What a lane does was leased from the store; what could
not begin while its lease was young is let go, because somebody else may have taken it since.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
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


class Parking:
    """Parked work by the call it waits for, each as it came: however much waits for a call that
    cannot be made, it is looked at once.
    """

    def __init__(self) -> None:
        self._asks: dict[str, Ask] = {}  # by lane
        self._waiting: dict[Ask, OrderedDict[str, Parked]] = {}

    def __contains__(self, lane: str) -> bool:
        return lane in self._asks

    def put(self, lane: str, parked: Parked) -> None:
        """Behind all that wait for the same."""
        self._asks[lane] = parked.ask
        self._waiting.setdefault(parked.ask, OrderedDict())[lane] = parked

    def drop(self, lane: str) -> None:
        """It waits no more, if it did."""
        ask = self._asks.pop(lane, None)
        if ask is not None:
            del self._waiting[ask][lane]
            if not self._waiting[ask]:
                del self._waiting[ask]

    @property
    def asks(self) -> Sequence[Ask]:
        """What is waited for: endings first, then what has been waited for longest."""
        return sorted(self._waiting, key=lambda ask: not ask.urgent)

    def first(self, ask: Ask) -> tuple[str, Parked] | None:
        """Who has waited for it longest."""
        return next(iter(self._waiting.get(ask, {}).items()), None)


class Lanes:
    """Tasks by lane. `fresh_s` is how old a lease may be when its work begins."""

    def __init__(self, clock: Clock, *, at_once: int, fresh_s: float) -> None:
        self._clock = clock
        self._fresh = timedelta(seconds=fresh_s)
        self._gate = asyncio.Semaphore(at_once)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._parking = Parking()
        self.wake: Callable[[], None] = lambda: None  #: called when a lane is free again
        self.failures = 0  #: in a row; health looks at it
        self.grace_s = GRACE_S

    def start(self, lane: str, work: Work) -> bool:
        """Begin, unless the lane is under way: then its row comes again with its lease."""
        if lane in self._tasks:
            return False
        self._begin(lane, work, self._clock())
        return True

    def _begin(self, lane: str, work: Work, taken_at: datetime) -> None:
        self._parking.drop(lane)
        self._tasks[lane] = asyncio.create_task(self._run(lane, work, taken_at))

    def _is_fresh(self, taken_at: datetime) -> bool:
        return self._clock() - taken_at <= self._fresh

    async def _run(self, lane: str, work: Work, taken_at: datetime) -> None:
        try:
            async with self._gate:
                if self._is_fresh(taken_at):
                    await work()
            self.failures = 0
        except WaitError as wait:
            self._parking.put(lane, Parked(work, taken_at, wait.ask))
        except Exception:
            self.failures += 1
            log.exception("lane-failed", lane=lane, failures=self.failures)
        finally:
            del self._tasks[lane]
            if lane not in self._parking:
                self.wake()

    def resume(self, left: Callable[[Ask], int]) -> None:
        """Begin again what was parked and may be called now: endings first, and of those who wait
        for the same call the oldest. What is too old by now is let go.
        """
        for ask in self._parking.asks:
            room = left(ask)
            while (first := self._parking.first(ask)) is not None:
                lane, parked = first
                if not self._is_fresh(parked.taken_at):
                    self._parking.drop(lane)
                elif room:
                    room -= 1
                    self._begin(lane, parked.work, parked.taken_at)
                else:
                    break

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while under_way := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(under_way)

    async def close(self) -> None:
        """Let what is under way end, for a moment; the rest stays owed."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self.grace_s)
        await ended(*self._tasks.values())
