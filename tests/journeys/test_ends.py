"""Every end of the card: its first word, its state line, its buttons, and who is told. Socket Mode.

See `rows.py`.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.demo.workspace.messages import Message
from tests.journeys.asking import DANA, TRANSFER
from tests.journeys.conftest import OPERATIONS, PAYMENTS, Story, spoken
from tests.journeys.rows import ends

RETRY = "Try 3 more times"
NOTHING_RAN = "It stays stopped."

#: Ravi and Ines may decide, Dana asked.
BY_HAND: dict[str, Any] = {
    "category": "configuration",
    "approvers": ["database-admin"],
    "requested_by": DANA,
    "options": [
        {"key": "go", "label": "Go on", "effect": "release"},
        {"key": "manual", "label": "I will resolve it by hand", "effect": "abort"},
    ],
}


#: What may be done once it is over.
LEARNED = ("Write down what you did", "Write the review")


async def approved(story: Story) -> dict[str, Any]:
    """Sam let it run."""
    made = await story.ask(requested_by=DANA)
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    await story.card(OPERATIONS, words="APPROVED · was MEDIUM · production")
    return made


async def ended(story: Story, word: str, line: str, channel: str = OPERATIONS) -> Message:
    """The card in the channel and each direct message begin so and say that; no option is left."""
    first = f"{word} · was "
    card = await story.card(channel, words=first)
    assert spoken(card.blocks).startswith(first)
    assert line in spoken(card.blocks)
    assert card.text.startswith(f"{word}: ")
    assert set(card.labels) <= {"Details", "Stop it", *LEARNED}
    return card


async def told_directly(story: Story, person: str, words: str) -> None:
    """A direct message of its own says so."""

    def found() -> bool:
        every = story.workspace.messages(person)
        own = ["Write the review", "Hand the review on", "Show"]  # whose review it is
        return any(m.labels in (["Show"], own) and words in spoken(m.blocks) for m in every)

    await story.workspace.wait_for(found)


@ends("approved, not taken")
async def test_approved_and_not_taken_it_can_still_be_stopped(over_socket: Story) -> None:
    story = over_socket
    await approved(story)
    line = "Allowed {time}. data-sync has not started; it may until {time}."
    card = await ended(story, "APPROVED", line)
    assert card.labels == ["Stop it", "Details"]
    assert f"{RETRY}. Decided by @USAM {{time}}, " in spoken(card.blocks)
    assert "no reason given" in spoken(card.blocks)
    mine = await story.card("USAM", words="APPROVED")
    assert mine.labels == ["Stop it", "Details"]


@ends("taken", "succeeded")
async def test_taken_it_runs_and_a_success_is_told_to_the_requester_alone(
    over_socket: Story,
) -> None:
    story = over_socket
    made = await approved(story)
    await story.claim(made)
    await ended(story, "RUNNING", "data-sync started {time}. No result yet.")
    await story.report(made, "succeeded", detail="2,310 rows")
    card = await ended(story, "APPROVED", "Succeeded {time}.\ndata-sync says: «2,310 rows»")
    assert card.labels == ["Details"]
    await told_directly(story, "UDANA", "data-sync says: «2,310 rows».")
    rings = [n.text for n in story.workspace.notifications("USAM")]
    assert not [text for text in rings if "Succeeded" in text]


@ends("failed")
async def test_a_failure_is_told_to_the_decider_and_the_requester(over_socket: Story) -> None:
    story = over_socket
    made = await approved(story)
    await story.claim(made)
    undone = "restored from the copy of 22:40"
    await story.report(made, "failed", detail="disk full at 61 %", undo=undone)
    line = (
        "Approved, but it failed {time}.\ndata-sync says: «disk full at 61 %»"
        f"\nUndone: «{undone}»"
    )
    await ended(story, "FAILED", line)
    for person in ("USAM", "UDANA"):
        told = f"It failed. data-sync says: «disk full at 61 %». Undone: «{undone}»."
        await told_directly(story, person, told)


@ends("no result in time")
async def test_without_a_report_the_result_is_unknown(over_socket: Story) -> None:
    story = over_socket
    made = await approved(story)
    await story.claim(made)
    await story.card(OPERATIONS, words="RUNNING")
    story.clock.move(hours=1, seconds=1)
    line = "Started {time}; data-sync reported nothing by {time}. Ask @UDANA what happened."
    await ended(story, "RESULT UNKNOWN", line)
    assert (await story.status(made["id"]))["operation"]["state"] == "unknown"
    await told_directly(story, "USAM", "reported nothing by {time}. Ask Dana what happened.")


@ends("stopped after approval")
async def test_stopped_it_says_who_and_why(over_socket: Story) -> None:
    story = over_socket
    await approved(story)
    card = await story.card(OPERATIONS, label="Stop it")
    await story.send("UPRIYA", card, "Stop it", reason="wrong window")
    line = f"Approved, stopped by @UPRIYA {{time}}: «wrong window». {NOTHING_RAN}"
    await ended(story, "STOPPED", line)


@ends("approver gone before the start")
@pytest.mark.usefixtures("often_looked_up")
async def test_an_approval_of_someone_who_left_is_void(over_socket: Story) -> None:
    story = over_socket
    made = await approved(story)
    await story.leaves("USAM", "S0ONCALL")
    line = f"Approved, but Sam may no longer decide. {NOTHING_RAN} data-sync must ask again."
    await ended(story, "VOID", line)
    status, problem = await story.claim(made)
    assert (status, problem["type"]) == (409, "/problems/approval-void")


@ends("allowed, never taken")
async def test_never_taken_it_is_not_run_and_told_to_the_decider(over_socket: Story) -> None:
    story = over_socket
    made = await approved(story)
    story.clock.move(minutes=15, seconds=1)
    line = (
        "Approved, but data-sync did not start by {time}. The approval is void; it must ask again."
    )
    await ended(story, "NOT RUN", line)
    status, problem = await story.claim(made)
    assert (status, problem["type"]) == (410, "/problems/lapsed")
    await told_directly(story, "USAM", "data-sync did not start by {time}.")


@ends("rejected")
async def test_aborted_with_a_chip_and_a_sentence(over_socket: Story) -> None:
    story = over_socket
    await story.ask(**TRANSFER)
    values = {"chip": "wrong_target", "reason": "The account differs from the invoice."}
    await story.send("UMIA", await story.card(PAYMENTS), "Stop transfer", **values)
    line = (
        "Stop transfer. Stopped by @UMIA {time}: Wrong target. "
        "«The account differs from the invoice.» No money moved."
    )
    await ended(story, "ABORTED", line, PAYMENTS)
    await told_directly(story, "ULENA", "Aborted by Mia: Stop transfer. No money moved.")


@ends("resolve by hand")
async def test_aborted_because_somebody_does_it_by_hand(over_socket: Story) -> None:
    story = over_socket
    await story.ask(**BY_HAND)
    card = await story.card(OPERATIONS)
    await story.send("URAVI", card, "I will resolve it by hand")
    await ended(story, "ABORTED", "@URAVI does it by hand, since {time}. Nothing ran.")


@ends("expired")
async def test_expired_it_says_whom_it_was_sent_to_and_who_opened_it(over_socket: Story) -> None:
    story = over_socket
    made = await story.ask(requested_by=DANA)
    card = await story.card(OPERATIONS)
    await story.card("USAM")
    await story.card("UPRIYA")
    await story.tap("UPRIYA", card, "Details")
    await story.looked_at(made)
    story.clock.move(hours=4, seconds=1)
    line = f"Nobody decided by {{time}}. {NOTHING_RAN} Sent to Priya, Sam. Opened by Priya."
    await ended(story, "EXPIRED", line)
    for person in ("USAM", "UPRIYA", "UDANA"):
        await told_directly(story, person, "Nobody decided by {time}.")


@ends("withdrawn")
async def test_withdrawn_it_says_by_whom_and_why(over_socket: Story) -> None:
    story = over_socket
    made = await story.ask()
    await story.card(OPERATIONS)
    path = f"/v1/escalations/{made['id']}/withdraw"
    await story.call("POST", path, {"reason": "merge worked"})
    line = f"data-sync took it back {{time}}: «merge worked». {NOTHING_RAN}"
    await ended(story, "WITHDRAWN", line)
    await story.says(OPERATIONS, f"data-sync took it back: «merge worked». {NOTHING_RAN}")


async def test_the_thread_tells_one_fact_a_line_and_rings_nobody(over_socket: Story) -> None:
    story = over_socket
    made = await story.ask(
        **{**TRANSFER, "options": [TRANSFER["options"][0], *TRANSFER["options"][2:]]}
    )
    for person in ("UMIA", "UTOM"):
        card = await story.card(PAYMENTS)
        await story.send(person, card, "Release transfer", reason=f"{person} looked")
    await story.claim(made)
    await story.report(made, "succeeded")
    await story.says(PAYMENTS, "Succeeded after 0 seconds.")
    lines = [
        spoken(m.blocks)
        for m in story.workspace.messages(PAYMENTS)
        if m.thread_ts not in (None, m.ts)
    ]
    assert lines == [
        "Mia agreed to Release transfer (1 of 2): «UMIA looked»",
        "Tom agreed to Release transfer (2 of 2): «UTOM looked»",
        "Decided: Release transfer. Released to data-sync, which may start until {time}.",
        "data-sync started.",
        "Succeeded after 0 seconds.",
    ]
    rung = [n for n in story.workspace.notifications("UOMAR") if n.channel == PAYMENTS]
    assert not [n for n in rung if "agreed to" in n.text]


async def test_one_more_is_asked_for_by_those_who_may_still_vote(over_socket: Story) -> None:
    story = over_socket
    await story.ask(**TRANSFER)
    await story.send("UMIA", await story.card(PAYMENTS), "Release transfer", reason="looked")
    for person in ("UTOM", "UOMAR"):
        await story.workspace.wait_for(
            lambda who=person: any(
                n.text.startswith("MEDIUM production: 1 of 2 agreed: Release transfer: Transfer")
                for n in story.workspace.notifications(who)
            )
        )
    mine = [n.text for n in story.workspace.notifications("UMIA")]
    assert not [text for text in mine if "1 of 2 agreed" in text]


@pytest.mark.usefixtures("often_looked_up")
async def test_a_lock_screen_tells_the_time_where_its_reader_is(over_socket: Story) -> None:
    story = over_socket
    story.workspace.change_person("URAVI", tz="America/New_York")
    await story.noticed(lambda people: people.persons["ravi"].zone == "America/New_York")
    made = await story.ask(**BY_HAND)
    texts = {place: (await story.card(place)).text for place in (OPERATIONS, "URAVI", "UINES")}
    at = datetime.fromisoformat(made["deadline_at"])
    there, here = (at.astimezone(ZoneInfo(z)) for z in ("America/New_York", "Europe/Berlin"))
    assert f"by {there:%H:%M}, else" in texts["URAVI"]
    assert f"by {here:%H:%M}, else" in texts["UINES"]
    assert f"by {here:%H:%M %Z}, else" in texts[OPERATIONS]
