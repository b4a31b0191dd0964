"""Memory a parked waiter takes: PSS of the server before and after many have parked."""

import asyncio
import json
import uuid

from bench.load import Line, request
from bench.opens import open_request
from bench.servers import Andon, proportional_kib

WAITERS, ESCALATIONS = 4000, 100


async def measure(andon: Andon) -> None:
    """Park them over a hundred escalations and divide the growth by their number."""
    asker = await Line.open(andon.port)
    ids = []
    for _ in range(ESCALATIONS):
        _, body = await asker.ask(open_request(andon.key, uuid.uuid4().hex))
        ids.append(json.loads(body)["id"])
    before = proportional_kib(andon.pid)
    lines = [await Line.open(andon.port) for _ in range(WAITERS)]
    answers = [
        asyncio.ensure_future(line.ask(_wait(andon, ids[n % ESCALATIONS])))
        for n, line in enumerate(lines)
    ]
    await asyncio.sleep(3)
    parked = [answer for answer in answers if not answer.done()]
    grown = proportional_kib(andon.pid) - before
    print(
        f"memory a parked waiter: {grown / max(1, len(parked)):.1f} KiB"
        f" ({len(parked)} parked; aim 16)"
    )
    for answer, line in zip(answers, lines, strict=True):
        answer.cancel()
        line.close()
    asker.close()


def _wait(andon: Andon, escalation: str) -> bytes:
    return request(
        "GET",
        f"/v1/escalations/{escalation}",
        Authorization=f"Bearer {andon.key}",
        Prefer="wait=60",
    )
