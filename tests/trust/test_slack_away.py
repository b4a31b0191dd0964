"""Slack is away, or does not know us any more: loud in every place one looks, and never a release.

For each way to be away the same story is told: what waits stays held, what is asked is still taken,
health, metrics, log and doctor say that Slack is it, and when Slack is back all goes on by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from bot.background.line import Line
from bot.demo.workspace.workspace import Workspace
from bot.doctor import examine
from tests.journeys.asking import DANA
from tests.journeys.conftest import (
    OPERATIONS,
    MovedClock,
    Story,
    ack_within,
    clock,
    settings_for,
    telling,
    workspace,
)

__all__ = ["ack_within", "clock", "workspace"]

Figure = Callable[[str, str], None]

RETRY = "Try 3 more times"

#: Every call fails so, without end.
FAULTS = ("http_500", "http_503", "drop_before", "hang", "service_unavailable")
TOKENS = ("invalid_auth", "token_revoked", "account_inactive")


class Outage:
    """Slack is away in one of the ways it can be."""

    def __init__(self, workspace: Workspace, how: str) -> None:
        self._workspace, self._how = workspace, how

    def begin(self) -> None:
        """From now on."""
        if self._how in TOKENS:
            self._workspace.tokens.revoked = self._how
        else:
            self._workspace.faults.add("*", self._how, times=1_000_000)

    def end(self) -> None:
        """It is back, and knows us."""
        self._workspace.tokens.revoked = None
        self._workspace.faults.clear()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was logged."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    return capture.entries


@pytest.fixture
async def story(
    workspace: Workspace,
    tmp_path: Path,
    clock: MovedClock,
    logged: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Story]:
    """A served Andon, impatient with Slack."""
    monkeypatch.setattr("bot.slack.web.ANSWER_WITHIN_S", 0.3)
    async with telling(workspace, tmp_path, "http", clock) as made:
        yield made
        workspace.faults.clear()


async def slack_is_red(story: Story) -> None:
    """Time goes by until health says that Slack is it."""
    async with asyncio.timeout(30):
        while (await story.health())[1]:
            story.clock.move(seconds=5)
            await asyncio.sleep(0.05)


async def metric(story: Story, name: str) -> float:
    """A sample of `/metrics`."""
    async with story.http.get(f"{story.server.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


async def diagnosed(story: Story) -> list[str]:
    """What doctor finds wrong with Slack."""
    settings = settings_for(story.workspace, story.folder, "http")
    found = [f async for f in examine(settings, lambda settings: (), lambda settings, n: None)]
    return [finding.said for finding in found if finding.is_wrong and finding.part == "slack"]


@pytest.mark.parametrize("how", [*FAULTS, *TOKENS])
async def test_while_slack_is_away_everything_says_so_and_nothing_is_released(
    story: Story, logged: list[Any], how: str, figure: Figure
) -> None:
    outage = Outage(story.workspace, how)
    held = await story.ask("held")
    card = await story.card(OPERATIONS)
    assert await story.health() == (200, True)
    outage.begin()
    later = await story.ask("later", title="Asked while Slack is away", requested_by=DANA)
    await slack_is_red(story)
    assert (await story.health())[0] == 503
    assert await metric(story, 'andon_working{part="slack"}') == 0.0
    said = {line["event"] for line in logged if line["log_level"] in ("error", "warning")}
    assert said & {"slack-away", "people-not-refreshed", "slack-access-lost"}
    assert len(await diagnosed(story)) == 1
    story.clock.move(minutes=16)
    await story.tap("USAM", card, RETRY)
    for made in (held, later):
        status, answer = await story.claim(made)
        assert "grant" not in answer
        assert status in (409, 503)
        told = await story.status(made["id"])
        assert (told["status"], told["votes"], told["claim"]) == ("pending", [], None)
    outage.end()
    await healed(story)
    await story.tap("USAM", await story.card(OPERATIONS, words="while Slack is away"), RETRY)
    assert (await story.status(later["id"]))["status"] == "approved"
    assert (await story.claim(later))[0] == 200
    figure("Slack away", f"{how}: loud in 4 places, 0 released, healed by itself")


async def healed(story: Story) -> None:
    """Without a hand of ours."""
    async with asyncio.timeout(30):
        while await story.health() != (200, True):
            story.clock.move(seconds=5)
            await asyncio.sleep(0.05)


async def test_an_outage_that_health_does_not_see_is_found(
    story: Story, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The bug: only a refused connection counts as away."""
    monkeypatch.setattr(Line, "works", property(lambda line: line.times_away < 3))
    monkeypatch.setattr("bot.background.refresher.FAILING", 1_000_000)
    Outage(story.workspace, "http_500").begin()
    await story.ask()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(4):
            await slack_is_red(story)
    figure("planted bugs", "Slack away: an outage that answers 500 unseen is found")


async def test_a_token_taken_from_somebody_else_is_no_outage(story: Story) -> None:
    """The event tells of any token of the app; the next call shows that ours is good."""
    await story.ask()
    await story.card(OPERATIONS)
    await story.workspace.emit({"type": "tokens_revoked", "tokens": {"oauth": ["USAM"], "bot": []}})
    await story.workspace.wait_for(lambda: story.workspace.calls)
    await story.ask("k2", title="Another one")
    await healed(story)
