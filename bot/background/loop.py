"""The shape all background work has: activated by a signal or a period, never by a caller."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

#: After failures in a row the period doubles, up to so many seconds.
LONGEST_S = 60.0

#: Seconds until what did not end when it was cancelled is cancelled again.
AGAIN_S = 1.0

#: Failures in a row from which on health says so.
FAILING = 3


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel, as often as it takes: a library may swallow it once, and nobody would ever stop."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)


class UnderWay(Protocol):
    """Work that `once` began and did not wait for."""

    wake: Callable[[], None]

    @property
    def failures(self) -> int:
        """In a row."""

    async def close(self) -> None:
        """Let it end, for a moment."""


class Loop:
    """Runs `once` again and again; at once while it finds work, else on signal or period.

    `begun` is what `once` begins and does not wait for: it wakes the loop when there is room again,
    and ends with it.
    """

    def __init__(
        self, name: str, once: Callable[[], Awaitable[bool]], period_s: float, *begun: UnderWay
    ) -> None:
        self.name = name
        self._failed = 0  # in a row
        self._once = once
        self._period_s = period_s
        self._begun = begun
        self._signal = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        for work in begun:
            work.wake = self.wake

    @property
    def failures(self) -> int:
        """In a row, of the loop or of what it began."""
        return max(self._failed, *(work.failures for work in self._begun), 0)

    @property
    def works(self) -> bool:
        """Whether it does its work; one failure is no news, the next look heals it."""
        return self.failures < FAILING

    def start(self) -> None:
        """Run in the background."""
        self._running = asyncio.create_task(self.run(), name=self.name)

    async def stop(self) -> None:
        """Begin nothing more, and let what is under way end."""
        if self._running is not None:
            await ended(self._running)
        await asyncio.gather(*(work.close() for work in self._begun))

    def wake(self) -> None:
        """There may be something to do."""
        self._signal.set()

    async def run(self) -> None:
        """Until cancelled. An error is logged, and the work stays due."""
        while True:
            # Cleared before the look: a signal that comes during it leads to another one.
            self._signal.clear()
            more = await self._guarded()
            if self._failed:
                # Whoever signals cannot know that it fails: signals do not shorten this wait.
                await asyncio.sleep(self._backoff())
            elif more:
                await asyncio.sleep(0)
            else:
                await self._pause()

    async def _guarded(self) -> bool:
        try:
            more = await self._once()
        except Exception:
            self._failed += 1
            log.exception("background-failed", loop=self.name, failures=self._failed)
            return False
        self._failed = 0
        return more

    def _backoff(self) -> float:
        doubled = self._period_s * 2.0 ** min(self._failed - 1, 16)
        return max(self._period_s, min(doubled, LONGEST_S))

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._period_s):
                await self._signal.wait()
        except TimeoutError:
            return
