"""The machine's clock is set forward or back, while a server runs and while it is down.

What is over stays over, nothing is released later than was allowed, and work goes on: cards come,
callbacks are tried again, people are looked up, whatever the clock says.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.demo.workspace.workspace import Workspace
from bot.steady import SteadyClock
from tests.journeys.asking import DANA
from tests.journeys.conftest import (
    OPERATIONS,
    MovedClock,
    Story,
    ack_within,
    clock,
    often_looked_up,
    telling,
    workspace,
)

__all__ = ["ack_within", "clock", "often_looked_up", "workspace"]

Figure = Callable[[str, str], None]

RETRY = "Try 3 more times"

HOUR, DAY = 3600, 86400


@pytest.fixture
async def story(workspace: Workspace, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Story]:
    """A served Andon."""
    async with told(workspace, tmp_path, clock) as made:
        yield made


@asynccontextmanager
async def told(workspace: Workspace, folder: Path, clock: MovedClock) -> AsyncIterator[Story]:
    """The same, to be begun again on what it left."""
    async with telling(workspace, folder, "http", clock) as made:
        yield made


async def approved(story: Story, key: str = "k1") -> dict[str, Any]:
    """One that Sam has released, and that nobody has taken."""
    made = await story.ask(key, title=f"Sync of {key}", requested_by=DANA)
    await story.tap("USAM", await story.card(OPERATIONS, words=f"Sync of {key}"), RETRY)
    assert (await story.status(made["id"]))["status"] == "approved"
    return made


async def is_over(story: Story, made: dict[str, Any], status: str, state: str) -> None:
    """It has its end, and stays so."""
    async with asyncio.timeout(10):
        while (await story.status(made["id"]))["operation"]["state"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await story.status(made["id"]))["status"] == status


async def is_refused(story: Story, made: dict[str, Any]) -> None:
    """No release, by any key."""
    code, said = await story.claim(made, "late")
    assert (code in (409, 410, 503), "grant" in said) == (True, False), said


@pytest.mark.parametrize("jump", [HOUR, DAY])
async def test_what_ended_while_the_clock_was_wrong_stays_ended_when_it_is_right_again(
    story: Story, jump: int, figure: Figure
) -> None:
    """Forward and back: a deadline that was passed is passed, on either side of it."""
    taken, waits = await approved(story), await story.ask("k2", title="Waits")
    jumped = max(jump, 5 * HOUR)
    story.clock.move(seconds=jumped)
    await is_over(story, taken, "approved", "lapsed")
    await is_over(story, waits, "expired", "aborted")
    story.clock.move(seconds=-jumped)
    await is_over(story, taken, "approved", "lapsed")
    await is_over(story, waits, "expired", "aborted")
    await is_refused(story, taken)
    figure("clock", f"+{jumped // HOUR} h and back: 0 revived, 0 released")


@pytest.mark.parametrize("back", [HOUR, DAY])
async def test_after_the_clock_was_set_back_work_goes_on_at_once(
    story: Story, back: int, figure: Figure
) -> None:
    """Cards and messages are due by a time that the machine reaches only in an hour."""
    before = await story.ask("k1", title="Before")
    await story.card(OPERATIONS, words="Before")
    opened = (await story.status(before["id"]))["created_at"]
    story.clock.move(seconds=-back)
    after = await approved(story, "after")
    assert (await story.status(after["id"]))["created_at"] >= opened
    code, granted = await story.claim(after)
    assert code == 200, granted
    await story.report(after, "succeeded")
    await story.card(OPERATIONS, words="Succeeded")
    figure("clock", f"-{back // HOUR} h: cards, votes and claims go on at once")


@pytest.mark.parametrize("back", [HOUR, DAY])
async def test_after_the_clock_was_set_back_people_are_still_looked_up(
    often_looked_up: None, story: Story, back: int
) -> None:
    """Whoever left counts no more, although the clock says that all is known of them."""
    made = await approved(story)
    story.clock.move(seconds=-back)
    story.clock.move(seconds=150)  # a minute of the server's, and some more
    await story.leaves("USAM", "S0ONCALL")
    await is_over(story, made, "approved", "aborted")
    await is_refused(story, made)


@pytest.mark.parametrize("jump", [HOUR, DAY])
async def test_over_a_restart_with_a_clock_set_back_nothing_is_revived(
    workspace: Workspace, tmp_path: Path, clock: MovedClock, jump: int
) -> None:
    async with told(workspace, tmp_path, clock) as story:
        made = await approved(story)
        clock.move(seconds=5 * HOUR)
        await is_over(story, made, "approved", "lapsed")
        last = datetime.fromisoformat((await story.status(made["id"]))["decided_at"])
    clock.move(seconds=-(5 * HOUR + jump))
    async with told(workspace, tmp_path, clock) as story:
        story.key = await story.server.store.services.add("data-sync")
        assert story.server.clock() >= last
        await is_over(story, made, "approved", "lapsed")
        await is_refused(story, made)
        again = await approved(story, "again")
        assert (await story.claim(again))[0] == 200


async def test_a_server_that_takes_the_machines_clock_as_it_is_is_found(
    story: Story, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The bug: what is due by the time before waits until the machine gets there."""
    monkeypatch.setattr(SteadyClock, "__call__", lambda steady: steady._wall())
    await story.ask("k1", title="Before")
    await story.card(OPERATIONS, words="Before")
    story.clock.move(seconds=-HOUR)
    await story.ask("k2", title="After")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(4):
            await story.card(OPERATIONS, words="After")
    figure("planted bugs", "clock: taken as it is when set back is found")
