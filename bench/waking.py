"""A decision sent, until the parked caller holds it, over a bare loopback round trip.

The decision is a click as Slack sends it: signed, checked, committed. Beside it, `withdraw` shows
the same without the Slack door, and beside that the least that keeps a decision (`bench.least`).
Each sample has an escalation of its own and one waiter.
"""

import asyncio
import hashlib
import hmac
import json
import statistics
import time
import uuid
from typing import Any
from urllib.parse import quote_plus

from bench.load import Line, request
from bench.opens import open_request
from bench.servers import ECHO, Andon
from bench.workspace import SIGNING_SECRET

SAMPLES = 150

#: Who taps, of the demo's cast, and where.
APPROVER, CHANNEL, TEAM = "URAVI", "C0OPERATIONS", "T0LOCAL"


async def measure(andon: Andon, least: Andon) -> None:
    """Alternate round trips, clicks and withdrawals; print medians and ratios."""
    floor, clicks, withdrawn, kept = [], [], [], []
    ping = request("GET", "/ping")
    echo = await Line.open(ECHO)
    lines = [await Line.open(server.port) for server in (andon, andon, least, least)]
    waiter, asker, least_waiter, least_asker = lines
    for _ in range(SAMPLES):
        floor.append(await timed(echo, ping))
        made = await opened(asker, andon)
        clicks.append(await woken(waiter, asker, andon, made, click(made)))
        made = await opened(asker, andon)
        withdrawn.append(await woken(waiter, asker, andon, made, withdrawal(andon, made)))
        made = await opened(least_asker, least)
        back = withdrawal(least, made)
        kept.append(await woken(least_waiter, least_asker, least, made, back))
    base = statistics.median(floor)
    print(f"  bare loopback round trip: p50 {base * 1e3:.2f} ms")
    for name, took, bar in (
        ("a click in Slack", clicks, " (bar 6, aim 4)"),
        ("withdraw", withdrawn, " (bar 6, aim 4)"),
        ("the same where nothing but that is kept,", kept, ""),
    ):
        p50, p99 = statistics.median(took), sorted(took)[int(0.99 * len(took))]
        print(
            f"{name} to waiter woken: p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms,"
            f" {p50 / base:.1f} round trips{bar}"
        )
    for line in (echo, *lines):
        line.close()


async def opened(line: Line, andon: Andon) -> dict[str, Any]:
    """A new escalation."""
    _, body = await line.ask(open_request(andon.key, uuid.uuid4().hex))
    made: dict[str, Any] = json.loads(body)
    return made


async def woken(
    waiter: Line, asker: Line, andon: Andon, made: dict[str, Any], decision: bytes
) -> float:
    """Park, let cards be posted, decide; seconds from sending to the waiter's answer."""
    wait = request(
        "GET",
        f"/v1/escalations/{made['id']}",
        Authorization=f"Bearer {andon.key}",
        Prefer="wait=30",
    )
    waiting = asyncio.ensure_future(waiter.ask(wait))
    await asyncio.sleep(0.15)
    began = time.perf_counter()
    deciding = asyncio.ensure_future(asker.ask(decision))
    _, body = await waiting
    took = time.perf_counter() - began
    assert json.loads(body)["status"] in ("approved", "withdrawn"), body
    status, _ = await deciding
    assert status == 200, status
    return took


async def timed(line: Line, sent: bytes) -> float:
    """Seconds until it is answered."""
    began = time.perf_counter()
    await line.ask(sent)
    return time.perf_counter() - began


def withdrawal(andon: Andon, made: dict[str, Any]) -> bytes:
    """The requester takes it back."""
    return request(
        "POST",
        f"/v1/escalations/{made['id']}/withdraw",
        b"{}",
        Authorization=f"Bearer {andon.key}",
        Content_Type="application/json",
    )


def click(made: dict[str, Any]) -> bytes:
    """The tap on Approve, as Slack would send it."""
    said = {"e": made["id"], "o": "approve", "s": 0, "d": made["digest"][7:23]}
    payload = {
        "type": "block_actions",
        "user": {"id": APPROVER, "team_id": TEAM},
        "team": {"id": TEAM},
        "container": {"type": "message", "channel_id": CHANNEL, "message_ts": "1.2"},
        "channel": {"id": CHANNEL},
        "trigger_id": uuid.uuid4().hex,
        "actions": [
            {
                "type": "button",
                "action_id": "vote:approve",
                "block_id": "actions",
                "action_ts": str(time.time()),
                "value": json.dumps(said),
            }
        ],
    }
    body = f"payload={quote_plus(json.dumps(payload))}".encode()
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
