"""Egress: no spelling, no name, no detour and no proxy leads a callback inside."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.background.egress import callback_session, is_outer
from bot.callback_urls import loopback_pairs, refuse_callback


@dataclass
class Canary:
    """Something inside that must never be reached."""

    port: int = 0
    hits: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    status: int = 200

    async def take(self, request: web.Request) -> web.Response:
        """A hit."""
        self.hits.append(request.host)
        self.cookies.append(request.headers.get("Cookie", ""))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    """It listens."""
    made, app = Canary(), web.Application()
    app.add_routes([web.route("*", "/{any:.*}", made.take)])
    async with TestServer(app) as server:
        made.port = int(server.port or 0)
        yield made


class Names(AbstractResolver):
    """A resolver on order: the answers for each name, one after the other, the last for ever."""

    def __init__(self, **answers: list[tuple[str, int]]) -> None:
        self._answers: dict[str, Iterator[tuple[str, int]]] = {
            name.replace("_", "."): itertools.chain(found[:-1], itertools.repeat(found[-1]))
            for name, found in answers.items()
        }

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The next answer."""
        address, port = next(self._answers[host])
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing is held."""


SPELLINGS = (
    # loopback as IPv4, in every base and length that inet_aton takes
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "0.0.0.0", "0",
    "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "0x7f.1", "127.0x1",
    "00000177.0.0.1", "127.000.000.001", "0x7F.0x0.0x0.0x1", "127.0.0.1.",
    # digits that are normalised to ASCII, and dots too
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "𝟏𝟐𝟕.0.0.1", "127．0．0．1",
    "⑫７.0.0.1",
    # names
    "localhost", "LOCALHOST", "localhost.", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ",
    # IPv6, short, long, mapped, translated, embedded
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]",
    "[fe80::1%25lo]", "[fe80::1%lo]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]",
    "[ff02::1]", "[ff01::1]", "[::ffff:0.0.0.0]", "[2001:0:7f00:1::]",
    # metadata and private networks
    "169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]",
    "2852039166", "0xa9fea9fe", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
    "198.18.0.1", "192.0.0.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
)  # fmt: skip


def test_there_are_at_least_sixty_spellings() -> None:
    assert len(set(SPELLINGS)) >= 60


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_reaches_what_is_inside(canary: Canary, host: str) -> None:
    async with callback_session([], timeout_s=5) as session:
        with pytest.raises((aiohttp.ClientError, OSError, ValueError)):
            await session.post(f"http://{host}:{canary.port}/")
    assert canary.hits == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3"]
)
async def test_no_name_leads_inside(canary: Canary, address: str) -> None:
    names = Names(evil_example=[(address, canary.port)])
    async with callback_session([], resolver=names, timeout_s=5) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"http://evil.example:{canary.port}/")
    assert canary.hits == []


async def test_a_name_that_led_out_and_now_leads_inside_is_refused(canary: Canary) -> None:
    outside, app = Canary(), web.Application()
    app.add_routes([web.route("*", "/", outside.take)])
    async with TestServer(app) as server:
        port = int(server.port or 0)
        names = Names(rebinding_example=[("127.0.0.1", port), ("127.0.0.1", canary.port)])
        # The one exact pair stands for an address out in the world.
        async with callback_session([("127.0.0.1", port)], resolver=names) as session:
            session.connector._use_dns_cache = False  # type: ignore[union-attr]
            async with session.post(
                f"http://rebinding.example:{port}/", headers={"Connection": "close"}
            ) as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"http://rebinding.example:{port}/")
    assert (len(outside.hits), canary.hits) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(canary: Canary, status: int) -> None:
    canary.status = status
    canary.headers = {"Location": f"http://127.0.0.1:{canary.port}/inside"}
    async with callback_session([("127.0.0.1", canary.port)]) as session:
        url = f"http://127.0.0.1:{canary.port}/"
        async with session.post(url, allow_redirects=False) as answer:
            assert answer.status == status
    assert len(canary.hits) == 1


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_proxies_of_the_environment_are_ignored(
    canary: Canary, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    names = Names(outer_example=[("10.0.0.1", 80)])
    async with callback_session([("127.0.0.1", canary.port)], resolver=names) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post("http://outer.example/")
    assert canary.hits == []


async def test_cookies_are_not_carried_from_one_to_the_next(canary: Canary) -> None:
    canary.headers = {"Set-Cookie": "a=b; Path=/"}
    names = Names(a_example=[("127.0.0.1", canary.port)])
    async with callback_session([("127.0.0.1", canary.port)], resolver=names) as session:
        for _ in range(2):
            async with session.post(f"http://a.example:{canary.port}/"):
                pass
    assert canary.cookies == ["", ""]


async def test_an_answer_that_never_ends_is_cut_off() -> None:
    """Headers that come drop by drop, and a body nobody reads."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except OSError:
            writer.close()
            ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with callback_session([("127.0.0.1", port)], timeout_s=0.2) as session:
            with pytest.raises((TimeoutError, aiohttp.ClientError)):
                await session.post(f"http://127.0.0.1:{port}/")
        await ended.wait()


