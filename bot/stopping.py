"""How a server ends: the first signal drains it within ten seconds, a second one ends it at once.

Ending at once loses nothing that was acknowledged: that is on the disk, and what is owed is there
with it. Draining is for those who wait: parked requests are answered, requests and clicks under way
end, callbacks get a moment.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.exits import NOT_DONE

if TYPE_CHECKING:
    from aiohttp import web

    from bot.background.loop import Loop

log = structlog.get_logger(__name__)

#: Seconds from the first signal until the process ends, drained or not.
WITHIN_S = 9.0

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Parked(Protocol):
    """Requests that wait for something to change."""

    def close(self) -> None:
        """Answer all of them with what there is."""


class Line(Protocol):
    """The way in from Slack."""

    async def hang_up(self) -> None:
        """Hear nothing more."""

    async def close(self) -> None:
        """Let what people asked for end."""


async def drain(
    parked: Parked, runner: "web.AppRunner", line: Line | None, loops: "Sequence[Loop]"
) -> None:
    """Take nothing more, answer who waits, and let what is under way end; each for a moment."""
    parked.close()
    await asyncio.gather(runner.cleanup(), *((line.hang_up(),) if line else ()))
    ends = (loop.stop() for loop in loops)
    await asyncio.gather(*ends, *((line.close(),) if line else ()))


class Stop:
    """Listens for the signals. `asked` is set by the first one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._is_told = False
        for number in SIGNALS:
            # Not the loop's own way: it reads signals later, and drops one whose handler was
            # changed meanwhile. Nor the default action: a container's first process has none.
            signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: object) -> None:
        if self._is_told:
            os._exit(128 + number)
        self._is_told = True
        with suppress(RuntimeError):  # the loop is closed: it ends already
            self._loop.call_soon_threadsafe(self._first)

    def _first(self) -> None:
        log.info("asked-to-stop")
        self.asked.set()
        # A thread, because what keeps the server from ending may be its own loop.
        timer = threading.Timer(WITHIN_S, _give_up)
        timer.daemon = True
        timer.start()


def _give_up() -> None:
    log.error("not-drained", seconds=WITHIN_S, lost="nothing that was acknowledged")
    os._exit(NOT_DONE)
