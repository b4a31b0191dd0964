"""`python -m bench`: speed as ratios, both sides pinned alike, interleaved in one run.

Servers on one core, load on the other. Nothing here asserts anything; machines are noisy, so
medians of the rounds and their spread are printed.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from bench.load import Requests, load, request

ROOT = Path(__file__).parent.parent
ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 64
SERVER_CORE, LOAD_CORE = 0, 1
ECHO, ANDON = 18081, 18082

BODY = {
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times: orders to warehouse",
    "environment": "production",
    "operation": {"name": "sync_data", "arguments": {"argv": ["sync", "--batch", "8813"]}},
    "context": {"user_impact": "Warehouse reports 40 minutes behind.", "rollback": "none needed"},
}


def start(arguments: list[str], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start a server on its core."""
    return subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def until_up(port: int) -> None:
    """Until the port answers."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nothing listens on {port}")


def echo_requests(_: int) -> Requests:
    """The same body, echoed."""
    made = request("POST", "/echo", json.dumps(BODY).encode(), Content_Type="application/json")
    return lambda n: made


def open_requests(key: str, run: str) -> Callable[[int], Requests]:
    """A new escalation each time."""
    body = json.dumps(BODY).encode()

    def of(connection: int) -> Requests:
        return lambda n: request(
            "POST",
            "/v1/escalations",
            body,
            Content_Type="application/json",
            Authorization=f"Bearer {key}",
            Idempotency_Key=f"{run}-{connection}-{n}",
        )

    return of


async def opens(key: str) -> None:
    """Durable opens a second over a bare echo."""
    ratios = []
    for n in range(ROUNDS):
        echo = await load(ECHO, echo_requests, connections=CONNECTIONS, seconds=SECONDS)
        run = uuid.uuid4().hex[:8]
        mine = await load(ANDON, open_requests(key, run), connections=CONNECTIONS, seconds=SECONDS)
        ratios.append(mine.per_second / echo.per_second)
        print(
            f"round {n + 1}: echo {echo.per_second:7.0f}/s   durable opens {mine.per_second:6.0f}/s"
            f"   p50 {mine.quantile(0.5):.1f} ms  p99 {mine.quantile(0.99):.1f} ms"
            f"   wrong {mine.wrong}   ratio {ratios[-1]:.3f}"
        )
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    print(f"durable opens over a bare echo: {statistics.median(ratios):.3f} ({spread})")


def main() -> None:
    """Run what needs no peer."""
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.toml").write_text((ROOT / "policy.toml").read_text())
        settings = {"ANDON_SLACK_MODE": "off", "ANDON_PORT": str(ANDON)}
        servers = [
            start(["bench.echo", str(ECHO)], folder),
            start(["bot", "serve"], folder, **settings),
        ]
        try:
            asyncio.run(until_up(ECHO))
            asyncio.run(until_up(ANDON))
            time.sleep(1)
            key = subprocess.run(
                [sys.executable, "-m", "bot", "service", "add", "bench"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            asyncio.run(opens(key))
        finally:
            for server in servers:
                server.terminate()
                server.wait(10)


if __name__ == "__main__":
    main()
