"""Callbacks: no spelling, name, detour or proxy leads one of a served Andon to what is inside.

The canary counts connections, not requests. Two layers stand before it: the address's text is
judged when a service asks and again when it is called, and the socket refuses what is not out in
the world. Each is tried alone as well.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.app import Server, serving
from bot.background.egress import callback_session
from bot.callback_urls import refuse_host
from bot.settings import Settings
from tests.building import BODY, ROOT, a_vote, an_open
from tests.trust.spellings import INNER, NAMES

Figure = Callable[[str, str], None]


@dataclass
class Canary:
    """Listens inside, on this machine, and must not be called."""

    port: int = 0
    hits: int = 0
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    said: list[bytes] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection is a hit, whatever is said over it."""
        self.hits += 1
        self.said.append(await reader.read(4096))
        writer.write(self.answer)
        writer.close()


@asynccontextmanager
async def listening(**given: Any) -> AsyncIterator[Canary]:
    """On IPv4 and, where there is one, on the same port of IPv6."""
    canary = Canary(**given)
    async with await asyncio.start_server(canary.take, "127.0.0.1", 0) as four:
        canary.port = four.sockets[0].getsockname()[1]
        try:
            six = await asyncio.start_server(canary.take, "::1", canary.port)
        except OSError:
            yield canary
            return
        async with six:
            yield canary


