"""Clicks as Slack delivers them: their payloads; twice, eleven times, in parallel; forged."""

import asyncio
import re
from typing import Any

import pytest

from bot.demo.workspace import ABSENT, ImpossibleError, Workspace
from tests.demo.world import (
    CARD,
    CLOSED,
    INES,
    OPEN,
    RAVI,
    STRANGER,
    BoltApp,
    a_card,
    actions,
    button,
    modal,
    plain,
)


@pytest.fixture
async def voting(either: BoltApp) -> BoltApp:
    """An app that notes every vote, over either line."""

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        either.seen.append(body)
        await ack()

    return either


@pytest.fixture
async def noting(app: BoltApp) -> BoltApp:
    """An app that notes every action, over HTTP."""

    @app.bolt.action(re.compile(""))
    async def noted(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    return app


async def test_a_click_names_all_that_slack_names(voting: BoltApp, workspace: Workspace) -> None:
    """Who, where, on what, and how to answer."""
    card = await a_card(voting, workspace)
    await workspace.tap(RAVI, card, "Migrate")
    (body,) = voting.seen
    assert body["type"] == "block_actions"
    assert body["user"] == {"id": RAVI, "username": "ravi", "name": "ravi", "team_id": "T0LOCAL"}
    assert body["team"] == {"id": "T0LOCAL", "domain": "local-workspace"}
    assert body["api_app_id"] == workspace.app.id
    assert body["channel"] == {"id": OPEN, "name": "open"}
    assert body["container"] == {
        "type": "message",
        "message_ts": card.ts,
        "channel_id": OPEN,
        "is_ephemeral": False,
    }
    assert body["message"]["blocks"] == CARD
    (action,) = body["actions"]
    assert action.pop("action_ts") > card.ts
    assert action == {
        "action_id": "vote:migrate",
        "block_id": "choices",
        "type": "button",
        "text": plain("Migrate"),
        "value": "m1",
    }
    assert body["response_url"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("channel", "name"), [(CLOSED, "privategroup"), (RAVI, "directmessage"), (OPEN, "open")]
)
async def test_a_channel_is_called_what_slack_calls_it(
    noting: BoltApp, workspace: Workspace, channel: str, name: str
) -> None:
    """Private channels and direct messages have no name of their own in payloads."""
    await workspace.tap(RAVI, await a_card(noting, workspace, channel), "Migrate")
    assert noting.seen[0]["channel"]["name"] == name


async def test_a_click_on_an_ephemeral_message_brings_no_message(
    noting: BoltApp, workspace: Workspace
) -> None:
    """Code that indexes `message` blindly fails here as it would in Slack."""
    await noting.client.chat_postEphemeral(channel=OPEN, user=RAVI, text="psst", blocks=CARD)
    (whispered,) = workspace.ephemerals(RAVI)
    await workspace.tap(RAVI, whispered, "Migrate")
    (body,) = noting.seen
    assert "message" not in body
    assert body["container"]["is_ephemeral"] is True
    with pytest.raises(ImpossibleError):
        await workspace.tap(INES, whispered, "Migrate")


async def test_a_click_in_a_thread_names_the_thread(noting: BoltApp, workspace: Workspace) -> None:
    """In the container."""
    card = await a_card(noting, workspace)
    await noting.client.chat_postMessage(channel=OPEN, text="under", thread_ts=card.ts, blocks=CARD)
    await workspace.tap(RAVI, workspace.messages(OPEN)[-1], "Migrate")
    assert noting.seen[0]["container"]["thread_ts"] == card.ts


async def test_a_person_of_another_workspace_is_named_with_it(
    noting: BoltApp, workspace: Workspace
) -> None:
    """`user.team_id` is theirs, `team` is this one."""
    await workspace.tap(STRANGER, await a_card(noting, workspace), "Migrate")
    (body,) = noting.seen
    assert (body["user"]["team_id"], body["team"]["id"]) == ("T0FAR", "T0LOCAL")


async def test_a_click_can_be_delivered_twice(voting: BoltApp, workspace: Workspace) -> None:
    """On order; the second delivery is the very same, and the next click is single again."""
    card = await a_card(voting, workspace)
    workspace.faults.add(fault="duplicate_click")
    done = await workspace.tap(RAVI, card, "Migrate")
    assert done.acked
    assert [one.acked for one in done.repeats] == [True]
    first, second = voting.seen
    assert first == second
    assert (await workspace.tap(RAVI, card, "Migrate")).repeats == ()


async def test_a_submission_can_be_delivered_twice(app: BoltApp, workspace: Workspace) -> None:
    """The modal is closed by the first answer; the second is on record."""

    @app.bolt.view("why")
    async def submitted(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    window = workspace.windows.open(RAVI, modal())
    workspace.faults.add(fault="duplicate_click")
    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.acked, [one.acked for one in done.repeats]) == (True, [True])
    assert app.seen[0] == app.seen[1]
    assert workspace.view_of(RAVI) is None


@pytest.mark.parametrize(("identical", "triggers"), [(True, 1), (False, 11)])
async def test_eleven_deliveries(
    voting: BoltApp, workspace: Workspace, identical: bool, triggers: int
) -> None:
    """Of one click they share a trigger id; eleven clicks have eleven."""
    card = await a_card(voting, workspace)
    done = await workspace.click(RAVI, OPEN, card.ts, "vote:migrate", times=11, identical=identical)
    assert len(done.repeats) == 10
    assert len(voting.seen) == 11
    assert len({body["trigger_id"] for body in voting.seen}) == triggers
    assert len({body["actions"][0]["action_ts"] for body in voting.seen}) == triggers


async def test_parallel_clicks_are_all_in_flight_at_once(
    either: BoltApp, workspace: Workspace
) -> None:
    """None is acknowledged before the last has arrived."""
    all_here = asyncio.Barrier(5)

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any) -> None:
        await all_here.wait()
        await ack()

    card = await a_card(either, workspace)
    done = await workspace.click(RAVI, OPEN, card.ts, "vote:migrate", times=5, parallel=True)
    assert [one.acked for one in (done, *done.repeats)] == [True] * 5


