"""What is learned afterwards, by real clicks: written down, reviewed, reminded of, handed on."""

import asyncio
from typing import Any

from bot.demo.workspace.messages import Message
from tests.journeys.conftest import OPERATIONS, Story, answer_of, spoken
from tests.journeys.test_helping import told
from tests.journeys.test_lists import typed
from tests.patience import PATIENCE_S

RETRY, LEAVE = "Try 3 more times", "Leave it"
WRITE, REVIEW, HAND = "Write down what you did", "Write the review", "Hand the review on"

ERROR = {"type": "ConnectTimeout", "message": "warehouse-db:5432 after 10 s"}


async def remembered(story: Story) -> None:
    """What ended was taken up, so that lists have it."""
    async with asyncio.timeout(PATIENCE_S):
        while await story.server.store.memory.remember(story.clock()):
            pass


async def failed(story: Story, **changes: Any) -> dict[str, Any]:
    """Sam approved it, and it failed."""
    made = await story.ask(context={"error": ERROR}, **changes)
    await story.tap("USAM", await story.card(OPERATIONS, label=RETRY), RETRY)
    assert (await story.claim(made))[0] == 200
    await story.report(made, "failed", detail="disk full")
    return made


async def test_what_is_done_by_hand_is_written_down_and_shown(story: Story) -> None:
    """By whoever does it; somebody else is told who may, and nothing of theirs is kept."""
    made = await story.ask(context={"error": ERROR})
    card = await story.card(OPERATIONS, label=LEAVE)
    await story.send("USAM", card, LEAVE, chip="by_hand")
    card = await story.card(OPERATIONS, label=WRITE, words="Nobody has written down")
    await story.tap("UTOM", card, WRITE)
    await story.heard("UTOM", "Those write it down who may decide it")
    done = await story.send(
        "USAM",
        card,
        WRITE,
        state="known",
        workarounds="restarted it; token=hunter2-of-mine",
        owner="UPRIYA",
        due="2026-12-24",
    )
    assert done.acked
    assert story.sees("USAM").startswith("Recorded: written down, known.")
    card = await story.card(OPERATIONS, words="Issue: known.")
    said = spoken(card.blocks)
    assert "@UPRIYA, by 24 Dec." in said
    assert "hunter2" not in said
    kept = await story.server.store.reads.escalation(made["id"])
    assert kept is not None
    assert kept.issue is not None
    assert (
        kept.issue.scenario
        == "Data sync failed 3 times\nConnectTimeout: warehouse-db:5432 after 10 s"
    )
    assert "hunter2" not in str(kept.issue)
    (again,) = [b for b in card.labels if b == WRITE]
    await story.tap("UPRIYA", card, again)
    window = await story.window("UPRIYA", "Filled in from what is known")
    filled = {b["block_id"]: b["element"] for b in window.view["blocks"] if b["type"] == "input"}
    assert filled["due"]["initial_date"] == "2026-12-24"
    assert filled["state"]["initial_option"]["value"] == "known"


async def test_a_failure_is_reviewed_after_a_reminder(story: Story) -> None:
    """Opened with the failure, reminded of at half of its week, written, and said on the card."""
    await failed(story)
    first = await told(story, "USAM", "A review is due {time}, and it is yours.")
    assert REVIEW in first.labels
    await remembered(story)
    listed = await typed(story, "USAM", "reviews")
    assert "it failed after it was approved · you" in spoken(listed.blocks)
    story.clock.move(days=4)
    reminder = await told(story, "USAM", "Its review is due {time}")
    wrong = await story.send("USAM", reminder, REVIEW, root_cause="a full disk", resolved_by="x")
    assert list(wrong.errors or {}) == ["resolved_by"]
    window = story.workspace.view_of("USAM")
    assert window is not None
    given = {
        "resolved_by": "freed 20 GB",
        "automatable": "yes",
        "known_error": ["yes"],
        "recovery": "cleanup",
        "steps": "free 20 GB, run it again",
    }
    done = await story.workspace.submit("USAM", window.id, given)
    assert done.acked
    assert story.sees("USAM") == "Recorded: your review. It is no longer due."
    await story.card(OPERATIONS, words="Reviewed by @USAM {time}: «a full disk».")
    await remembered(story)
    listed = await typed(story, "USAM", "reviews")
    assert answer_of(listed.blocks) == "No review is due, of yours or of others you can see."


async def test_what_was_critical_and_nobody_decided_is_reviewed_and_handed_on(
    story: Story,
) -> None:
    """By the clock alone; whoever it belongs to gives it to somebody else, who hears once."""
    made = await story.ask(severity="critical")
    await story.card(OPERATIONS, label=RETRY)
    story.clock.move(hours=2)
    await story.card(OPERATIONS, label=REVIEW, words="it was critical and nobody decided")
    kept = await story.server.store.reads.escalation(made["id"])
    assert kept is not None
    assert kept.review is not None
    assert kept.review.owner is not None
    owner = f"U{kept.review.owner.upper()}"
    asked = await told(story, owner, "A review is due {time}")
    await story.send(owner, asked, HAND, owner="UPRIYA")
    assert story.sees(owner) == "Recorded: Priya writes the review, and is told."
    handed = await told(story, "UPRIYA", "handed the review to Priya")
    assert _asking(story, "UPRIYA") == [handed]
    card = await story.card(OPERATIONS, words="@UPRIYA: it was critical")
    await story.tap("UPRIYA", card, "Details")
    window = await story.window("UPRIYA", "Timeline")
    assert "andon opened a review (critical, expired)" in spoken(window.view)


def _asking(story: Story, person: str) -> list[Message]:
    """The messages that ask this person for a review."""
    return [m for m in story.workspace.messages(person) if HAND in m.labels]
