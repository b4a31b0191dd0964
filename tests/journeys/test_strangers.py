"""Who is not of this workspace, or is nobody: refused, told where a person can be told."""

import io

import aiohttp
import pytest

from bot.demo.workspace.workspace import Workspace
from tests.journeys.conftest import Story


@pytest.mark.parametrize("person", ["UGUEST", "UFOREIGN"])
async def test_guests_and_people_of_elsewhere_cannot_decide_and_hear_so(
    story: Story, person: str
) -> None:
    made = await story.ask()
    card = await story.card("C0OPERATIONS")
    await story.tap(person, card, "Try 3 more times")
    await story.workspace.wait_for(
        lambda: (
            story.workspace.ephemerals(person)
            or any(c.method == "chat.postEphemeral" for c in story.workspace.calls)
        )
    )
    assert (await story.status(made["id"]))["votes"] == []


@pytest.mark.parametrize(
    "forged",
    [
        {"user": {"id": ""}},
        {"user": {"id": "USLACKBOT"}},
        {"team": {"id": "T0ELSEWHERE"}},
        {"actions": []},
    ],
)
async def test_forged_payloads_never_become_votes(story: Story, forged: dict[str, object]) -> None:
    made = await story.ask()
    card = await story.card("C0OPERATIONS")
    button = card.button("Try 3 more times")
    await story.workspace.click("USAM", card.channel, card.ts, button.action_id, override=forged)
    assert (await story.status(made["id"]))["votes"] == []


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
    story: Story, workspace: Workspace, headers: dict[str, str], body: bytes, status: int
) -> None:
    if workspace.request_url is None:
        pytest.skip("Socket Mode has no address")
    async with aiohttp.ClientSession() as http:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        answer = await http.post(workspace.request_url, data=io.BytesIO(body), headers=sent)
        assert answer.status == status
