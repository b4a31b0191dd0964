"""A thousand at once from one service, beside another that asks as ever.

What Slack saw of it, and how long the other one waited, before and meanwhile.
"""

import asyncio
import json
import statistics
import time
import uuid

from bench.load import Line, request
from bench.opens import BODY
from bench.servers import WORKSPACE, Andon
from bench.workspace import BOT_TOKEN

STORM, OVER_S, CALM = 1000, 20.0, 100

CHANNEL = "C0OPERATIONS"

#: An environment of its own: what was measured before may have left a storm in the other.
STORMY = "stormy"


async def measure(andon: Andon) -> None:
    """Opens of another place, before the storm and while it rages; then what Slack was told."""
    line, told = await Line.open(andon.port), await _messages()
    before = [await _open(line, andon, "elsewhere", n) for n in range(CALM)]
    raging = asyncio.create_task(_rage(andon))
    during = []
    while not raging.done():
        during.append(await _open(line, andon, "elsewhere", CALM + len(during)))
        await asyncio.sleep(0.05)
    await raging
    await asyncio.sleep(12)  # the storm's card rests ten seconds between two drawings
    line.close()
    calm, stormy = statistics.median(before), statistics.median(during)
    print(
        f"opens of another beside a storm of {STORM} in {OVER_S:.0f} s: p50 {stormy * 1e3:.1f} ms,"
        f" before {calm * 1e3:.1f} ms, {stormy / calm:.2f} times as long"
    )
    print(f"messages in the channel for {STORM} at once: {await _messages() - told}")


async def _rage(andon: Andon) -> None:
    line, began = await Line.open(andon.port), time.perf_counter()
    for n in range(STORM):
        await _open(line, andon, STORMY, n)
        await asyncio.sleep(max(0.0, began + (n + 1) * OVER_S / STORM - time.perf_counter()))
    line.close()


async def _open(line: Line, andon: Andon, place: str, n: int) -> float:
    """Seconds until one more is opened. Elsewhere is another channel, each of a place of its own:
    never a storm.
    """
    asker = {"id": "lena@example.com"}
    other = {
        "category": "large_transaction",
        "environment": f"{place}-{n}",
        "requested_by": asker,
    }
    same = {"environment": STORMY}
    body = json.dumps({**BODY, **(same if place == STORMY else other)}).encode()
    sent = request(
        "POST",
        "/v1/escalations",
        body,
        Content_Type="application/json",
        Authorization=f"Bearer {andon.key}",
        Idempotency_Key=uuid.uuid4().hex,
    )
    began = time.perf_counter()
    status, _ = await line.ask(sent)
    assert status == 201, status
    return time.perf_counter() - began


async def _messages() -> int:
    """Messages in the storm's channel."""
    line = await Line.open(WORKSPACE)
    asked = json.dumps({"channel": CHANNEL, "limit": 999}).encode()
    sent = request(
        "POST",
        "/api/conversations.history",
        asked,
        Content_Type="application/json",
        Authorization=f"Bearer {BOT_TOKEN}",
    )
    _, body = await line.ask(sent)
    line.close()
    return len(json.loads(body)["messages"])
