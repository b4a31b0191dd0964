"""Delivery honesty beside a real workspace: what Slack did not take is told to the service at once,
and time in which nobody could be reached does not count.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.journeys.conftest import OPERATIONS, Story
from tests.patience import PATIENCE_S

HERE, SAM, PRIYA, RAVI = f"channel:{OPERATIONS}", "person:sam", "person:priya", "person:ravi"


async def told(story: Story, id_: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the service reads once something is true of it; the clock moves on meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not true(found := await story.status(id_)):
            story.clock.move(seconds=1)
            await asyncio.sleep(0.05)
    return found


def missed(answer: dict[str, Any]) -> dict[str, str]:
    """Whom the chain could not reach, and why."""
    return {entry["to"]: entry["why"] for entry in answer["progress"]["missed"]}


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text)


async def test_a_message_that_slack_refuses_is_told_to_the_service(over_http: Story) -> None:
    story = over_http
    story.workspace.faults.add("chat.postMessage", "restricted_action")
    made = await story.ask()
    found = await told(story, made["id"], lambda answer: bool(missed(answer)))
    assert list(missed(found).values()) == ["restricted_action"]
    assert found["status"] == "pending"
    assert found["deadline_at"] == made["deadline_at"]


@pytest.mark.usefixtures("often_looked_up")
async def test_with_slack_away_the_deadline_moves_by_what_was_lost(over_http: Story) -> None:
    story = over_http
    away = story.workspace.faults.add("chat.postMessage", "http_503", times=100_000)
    made = await story.ask()
    found = await told(story, made["id"], lambda answer: {HERE, SAM, PRIYA} <= set(missed(answer)))
    assert missed(found)[HERE] == "slack_away"
    story.clock.move(minutes=20)
    away.release()
    await story.workspace.wait_for(lambda: story._card(OPERATIONS), timeout=PATIENCE_S)
    found = await told(
        story, made["id"], lambda answer: answer["deadline_at"] != made["deadline_at"]
    )
    asked, came = moment(made["created_at"]), moment(found["progress"]["delivered_at"])
    lost = moment(found["deadline_at"]) - moment(made["deadline_at"])
    # The card's row is written after the core was told that it came, however long that takes.
    assert timedelta(minutes=20) <= lost <= came - asked
    back = story.clock()
    await story.noticed(lambda people: people.as_of > back)
    await story.tap("USAM", await story.card(OPERATIONS), "Try 3 more times")
    assert (await story.status(made["id"]))["status"] == "approved"


async def test_what_reaches_nobody_is_held_once_and_then_aborted(over_http: Story) -> None:
    story = over_http
    story.workspace.faults.add("chat.postMessage", "http_503", times=100_000)
    made = await story.ask()
    await told(story, made["id"], lambda answer: RAVI in missed(answer))
    story.clock.move(hours=4)
    held = await told(
        story, made["id"], lambda answer: answer["deadline_at"] != made["deadline_at"]
    )
    assert held["status"] == "pending"
    more = moment(held["deadline_at"]) - moment(made["deadline_at"])
    assert more.total_seconds() == 4 * 3600
    story.clock.move(hours=4)
    ended = await told(story, made["id"], lambda answer: answer["status"] != "pending")
    assert (ended["status"], ended["operation"]["state"]) == ("expired", "aborted")


@pytest.mark.usefixtures("dead_clock")
async def test_a_server_without_a_clock_is_only_late(over_http: Story) -> None:
    """Whoever reads it takes the stage that is due: once, however long ago it was."""
    story = over_http
    made = await story.ask()
    await story.card(OPERATIONS)
    story.clock.move(hours=3)
    assert (await story.status(made["id"]))["progress"]["step"] == 3
    records = await story.server.store.reads.records(made["id"])
    assert [r.body["skipped"] for r in records if r.kind == "chain:stepped"] == [[2]]
