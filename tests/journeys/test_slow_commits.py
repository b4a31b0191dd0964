"""A commit that takes too long: Slack shows its own error, and one correction follows."""

import asyncio
from time import monotonic

import pytest

from approvals.commands import Command, Vote
from approvals.ports import NotSavedError, Settled
from bot.demo.workspace.acks import TROUBLE
from bot.slack.surface import COMMIT_WITHIN_S
from tests.journeys.asking import TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story

RETRY = "Try 3 more times"
IMPATIENT = pytest.mark.parametrize("ack_within", [1.0])


@pytest.fixture
def patience() -> None:
    """Our own limits of time are what is tried."""


class SlowDisk:
    """Stands before the writer: votes wait until it is let go, or fail then."""

    def __init__(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        writer = story.server.store.writer
        self._submit, self._go, self.breaks = writer.submit, asyncio.Event(), False
        monkeypatch.setattr(writer, "submit", self.submit)

    async def submit(self, command: Command) -> Settled:
        if isinstance(command, Vote):
            await self._go.wait()
            if self.breaks:
                raise NotSavedError
        return await self._submit(command)

    def go(self, *, breaks: bool = False) -> None:
        self.breaks = breaks
        self._go.set()


async def test_a_tap_is_answered_by_slacks_error_first_and_by_its_commit_later(
    over_http: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real limits: nothing is acknowledged after 2.5 s, Slack gives up after 3 s."""
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    disk = SlowDisk(story, monkeypatch)
    done = await story.tap("USAM", card, RETRY)
    assert (done.acked, bool(done.error), story.whispers("USAM")) == (False, True, [])
    assert (await story.status(made["id"]))["votes"] == []
    disk.go()
    await story.heard("USAM", "You decided it; data-sync may start now.")
    assert len((await story.status(made["id"]))["votes"]) == 1
    assert len(story.whispers("USAM")) == 1


@IMPATIENT
async def test_what_took_long_before_the_commit_counts_as_well(
    over_socket: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack counts from the click, not from where we begin to write."""
    story = over_socket
    made = await story.ask()
    card = await story.card(OPERATIONS)
    monkeypatch.setattr("bot.slack.surface.monotonic", lambda: monotonic() + COMMIT_WITHIN_S)
    done = await story.tap("USAM", card, RETRY)
    assert (done.acked, bool(done.error)) == (False, True)
    await story.heard("USAM", "You decided it; data-sync may start now.")
    assert len((await story.status(made["id"]))["votes"]) == 1


@IMPATIENT
async def test_taps_of_the_impatient_decide_once(
    over_socket: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_socket
    made = await story.ask()
    card = await story.card(OPERATIONS)
    monkeypatch.setattr("bot.slack.surface.COMMIT_WITHIN_S", 0.5)
    disk = SlowDisk(story, monkeypatch)
    taps = (story.tap("USAM", card, RETRY) for _ in range(3))
    errors = [done.error for done in await asyncio.gather(*taps)]
    assert all(errors)
    disk.go()
    await story.workspace.wait_for(lambda: len(story.whispers("USAM")) == 3)
    heard = story.whispers("USAM")
    assert sum("You decided it" in text for text in heard) == 1
    assert sum(text.startswith("Already recorded at") for text in heard) == 2
    assert len((await story.status(made["id"]))["votes"]) == 1


@IMPATIENT
async def test_a_modal_stays_open_and_what_it_said_is_whispered_later(
    over_socket: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_socket
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    monkeypatch.setattr("bot.slack.surface.COMMIT_WITHIN_S", 0.5)
    disk = SlowDisk(story, monkeypatch)
    done = await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    assert (done.acked, done.error) == (False, TROUBLE)
    disk.go()
    await story.workspace.wait_for(lambda: story._card(PAYMENTS, words="1 of 2"))
    story.clock.move(seconds=6)
    await story.hears(
        "UMIA",
        "Recorded: Release transfer, 1 of 2. No money moves until one more agrees: "
        "Omar or Tom, by {time}. You can change your vote until then.",
    )
    window = await story.window("UMIA")
    await story.workspace.submit("UMIA", window.id, {"reason": "matches the invoice"})
    assert story.sees("UMIA").startswith("Already recorded at {time}: Release transfer.")
    assert len((await story.status(made["id"]))["votes"]) == 1


@IMPATIENT
async def test_a_slow_commit_that_fails_in_the_end_is_told_too(
    over_socket: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_socket
    made = await story.ask()
    card = await story.card(OPERATIONS)
    monkeypatch.setattr("bot.slack.surface.COMMIT_WITHIN_S", 0.5)
    disk = SlowDisk(story, monkeypatch)
    assert (await story.tap("USAM", card, RETRY)).error
    disk.go(breaks=True)
    await story.heard("USAM", "Not recorded: Andon could not save it. Nothing runs.")
    assert (await story.status(made["id"]))["votes"] == []
