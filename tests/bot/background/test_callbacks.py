"""Callbacks: signed, retried with one id, judged again before each is sent, and each on its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from approvals.ports import Delivery
from bot.background.callbacks import Caller
from bot.background.egress import callback_session
from bot.background.webhooks import (
    JITTER,
    LONGEST_S,
    SCHEDULE_S,
    callback_headers,
    next_attempt,
    retry_after,
)
from tests.bot.background.building import Office, settled
from tests.building import START, a_vote, an_open


@dataclass
class Receiver:
    """A real service on loopback that answers as told and keeps what came."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    go: asyncio.Event | None = None  #: hangs until this is set
    body: bytes = b""
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is called."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def pair(self) -> str:
        """How the settings allow it."""
        return f"127.0.0.1:{self.port}"

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep it and answer."""
        self.got.append((dict(request.headers), await request.text()))
        if self.go is not None:
            await self.go.wait()
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass
class Desk:
    """The office, and the caller whose receivers are on loopback."""

    office: Office
    session: aiohttp.ClientSession
    receivers: list[Receiver]

    def __post_init__(self) -> None:
        self.caller = Caller(
            deliveries=self.office.store.deliveries,
            reads=self.office.store.reads,
            services=self.office.store.services,
            session=self.session,
            allowed=frozenset(receiver.pair for receiver in self.receivers),
            clock=self.office.clock,
            wall=self.office.clock,
            random=Random(1),
            counts=self.office.counts,
        )

    async def call(self) -> None:
        """Until nothing is left to send just now."""
        await settled(self.caller.once, self.caller)

    async def decided(self, n: int = 0, key: str = "k") -> str:
        """An escalation that calls receiver `n` back, decided."""
        command = an_open(key, callback_url=self.receivers[n].url)
        await self.office.store.writer.submit(command)
        await self.office.store.writer.submit(a_vote(command.escalation_id))
        return command.escalation_id

    async def delivery(self, escalation_id: str) -> Delivery:
        """The row of its callback."""
        owed = await self.office.store.deliveries.of(escalation_id)
        return next(d for d in owed if d.kind == "callback")


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[Desk]:
    """Two receivers, both allowed, and a service with a secret."""
    async with AsyncExitStack() as stack:
        receivers = [Receiver(), Receiver()]
        for receiver in receivers:
            app = web.Application()
            app.add_routes([web.post("/hook", receiver.take)])
            server = await stack.enter_async_context(TestServer(app))
            receiver.port = int(server.port or 0)
        pairs = [("127.0.0.1", receiver.port) for receiver in receivers]
        session = await stack.enter_async_context(callback_session(pairs))
        hosts = [receiver.pair for receiver in receivers]
        await office.store.services.add("data-sync", callback_hosts=hosts)
        await office.store.services.secret("data-sync")
        yield Desk(office, session, receivers)


async def test_a_decision_wakes_the_service_with_a_signed_callback(desk: Desk) -> None:
    id_ = await desk.decided()
    await desk.call()
    ((headers, body),) = desk.receivers[0].got
    (secret,) = await desk.office.store.services.callback_secrets("data-sync")

    said: Any = json.loads(body)
    assert said["type"] == "escalation.approved"
    assert said["data"]["id"] == id_
    assert set(said["data"]) == {"id", "status", "version", "head"}
    expected = Webhook(secret).sign(headers["webhook-id"], START, body)
    assert headers["webhook-signature"] == expected
    assert (await desk.delivery(id_)).state == "delivered"


async def test_during_a_rotation_either_secret_verifies(desk: Desk) -> None:
    await desk.office.store.services.secret("data-sync")
    await desk.decided()
    await desk.call()
    ((headers, _),) = desk.receivers[0].got
    secrets = await desk.office.store.services.callback_secrets("data-sync")
    assert len(secrets) == 2
    assert len(headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize("which", [0, 1])
def test_a_signature_verifies_with_each_secret_and_with_no_other(which: int) -> None:
    secrets = ["whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="]
    headers = dict(callback_headers("msg_1", datetime.now(UTC), b'{"a":1}', secrets))
    assert Webhook(secrets[which]).verify('{"a":1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "C" * 43 + "=").verify('{"a":1}', headers)


async def test_a_failing_receiver_is_tried_again_with_the_same_id(desk: Desk) -> None:
    receiver = desk.receivers[0]
    await desk.decided()
    receiver.status = 500
    await desk.call()
    desk.office.clock.pass_(6)
    receiver.status = 200
    await desk.call()
    desk.office.clock.pass_(600)
    await desk.call()
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500, 503])
async def test_anything_but_success_is_tried_again(desk: Desk, status: int) -> None:
    """A redirect too: it could lead anywhere."""
    receiver = desk.receivers[0]
    receiver.status, receiver.headers = status, {"Location": desk.receivers[1].url}
    id_ = await desk.decided()
    await desk.call()
    delivery = await desk.delivery(id_)
    assert (delivery.state, delivery.error, delivery.attempts) == ("pending", f"status {status}", 1)
    assert desk.receivers[1].got == []


async def test_a_wait_that_the_receiver_asks_for_is_kept(desk: Desk) -> None:
    receiver = desk.receivers[0]
    receiver.status, receiver.headers = 503, {"Retry-After": "20"}
    await desk.decided()
    for seconds, calls in ((0, 1), (19, 1), (2, 2)):
        desk.office.clock.pass_(seconds)
        await desk.call()
        assert len(receiver.got) == calls


async def test_gone_ends_it(desk: Desk) -> None:
    desk.receivers[0].status = 410
    id_ = await desk.decided()
    await desk.call()
    delivery = await desk.delivery(id_)
    assert (delivery.state, delivery.error) == ("failed", "410: the receiver wants no more")
    assert desk.office.counts.given_up.labels("callback", "gone")._value.get() == 1


async def test_it_is_given_up_when_the_schedule_ends(desk: Desk) -> None:
    desk.receivers[0].status = 500
    id_ = await desk.decided()
    for wait in (0, *SCHEDULE_S):
        desk.office.clock.pass_(wait * (1 + JITTER) + 1)
        await desk.call()
    assert len(desk.receivers[0].got) == 10
    assert (await desk.delivery(id_)).state == "failed"


async def test_the_answers_body_is_never_kept(desk: Desk) -> None:
    receiver = desk.receivers[0]
    receiver.status, receiver.body = 500, b"secret-of-the-receiver" * 100_000
    id_ = await desk.decided()
    await desk.call()
    delivery = await desk.delivery(id_)
    assert delivery.error == "status 500"


async def test_a_dead_receiver_holds_up_nobody_else_and_no_later_look(desk: Desk) -> None:
    dead, living = desk.receivers
    dead.go = asyncio.Event()
    for n in range(5):
        await desk.decided(0, f"dead{n}")
    async with asyncio.timeout(5):
        await desk.caller.once()
        while len(dead.got) < 2:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
        await desk.decided(1, "living")
        await desk.caller.once()
        while not living.got:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    assert len(dead.got) == 2  # a receiver gets only two at once
    dead.go.set()
    await desk.call()
    assert len(dead.got) == 5


async def test_what_a_dead_receiver_kept_waiting_comes_again_with_its_lease(desk: Desk) -> None:
    """Begun late it could still be under way when its lease ends, and be sent twice at once."""
    dead = desk.receivers[0]
    dead.go = asyncio.Event()
    for n in range(5):
        await desk.decided(0, f"k{n}")
    await desk.caller.once()
    async with asyncio.timeout(5):
        while len(dead.got) < 2:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    desk.office.clock.pass_(11)
    dead.go.set()
    await desk.caller.idle()
    assert len(dead.got) == 2
    desk.office.clock.pass_(20)
    await desk.call()
    ids = [headers["webhook-id"] for headers, _ in dead.got]
    assert len(ids) == len(set(ids)) == 5


async def test_without_a_secret_it_fails_and_says_what_to_do(office: Office, desk: Desk) -> None:
    await office.store.services.add("bare", callback_hosts=[desk.receivers[0].pair])
    command = an_open(callback_url=desk.receivers[0].url)
    object.__setattr__(command, "service", "bare")
    await office.store.writer.submit(command)
    await office.store.writer.submit(a_vote(command.escalation_id))
    await desk.call()
    delivery = await desk.delivery(command.escalation_id)
    assert delivery.state == "failed"
    assert delivery.error == "no secret to sign with: `service secret bare`"
    assert desk.receivers[0].got == []


async def test_a_host_taken_back_from_the_service_is_not_called(desk: Desk) -> None:
    id_ = await desk.decided()
    await desk.office.store.services.add("data-sync", callback_hosts=["elsewhere.example"])
    await desk.call()
    assert (await desk.delivery(id_)).state == "failed"
    assert desk.receivers[0].got == []


async def test_a_host_taken_back_from_the_settings_is_not_called(desk: Desk) -> None:
    id_ = await desk.decided()
    desk.caller = Desk(desk.office, desk.session, desk.receivers[1:]).caller
    await desk.call()
    delivery = await desk.delivery(id_)
    assert delivery.state == "failed"
    assert desk.receivers[0].got == []


async def test_a_receiver_that_cannot_be_reached_is_tried_again(desk: Desk) -> None:
    async with callback_session([]) as session:  # refuses loopback at the socket
        desk.caller = Desk(desk.office, session, desk.receivers).caller
        id_ = await desk.decided()
        await desk.call()
    delivery = await desk.delivery(id_)
    assert (delivery.state, delivery.error) == ("pending", "ClientConnectorError")


async def test_after_a_crash_it_is_sent_again_with_the_same_id(desk: Desk) -> None:
    await desk.decided()
    desk.receivers[0].go = asyncio.Event()
    await desk.caller.once()
    async with asyncio.timeout(5):
        while not desk.receivers[0].got:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    for lanes in desk.caller._receivers.values():
        lanes.grace_s = 0.0
    await desk.caller.close()
    desk.receivers[0].go.set()
    desk.caller = Desk(desk.office, desk.session, desk.receivers).caller
    desk.office.clock.pass_(31)
    await desk.call()
    ids = [headers["webhook-id"] for headers, _ in desk.receivers[0].got]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_the_schedule_waits_longer_each_time_with_jitter_and_ends() -> None:
    for attempts, seconds in enumerate(SCHEDULE_S):
        waits = {next_attempt(attempts, START, 0.0, Random(n)) for n in range(20)}
        assert len(waits) > 1
        for at in waits:
            assert at is not None
            assert seconds <= (at - START).total_seconds() <= seconds * (1 + JITTER)
    assert next_attempt(len(SCHEDULE_S), START, 0.0, Random(1)) is None
    later = next_attempt(0, START, 3600, Random(1))
    assert later == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("20", 20),
        (" 20 ", 20),
        ("0", 0),
        ("-5", 0),
        ("1.5", 0),
        ("nan", 0),
        ("inf", 0),
        ("1e9", 0),
        ("soon", 0),
        ("999999", LONGEST_S),
        ("9" * 5000, LONGEST_S),
        ("Thu, 12 Nov 2026 21:31:00 GMT", 60),
        ("Thu, 12 Nov 2026 21:31:00", 60),
        ("Thu, 12 Nov 2020 21:31:00 GMT", 0),
        ("Thu, 12 Nov 2099 21:31:00 GMT", LONGEST_S),
        ("Thu, 99 Nov 2026 99:99:99 GMT", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date_within_a_day(header: str | None, seconds: float) -> None:
    assert retry_after(header, START) == seconds
