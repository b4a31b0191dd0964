"""Callbacks: signed, retried with one id, and never to an inner address."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook

from bot.background.callbacks import Caller
from bot.background.egress import callback_session, is_outer
from bot.background.webhooks import SCHEDULE_S, next_attempt
from bot.callback_urls import refuse_callback
from storage import Store
from tests.building import START, Clock, a_vote, an_open, store_at


class Receiver:
    """A real service on loopback that answers as told and keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], str]] = []

    async def take(self, request: web.Request) -> web.Response:
        """Keep it and answer."""
        self.got.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str, int]]:
    """A receiver, its address and port."""
    made, app = Receiver(), web.Application()
    app.add_routes([web.post("/hook", made.take)])
    async with TestServer(app) as server:
        yield made, f"http://127.0.0.1:{server.port}/hook", int(server.port or 0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with a service that has a secret."""
    clock = Clock()
    async with store_at(tmp_path / "a.db", clock) as opened:
        await opened.services.add("data-sync")
        await opened.services.secret("data-sync")
        yield opened


async def decided(store: Store, url: str) -> None:
    """An escalation with a callback, decided."""
    command = an_open(callback_url=url)
    await store.writer.submit(command)
    await store.writer.submit(a_vote(command.escalation_id))


def caller(store: Store, session: aiohttp.ClientSession, clock: Clock) -> Caller:
    """The loop under test."""
    return Caller(
        deliveries=store.deliveries,
        reads=store.reads,
        services=store.services,
        session=session,
        clock=clock,
        random=Random(1),
    )


async def test_a_decision_wakes_the_service_with_a_signed_callback(
    store: Store, receiver: tuple[Receiver, str, int]
) -> None:
    got, url, port = receiver
    await decided(store, url)
    async with callback_session({("127.0.0.1", port)}) as session:
        await caller(store, session, Clock()).once()
    ((headers, body),) = got.got
    (secret,) = await store.services.callback_secrets("data-sync")

    said: Any = json.loads(body)
    assert said["type"] == "escalation.approved"
    assert set(said["data"]) == {"id", "status", "version", "head"}
    expected = Webhook(secret).sign(headers["webhook-id"], START, body)
    assert headers["webhook-signature"] == expected


async def test_a_failing_receiver_is_tried_again_with_the_same_id(
    store: Store, receiver: tuple[Receiver, str, int]
) -> None:
    got, url, port = receiver
    clock = Clock()
    await decided(store, url)
    async with callback_session({("127.0.0.1", port)}) as session:
        loop = caller(store, session, clock)
        got.status = 500
        await loop.once()
        clock.pass_(6)
        got.status = 200
        await loop.once()
        clock.pass_(60)
        await loop.once()
    ids = [headers["webhook-id"] for headers, _ in got.got]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize(("status", "again"), [(302, True), (410, False), (429, True)])
async def test_redirects_fail_and_gone_ends_it(
    store: Store, receiver: tuple[Receiver, str, int], status: int, again: bool
) -> None:
    got, url, port = receiver
    got.status, got.headers = status, {"Location": url, "Retry-After": "20"}
    clock = Clock()
    await decided(store, url)
    async with callback_session({("127.0.0.1", port)}) as session:
        loop = caller(store, session, clock)
        await loop.once()
        clock.pass_(10)
        await loop.once()
        assert len(got.got) == 1  # Retry-After is longer than the schedule
        clock.pass_(15)
        await loop.once()
    assert len(got.got) == (2 if again else 1)


async def test_the_socket_refuses_inner_addresses_however_they_are_spelled(
    receiver: tuple[Receiver, str, int],
) -> None:
    got, _, port = receiver
    hosts = (
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
    )
    async with callback_session(frozenset()) as session:
        for host in hosts:
            with pytest.raises((aiohttp.ClientError, OSError, ValueError)):
                await session.post(f"http://{host}:{port}/hook")
    assert got.got == []


@pytest.mark.parametrize(
    ("address", "outer"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_out_in_the_world_are_outer(address: str, outer: bool) -> None:
    assert is_outer(address) is outer


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
    ],
)
def test_callback_addresses_are_judged_by_their_text(url: str, fine: bool) -> None:
    assert (refuse_callback(url, frozenset({"a.example", "127.0.0.1:9"})) is None) is fine


def test_the_schedule_ends_after_its_last_wait() -> None:
    waits = [next_attempt(n, START, None, Random(1)) for n in range(len(SCHEDULE_S))]
    assert all(w is not None and w > START for w in waits)
    assert next_attempt(len(SCHEDULE_S), START, None, Random(1)) is None
    later = next_attempt(0, START, 3600, Random(1))
    assert later is not None
    assert later - START == timedelta(hours=1)
