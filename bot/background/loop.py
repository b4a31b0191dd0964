"""The shape all background work has: activated by a signal or a period, never by a caller."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Loop:
    """Runs `once` again and again; at once while it finds work, else on signal or period."""

    def __init__(self, name: str, once: Callable[[], Awaitable[bool]], period_s: float) -> None:
        self.name = name
        self.failures = 0  #: in a row; health looks at it
        self._once = once
        self._period_s = period_s
        self._signal = asyncio.Event()
        self._next = 0.0

    @property
    def due_s(self) -> float:
        """Seconds until it looks again by itself."""
        return max(0.0, self._next - time.monotonic())

    def wake(self) -> None:
        """There may be something to do."""
        self._signal.set()

    async def run(self) -> None:
        """Until cancelled. An error is logged and the work stays due."""
        while True:
            self._signal.clear()
            if not await self._guarded():
                await self._pause()

    async def _guarded(self) -> bool:
        try:
            more = await self._once()
        except Exception:
            self.failures += 1
            log.exception("background-failed", loop=self.name, failures=self.failures)
            return False
        self.failures = 0
        return more

    async def _pause(self) -> None:
        self._next = time.monotonic() + self._period_s
        try:
            async with asyncio.timeout(self._period_s):
                await self._signal.wait()
        except TimeoutError:
            return
