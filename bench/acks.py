"""A click in Slack to its acknowledgement, sixteen at once, while 200 opens a second come in.

Slack gives three seconds, and shows an error then. Each click is a vote of its own: signed,
checked, committed before it is acknowledged.
"""

import asyncio
import time
import uuid
from typing import Any

from bench.load import Line
from bench.opens import open_request
from bench.servers import Andon
from bench.waking import click, opened

OPENS_PER_SECOND, CLICKERS, CLICKS = 200, 16, 25

#: Connections that the opens come in on.
LINES = 8


async def measure(andon: Andon) -> None:
    """Open what is clicked, let opens come in, then click."""
    asker = await Line.open(andon.port)
    made = [await opened(asker, andon) for _ in range(CLICKERS * CLICKS)]
    asker.close()
    quiet = await _clicked(andon, made[: len(made) // 2])
    late: list[float] = []
    coming = [asyncio.create_task(_opens(andon, n, late)) for n in range(LINES)]
    await asyncio.sleep(1)
    began = len(late), time.perf_counter()
    loaded = await _clicked(andon, made[len(made) // 2 :])
    rate = (len(late) - began[0]) / (time.perf_counter() - began[1])
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)
    print(
        f"click to ack, {CLICKERS} at once, beside {rate:.0f} opens a second: {_told(loaded)}"
        f" (bar 500, aim 100); alone: {_told(quiet)}"
    )
    if rate < 0.9 * OPENS_PER_SECOND:
        print(f"  Disturbed: {OPENS_PER_SECOND} opens a second were meant to come in.")


async def _clicked(andon: Andon, made: list[dict[str, Any]]) -> list[float]:
    """Seconds of each click, of so many clickers who click one after the other."""

    async def clicks(mine: list[dict[str, Any]]) -> list[float]:
        line = await Line.open(andon.port)
        took = []
        for one in mine:
            sent, began = click(one), time.perf_counter()
            status, body = await line.ask(sent)
            took.append(time.perf_counter() - began)
            assert status == 200, (status, body)
        line.close()
        return took

    each = await asyncio.gather(*(clicks(made[n::CLICKERS]) for n in range(CLICKERS)))
    return [one for took in each for one in took]


async def _opens(andon: Andon, n: int, late: list[float]) -> None:
    """One open after the other, each at its moment; how late each was answered."""
    line, due = await Line.open(andon.port), time.perf_counter() + n / OPENS_PER_SECOND
    while True:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await line.ask(open_request(andon.key, uuid.uuid4().hex))
        late.append(time.perf_counter() - due)
        due += LINES / OPENS_PER_SECOND


def _told(took: list[float]) -> str:
    ordered = sorted(took)
    p50, p99 = (ordered[int(q * len(ordered))] * 1e3 for q in (0.5, 0.99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
