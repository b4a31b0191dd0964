"""Acknowledgements of clicks and commands, over HTTP and Socket Mode: in time, late, failed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from bot.demo.workspace import Interaction, Running, Workspace, serve
from tests.demo.world import (
    CARD,
    INES,
    MANIFEST,
    OPEN,
    RAVI,
    BoltApp,
    Clock,
    a_bolt_app,
    a_card,
    a_workspace,
    answering,
    joined,
    plain,
)

TIMED_OUT = "Operation timed out. Apps need to respond within 3 seconds."
NOT_RESPONDING = "This app is not responding."


async def test_a_click_acknowledged_in_time_shows_nothing(
    either: BoltApp, workspace: Workspace
) -> None:
    """The person sees no error, and the listener was given what was pressed."""

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        either.seen.append(body)
        await ack()

    done = await workspace.tap(RAVI, await a_card(either, workspace), "Migrate")
    assert (done.acked, done.error) == (True, None)
    (seen,) = either.seen
    assert (seen["user"]["id"], seen["actions"][0]["value"]) == (RAVI, "m1")


@pytest.mark.parametrize(("seconds", "error"), [(3.0, None), (3.01, TIMED_OUT)])
async def test_an_acknowledgement_later_than_three_seconds_is_an_error(
    either: BoltApp, workspace: Workspace, clock: Clock, seconds: float, error: str | None
) -> None:
    """Three seconds on the workspace's clock are in time, a moment more is not."""

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any) -> None:
        clock.pass_by(seconds)
        await ack()

    done = await workspace.tap(RAVI, await a_card(either, workspace), "Migrate")
    assert done.error == error
    assert done.elapsed == pytest.approx(seconds)


@pytest.mark.parametrize("line", ["http", "socket"])
async def test_an_acknowledgement_that_never_comes_is_given_up(line: str) -> None:
    """The person sees the error although the listener still works; its late word is nothing."""
    async with serve(a_workspace(ack_within=0.1)) as running:
        workspace, app = running.workspace, a_bolt_app(running)
        go_on = asyncio.Event()

        @app.bolt.action("vote:migrate")
        async def vote(ack: Any) -> None:
            await go_on.wait()
            await ack()

        async with joined(app, running, line):
            done = await workspace.tap(RAVI, await a_card(app, workspace), "Migrate")
            go_on.set()
            if line == "socket":
                await workspace.wait_for(lambda: workspace.socket.unknown_acks == 1)
    assert (done.acked, done.error) == (False, TIMED_OUT)


async def test_a_click_no_listener_takes_shows_the_status(
    app: BoltApp, workspace: Workspace
) -> None:
    """Bolt answers 404 where nothing is registered."""
    done = await workspace.tap(RAVI, await a_card(app, workspace), "Recreate")
    assert (done.acked, done.status) == (False, 404)
    assert done.error == "This app responded with Status Code 404."


async def test_words_in_the_acknowledgement_of_a_click_are_not_shown(
    either: BoltApp, workspace: Workspace
) -> None:
    """Slack shows what a command's acknowledgement says, not what a button's does."""

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any) -> None:
        await ack("Thanks!")

    done = await workspace.tap(RAVI, await a_card(either, workspace), "Migrate")
    assert (done.acked, done.error) == (True, None)
    assert workspace.ephemerals(RAVI) == []


Tap = Callable[[int], Awaitable[Interaction]]


@pytest.fixture
async def tap_on(workspace: Workspace, client: Any) -> Tap:
    """Click on a card of an app that answers with a status."""

    async def tap(status: int) -> Interaction:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"location": "/elsewhere"})

        await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
        async with answering(answer) as workspace.request_url:
            return await workspace.tap(RAVI, workspace.messages(OPEN)[-1], "Migrate")

    return tap


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 404, 413, 429, 500, 503])
async def test_only_200_acknowledges_a_click(tap_on: Tap, status: int) -> None:
    """Any other status is shown, and a redirect is not followed."""
    done = await tap_on(status)
    assert done.error == f"This app responded with Status Code {status}."


async def test_nobody_listening_shows_that_the_app_does_not_respond(
    workspace: Workspace, app: BoltApp
) -> None:
    """A refused connection, and a Socket Mode app that is not connected, look the same."""
    card = await a_card(app, workspace)
    workspace.request_url = "http://127.0.0.1:1/slack/events"
    refused = await workspace.tap(RAVI, card, "Migrate")
    workspace.request_url = None
    unconnected = await workspace.tap(RAVI, card, "Migrate")
    assert (refused.error, refused.why) == (NOT_RESPONDING, "connection_failed")
    assert (unconnected.error, unconnected.why) == (NOT_RESPONDING, "connection_failed")


