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
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._first)

    def _first(self) -> None:
        log.info("asked-to-stop")
        self.asked.set()
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
            # Not the default action: the first process of a container has none.
            signal.signal(number, lambda number, frame: os._exit(128 + number))
        # A thread, because what keeps the server from ending may be its own loop.
        timer = threading.Timer(WITHIN_S, _give_up)
        timer.daemon = True
        timer.start()


def _give_up() -> None:
    log.error("not-drained", seconds=WITHIN_S, lost="nothing that was acknowledged")
    os._exit(NOT_DONE)
