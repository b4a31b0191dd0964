"""Durable opens a second, over a bare aiohttp JSON echo, and over the least that keeps anything."""

import json
import uuid
from collections.abc import Callable

from bench.load import Measured, Requests, load, request
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


async def measure(andon: Andon, least: Andon) -> None:
    """Alternate, and print each round, the median of the ratios and their spread."""
    over_echo, over_least, least_over_echo = [], [], []
    for n in range(ROUNDS):
        echo = await load(ECHO, echo_requests, connections=CONNECTIONS, seconds=SECONDS)
        floor, floor_cpu = await _opened(least)
        mine, my_cpu = await _opened(andon)
        over_echo.append(mine.per_second / echo.per_second)
        over_least.append(mine.per_second / floor.per_second)
        least_over_echo.append(floor.per_second / echo.per_second)
        print(
            f"  round {n + 1}: echo {echo.per_second:6.0f}/s,"
            f" the least kept {floor.per_second:6.0f}/s ({floor_cpu:.0f} us of CPU each,"
            f" {floor.wrong} wrong), opens {mine.per_second:6.0f}/s"
            f" (p50 {mine.quantile(0.5):.1f} ms, p99 {mine.quantile(0.99):.1f} ms,"
            f" {my_cpu:.0f} us of CPU each, {mine.wrong} wrong), ratio {over_echo[-1]:.3f}"
        )
    print(f"durable opens over a bare echo: {told(over_echo, 3)}; bar 0.3, aim 0.5")
    print(f"the same over the least that keeps anything: {told(over_least, 3)}")
    print(f"the least over the echo: {told(least_over_echo, 3)}")


async def _opened(server: Andon) -> tuple[Measured, float]:
    """What so many seconds of opens gave, and microseconds of CPU each."""
    before = cpu_seconds(server.pid)
    measured = await load(
        server.port, open_requests(server.key), connections=CONNECTIONS, seconds=SECONDS
    )
    return measured, (cpu_seconds(server.pid) - before) / len(measured.took) * 1e6
