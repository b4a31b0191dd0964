"""Durable opens a second, over a bare aiohttp JSON echo."""

import json
import uuid
from collections.abc import Callable

from bench.load import Requests, load, request
from bench.servers import ECHO, Andon, cpu_seconds
from bench.spread import told

ROUNDS, SECONDS, CONNECTIONS = 5, 3.0, 64

BODY = {
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times: orders to warehouse",
    "environment": "production",
    "operation": {"name": "sync_data", "arguments": {"argv": ["sync", "--batch", "8813"]}},
    "context": {"user_impact": "Warehouse reports 40 minutes behind.", "rollback": "none needed"},
}


def echo_requests(_: int) -> Requests:
    """The same body, echoed."""
    made = request("POST", "/echo", json.dumps(BODY).encode(), Content_Type="application/json")
    return lambda n: made


def open_request(key: str, name: str) -> bytes:
    """A new escalation."""
    return request(
        "POST",
        "/v1/escalations",
        json.dumps(BODY).encode(),
        Content_Type="application/json",
        Authorization=f"Bearer {key}",
        Idempotency_Key=name,
    )


def open_requests(key: str) -> Callable[[int], Requests]:
    """A new escalation each time, of each connection."""
    run = uuid.uuid4().hex[:8]
    return lambda connection: lambda n: open_request(key, f"{run}-{connection}-{n}")


async def measure(andon: Andon) -> None:
    """Alternate, and print each round, the median of the ratios and their spread."""
    ratios = []
    for n in range(ROUNDS):
        echo = await load(ECHO, echo_requests, connections=CONNECTIONS, seconds=SECONDS)
        before = cpu_seconds(andon.pid)
        mine = await load(
            andon.port, open_requests(andon.key), connections=CONNECTIONS, seconds=SECONDS
        )
        each = (cpu_seconds(andon.pid) - before) / len(mine.took)
        ratios.append(mine.per_second / echo.per_second)
        print(
            f"  round {n + 1}: echo {echo.per_second:6.0f}/s, opens {mine.per_second:6.0f}/s"
            f" (p50 {mine.quantile(0.5):.1f} ms, p99 {mine.quantile(0.99):.1f} ms,"
            f" {each * 1e6:.0f} us of CPU each, {mine.wrong} wrong), ratio {ratios[-1]:.3f}"
        )
    print(f"durable opens over a bare echo: {told(ratios, 3)}; bar 0.3, aim 0.5")
