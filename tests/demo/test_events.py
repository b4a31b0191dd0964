"""Events: sent if the manifest subscribes to them, and sent again until acknowledged."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Answer, ImpossibleError, Workspace
from bot.demo.workspace.installation import EVENT_RETRIES
from bot.demo.workspace.line import Sending
from tests.demo.world import OPEN, RAVI, BoltApp, Clock, a_card, answering

HOME = {"type": "app_home_opened", "user": RAVI, "channel": "D0RAVI", "tab": "home"}


@dataclass
class Listener:
    """An app that only notes what it was sent, and answers with the next status."""

    statuses: list[int]
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """One delivery."""
        self.seen.append((await request.json(), dict(request.headers)))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers=self.headers)

    @property
    def retries(self) -> list[tuple[str | None, str | None]]:
        """Number and reason of each delivery."""
        names = ("x-slack-retry-num", "x-slack-retry-reason")
        return [(headers.get(names[0]), headers.get(names[1])) for _, headers in self.seen]


Listening = Callable[[Listener], AbstractAsyncContextManager[None]]


@pytest.fixture
def listening_to(workspace: Workspace) -> Listening:
    """Let a listener be the app."""

    @asynccontextmanager
    async def joined(listener: Listener) -> AsyncIterator[None]:
        async with answering(listener.answer) as workspace.request_url:
            yield

    return joined


async def all_sent(workspace: Workspace, deliveries: int) -> list[tuple[Sending, Answer]]:
    """Wait for so many deliveries, and for no more to come."""
    await workspace.wait_for(lambda: len(workspace.sent) >= deliveries)
    await workspace.wait_for(lambda: not workspace.retrying)
    return workspace.sent


async def test_an_acknowledged_event_comes_once(either: BoltApp, workspace: Workspace) -> None:
    """To the listener that is registered for it."""

    @either.bolt.event("app_home_opened")
    async def opened(body: dict[str, Any]) -> None:
        either.seen.append(body)

    done = await workspace.open_home(RAVI)
    assert done is not None
    assert done.acked
    assert len(await all_sent(workspace, 1)) == 1
    (body,) = either.seen
    assert (body["event"]["user"], body["event"]["tab"]) == (RAVI, "home")
    assert (body["team_id"], body["api_app_id"]) == (workspace.team.id, workspace.app.id)


async def test_an_event_the_manifest_does_not_subscribe_to_is_not_sent(
    app: BoltApp, workspace: Workspace
) -> None:
    """Nobody hears of it."""
    assert await workspace.emit({"type": "app_mention", "user": RAVI, "channel": OPEN}) is None
    assert workspace.sent == []


async def test_an_event_is_sent_three_more_times(
    workspace: Workspace, listening_to: Listening
) -> None:
    """With the same event_id, numbered, and with the reason."""
    listener = Listener([500] * 9)
    async with listening_to(listener):
        await workspace.emit(HOME)
        await all_sent(workspace, 4)
    error = "http_error"
    assert listener.retries == [(None, None), ("1", error), ("2", error), ("3", error)]
    assert len({body["event_id"] for body, _ in listener.seen}) == 1
    assert all(body == listener.seen[0][0] for body, _ in listener.seen)


async def test_retries_end_with_an_acknowledgement(
    workspace: Workspace, listening_to: Listening
) -> None:
    """The second retry is taken, so that there is no third."""
    listener = Listener([503, 404, 200])
    async with listening_to(listener):
        await workspace.emit(HOME)
        await all_sent(workspace, 3)
    assert [number for number, _ in listener.retries] == [None, "1", "2"]


@pytest.mark.parametrize(("status", "deliveries"), [(201, 1), (204, 1), (302, 4), (400, 4)])
async def test_any_2xx_acknowledges_an_event(
    workspace: Workspace, listening_to: Listening, status: int, deliveries: int
) -> None:
    """Unlike an interaction, which takes 200."""
    listener = Listener([status] * 4)
    async with listening_to(listener):
        await workspace.emit(HOME)
        await all_sent(workspace, deliveries)
    assert len(listener.seen) == deliveries


async def test_the_app_can_decline_retries(workspace: Workspace, listening_to: Listening) -> None:
    """By a header of its answer."""
    listener = Listener([500], headers={"X-Slack-No-Retry": "1"})
    async with listening_to(listener):
        await workspace.emit(HOME)
        await all_sent(workspace, 1)
    assert len(listener.seen) == 1


def test_retries_come_at_once_after_a_minute_and_after_five() -> None:
    """As Slack documents them; tests make the pauses shorter."""
    assert EVENT_RETRIES == (0.0, 60.0, 300.0)


async def test_an_event_answered_too_late_is_sent_again(workspace: Workspace, clock: Clock) -> None:
    """The answer took more than three seconds of the workspace's clock."""
    late = iter([3.5, 0.0])
    listener = Listener([])

    async def answer(request: web.Request) -> web.Response:
        clock.pass_by(next(late))
        return await listener.answer(request)

    async with answering(answer) as workspace.request_url:
        await workspace.emit(HOME)
        await all_sent(workspace, 2)
    assert listener.retries == [(None, None), ("1", "http_timeout")]


