"""What people are told when something of ours or of Slack's does not work. See `rows.py`."""

import pytest

from approvals.commands import Command, Vote
from approvals.ports import Settled, UnsureError
from tests.journeys.asking import DANA, TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story, spoken
from tests.journeys.rows import answers

RETRY = "Try 3 more times"


@answers("people cannot be looked up")
async def test_nobody_releases_while_people_cannot_be_looked_up(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    away = story.workspace.faults.add("users.list", "http_503", times=1000)
    story.clock.move(minutes=15, seconds=1)
    await story.tap("USAM", card, RETRY)
    await story.hears(
        "USAM",
        "Not recorded. Andon cannot check just now who may decide. "
        "Nothing runs; tap again in a minute.",
    )
    away.release()
    assert (await story.status(made["id"]))["votes"] == []


@answers("not saved")
async def test_what_cannot_be_saved_is_said_not_to_be(story: Story) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    async with story.disk_away():
        done = await story.tap("USAM", card, RETRY)
        told = await story.heard("USAM", "Not recorded: Andon could not save it.")
    assert (done.acked, "tell the operators `err " in told) == (True, True)
    assert (await story.status(made["id"]))["votes"] == []
    await story.tap("USAM", card, RETRY)
    await story.heard("USAM", "You decided it")


@answers("unsure whether saved")
async def test_a_vote_whose_commit_was_not_confirmed_may_be_given_again(
    over_http: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_http
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    writer = story.server.store.writer
    commit = writer.submit

    async def unconfirmed(command: Command) -> Settled:
        settled = await commit(command)
        if isinstance(command, Vote):
            raise UnsureError
        return settled

    with monkeypatch.context() as planted:
        planted.setattr(writer, "submit", unconfirmed)
        await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    assert story.sees("UMIA") == (
        "I could not confirm that your vote was saved. Tap again: it can never count twice. "
        "Nothing runs on a vote that was not saved."
    )
    await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    assert story.sees("UMIA").startswith("Already recorded at {time}: Release transfer.")
    assert len((await story.status(made["id"]))["votes"]) == 1


@answers("window could not be opened")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("expired_trigger_id", "Slack was too slow to open the window."),
        ("drop_before", "Slack was too slow to open the window."),
        ("view_too_large", "Slack did not open the window."),
    ],
)
async def test_a_window_that_could_not_be_opened_is_said_so(
    over_http: Story, fault: str, words: str
) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    story.workspace.faults.add("views.open", fault)
    done = await story.tap("USAM", card, "Leave it")
    told = await story.heard("USAM", words)
    assert (done.acked, "Nothing is recorded. Tap again" in told) == (True, True)
    await story.send("USAM", card, "Leave it")
    assert story.sees("USAM").startswith("Recorded: Leave it.")


async def test_a_direct_message_is_answered_in_the_direct_message(over_http: Story) -> None:
    story = over_http
    await story.ask(requested_by=DANA)
    await story.tap("USAM", await story.card("USAM"), RETRY)
    said = f"Recorded: {RETRY}. You decided it; data-sync may start now."
    await story.workspace.wait_for(
        lambda: any(said in spoken(m.blocks) for m in story.workspace.messages("USAM"))
    )
    assert story.whispers("USAM") == []


async def test_an_answer_that_cannot_be_whispered_comes_as_a_direct_message(
    over_http: Story,
) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    story.workspace.faults.add("chat.postEphemeral", "user_not_in_channel")
    await story.tap("UMIA", card, RETRY)
    await story.workspace.wait_for(
        lambda: "you are not in it" in spoken([m.blocks for m in story.workspace.messages("UMIA")])
    )
