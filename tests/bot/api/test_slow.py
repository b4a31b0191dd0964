"""Bounds of a connection: what is slow, endless or too large ends, and concerns nobody else."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot import bounds
from bot.api import door, listener
from tests.bot.api.conftest import BODY, World

RAW = json.dumps(BODY).encode()
SOON_S = 0.1


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has seconds has a moment here."""
    monkeypatch.setattr(listener, "HEAD_S", SOON_S)
    monkeypatch.setattr(listener, "TAKE_S", SOON_S)
    monkeypatch.setattr(door, "BODY_S", SOON_S)


class Line:
    """A connection of our own, by the byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, raw: bytes) -> None:
        """Send some bytes."""
        self.writer.write(raw)

    async def head(self) -> str:
        """The status line of the next answer, its head read; empty where it was closed."""
        async with asyncio.timeout(5):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return ""
        return head.decode().split("\r\n")[0]

    async def answer(self) -> tuple[int, bytes]:
        """The next answer, which has a length."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = next(n for n in head.split("\r\n") if n.lower().startswith("content-length"))
            body = await self.reader.readexactly(int(length.split(":")[1]))
        return int(head.split(" ")[1]), body

    async def closed(self) -> bytes:
        """What still came before the other side closed."""
        async with asyncio.timeout(5):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def line(world: World) -> AsyncIterator[Line]:
    """A connection to the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


def head(world: World, *more: str, key: str = "k") -> bytes:
    """The head of an open."""
    lines = (
        "POST /v1/escalations HTTP/1.1",
        "Host: andon",
        f"Authorization: Bearer {world.keys['data-sync']}",
        "Content-Type: application/json",
        f"Idempotency-Key: {key}",
        *more,
    )
    return "\r\n".join([*lines, "", ""]).encode()


async def test_who_says_nothing_is_left(world: World) -> None:
    async with line(world) as silent:
        assert await silent.closed() == b""


@pytest.mark.parametrize("said", [b"G", b"GET /healthz HTTP/1.1\r\nHost: andon\r\nX-Slow: "])
async def test_a_head_that_does_not_end_is_a_408(world: World, said: bytes) -> None:
    async with line(world) as slow:
        slow.send(said)
        status, body = await slow.answer()
        assert (status, json.loads(body)["type"]) == (408, "/problems/too-slow")
        assert await slow.closed() == b""


async def test_a_head_that_trickles_has_no_more_time(world: World) -> None:
    async with line(world) as slow:
        slow.send(b"GET /")
        answer = asyncio.create_task(slow.answer())
        while not answer.done():
            slow.send(b"x")
            await asyncio.sleep(SOON_S / 20)
        assert (await answer)[0] == 408


async def test_a_second_head_on_the_same_connection_is_timed_too(world: World) -> None:
    async with line(world) as slow:
        slow.send(b"GET /healthz HTTP/1.1\r\nHost: andon\r\n\r\n")
        assert (await slow.answer())[0] == 200
        slow.send(b"GET /hea")
        assert (await slow.answer())[0] == 408


async def test_between_two_requests_a_connection_may_rest(world: World) -> None:
    async with line(world) as resting:
        for _ in range(2):
            resting.send(b"GET /healthz HTTP/1.1\r\nHost: andon\r\n\r\n")
            assert (await resting.answer())[0] == 200
            await asyncio.sleep(SOON_S * 2)


@pytest.mark.parametrize(
    ("framing", "some"),
    [(f"Content-Length: {len(RAW)}", RAW[:20]), ("Transfer-Encoding: chunked", b"5\r\n{    \r\n")],
)
async def test_a_body_that_does_not_end_is_a_408(world: World, framing: str, some: bytes) -> None:
    async with line(world) as slow:
        slow.send(head(world, framing) + some)
        status, body = await slow.answer()
        assert (status, json.loads(body)["type"]) == (408, "/problems/too-slow")
    assert await world.store.reads.pending() == ()


async def test_a_caller_that_goes_away_within_its_body_is_no_error(world: World) -> None:
    async with line(world) as gone:
        gone.send(head(world, f"Content-Length: {len(RAW)}") + RAW[:20])
    assert (await world.call("GET", "/v1/escalations")).status == 200
    assert await world.store.reads.pending() == ()


async def test_a_chunked_body_is_bounded_while_it_comes(world: World) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    async with line(world) as endless:
        endless.send(head(world, "Transfer-Encoding: chunked"))
        for _ in range(64):
            endless.send(chunk)
        assert (await endless.answer())[0] == 413


async def test_a_small_body_never_becomes_a_large_one(world: World) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    refused = await world.post(bomb, Content_Encoding="gzip")
    assert refused.status == 415
    # Said to be plain, it is read as it is.
    assert (await world.post(bomb)).status == 400


async def test_a_body_of_chunks_is_taken(world: World) -> None:
    async with line(world) as plain:
        plain.send(head(world, "Transfer-Encoding: chunked"))
        for part in (RAW[:30], RAW[30:]):
            plain.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        plain.send(b"0\r\n\r\n")
        assert (await plain.answer())[0] == 201


async def test_who_asks_first_is_told_to_go_on(world: World) -> None:
    async with line(world) as polite:
        polite.send(head(world, f"Content-Length: {len(RAW)}", "Expect: 100-continue"))
        assert await polite.head() == "HTTP/1.1 100 Continue"
        polite.send(RAW)
        assert (await polite.answer())[0] == 201


async def test_who_was_told_to_go_on_and_does_not_is_a_408(world: World) -> None:
    async with line(world) as polite:
        polite.send(head(world, f"Content-Length: {len(RAW)}", "Expect: 100-continue"))
        assert await polite.head() == "HTTP/1.1 100 Continue"
        assert (await polite.answer())[0] == 408


@pytest.mark.parametrize(
    "more",
    [
        ["X-Large: " + "x" * 9000],
        [f"X-{n}: y" for n in range(bounds.HTTP["max_headers"] + 1)],
        ["X" * 9000 + ": y"],
    ],
    ids=["large", "many", "long name"],
)
async def test_too_much_of_a_head_is_no_request(world: World, more: list[str]) -> None:
    async with line(world) as large:
        large.send(head(world, f"Content-Length: {len(RAW)}", *more) + RAW)
        assert (await large.answer())[0] == 400
        assert await large.closed() == b""


async def test_requests_sent_ahead_are_answered_in_order(world: World) -> None:
    async with line(world) as ahead:
        for n in range(100):
            ahead.send(head(world, f"Content-Length: {len(RAW)}", key=f"k{n % 2}") + RAW)
        answers = [await ahead.answer() for _ in range(100)]
    assert [status for status, _ in answers] == [201, 201] + [200] * 98
    ids = [json.loads(body)["id"] for _, body in answers]
    assert ids == ids[:2] * 50


async def test_a_caller_that_takes_no_answer_is_left(world: World) -> None:
    await world.open(context={"system_state": {f"k{n}": "word " * 1000 for n in range(100)}})
    asked = (
        "GET /v1/escalations HTTP/1.1\r\nHost: andon\r\n"
        f"Authorization: Bearer {world.keys['data-sync']}\r\n\r\n"
    ).encode()
    before = connections(world)
    async with line(world) as stuffed:
        stuffed.writer.transport.pause_reading()
        for _ in range(60):
            stuffed.send(asked)
        async with asyncio.timeout(10):
            while connections(world) > before:  # noqa: ASYNC110  the server's side
                await asyncio.sleep(0.01)


def connections(world: World) -> int:
    """How many the server has."""
    runner = world.client.server.runner
    assert runner is not None
    assert runner.server is not None
    return len(runner.server.connections)


async def test_where_there_are_too_many_the_longest_idle_makes_room(world: World) -> None:
    runner = world.client.server.runner
    assert runner is not None
    runner.server._most = 2  # type: ignore[union-attr]
    async with line(world) as first, line(world) as second:
        first.send(b"GET /heal")
        second.send(b"GET /healthz HTTP/1.1\r\nHost: andon\r\n\r\n")
        assert (await second.answer())[0] == 200
        async with line(world) as third:
            third.send(b"GET /healthz HTTP/1.1\r\nHost: andon\r\n\r\n")
            assert (await third.answer())[0] == 200
            assert b"408" not in await first.closed()


async def test_where_all_are_asking_the_newcomer_is_left(world: World) -> None:
    made = await world.open()
    runner = world.client.server.runner
    assert runner is not None
    parked = (
        f"GET /v1/escalations/{made['id']}?wait=60 HTTP/1.1\r\nHost: andon\r\n"
        f"Authorization: Bearer {world.keys['data-sync']}\r\n\r\n"
    ).encode()
    async with line(world) as waiting:
        waiting.send(parked)
        async with asyncio.timeout(5):
            while not world.waiters.count:  # noqa: ASYNC110  the server's side
                await asyncio.sleep(0.01)
        runner.server._most = 1  # type: ignore[union-attr]
        async with line(world) as newcomer:
            assert await newcomer.closed() == b""
        await world.approve(made["id"])
        assert (await waiting.answer())[0] == 200
