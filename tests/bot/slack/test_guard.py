"""Nothing unsigned is parsed, nothing forged or repeated runs, and a store that is away says no."""

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from approvals.ports import StoreError
from bot.slack.guard import Guard, Identity, Payload, Rejected, identified, signed
from tests.building import START, Clock

ME = Identity(team_id="T1", app_id="A1", bot_user_id="UBOT")
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "api_app_id": "A1",
    "team": {"id": "T1"},
    "user": {"id": "USAM", "team_id": "T1"},
    "actions": [{"action_id": "vote:retry"}],
}


def signature(raw: bytes, by: str = "s1") -> Any:
    """The two headers Slack sends, signed by a secret."""
    stamp = str(int(START.timestamp()))
    made = hmac.new(by.encode(), f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}


@pytest.mark.parametrize(
    ("secret", "late_s", "taken"),
    [
        ("s1", 0, True),
        ("s2", 0, True),  # while secrets are rotated, both are good
        ("s3", 0, False),
        ("s1", 300, True),
        ("s1", 301, False),
        ("s1", -301, False),
    ],
)
def test_only_slack_signs_and_only_for_five_minutes(secret: str, late_s: int, taken: bool) -> None:
    headers = signature(b"body", secret)
    now = START + timedelta(seconds=late_s)
    assert signed(headers, b"body", ["s1", "s2"], now) is taken
    assert not signed(headers, b"other body", ["s1", "s2"], now)


def test_without_a_secret_nothing_is_signed() -> None:
    assert not signed(signature(b"body", ""), b"body", [], START)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, False),
        ({"user": {"id": "USAM"}}, False),
        ({"user": {"id": "UX", "team_id": "T2"}}, True),
        ({"user": {"id": "UBOT"}}, Rejected(status=403, reason="no person")),
        ({"user": "USAM"}, Rejected(status=400, reason="not a payload")),
        ({"api_app_id": "A2"}, Rejected(status=403, reason="another app")),
        ({"team": {"id": "T2"}}, Rejected(status=403, reason="another workspace")),
        ({"team": None}, Rejected(status=403, reason="another workspace")),
        ({"user": {"id": "[" * 9000}}, Rejected(status=403, reason="no person")),
        ({"actions": [None]}, Rejected(status=400, reason="not a payload")),
        ({"actions": [{"action_id": ["vote"]}]}, Rejected(status=400, reason="not a payload")),
        ({"team": "T1"}, Rejected(status=400, reason="not a payload")),
        ({"response_urls": None}, Rejected(status=400, reason="not a payload")),
        ({"response_urls": [[]]}, Rejected(status=400, reason="not a payload")),
        ({"authorizations": None}, Rejected(status=400, reason="not a payload")),
        ({"authorizations": [None]}, Rejected(status=400, reason="not a payload")),
        ({"view": None}, Rejected(status=400, reason="not a payload")),
        ({"view": "V1"}, Rejected(status=400, reason="not a payload")),
        ({"enterprise": True}, Rejected(status=400, reason="not a payload")),
        ({"type": "view_submission", "view": None}, Rejected(status=400, reason="not a payload")),
    ],
)
def test_who_sent_it_is_looked_at_once_for_both_modes(changes: Any, found: Any) -> None:
    assert identified({**CLICK, **changes}, ME) == found


class Seen:
    """Remembers signatures; may be away."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.away = False

    async def first_time(self, signature: str, now: Any) -> bool:
        if self.away:
            raise StoreError
        fresh = signature not in self.known
        self.known.add(signature)
        return fresh


class Door:
    """A guard on a port, and what it let through."""

    def __init__(self) -> None:
        self.seen, self.inside, self.me = Seen(), 0, ME

    async def inner(self, payload: Payload, foreign: bool) -> web.Response:
        self.inside += 1
        return web.Response(text="taken")

    async def post(self, raw: bytes, headers: Any, sent: Any = None) -> int:
        guard = Guard(self.inner, secrets=["s1"], me=lambda: self.me, seen=self.seen, clock=Clock())
        app = web.Application(client_max_size=4 << 20)
        app.add_routes([web.post("/", guard.take)])
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        async with TestClient(TestServer(app)) as client:
            answer = await client.post(
                "/", data=sent or io.BytesIO(raw), headers={**kind, **headers}
            )
            return answer.status


def body_of(payload: Any) -> bytes:
    """As Slack sends a click."""
    return urlencode({"payload": json.dumps(payload)}).encode()


async def test_a_signed_click_passes_once() -> None:
    door, raw = Door(), body_of(CLICK)
    assert [await door.post(raw, signature(raw)) for _ in range(2)] == [200, 200]
    assert door.inside == 1


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (body_of({**CLICK, "team": {"id": "T2"}}), 403),
        (b"payload=[]", 400),
        (b"payload=" + b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"x" * ((1 << 20) + 1), 413),
    ],
)
async def test_what_is_signed_and_still_no_click_goes_no_further(raw: bytes, status: int) -> None:
    door = Door()
    assert await door.post(raw, signature(raw)) == status
    assert door.inside == 0


async def test_while_it_cannot_be_noted_nothing_is_taken() -> None:
    door, raw = Door(), body_of(CLICK)
    door.seen.away = True
    assert (await door.post(raw, signature(raw)), door.inside) == (503, 0)
    door.seen.away = False
    assert (await door.post(raw, signature(raw)), door.inside) == (200, 1)


async def test_a_body_that_says_no_length_is_measured_all_the_same() -> None:
    door, raw = Door(), b"x" * ((1 << 20) + 1)

    async def chunks() -> AsyncIterator[bytes]:
        yield raw

    assert await door.post(raw, signature(raw), sent=chunks()) == 413
    assert door.inside == 0