class Names(AbstractResolver):
    """Our own resolver: the answers of `NAMES`, one after the other, the last for ever."""

    def __init__(self, names: Mapping[str, list[str]] = NAMES) -> None:
        self._left = {name: list(answers) for name, answers in names.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The next answer. Other names are asked for where they always are."""
        answers = self._left.get(host)
        if answers is None:
            return await ThreadedResolver().resolve(host, port, family)
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def andon(folder: Path, hosts: Iterable[str]) -> AsyncIterator[Server]:
    """A served Andon whose operator allows all of these hosts, as if by mistake."""
    allowed = [host for host in hosts if refuse_host(host) is None]
    chosen = Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(ROOT / "policy.toml"),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE="off",
        ANDON_ALLOWED_CALLBACKS=tuple(allowed),
    )
    async with serving(chosen) as server:
        await server.store.services.add("data-sync", callback_hosts=allowed)
        await server.store.services.secret("data-sync")
        yield server


async def asked_by_http(server: Server, urls: Iterable[str]) -> list[str]:
    """Ask with each callback address; ids of those that were taken at the door."""
    taken = []
    key = await server.store.services.add("data-sync")
    async with aiohttp.ClientSession() as http:
        for n, url in enumerate(urls):
            body = {**BODY, "callback_url": url}
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"k{n}"}
            where = f"{server.url}/v1/escalations"
            async with http.post(where, json=body, headers=headers) as answer:
                said = await answer.json()
                assert answer.status in (201, 422), said
                if answer.status == 201:
                    taken.append(said["id"])
                else:
                    assert [e["pointer"] for e in said["errors"]] == ["/callback_url"]
    return taken


async def asked_behind_the_door(server: Server, urls: Iterable[str]) -> list[str]:
    """Ask with each callback address where no door looks at it."""
    commands = [an_open(f"k{n}", callback_url=url) for n, url in enumerate(urls)]
    for command in commands:
        settled = await server.store.writer.submit(command)
        assert settled.refusal is None, settled.refusal
    return [command.escalation_id for command in commands]


async def called(server: Server, ids: Iterable[str]) -> list[str]:
    """Decide all of them; what became of each first call, once it was tried."""
    ids = list(ids)
    for id_ in ids:
        await server.store.writer.submit(a_vote(id_))
    said = []
    async with asyncio.timeout(60):
        for id_ in ids:
            while not (tried := await _tried(server, id_)):  # noqa: ASYNC110  another task
                await asyncio.sleep(0.02)
            said.append(tried)
    return said


async def _tried(server: Server, id_: str) -> str:
    """What became of the first call; empty before it."""
    every = await server.store.deliveries.of(id_)
    (callback,) = [d for d in every if d.kind == "callback"]
    if callback.state == "delivered":
        return "delivered"
    return callback.error or ""


def test_there_are_at_least_sixty_spellings() -> None:
    assert len(set(INNER) | set(NAMES)) >= 60


async def test_no_spelling_reaches_what_is_inside(tmp_path: Path, figure: Figure) -> None:
    """As services send them, with https and http, with and without the port."""
    async with listening() as canary:
        hosts = [*INNER, *NAMES]
        # Those three with a port are how an operator allows a receiver on this very machine.
        exact = ("127.0.0.1", "[::1]", "localhost")
        with_port = [host for host in hosts if host.lower() not in exact]
        allowed = [*hosts, *(f"{host}:{canary.port}" for host in with_port)]
        urls = [
            f"{scheme}://{host}{port}/"
            for host in hosts
            for scheme in ("https", "http")
            for port in ("", f":{canary.port}")
        ]
        async with andon(tmp_path, allowed) as server:
            taken = await asked_by_http(server, urls)
            said = await called(server, taken)
        assert (canary.hits, "delivered" in said) == (0, False)
    figure(
        "SSRF spellings",
        f"{len(hosts)} hosts, {len(urls)} addresses: {len(urls) - len(taken)} refused when asked, "
        f"{len(taken)} at the socket or by name, 0 connections",
    )


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address's text is judged by nobody."""
    monkeypatch.setattr("bot.background.callbacks.refuse_callback", lambda url, allowed: None)


def resolving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are resolved by us."""
    session = partial(callback_session, resolver=Names())
    monkeypatch.setattr("bot.app.callback_session", session)


#: Those that would lead to the canary, by text or by name.
LEADING = [f"http://{host}:{{port}}/" for host in (*INNER, *NAMES)]


async def test_the_socket_alone_refuses_every_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """Even if the judgement of the text were gone."""
    blind(monkeypatch)
    resolving(monkeypatch)
    async with listening() as canary, andon(tmp_path, []) as server:
        urls = [url.format(port=canary.port) for url in LEADING]
        said = await called(server, await asked_behind_the_door(server, urls))
    assert (canary.hits, "delivered" in said) == (0, False)
    figure("SSRF spellings", f"{len(said)} at the socket alone, 0 connections")


async def test_no_name_leads_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that a service may use, and that resolve to whatever their owner likes."""
    resolving(monkeypatch)
    async with listening() as canary:
        hosts = [*NAMES, *(f"{name}:{canary.port}" for name in NAMES)]
        async with andon(tmp_path, hosts) as server:
            taken = await asked_by_http(server, [f"https://{host}/" for host in hosts])
            said = await called(server, taken)
    assert (len(taken), canary.hits, "delivered" in said) == (len(hosts), 0, False)


async def redirected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Calls at an allowed receiver that says to go inside, and calls inside."""
    async with listening() as inner:
        there = f"http://127.0.0.1:{inner.port}/latest/meta-data".encode()
        away = b"HTTP/1.1 307 Go\r\nLocation: " + there + b"\r\nContent-Length: 0\r\n\r\n"
        async with listening(answer=away) as outer:
            pairs = [f"127.0.0.1:{outer.port}", f"127.0.0.1:{inner.port}"]
            async with andon(folder, pairs) as server:
                urls = [f"http://{pairs[0]}/hook"]
                said = await called(server, await asked_by_http(server, urls))
            assert said != [""]
            return outer.hits, inner.hits


async def test_a_redirect_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also to where a callback could have gone by itself."""
    assert await redirected(tmp_path, monkeypatch) == (1, 0)


async def proxied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Connections to a proxy that the environment names."""
    async with listening() as canary, listening() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        pair = f"127.0.0.1:{receiver.port}"
        async with andon(folder, [pair]) as server:
            said = await called(server, await asked_by_http(server, [f"http://{pair}/hook"]))
        assert said != [""]
        return canary.hits


async def test_a_proxy_of_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await proxied(tmp_path, monkeypatch) == 0


async def test_an_exact_loopback_pair_that_is_allowed_is_called(tmp_path: Path) -> None:
    """So the canary hears what reaches it, and what it hears is a signed wake-up."""
    async with listening() as canary:
        pair = f"127.0.0.1:{canary.port}"
        async with andon(tmp_path, [pair]) as server:
            (id_,) = await asked_by_http(server, [f"http://{pair}/hook"])
            assert await called(server, [id_]) == ["delivered"]
    head, _, body = canary.said[0].partition(b"\r\n\r\n")
    assert (canary.hits, b"webhook-signature: v1," in head) == (1, True)
    assert json.loads(body)["data"]["id"] == id_


# -- it can fail ----------------------------------------------------------------------------------


async def test_without_the_guard_spellings_reach_the_canary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The bug: the socket takes any address. Only spellings of this machine are tried."""
    blind(monkeypatch)
    monkeypatch.setattr("bot.background.egress.is_outer", lambda address: True)
    near = [url for url in LEADING if not _is_far(url)]
    async with listening() as canary, andon(tmp_path, []) as server:
        urls = [url.format(port=canary.port) for url in near]
        said = await called(server, await asked_behind_the_door(server, urls))
    assert canary.hits >= 20
    reached = said.count("delivered")
    figure("planted bugs", f"SSRF: no guard at the socket: {reached} of {len(near)} get through")


async def test_following_redirects_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    follow = aiohttp.ClientSession.post

    def following(session: Any, url: Any, **how: Any) -> Any:
        return follow(session, url, **{**how, "allow_redirects": True})

    monkeypatch.setattr(aiohttp.ClientSession, "post", following)
    _, inside = await redirected(tmp_path, monkeypatch)
    assert inside == 1
    figure("planted bugs", "SSRF: redirects are followed: found")


async def test_trusting_the_environment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The bug: the session takes proxies of the environment, and the guard lets it."""
    monkeypatch.setattr("bot.background.egress.is_outer", lambda address: True)

    def trusting(loopback: Any) -> aiohttp.ClientSession:
        session = callback_session(loopback)
        session._trust_env = True
        return session

    monkeypatch.setattr("bot.app.callback_session", trusting)
    assert await proxied(tmp_path, monkeypatch) >= 1
    figure("planted bugs", "SSRF: proxies of the environment: found")


def _is_far(url: str) -> bool:
    """Whether a call would leave this machine, or wait for an answer from nowhere."""
    far = ("169.254.", "10.", "172.16", "192.", "100.", "198.18", "224.", "240.", "255.", "[f",
           "[2", "[64", "a9fe", "2852039166", ".example", "127.0.0.2", "127.255", "[::127", "[::7f",
           "[::ffff:0:")  # fmt: skip
    return any(part in url for part in far)
