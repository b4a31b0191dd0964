"""Socket Mode: tickets, envelopes, renewal of connections, and acknowledgements that never come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Running, Workspace, serve
from tests.demo.world import (
    APP_TOKEN,
    CARD,
    OPEN,
    RAVI,
    BoltApp,
    a_bolt_app,
    a_card,
    a_modal,
    a_workspace,
    connected,
)

Socket = aiohttp.ClientWebSocketResponse


async def an_address(running: Running) -> str:
    """A fresh address for one connection."""
    client = AsyncWebClient(token=APP_TOKEN, base_url=running.api_url, retry_handlers=[])
    return str((await client.apps_connections_open(app_token=APP_TOKEN))["url"])


@asynccontextmanager
async def a_socket(running: Running) -> AsyncIterator[Socket]:
    """A bare websocket, past its hello."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(await an_address(running)) as socket,
    ):
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


@pytest.fixture
async def socket(running: Running) -> AsyncIterator[Socket]:
    """A bare websocket, past its hello."""
    async with a_socket(running) as socket:
        yield socket


@pytest.fixture
async def voted(running: Running) -> BoltApp:
    """A Bolt app that notes votes."""
    app = a_bolt_app(running)

    @app.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    return app


def tapping(workspace: Workspace) -> "asyncio.Task[Any]":
    """Ravi clicks; what comes of it is seen later."""
    card = workspace.messages(OPEN)[-1]
    return asyncio.ensure_future(workspace.tap(RAVI, card, "Migrate"))


async def test_a_connection_is_greeted(running: Running) -> None:
    """The hello names the app and counts the connections."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(await an_address(running)) as first,
        session.ws_connect(await an_address(running)) as second,
    ):
        hellos = [await one.receive_json() for one in (first, second)]
    assert [one["num_connections"] for one in hellos] == [1, 2]
    assert hellos[0]["connection_info"] == {"app_id": running.workspace.app.id}


async def test_a_ticket_is_good_for_one_connection(running: Running) -> None:
    """And one that was never issued for none."""
    address = await an_address(running)
    async with aiohttp.ClientSession() as session, session.ws_connect(address):
        for bad in (address, f"{running.url}/link?ticket=made-up", f"{running.url}/link"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(bad)
            assert caught.value.status == 401


async def test_only_the_app_token_opens_connections(client: AsyncWebClient) -> None:
    """The bot's own token will not do."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("apps.connections.open")
    assert caught.value.response["error"] == "not_allowed_token_type"


async def test_an_eleventh_connection_is_one_too_many(running: Running) -> None:
    """It is told so and closed; the ten stand."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(a_socket(running))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        eleventh = await stack.enter_async_context(session.ws_connect(await an_address(running)))
        notice = await eleventh.receive_json()
        assert (notice["type"], notice["reason"]) == ("disconnect", "too_many_websockets")
        assert (await eleventh.receive()).type is aiohttp.WSMsgType.CLOSE
        assert running.workspace.socket.connections == 10


async def test_a_click_comes_in_an_envelope(
    client: AsyncWebClient, workspace: Workspace, socket: Socket
) -> None:
    """Its acknowledgement names the envelope."""
    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    click = tapping(workspace)
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", False)
    assert envelope["payload"]["type"] == "block_actions"
    assert not click.done()
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await click).acked


async def test_a_second_acknowledgement_of_an_envelope_is_nothing(
    client: AsyncWebClient, workspace: Workspace, socket: Socket
) -> None:
    """The first counts, and the connection stands."""
    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    click = tapping(workspace)
    said = {"envelope_id": (await socket.receive_json())["envelope_id"]}
    await asyncio.gather(socket.send_json(said), socket.send_json(said))
    assert (await click).acked
    await workspace.wait_for(lambda: workspace.socket.unknown_acks == 1)
    assert workspace.socket.connections == 1


async def test_commands_and_submissions_accept_a_payload(
    running: Running, workspace: Workspace, socket: Socket
) -> None:
    """What the acknowledgement carries is what an HTTP body would be."""
    asked = asyncio.ensure_future(workspace.command(RAVI, OPEN, "/escalations list"))
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    answer = {"envelope_id": envelope["envelope_id"], "payload": {"text": "Nothing waits."}}
    await socket.send_json(answer)
    assert (await asked).acked
    assert [one.text for one in workspace.ephemerals(RAVI)] == ["Nothing waits."]


async def test_an_unacknowledged_event_is_sent_again() -> None:
    """In a new envelope that counts the attempts; the event_id is the same."""
    async with (
        serve(a_workspace(ack_within=0.05, event_retries=(0.0,))) as running,
        a_socket(running) as socket,
    ):
        emitted = asyncio.ensure_future(running.workspace.open_home(RAVI))
        first, second = await socket.receive_json(), await socket.receive_json()
        await socket.send_json({"envelope_id": second["envelope_id"]})
        await emitted
    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["envelope_id"] != second["envelope_id"]
    assert first["payload"] == second["payload"]


async def test_an_unacknowledged_click_is_not_sent_again() -> None:
    """The person sees the error, and that is all."""
    async with serve(a_workspace(ack_within=0.05)) as running, a_socket(running) as socket:
        workspace = running.workspace
        await a_card(a_bolt_app(running), workspace)
        done = await workspace.tap(RAVI, workspace.messages(OPEN)[-1], "Migrate")
        await socket.receive_json()
        assert len(workspace.sent) == 1
    assert done.error == "Operation timed out. Apps need to respond within 3 seconds."


@pytest.mark.parametrize("said", ["{}", "nonsense", "[]", '{"envelope_id": "unknown"}'])
async def test_a_word_about_no_envelope_acknowledges_nothing(
    workspace: Workspace, socket: Socket, said: str
) -> None:
    """Malformed, or about an envelope nobody waits for: it is counted."""
    await socket.send_str(said)
    await workspace.wait_for(lambda: workspace.socket.unknown_acks == 1)


async def test_each_payload_comes_to_one_of_two_connections(
    running: Running, workspace: Workspace, voted: BoltApp
) -> None:
    """A second instance of the app takes the load; none sees what the other got."""
    other = a_bolt_app(running)
    async with connected(voted, running), connected(other, running):
        await workspace.wait_for(lambda: workspace.socket.connections == 2)

        @other.bolt.action("vote:migrate")
        async def vote(ack: Any, body: dict[str, Any]) -> None:
            other.seen.append(body)
            await ack()

        card = await a_card(voted, workspace)
        for _ in range(4):
            assert (await workspace.tap(RAVI, card, "Migrate")).acked
        triggers = [body["trigger_id"] for body in [*voted.seen, *other.seen]]
    assert len(triggers) == len(set(triggers)) == 4


async def test_a_second_connection_takes_over_when_the_first_goes(
    running: Running, workspace: Workspace, voted: BoltApp, socket: Socket
) -> None:
    """The bare one leaves; the app's own still stands."""
    async with connected(voted, running):
        await socket.close()
        await workspace.wait_for(lambda: workspace.socket.connections == 1)
        done = await workspace.tap(RAVI, await a_card(voted, workspace), "Migrate")
    assert done.acked


