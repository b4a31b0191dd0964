"""response_urls: five answers within half an hour, to where the interaction came from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Message, Workspace
from tests.demo.world import CARD, INES, OPEN, RAVI, BoltApp, Clock, a_card

Answering = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def card(app: BoltApp, workspace: Workspace) -> Message:
    """A card that Ravi clicked; the app keeps the payload."""

    @app.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    card = await a_card(app, workspace)
    await workspace.tap(RAVI, card, "Migrate")
    return card


@pytest.fixture
async def answer(app: BoltApp, card: Message) -> Answering:
    """Post to the click's response_url; status and body of what comes back."""
    del card

    async def post(**said: Any) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(app.seen[0]["response_url"], json=said) as response,
        ):
            return response.status, await response.text()

    return post


async def test_an_answer_is_for_the_person_alone(
    answer: Answering, card: Message, workspace: Workspace
) -> None:
    """Unless it says otherwise; the message that was clicked stays."""
    assert await answer(text="Only you.") == (200, "ok")
    assert [one.text for one in workspace.ephemerals(RAVI)] == ["Only you."]
    assert workspace.ephemerals(INES) == []
    assert workspace.messages(OPEN) == [card]


async def test_an_answer_may_be_for_all(answer: Answering, workspace: Workspace) -> None:
    """With `in_channel`."""
    await answer(text="Everybody.", response_type="in_channel")
    assert [one.text for one in workspace.messages(OPEN)] == ["A card", "Everybody."]
    assert workspace.ephemerals(RAVI) == []


async def test_the_original_is_replaced(
    answer: Answering, card: Message, workspace: Workspace
) -> None:
    """With all it showed."""
    assert await answer(replace_original=True, text="Decided.") == (200, "ok")
    assert (card.text, card.labels) == ("Decided.", [])
    assert workspace.messages(OPEN) == [card]


async def test_the_original_is_deleted(answer: Answering, workspace: Workspace) -> None:
    """Nothing is left of it."""
    assert await answer(delete_original=True) == (200, "ok")
    assert workspace.messages(OPEN) == []


async def test_five_answers_and_no_sixth(answer: Answering, workspace: Workspace) -> None:
    """The sixth is refused and shown to nobody."""
    for number in range(5):
        assert await answer(text=str(number)) == (200, "ok")
    status, body = await answer(text="5")
    assert (status, "used_url" in body) == (404, True)
    assert [one.text for one in workspace.ephemerals(RAVI)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(("minutes", "status"), [(30, 200), (30.01, 404)])
async def test_an_address_lives_half_an_hour(
    answer: Answering, workspace: Workspace, clock: Clock, minutes: float, status: int
) -> None:
    """On the workspace's clock."""
    clock.pass_by(minutes * 60)
    assert (await answer(text="late"))[0] == status
    assert len(workspace.ephemerals(RAVI)) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"replace_original": True}, "no_text"),
        ({"text": "x", "blocks": [{"type": "nothing"}]}, "invalid_blocks"),
        ({"replace_original": True, "blocks": "x"}, "invalid_blocks_format"),
    ],
)
async def test_an_answer_is_checked_like_a_post(
    answer: Answering, card: Message, workspace: Workspace, said: dict[str, Any], code: str
) -> None:
    """And refused with 400."""
    status, body = await answer(**said)
    assert (status, code in body) == (400, True)
    assert (card.text, workspace.ephemerals(RAVI)) == ("A card", [])


async def test_a_made_up_address_leads_nowhere(app: BoltApp, card: Message) -> None:
    """404, as for an old one."""
    del card
    address = app.seen[0]["response_url"] + "x"
    async with aiohttp.ClientSession() as session, session.post(address, json={}) as response:
        assert response.status == 404


async def test_what_is_no_json_is_refused(app: BoltApp, card: Message) -> None:
    """With 400."""
    del card
    address = app.seen[0]["response_url"]
    async with aiohttp.ClientSession() as session, session.post(address, data=b"{") as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_json")


async def test_bolts_own_respond_reaches_it(either: BoltApp, workspace: Workspace) -> None:
    """Over either line, from a click and from a command."""

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="clicked", blocks=CARD)

    @either.bolt.command("/escalations")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        await respond("commanded")

    await workspace.tap(RAVI, await a_card(either, workspace), "Migrate")
    await workspace.command(RAVI, OPEN, "/escalations")
    await workspace.wait_for(lambda: len(workspace.ephemerals(RAVI)) == 2)
    assert {one.text for one in workspace.ephemerals(RAVI)} == {"clicked", "commanded"}


async def test_an_ephemeral_is_replaced_through_its_own_address(
    app: BoltApp, workspace: Workspace
) -> None:
    """The only way to change one."""

    @app.bolt.action("vote:migrate")
    async def vote(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Thanks.", replace_original=True)

    await app.client.chat_postEphemeral(channel=OPEN, user=RAVI, text="psst", blocks=CARD)
    (whispered,) = workspace.ephemerals(RAVI)
    await workspace.tap(RAVI, whispered, "Migrate")
    await workspace.wait_for(lambda: whispered.text == "Thanks.")
    assert workspace.ephemerals(RAVI) == [whispered]
    assert workspace.messages(OPEN) == []


@pytest.mark.parametrize("how", ["replace_original", "delete_original"])
async def test_an_original_that_is_gone_cannot_be_changed(
    answer: Answering, card: Message, workspace: Workspace, how: str
) -> None:
    """An admin deleted it meanwhile: nothing is said in its place."""
    workspace.delete_message(OPEN, card.ts)
    status, body = await answer(text="Decided.", **{how: True})
    assert (status, "message_not_found" in body) == (404, True)
    assert (workspace.messages(OPEN), workspace.ephemerals(RAVI)) == ([], [])


async def test_a_command_has_no_original(app: BoltApp, workspace: Workspace) -> None:
    """There is no message to replace."""
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @app.bolt.command("/escalations")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        answered.set_result(await respond("x", replace_original=True))

    await workspace.command(RAVI, OPEN, "/escalations")
    assert (await answered).status_code == 404
    assert workspace.ephemerals(RAVI) == []
