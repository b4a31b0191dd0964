"""When a server is ready, and has done all that was overdue."""

import asyncio
import json
import time
from dataclasses import dataclass

from bench.load import Line, request

#: Seconds between two looks, and until nobody waits any more.
LOOK_S, LONGEST_S = 0.01, 300.0


@dataclass(frozen=True, slots=True)
class Start:
    """Moments of a start, of `time.perf_counter`."""

    answers: float  #: the first answer of any kind
    ready: float  #: `/readyz` says yes
    done: float  #: and nothing is overdue any more


async def until_done(port: int) -> Start:
    """Ask until everything is done. Raises TimeoutError."""
    answers = ready = 0.0
    async with asyncio.timeout(LONGEST_S):
        line = await _connected(port)
        while True:
            status, body = await line.ask(request("GET", "/readyz"))
            now = time.perf_counter()
            answers = answers or now
            ready = ready or (now if status == 200 else 0.0)
            if ready and not json.loads(body)["checks"]["clock"]["overdue_s"]:
                line.close()
                return Start(answers, ready, now)
            await asyncio.sleep(LOOK_S)


async def _connected(port: int) -> Line:
    while True:
        try:
            return await Line.open(port)
        except OSError:
            await asyncio.sleep(LOOK_S)