async def test_two_people_click_at_the_same_instant(either: BoltApp, workspace: Workspace) -> None:
    """Each with a click of their own."""
    both_here = asyncio.Barrier(2)

    @either.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        either.seen.append(body)
        await both_here.wait()
        await ack()

    card = await a_card(either, workspace)
    clicks = [workspace.tap(person, card, "Migrate") for person in (RAVI, INES)]
    assert [one.acked for one in await asyncio.gather(*clicks)] == [True, True]
    assert {body["user"]["id"] for body in either.seen} == {RAVI, INES}


async def test_a_button_that_is_gone_is_pressed_by_a_stale_client_only(
    noting: BoltApp, workspace: Workspace
) -> None:
    """Somebody's screen still shows the card as it was before it was redrawn."""
    card = await a_card(noting, workspace)
    await noting.client.chat_update(channel=OPEN, ts=card.ts, text="Decided", blocks=[])
    with pytest.raises(ImpossibleError):
        await workspace.click(RAVI, OPEN, card.ts, "vote:migrate")
    done = await workspace.click(RAVI, OPEN, card.ts, "vote:migrate", stale=True)
    assert done.acked
    assert noting.seen[0]["actions"][0]["value"] == "m1"


async def test_a_menu_sends_what_was_chosen(noting: BoltApp, workspace: Workspace) -> None:
    """In the action, and in the state of the message."""
    option = {"text": plain("Tonight"), "value": "tonight"}
    menu = {"type": "static_select", "action_id": "when", "options": [option]}
    blocks = [actions(menu, button("Go", "go"), block_id="row")]
    await noting.client.chat_postMessage(channel=OPEN, text="When?", blocks=blocks)
    (message,) = workspace.messages(OPEN)
    await workspace.click(RAVI, OPEN, message.ts, "when", choose={"selected_option": option})
    (body,) = noting.seen
    assert body["actions"][0]["selected_option"] == option
    kept = {"type": "static_select", "selected_option": option}
    assert body["state"]["values"] == {"row": {"when": kept}}


async def test_a_forged_click_differs_where_it_is_told_to(
    noting: BoltApp, workspace: Workspace
) -> None:
    """Fields changed, fields taken away; all else is as ever."""
    card = await a_card(noting, workspace)
    override = {"team": {"id": "T0OTHER"}, "message": ABSENT}
    await workspace.click(RAVI, OPEN, card.ts, "vote:migrate", override=override)
    (body,) = noting.seen
    assert body["team"] == {"id": "T0OTHER", "domain": "local-workspace"}
    assert "message" not in body
    assert body["user"]["id"] == RAVI


@pytest.mark.parametrize(
    ("person", "channel", "ts", "action"),
    [
        (RAVI, OPEN, "1.0", "vote:migrate"),
        (RAVI, "C0NOWHERE", None, "vote:migrate"),
        (RAVI, OPEN, None, "vote:drop"),
        ("U0GONE", OPEN, None, "vote:migrate"),
    ],
)
async def test_what_nobody_could_press_is_not_sent(
    app: BoltApp, workspace: Workspace, person: str, channel: str, ts: str | None, action: str
) -> None:
    """No such message, channel, button or person."""
    card = await a_card(app, workspace)
    with pytest.raises(ImpossibleError):
        await workspace.click(person, channel, ts or card.ts, action)
    assert workspace.sent == []


async def test_a_missing_label_names_those_there_are(app: BoltApp, workspace: Workspace) -> None:
    """So that a failing test says what the card offers instead."""
    card = await a_card(app, workspace)
    with pytest.raises(LookupError, match="only \\['Migrate', 'Recreate'\\]"):
        await workspace.tap(RAVI, card, "Drop")
