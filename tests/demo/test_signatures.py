"""What the workspace sends is signed as Slack signs it; what it is told to send may lie."""

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.demo.workspace import Workspace
from tests.demo.world import CARD, OPEN, RAVI, SECRET, BoltApp, Clock, ClockOfSdk, answering

Taken = tuple[bytes, dict[str, str]]


@pytest.fixture
async def taken(workspace: Workspace, client: Any, clock: Clock) -> list[Taken]:
    """One request of each sort, as the app received its raw bytes and headers."""
    requests: list[Taken] = []

    async def take(request: web.Request) -> web.Response:
        requests.append((await request.read(), dict(request.headers)))
        clock.pass_by(1)
        return web.Response()

    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    async with answering(take) as workspace.request_url:
        await workspace.tap(RAVI, workspace.messages(OPEN)[-1], "Migrate")
        await workspace.command(RAVI, OPEN, "/escalations show Größe & <x>")
        await workspace.open_home(RAVI)
    return requests


async def test_slacks_own_verifier_takes_every_request(taken: list[Taken], clock: Clock) -> None:
    """Over the raw bytes, on the workspace's clock."""
    verifier = SignatureVerifier(SECRET, ClockOfSdk(clock))
    assert [verifier.is_valid_request(body, headers) for body, headers in taken] == [True] * 3


async def test_another_secret_or_body_does_not_verify(taken: list[Taken], clock: Clock) -> None:
    """One byte more is another body."""
    other = SignatureVerifier("another-secret", ClockOfSdk(clock))
    own = SignatureVerifier(SECRET, ClockOfSdk(clock))
    for body, headers in taken:
        assert not other.is_valid_request(body, headers)
        assert not own.is_valid_request(body + b" ", headers)


async def test_timestamps_are_those_of_the_workspaces_clock(taken: list[Taken]) -> None:
    """Not the machine's."""
    stamps = [headers["x-slack-request-timestamp"] for _, headers in taken]
    assert stamps == ["1800000000", "1800000001", "1800000002"]


async def test_each_sort_has_its_own_form(taken: list[Taken]) -> None:
    """Interactions and commands are forms, events are JSON."""
    types = [headers["Content-Type"] for _, headers in taken]
    form = "application/x-www-form-urlencoded"
    assert types == [form, form, "application/json"]
    assert taken[0][0].startswith(b"payload=")


async def test_requests_know_nothing_of_one_another(taken: list[Taken]) -> None:
    """No cookie, no kept connection, and Slack's own name."""
    for _, headers in taken:
        assert "Cookie" not in headers
        assert headers["Connection"] == "close"
        assert headers["User-Agent"].startswith("Slackbot 1.0")


@pytest.mark.parametrize(
    ("lie", "status"),
    [
        ({}, 404),
        ({"sign": False}, 401),
        ({"timestamp": 1_800_000_000 - 299}, 404),
        ({"timestamp": 1_800_000_000 - 301}, 401),
        ({"timestamp": 1_800_000_000 + 301}, 401),
        ({"headers": {"x-slack-signature": "v0=" + "0" * 64}}, 401),
        ({"headers": {"x-slack-request-timestamp": "1800000001"}}, 401),
    ],
)
async def test_what_slack_never_sends_can_be_sent(
    app: BoltApp, workspace: Workspace, lie: dict[str, Any], status: int
) -> None:
    """Bolt takes what is well signed and recent (404: no listener for it), and nothing else."""
    options = {"type": "app_mention", "user": RAVI}
    event = {"type": "event_callback", "team_id": "T0LOCAL", "event": options}
    assert (await workspace.send_raw(event, **lie)).status == status
    del app


async def test_raw_bytes_go_out_as_they_are(workspace: Workspace) -> None:
    """With whatever content type."""
    seen: list[tuple[bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers["Content-Type"]))
        return web.Response(status=401)

    async with answering(take) as workspace.request_url:
        answer = await workspace.send_raw(b"payload=[]\xff", content_type="text/plain")
    assert answer.status == 401
    assert seen == [(b"payload=[]\xff", "text/plain")]


async def test_nothing_unsigned_opens_the_web_api(workspace: Workspace, client: Any) -> None:
    """A token is asked for even where a method needs no scope."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{client.base_url}auth.test") as response,
    ):
        assert (await response.json())["error"] == "not_authed"
    assert workspace.calls[-1].outcome == "not_authed"
