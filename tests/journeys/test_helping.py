"""What people do besides deciding, by real clicks: look, ask, answer, give time, resolve, override.

See `rows.py`.
"""

import asyncio
from typing import Any

from bot.demo.workspace.messages import Message
from tests.journeys.asking import DANA
from tests.journeys.conftest import OPERATIONS, Story, spoken
from tests.journeys.rows import answers, ends
from tests.patience import PATIENCE_S

RETRY = "Try 3 more times"
LOOK, ASK, MORE, OVERRIDE = (
    "I am looking",
    "Ask",
    "Give it 2 more hours",
    "Override the policy",
)

#: Somebody to look after; nothing is held.
OUTAGE: dict[str, Any] = {
    "kind": "incident",
    "category": "service_outage",
    "title": "Checkout fails for one in ten",
    "environment": "production",
    "context": {"user_impact": "One in ten carts cannot be paid."},
}


async def all_posted(story: Story, made: dict[str, Any]) -> None:
    """Every card has been taken, so that what comes next does not find Slack late."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(c.posted_at for c in await story.server.store.cards.of(made["id"])):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def report(story: Story) -> dict[str, Any]:
    """Open the incident."""
    status, made = await story.call("POST", "/v1/escalations", OUTAGE, Idempotency_Key="k1")
    assert status == 201, made
    return dict(made)


async def in_details(story: Story, person: str, card: Message, action: str) -> None:
    """Open Details, and press a button there."""
    await story.tap(person, card, "Details")
    window = await story.window(person, "Sent to")
    await story.workspace.press(person, window.id, action)


async def override(story: Story, person: str, card: Message, why: str) -> None:
    """Ask to override the policy, from Details."""
    await in_details(story, person, card, "break_glass")
    asked = await story.window(person, "This overrides the policy.")
    done = await story.workspace.submit(person, asked.id, {"reason": why})
    assert done.acked, done


async def forge(
    story: Story, person: str, card: Message, action: str, value: str | None = None
) -> None:
    """Press a button that this card never had, as an old or a false client would."""
    value = value or card.button("Details").element["value"]
    forged = {"actions": [{"action_id": action, "action_ts": "1.5", "value": value}]}
    await story.workspace.click(person, card.channel, card.ts, "details", override=forged)


async def told(story: Story, person: str, words: str) -> Message:
    """The direct message that says so; where Slack whispers to nobody, answers come as one too."""

    def found() -> Message | None:
        every = story.workspace.messages(person)
        return next((m for m in every if words in spoken(m.blocks)), None)

    return await story.workspace.wait_for(found)


@answers("looking", "somebody else is looking", "too late for anything else")
async def test_whoever_looks_is_named_and_decides_nothing_by_it(story: Story) -> None:
    made = await story.ask(requested_by=DANA)
    card = await story.card(OPERATIONS)
    await story.tap("USAM", card, LOOK)
    await story.hears(
        "USAM",
        "Recorded: you are looking. Nobody else is called until {time}. "
        "Nothing is decided by that: decide by {time}.",
    )
    card = await story.card(OPERATIONS, words="@USAM is looking, since {time}.")
    await story.says(OPERATIONS, "Sam is looking. Nobody else is called until {time}.")
    await told(story, "UDANA", "Sam is looking.")
    progress = (await story.status(made["id"]))["progress"]
    assert (progress["looked_at"] is not None, made["status"]) == (True, "pending")
    await story.tap("UPRIYA", card, LOOK)
    await story.hears(
        "UPRIYA",
        "Not recorded. Sam is looking since {time}, and nobody else is called until {time}. "
        "You can decide it all the same.",
        "Show",
    )
    await story.tap("UPRIYA", card, RETRY)
    decided = await story.card(OPERATIONS, label="Stop it")
    late = f"Not recorded. Priya decided it at {{time}}: {RETRY}. "
    still = "data-sync has not started yet; until {time} you can still stop it."
    for action in ("acknowledge", "ask"):
        await story.tap_late("USAM", decided, action)
    await story.workspace.wait_for(lambda: story.whispers("USAM").count(late + still) == 2)


async def test_who_said_that_they_look_and_do_not_lets_go(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    await all_posted(story, made)
    await story.tap("USAM", await story.card(OPERATIONS), LOOK)
    await story.card(OPERATIONS, words="@USAM is looking")
    story.clock.move(hours=1, seconds=1)
    await story.says(OPERATIONS, "Sam has not gone on; it is open again. Others are called now.")
    called = await told(story, "UPRIYA", "This is still open, since {time}.")
    assert "Why you get this: may decide (platform-oncall)." in spoken(called.blocks)
    assert called.labels == [LOOK, "Show"]


@answers("question asked", "answered", "answered already", "answer of another")
async def test_a_question_reaches_requester_and_service_and_its_answer_the_card(
    story: Story,
) -> None:
    made = await story.ask(requested_by=DANA)
    card = await story.card(OPERATIONS)
    empty = await story.send("USAM", card, ASK, reason="  ")
    assert empty.errors == {"reason": "Write what you need to know. Nothing is asked yet."}
    window = await story.window("USAM")
    await story.workspace.submit("USAM", window.id, {"reason": "Is the firewall rule gone?"})
    assert story.sees("USAM") == (
        "Recorded: your question. Dana and data-sync are asked; the answer comes onto the card. "
        "Nothing is decided by that: decide by {time}."
    )
    asked = await told(story, "UDANA", "Sam asks: «Is the firewall rule gone?»")
    assert asked.labels == ["Answer", "Show"]
    assert asked.text.startswith("MEDIUM production: Sam asks: Is the firewall rule gone?")
    await story.card(OPERATIONS, words="«Is the firewall rule gone?»\n\u2003No answer yet.")
    (question,) = (await story.status(made["id"]))["questions"]
    assert question["text"] == "Is the firewall rule gone?"

    await story.send("UDANA", asked, "Answer", reason="Since 22:40.")
    assert story.sees("UDANA") == ("Recorded: your answer. It stands on the card, and Sam is told.")
    await story.card(OPERATIONS, words="Dana {time}: «Since 22:40.»")
    await story.card("UPRIYA", words="Dana {time}: «Since 22:40.»")
    await told(story, "USAM", "Dana answers Sam: «Since 22:40.»")
    await story.tap("UDANA", asked, "Answer")
    await told(story, "UDANA", "Not recorded. Dana answered it already: «Since 22:40.».")
    await forge(story, "USAM", card, "answer", asked.button("Answer").element["value"])
    no = "Not recorded. Only Dana can answer that; you can write in the thread."
    await story.hears("USAM", no)
    await story.tap("USAM", await story.card(OPERATIONS, words="Dana {time}"), RETRY)
    await story.card(OPERATIONS, label="Stop it")
    await story.tap("UDANA", asked, "Answer")
    await told(story, "UDANA", f"Not recorded. Sam decided it at {{time}}: {RETRY}.")


async def test_the_service_answers_with_its_next_call(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    await story.send("USAM", card, ASK, reason="How many rows wait?")
    (question,) = (await story.status(made["id"]))["questions"]
    path = f"/v1/escalations/{made['id']}/context"
    body = {"question": question["id"], "answer": "2,310."}
    status, answer = await story.call("POST", path, body)
    assert status == 200, answer
    await story.says(OPERATIONS, "data-sync answers Sam: «2,310.»")
    await told(story, "USAM", "data-sync answers Sam: «2,310.»")
    await story.card(OPERATIONS, words="data-sync {time}: «2,310.»")


@answers("more time given", "more time given already")
async def test_time_is_given_once_from_the_last_reminder_or_the_details(
    over_http: Story,
) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    assert MORE not in card.labels
    await all_posted(story, made)
    story.clock.move(hours=3, minutes=13)
    reminded = await told(story, "USAM", "It expires at {time} unless somebody decides")
    assert reminded.labels == [MORE, "Show"]
    await story.tap("USAM", reminded, MORE)
    await told(story, "USAM", "Recorded: 2 more hours. Decide by {time}; it cannot be extended")
    await story.card(OPERATIONS, words="Sam gave it 2 more hours; it was {time} before.")
    again = await told(story, "UPRIYA", "It expires at {time} unless somebody decides")
    await story.tap("UPRIYA", again, MORE)
    no = "Not recorded. Sam gave it more time at {time}; that is possible once. Decide by {time}."
    await told(story, "UPRIYA", no)
    story.clock.move(hours=1)
    assert (await story.status(made["id"]))["status"] == "pending"
    story.clock.move(hours=2)
    assert (await story.status(made["id"]))["status"] == "expired"
    await story.tap("UPRIYA", again, MORE)
    await told(story, "UPRIYA", "Not recorded. Time ran out at {time}; it was aborted.")


async def test_details_give_more_time_and_answer_where_they_stand(over_http: Story) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    await in_details(story, "USAM", card, "extend")
    await story.window("USAM", "Recorded: 2 more hours.")
    assert story.whispers("USAM") == []
    await story.card(OPERATIONS, words="Sam gave it 2 more hours")


@answers("override asked", "overridden", "override by a stranger")
@ends("overridden")
async def test_two_directors_override_the_policy_and_everyone_is_told(story: Story) -> None:
    made = await story.ask(requested_by=DANA)
    card = await story.card(OPERATIONS)
    why = "The warehouse stands still."
    await override(story, "ULENA", card, why)
    assert story.sees("ULENA") == (
        f"Recorded: override, {RETRY}, 1 of 2. It stays stopped until one more of directors "
        "agrees, by {time}. Everyone concerned is told."
    )
    first = f"Lena asks to override the policy: {RETRY}. «{why}»"
    await story.says(OPERATIONS, f"{first} It stays stopped until one more of directors agrees.")
    for person in ("USAM", "UPRIYA", "UDANA"):
        assert (await told(story, person, first)).labels == ["Show"]
    asked = await told(story, "UOMAR", first)
    assert asked.labels == [OVERRIDE, "Show"]

    await story.tap("UOMAR", asked, OVERRIDE)
    window = await story.window("UOMAR", "You would be person 2 of 2")
    assert why in spoken(window.view["blocks"])
    await story.workspace.submit("UOMAR", window.id, {"reason": "Seen and agreed."})
    assert story.sees("UOMAR") == (
        f"Recorded: policy overridden, {RETRY}. data-sync may start now. "
        "Everyone concerned is told, and a review is due."
    )
    ended = await story.card(OPERATIONS, words="OVERRIDDEN · was MEDIUM")
    assert "the policy was overridden." in spoken(ended.blocks)
    assert ended.text.startswith(f"OVERRIDDEN: {RETRY}. ")
    for person in ("USAM", "UPRIYA", "UDANA", "ULENA"):
        await told(story, person, "Lena and Omar overrode the policy")
    decision = (await story.status(made["id"]))["decision"]
    assert (decision["by"], decision["option"]) == ("break_glass", "retry")
    assert (await story.claim(made))[0] == 200
    await forge(story, "USAM", ended, "break_glass")
    late = await story.heard("USAM", "Lena and Omar overrode the policy at {time}")
    assert late.startswith("Not recorded.")


async def test_who_is_named_nowhere_is_offered_no_override_and_gets_none(
    over_http: Story,
) -> None:
    story = over_http
    await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap("USAM", card, "Details")
    window = await story.window("USAM", "Sent to")
    assert OVERRIDE not in spoken(window.view["blocks"])
    await forge(story, "USAM", card, "break_glass")
    await story.hears(
        "USAM",
        "Not recorded. This needs directors, and you are not in it. Lena, Omar or Ravi can decide. "
        "Know something they should? Write it in the thread.",
    )


@answers("resolved", "resolved already")
@ends("resolved")
async def test_an_incident_is_looked_at_asked_about_and_resolved(story: Story) -> None:
    made = await report(story)
    card = await story.card(OPERATIONS, label="Resolve")
    assert card.labels == [LOOK, ASK, "Resolve", "Details"]
    assert "Look by " in card.text
    await story.tap("USAM", card, LOOK)
    await story.hears(
        "USAM",
        "Recorded: you are looking. Nobody else is called until {time}. "
        "Resolve it when it is over.",
    )
    looked_at = await story.card(OPERATIONS, words="@USAM is looking")
    empty = await story.send("USAM", looked_at, "Resolve", by_hand="restarted")
    assert empty.errors
    window = await story.window("USAM")
    said = {"root_cause": "certificate ended", "by_hand": "restarted", "automatable": "yes"}
    await story.workspace.submit("USAM", window.id, said)
    assert story.sees("USAM") == (
        "Recorded: resolved. data-sync is told, and every card of it says so."
    )
    ended = await story.card(OPERATIONS, words="RESOLVED · was CRITICAL")
    assert ended.labels == ["Write the review", "Details"]
    assert "Cause «certificate ended»" in spoken(ended.blocks)
    assert "Could be automated yes" in spoken(ended.blocks)
    await story.says(
        OPERATIONS, "Sam resolved it. Cause: «certificate ended» Done by hand: «restarted»"
    )
    told_so = await story.status(made["id"])
    assert told_so["status"] == "resolved"
    assert told_so["resolution"]["automatable"] is True
    for action in ("resolve", "acknowledge", "ask"):
        await story.tap_late("UPRIYA", ended, action)
    late = "Not recorded. Sam resolved it at {time}. Cause: «certificate ended»."
    await story.workspace.wait_for(lambda: story.whispers("UPRIYA").count(late) == 3)


@ends("recovered")
async def test_an_incident_that_went_away_says_so(over_http: Story) -> None:
    story = over_http
    made = await report(story)
    await story.card(OPERATIONS, label="Resolve")
    path = f"/v1/escalations/{made['id']}/withdraw"
    await story.call("POST", path, {"reason": "error rate is back"})
    ended = await story.card(OPERATIONS, words="RECOVERED · was CRITICAL")
    line = "data-sync says that it recovered by itself {time}: «error rate is back»."
    assert line in spoken(ended.blocks)
    assert ended.labels == ["Write down what you did", "Details"]
