"""Slow clients: hundreds hold on to a server by the byte; it answers others, and lets them go.

Each sort is slow at another place: it says nothing, its head or its body trickles, it was told to
go on and does not, it takes no answer. In a real process, in the full lane with the real bounds.
"""

import asyncio
import json
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp

from bot.bounds import BODY_S, HEAD_S, TAKE_S
from tests.bot.api.conftest import BODY
from tests.trust.doors import Door, door, until
from tests.trust.lane import FULL, rounds

RAW = json.dumps(BODY).encode()

#: Bounds of the short lane, in seconds.
HURRY_S = 3.0

#: Seconds beyond a bound within which a busy machine has to have let go; and for each of those that
#: take no answer, as it has to be made before it can stand.
LATE_S, MADE_S = 15.0, 0.2


class Slow:
    """A connection that is held on to, until the server lets go of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.left = reader, writer, False

    async def trickle(self, first: bytes, then: bytes) -> None:
        """Some at once, then a byte now and then, for as long as it is taken."""
        self.writer.write(first)
        pause = random.uniform(0.2, 0.6)
        while not self.reader.at_eof() and not self.writer.is_closing():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.reader.read(4096), pause)
            if then:
                self.writer.write(then)


def _head(key: str, *more: str, end: str = "\r\n\r\n") -> bytes:
    lines = (
        "POST /v1/escalations HTTP/1.1",
        "Host: andon",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        "Idempotency-Key: slow",
        *more,
    )
    return ("\r\n".join(lines) + end).encode()


async def silent(slow: Slow, key: str) -> None:
    """Comes and says nothing."""
    await slow.trickle(b"", b"")


async def head(slow: Slow, key: str) -> None:
    """Never ends its head."""
    await slow.trickle(_head(key, "X-Slow: ", end=""), b"x")


async def body(slow: Slow, key: str) -> None:
    """Never ends its body."""
    await slow.trickle(_head(key, f"Content-Length: {len(RAW)}") + RAW[:9], b" ")


async def chunks(slow: Slow, key: str) -> None:
    """Never ends its body, in chunks of a byte."""
    await slow.trickle(_head(key, "Transfer-Encoding: chunked"), b"1\r\n \r\n")


async def polite(slow: Slow, key: str) -> None:
    """Asks whether to go on, and does not."""
    await slow.trickle(_head(key, f"Content-Length: {len(RAW)}", "Expect: 100-continue"), b"")


async def stuffed(slow: Slow, key: str) -> None:
    """Asks for much and takes nothing of it."""
    slow.writer.transport.pause_reading()
    ask = f"GET /v1/escalations?limit=50 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n"
    slow.writer.write(ask.encode() * 32)
    while not slow.writer.is_closing():
        with suppress(ConnectionError):
            slow.writer.write(b"\r\n")  # nothing tells a reader that does not read
            await slow.writer.drain()
        await asyncio.sleep(0.3)


Sort = Callable[[Slow, str], Awaitable[None]]
SORTS: tuple[Sort, ...] = (silent, head, body, chunks, polite, stuffed)


async def _narrow(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """With little room for what is not taken: else the system takes megabytes of it."""
    narrow = socket.socket()
    narrow.setblocking(False)
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=narrow)


async def _hold(server: Door, sort: Sort, key: str, held: "Counter[str]") -> None:
    reader, writer = await _narrow(server.port)
    held[sort.__name__] += 1
    try:
        with suppress(ConnectionError):
            await sort(Slow(reader, writer), key)
        held[sort.__name__] -= 1
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _opens(http: aiohttp.ClientSession, answers: "Counter[int]", lane: int) -> None:
    """Somebody with a good connection, who is to notice nothing."""
    n = 0
    while True:
        n += 1
        headers = {"Idempotency-Key": f"{lane}-{n}"}
        async with http.post("/v1/escalations", json=BODY, headers=headers) as answer:
            answers[answer.status] += 1
        await asyncio.sleep(0.05)


async def besieged(server: Door, each: int, within_s: float) -> tuple[Counter[str], Counter[int]]:
    """Who still holds on when all should have been let go; and what others were answered."""
    async with server.services() as services:
        key = await services.add("data-sync")
    held: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    async with aiohttp.ClientSession(
        server.url, headers={"Authorization": f"Bearer {key}"}
    ) as http:
        for n in range(50):  # what the stuffed ask for
            large = {**BODY, "summary": "word " * 1900}
            async with http.post(
                "/v1/escalations", json=large, headers={"Idempotency-Key": f"large-{n}"}
            ) as answer:
                assert answer.status == 201
        before = server.descriptors
        holding = [asyncio.create_task(_hold(server, sort, key, held)) for sort in SORTS * each]
        good = [asyncio.create_task(_opens(http, answers, lane)) for lane in range(2)]
        await until(lambda: sum(held.values()) == len(holding), 10)
        await until(lambda: not any(held.values()), within_s)
        left = Counter({sort: n for sort, n in held.items() if n})
        for task in (*holding, *good):
            task.cancel()
        await asyncio.gather(*holding, *good, return_exceptions=True)
        if not left:
            assert await until(lambda: server.descriptors <= before + 2, 10)
    return left, answers


async def test_slow_clients_hold_nobody_up_and_are_let_go(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    each = rounds(short=40, full=400)
    settings = {} if FULL else {"HURRY_BOUNDS": str(HURRY_S)}
    bounds = (HEAD_S, BODY_S, 2 * TAKE_S) if FULL else (2 * HURRY_S,)
    within_s = max(bounds) + LATE_S + each * MADE_S
    async with door(tmp_path, settings) as server:
        left, answers = await besieged(server, each, within_s)
        faults = server.faults()
    assert (left, set(answers), faults) == (Counter(), {201}, [])
    said = f"{each * len(SORTS)} connections of {len(SORTS)} sorts let go within their bounds"
    figure("slow clients", f"{said}; {answers[201]} opens beside them, none refused")


#: What each bound lets go of.
LET_GO = {
    "heads for ever": {"silent", "head"},
    "bodies for ever": {"body", "chunks", "polite"},
    "answers for ever": {"stuffed"},
}


async def test_bounds_that_are_not_there_are_found(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    """All three at once: each is found by sorts of its own."""
    settings = {"HURRY_BOUNDS": "0.5"}
    async with door(tmp_path, settings, ",".join(LET_GO)) as server:
        left, _ = await besieged(server, 2, 4.0)
    assert set(left) == set().union(*LET_GO.values())
    for planted, found in LET_GO.items():
        figure("planted bugs", f"slow clients: {planted}, found by {', '.join(sorted(found))}")