@pytest.mark.parametrize("how", ["warn", "refresh", "drop"])
async def test_the_app_connects_anew(
    running: Running, workspace: Workspace, voted: BoltApp, how: str
) -> None:
    """Slack's client does so by itself when it is asked to, and when the line breaks."""
    async with connected(voted, running):
        await getattr(workspace.socket, how)()
        line = workspace.socket
        await workspace.wait_for(lambda: (line.greeted, line.connections) == (2, 1))
        done = await workspace.tap(RAVI, await a_card(voted, workspace), "Migrate")
    assert done.acked


async def test_a_warning_leaves_the_connection_as_it_is(
    client: AsyncWebClient, workspace: Workspace, socket: Socket
) -> None:
    """What comes still comes there; after a refresh nothing does."""
    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    await workspace.socket.warn()
    assert (await socket.receive_json())["reason"] == "warning"
    click = tapping(workspace)
    envelope = await socket.receive_json()
    await workspace.socket.refresh()
    assert (await socket.receive_json())["reason"] == "refresh_requested"
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await click).acked
    assert (await tapping(workspace)).why == "connection_failed"


async def test_an_acknowledgement_may_come_by_another_connection(
    running: Running, client: AsyncWebClient, workspace: Workspace, socket: Socket
) -> None:
    """As happens when the app connects anew in between."""
    await client.chat_postMessage(channel=OPEN, text="A card", blocks=CARD)
    click = tapping(workspace)
    envelope = await socket.receive_json()
    async with a_socket(running) as other:
        await other.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await click).acked


async def test_a_modal_goes_all_its_way_by_socket(
    running: Running, workspace: Workspace, voted: BoltApp
) -> None:
    """Opened, corrected and sent off."""
    app = a_bolt_app(running)

    @app.bolt.view("why")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        app.seen.append(view)
        errors = {"why": "Say more."} if len(app.seen) == 1 else None
        await (ack(response_action="errors", errors=errors) if errors else ack())

    async with connected(app, running):
        window = await a_modal(app, workspace)
        first = await workspace.submit(RAVI, window.id, {"why": "No."})
        second = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (dict(first.errors), dict(second.errors)) == ({"why": "Say more."}, {})
    assert workspace.view_of(RAVI) is None


async def test_a_revoked_app_cannot_connect(running: Running, workspace: Workspace) -> None:
    """The app token is dead with the bot's."""
    await workspace.revoke_tokens()
    with pytest.raises(SlackApiError) as caught:
        await an_address(running)
    assert caught.value.response["error"] == "token_revoked"


async def test_an_app_that_dies_fails_what_it_had_not_acknowledged(
    running: Running, voted: BoltApp, socket: Socket
) -> None:
    """Nobody is left to answer, so nobody waits for the time to run out."""
    await a_card(voted, running.workspace)
    tapped = tapping(running.workspace)
    await socket.receive_json()
    connection = socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    assert (await tapped).why == "connection_failed"