async def test_an_app_that_hangs_up_does_not_respond(workspace: Workspace, client: Any) -> None:
    """It broke off in the middle of its answer, as a killed process does."""

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    async with answering(hang_up) as workspace.request_url:
        done = await workspace.tap(RAVI, workspace.messages(OPEN)[-1], "Migrate")
    assert (done.error, done.why) == (NOT_RESPONDING, "connection_failed")


async def test_an_app_without_interactivity_is_never_clicked() -> None:
    """The manifest switches interactivity off: nothing is sent."""
    settings = {**MANIFEST["settings"], "interactivity": {"is_enabled": False}}
    async with serve(a_workspace(manifest={**MANIFEST, "settings": settings})) as running:
        app = a_bolt_app(running)
        done = await running.workspace.tap(RAVI, await a_card(app, running.workspace), "Migrate")
        assert running.workspace.sent == []
    assert done.error == "This app is not configured to handle interactive responses."


SAID = [
    ("words alone", ["words alone"], []),
    ({"text": "for one"}, ["for one"], []),
    ({"text": "for one", "response_type": "ephemeral"}, ["for one"], []),
    ({"text": "for all", "response_type": "in_channel"}, [], ["for all"]),
    ({"text": "drawn", "blocks": CARD}, ["drawn"], []),
]


@pytest.mark.parametrize(("said", "alone", "shared"), SAID)
async def test_an_acknowledged_command_may_speak(
    either: BoltApp, workspace: Workspace, said: Any, alone: list[str], shared: list[str]
) -> None:
    """To the person alone unless it says `in_channel`."""

    @either.bolt.command("/escalations")
    async def answer(ack: Any) -> None:
        await (ack(said) if isinstance(said, str) else ack(**said))

    done = await workspace.command(INES, OPEN, "/escalations list")
    assert (done.acked, done.error) == (True, None)
    assert [one.text for one in workspace.ephemerals(INES)] == alone
    assert [one.text for one in workspace.messages(OPEN)] == shared


async def test_a_silent_acknowledgement_of_a_command_shows_nothing(
    either: BoltApp, workspace: Workspace
) -> None:
    """An empty body is no message."""

    @either.bolt.command("/escalations")
    async def answer(ack: Any, command: dict[str, Any]) -> None:
        either.seen.append(command)
        await ack()

    done = await workspace.command(RAVI, OPEN, "/escalations   show   x ")
    assert (done.acked, done.error) == (True, None)
    assert (workspace.ephemerals(RAVI), workspace.messages(OPEN)) == ([], [])
    assert [one["text"] for one in either.seen] == ["show   x"]


BAD_BLOCKS = [{"type": "header", "text": plain("x" * 151)}]


async def test_a_command_answered_with_bad_blocks_has_failed(
    either: BoltApp, workspace: Workspace
) -> None:
    """The acknowledgement is checked like a post, and the reason is told to the developer."""

    @either.bolt.command("/escalations")
    async def answer(ack: Any) -> None:
        await ack(text="x", blocks=BAD_BLOCKS)

    done = await workspace.command(RAVI, OPEN, "/escalations")
    assert done.error == "/escalations failed with the error “invalid_blocks”"
    assert "less than 151" in (done.why or "")
    assert workspace.ephemerals(RAVI) == []


async def test_a_late_command_has_timed_out(
    either: BoltApp, workspace: Workspace, clock: Clock
) -> None:
    """And what it said is not shown."""

    @either.bolt.command("/escalations")
    async def answer(ack: Any) -> None:
        clock.pass_by(3.5)
        await ack("too late")

    done = await workspace.command(RAVI, OPEN, "/escalations")
    assert done.error == "/escalations failed with the error “operation_timeout”"
    assert workspace.ephemerals(RAVI) == []


async def test_a_command_nobody_takes_was_not_dispatched(
    app: BoltApp, workspace: Workspace
) -> None:
    """Bolt answers 404 where no listener is registered."""
    done = await workspace.command(RAVI, OPEN, "/escalations")
    assert done.error == "/escalations failed with the error “dispatch_failed”"


async def test_a_command_the_manifest_does_not_register_is_never_sent(
    app: BoltApp, workspace: Workspace
) -> None:
    """Slack itself says that there is none."""
    done = await workspace.command(RAVI, OPEN, "/deploy now")
    assert (done.acked, done.error) == (False, "/deploy is not a valid command.")
    assert workspace.sent == []


async def test_the_error_is_told_to_the_person_alone(running: Running, app: BoltApp) -> None:
    """An open page of Ravi's sees Slack's error, one of Ines's does not."""
    workspace = running.workspace
    card = await a_card(app, workspace)
    with workspace.changes.watched_by(RAVI) as his, workspace.changes.watched_by(INES) as hers:
        await workspace.tap(RAVI, card, "Recreate")
        shown = await his.next()
        workspace.say(INES, OPEN, "hello")
        seen = await hers.next()
    assert shown == {
        "type": "error",
        "text": "This app responded with Status Code 404.",
        "channel": OPEN,
    }
    assert seen is not None
    assert seen["type"] == "message"