async def test_an_endless_body_is_not_read() -> None:
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)
            sent += 65536

    app = web.Application()
    app.add_routes([web.post("/", pour)])
    async with TestServer(app) as server, asyncio.timeout(5):
        pairs = [("127.0.0.1", int(server.port or 0))]
        async with callback_session(pairs) as session, session.post(server.make_url("/")) as answer:
            assert answer.status == 200
    assert sent < 50 * 2**20


@pytest.mark.parametrize(
    ("address", "outer"),
    [
        ("8.8.8.8", True),
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("2a00:1450:4001::1", True),
        ("::ffff:8.8.8.8", True),
        *(
            (address, False)
            for address in (
                "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
                "100.64.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.1",
                "255.255.255.255", "192.0.0.9", "192.0.2.1", "198.51.100.1", "203.0.113.1",
                "198.18.0.1", "192.88.99.1", "::", "::1", "::7f00:1", "::ffff:10.0.0.1",
                "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
                "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1",
                "fe80::1%eth0", "fec0::1", "fc00::1", "fd00::1", "ff02::1", "4000::1",
            )
        ),
    ],
)  # fmt: skip
def test_only_addresses_out_in_the_world_are_outer(address: str, outer: bool) -> None:
    assert is_outer(address) is outer


@pytest.mark.parametrize(
    ("entry", "pairs"),
    [
        ("127.0.0.1:9", {("127.0.0.1", 9)}),
        ("[::1]:9", {("::1", 9)}),
        ("localhost:9", {("127.0.0.1", 9), ("::1", 9)}),
        ("LOCALHOST:9", {("127.0.0.1", 9), ("::1", 9)}),
        ("a.example", set()),
    ],
)
def test_exact_pairs_of_the_settings(entry: str, pairs: set[Any]) -> None:
    assert loopback_pairs([entry]) == pairs


async def test_localhost_is_reached_where_its_exact_port_is_allowed(canary: Canary) -> None:
    pairs = loopback_pairs([f"localhost:{canary.port}"])
    url = f"http://localhost:{canary.port}/"
    async with callback_session(pairs) as session, session.post(url) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://a.example/x", True),
        ("https://a.example:443/x", True),
        ("https://a.example:8443/x", False),
        ("http://a.example/x", False),
        ("http://127.0.0.1:9/x", True),
        ("http://127.0.0.1:10/x", False),
        ("https://u@a.example/x", False),
        ("https://b.example/x", False),
        ("https://①②⑦.⓪.⓪.①/x", False),
        ("ftp://a.example/x", False),
        ("https://a.example\\@evil/x", False),
        ("https://", False),
        ("https://a.example:port/x", False),
        ("https://a.example.evil/x", False),
        ("https://[::1/x", False),
        ("https://a.example\n.evil/x", False),
    ],
)
def test_callback_addresses_are_judged_by_their_text(url: str, fine: bool) -> None:
    assert (refuse_callback(url, frozenset({"a.example", "127.0.0.1:9"})) is None) is fine
