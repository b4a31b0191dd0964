"""Slack down for a while and back, in every way it can be: nothing is lost, nothing is released."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.workspace.workspace import Workspace
from tests.journeys.asking import DANA
from tests.journeys.conftest import OPERATIONS, MovedClock, Story, spoken, telling
from tests.patience import PATIENCE_S

RETRY = "Try 3 more times"


@pytest.mark.parametrize("fault", ["http_503", "drop_after", "ratelimited"])
async def test_cards_are_posted_once_when_slack_is_back(over_http: Story, fault: str) -> None:
    story = over_http
    story.workspace.faults.add("chat.postMessage", fault, times=3)
    await story.ask()
    for place in (OPERATIONS, "USAM", "UPRIYA"):
        await story.workspace.wait_for(lambda place=place: story._card(place), timeout=PATIENCE_S)
    for place in (OPERATIONS, "USAM", "UPRIYA"):
        assert len([m for m in story.workspace.messages(place) if m.labels]) == 1


async def test_a_card_that_could_not_be_redrawn_is_redrawn_later(over_http: Story) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    fault = story.workspace.faults.add("chat.update", "http_503", times=2)
    await story.tap("USAM", card, RETRY)
    await story.workspace.wait_for(
        lambda: story._card(OPERATIONS, words="APPROVED"), timeout=PATIENCE_S
    )
    assert fault.struck == 2


async def test_an_answer_that_could_not_be_said_is_said_once_when_slack_is_back(
    over_http: Story,
) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    fault = story.workspace.faults.add("chat.postEphemeral", "http_503")
    await story.tap("USAM", card, RETRY)
    await story.workspace.wait_for(lambda: fault.struck)
    story.clock.move(seconds=3)
    said = f"Recorded: {RETRY}. You decided it; data-sync may start now."
    await story.hears("USAM", said, "Add a reason")
    assert story.whispers("USAM") == [said]


async def test_until_slack_says_who_we_are_health_is_red_and_no_click_is_taken(
    workspace: Workspace, clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.door.ASK_AGAIN_S", 0.05)
    away = workspace.faults.add("auth.test", "http_503", times=1000)
    async with telling(workspace, tmp_path, "http", clock) as story:
        made = await story.ask()
        card = await story.card(OPERATIONS)
        assert await story.health() == (503, False)
        assert (await story.tap("USAM", card, RETRY)).status == 503
        away.release()
        async with asyncio.timeout(PATIENCE_S):
            while await story.health() != (200, True):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await story.tap("USAM", card, RETRY)
        assert (await story.status(made["id"]))["status"] == "approved"


async def test_a_dropped_socket_is_opened_again(over_socket: Story) -> None:
    story = over_socket
    await story.ask()
    card = await story.card(OPERATIONS)
    await story.workspace.socket.drop()
    assert (await story.tap("USAM", card, RETRY)).error
    await story.workspace.wait_for(lambda: story.workspace.socket.connected, timeout=PATIENCE_S)
    await story.tap("USAM", card, RETRY)
    await story.heard("USAM", "You decided it")


async def test_a_socket_that_slack_wants_renewed_is_renewed(over_socket: Story) -> None:
    story = over_socket
    await story.ask()
    card = await story.card(OPERATIONS)
    await story.workspace.socket.refresh()
    await story.workspace.wait_for(lambda: story.workspace.socket.connected, timeout=PATIENCE_S)
    await story.tap("USAM", card, RETRY)
    await story.heard("USAM", "You decided it")


@pytest.mark.parametrize("how", ["revoke_tokens", "uninstall"])
async def test_thrown_out_of_the_workspace_health_is_red_and_nothing_is_released(
    story: Story, how: str
) -> None:
    held = await story.ask()
    allowed = await story.ask("k2", requested_by=DANA)
    await story.tap("USAM", await story.card(OPERATIONS, words="@UDANA"), RETRY)
    assert await story.health() == (200, True)
    await getattr(story.workspace, how)()
    assert await story.health() == (503, False)
    story.clock.move(minutes=15, seconds=1)
    card = story.workspace.messages(OPERATIONS)[0]
    await story.tap("USAM", card, RETRY)
    assert (await story.status(held["id"]))["votes"] == []
    status, _ = await story.claim(allowed)
    assert status in (410, 503)
    assert (await story.status(allowed["id"]))["claim"] is None


async def test_a_token_that_is_no_good_turns_health_red_until_it_is_good_again(
    over_http: Story,
) -> None:
    story = over_http
    story.workspace.tokens.revoked = "invalid_auth"
    made = await story.ask()
    await story.workspace.wait_for(
        lambda: any(call.outcome == "invalid_auth" for call in story.workspace.calls)
    )
    assert await story.health() == (503, False)
    story.workspace.tokens.revoked = None
    card = await story.workspace.wait_for(lambda: story._card(OPERATIONS), timeout=PATIENCE_S)
    assert await story.health() == (200, True)
    await story.tap("USAM", card, RETRY)
    assert (await story.status(made["id"]))["status"] == "approved"


async def test_a_card_deleted_in_slack_comes_back_while_people_need_it(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    story.workspace.delete_message(OPERATIONS, card.ts)
    await story.call("POST", f"/v1/escalations/{made['id']}/context", {"rollback": "none needed"})
    again = await story.workspace.wait_for(
        lambda: next(
            (m for m in story.workspace.messages(OPERATIONS) if m.ts != card.ts and m.labels),
            None,
        )
    )
    assert "none needed" in spoken(again.blocks)
    await story.tap("USAM", again, RETRY)
    await story.heard("USAM", "You decided it")


async def test_while_the_card_is_gone_the_list_brings_it(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    story.workspace.delete_message(OPERATIONS, card.ts)
    await story.workspace.command("USAM", OPERATIONS, f"/escalations show {made['id'][-6:]}")
    shown = await story.workspace.wait_for(lambda: story.workspace.ephemerals("USAM")[-1])
    await story.tap("USAM", shown, RETRY)
    assert (await story.status(made["id"]))["status"] == "approved"
