"""`python -m bench.lists [HOW_MANY…]`: `/escalations` with many pending, as Slack sends it: signed,
checked, answered with the list. Slack waits three seconds; the aim is one.

The first answer reads every pending escalation; later ones only those that changed meanwhile.
"""

import asyncio
import hashlib
import hmac
import json
import os
import statistics
import sys
import time
import uuid
from urllib.parse import urlencode

from bench.load import Line, request
from bench.opens import BODY
from bench.servers import LOAD_CORE, Andon, running
from bench.workspace import SIGNING_SECRET

#: How many pending at once, and how often each command is typed then.
PENDING, TIMES = (500, 5000), 30

#: Who types, of the demo's cast, and where.
APPROVER, CHANNEL, TEAM = "URAVI", "C0OPERATIONS", "T0LOCAL"

COMMANDS = ("list", "list mine", "list service:data-sync", "search orders", "help")

#: Escalations opened by one connection after the other.
AT_ONCE = 16


async def measure(andon: Andon, pending: tuple[int, ...]) -> None:
    """Open more and more, and print what each command takes."""
    line, opened = await Line.open(andon.port), 0
    for wanted in pending:
        await _open(andon, wanted - opened)
        opened = wanted
        first = await _timed(line, "list")
        print(f"{wanted:,} pending: the first list {first * 1e3:.0f} ms")
        for text in COMMANDS:
            took = [await _timed(line, text) for _ in range(TIMES)]
            p50, p99 = statistics.median(took) * 1e3, sorted(took)[int(0.99 * TIMES)] * 1e3
            print(f"  /escalations {text}: p50 {p50:.0f} ms, p99 {p99:.0f} ms (aim 1000)")
    line.close()


async def _open(andon: Andon, count: int) -> None:
    async def some(lines: int) -> None:
        line = await Line.open(andon.port)
        for _ in range(lines):
            status, body = await line.ask(_open_request(andon.key))
            assert status == 201, body
        line.close()

    share, rest = divmod(count, AT_ONCE)
    await asyncio.gather(*(some(share + (n < rest)) for n in range(AT_ONCE)))


def _open_request(key: str) -> bytes:
    """Each of another batch, so that none joins another."""
    name = uuid.uuid4().hex
    body = {**BODY, "operation": {"name": "sync_data", "arguments": {"argv": ["sync", name]}}}
    return request(
        "POST",
        "/v1/escalations",
        json.dumps(body).encode(),
        Content_Type="application/json",
        Authorization=f"Bearer {key}",
        Idempotency_Key=name,
    )


async def _timed(line: Line, text: str) -> float:
    began = time.perf_counter()
    status, body = await line.ask(_command(text))
    took = time.perf_counter() - began
    assert status == 200, (status, body)
    assert b"blocks" in body, body[:500]
    return took


def _command(text: str) -> bytes:
    said = {
        "command": "/escalations",
        "text": text,
        "user_id": APPROVER,
        "channel_id": CHANNEL,
        "team_id": TEAM,
        "trigger_id": uuid.uuid4().hex,
        "response_url": "http://127.0.0.1:9/",
    }
    body = urlencode(said).encode()
    stamp = str(int(time.time()))
    signed = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return request(
        "POST",
        "/slack/events",
        body,
        Content_Type="application/x-www-form-urlencoded",
        X_Slack_Request_Timestamp=stamp,
        X_Slack_Signature=f"v0={signed.hexdigest()}",
    )


def main() -> None:
    """Servers on one core, what types on the other."""
    pending = tuple(map(int, sys.argv[1:])) or PENDING
    os.sched_setaffinity(0, {LOAD_CORE})
    with running() as andon:
        asyncio.run(measure(andon["whole"], pending))


if __name__ == "__main__":
    main()
