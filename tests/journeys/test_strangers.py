"""What no person of this workspace can have sent: refused, never parsed before it is verified."""

import asyncio
import io
from typing import Any

import pytest

from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.line import Answer, encoded
from bot.demo.workspace.messages import Message
from tests.journeys.asking import TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story

FORGED: dict[str, dict[str, object]] = {
    "nobody": {"user": {"id": ""}},
    "slackbot": {"user": {"id": "USLACKBOT"}},
    "ourselves": {"user": {"id": "U0ANDONBOT"}},
    "a bot": {"user": {"is_bot": True}},
    "another workspace": {"team": {"id": "T0ELSEWHERE"}},
    "another app": {"api_app_id": "A0ELSEWHERE"},
    "no button": {"actions": []},
}


async def forge(story: Story, card: Message, forged: dict[str, object]) -> Interaction:
    """A click as Slack sends it, but for some fields."""
    button = card.button("Try 3 more times")
    return await story.workspace.click(
        "USAM", card.channel, card.ts, button.action_id, override=forged
    )


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_click_is_refused_and_the_person_sees_slacks_error(
    over_http: Story, forged: str
) -> None:
    story = over_http
    made = await story.ask()
    done = await forge(story, await story.card(OPERATIONS), FORGED[forged])
    assert (done.acked, bool(done.error)) == (False, True)
    assert (await story.status(made["id"]))["votes"] == []


@pytest.mark.parametrize("ack_within", [1.0])
async def test_over_the_socket_forged_clicks_are_refused_alike(over_socket: Story) -> None:
    story = over_socket
    made = await story.ask()
    card = await story.card(OPERATIONS)
    every = await asyncio.gather(*(forge(story, card, one) for one in FORGED.values()))
    assert [(done.acked, bool(done.error)) for done in every] == [(False, True)] * len(FORGED)
    assert (await story.status(made["id"]))["votes"] == []


async def test_a_click_recorded_and_sent_again_runs_nothing_a_second_time(
    over_http: Story,
) -> None:
    """A replay: Mia changed her mind; the click of before must not change it back."""
    story = over_http
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    sending, _ = story.workspace.sent[-1]
    body, kind = encoded(sending)
    stamp = str(int(story.workspace.clock()))
    for _ in range(2):
        await story.workspace.http.post(body, kind, timestamp=stamp)
    await story.send("UMIA", card, "Release one half", reason="the rest is disputed")
    again = await story.workspace.http.post(body, kind, timestamp=stamp)
    assert (again.status, again.body) == (200, None)
    votes = (await story.status(made["id"]))["votes"]
    assert [v["option"] for v in votes if v["counts"]] == ["half"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"payload=%7B%7D", 401),
        ({"X-Slack-Request-Timestamp": "abc", "X-Slack-Signature": "v0=0"}, b"x", 401),
        ({"X-Slack-Request-Timestamp": "1000000000", "X-Slack-Signature": "v0=0"}, b"x", 401),
        ({"X-Slack-Request-Timestamp": "1e9", "X-Slack-Signature": "é"}, b"\xff", 401),
        ({}, b"x" * ((1 << 20) + 1), 413),
    ],
)
async def test_what_slack_did_not_sign_is_refused_before_it_is_parsed(
    over_http: Story, headers: dict[str, str], body: bytes, status: int
) -> None:
    address = f"{over_http.server.url}/slack/events"
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    async with over_http.http.post(address, data=io.BytesIO(body), headers=sent) as answer:
        assert answer.status == status


async def test_a_header_that_nobody_signed_changes_nothing(over_http: Story) -> None:
    """Bolt would run no listener for this one; it is given what was signed, and nothing else."""
    made, there = await over_http.ask(), over_http.workspace.http
    post = there.post

    async def with_one_more(body: bytes, kind: str, headers: Any = None, **how: Any) -> Answer:
        return await post(body, kind, {**(headers or {}), "X-Slack-Bolt-Lazy-Only": "1"}, **how)

    there.post = with_one_more  # type: ignore[method-assign]
    card = await over_http.card(OPERATIONS)
    await over_http.tap("USAM", card, "Try 3 more times")
    assert (await over_http.status(made["id"]))["status"] == "approved"


async def test_over_the_socket_there_is_no_address_to_post_to(over_socket: Story) -> None:
    async with over_socket.http.post(f"{over_socket.server.url}/slack/events", data=b"") as answer:
        assert answer.status == 404