async def test_an_event_nobody_is_there_for_is_sent_again(
    workspace: Workspace,
) -> None:
    """No connection stands: the retries are the only delivery an app that comes late sees."""
    await workspace.emit(HOME)
    sent = await all_sent(workspace, 4)
    assert [answer.failure for _, answer in sent] == ["connection_failed"] * 4
    assert [sending.retry for sending, _ in sent][1:] == [
        (number, "connection_failed") for number in (1, 2, 3)
    ]


async def test_duplicates_with_another_id_are_events_of_their_own(
    app: BoltApp, workspace: Workspace
) -> None:
    """Emitting twice gives two event_ids and no retry header."""

    @app.bolt.event("app_home_opened")
    async def opened(body: dict[str, Any]) -> None:
        app.seen.append(body)

    for _ in range(11):
        await workspace.emit(HOME)
    assert len({body["event_id"] for body in app.seen}) == 11
    assert all(sending.retry is None for sending, _ in workspace.sent)


async def test_the_request_url_is_verified(app: BoltApp, workspace: Workspace) -> None:
    """Bolt echoes the challenge; something that does not is refused."""
    assert await workspace.verify_url()

    async def thanks(request: web.Request) -> web.Response:
        return web.Response(text="thanks")

    async with answering(thanks) as workspace.request_url:
        assert not await workspace.verify_url()
    workspace.request_url = None
    with pytest.raises(ImpossibleError):
        await workspace.verify_url()


@pytest.mark.parametrize(
    ("end", "event", "code"),
    [
        ("uninstall", "app_uninstalled", "account_inactive"),
        ("revoke_tokens", "tokens_revoked", "token_revoked"),
    ],
)
async def test_the_end_of_an_app_is_told_to_it(
    either: BoltApp, workspace: Workspace, end: str, event: str, code: str
) -> None:
    """And its token is dead from then on."""

    @either.bolt.event(event)
    async def ended(body: dict[str, Any]) -> None:
        either.seen.append(body)

    done = await getattr(workspace, end)()
    assert done.acked
    assert [body["event"]["type"] for body in either.seen] == [event]
    with pytest.raises(SlackApiError) as caught:
        await either.client.auth_test()
    assert caught.value.response["error"] == code


async def test_nothing_people_do_reaches_an_app_that_was_removed(
    app: BoltApp, workspace: Workspace
) -> None:
    """Its buttons are dead and its commands unknown."""
    card = await a_card(app, workspace)
    await workspace.uninstall()
    await all_sent(workspace, 4)
    pressed = await workspace.tap(RAVI, card, "Migrate")
    typed = await workspace.command(RAVI, OPEN, "/escalations")
    assert pressed.error == "This app is not configured to handle interactive responses."
    assert typed.error == "/escalations is not a valid command."
    assert len(workspace.sent) == 4
