"""Exactly one visible answer to every click, in the words of the table. See `rows.py`."""

import pytest

from bot.demo.workspace.people import Kind
from tests.journeys.asking import DROP, LONG, TRANSFER
from tests.journeys.conftest import DATABASE, OPERATIONS, PAYMENTS, Story, spoken
from tests.journeys.rows import answers

RETRY = "Try 3 more times"
NOTHING_RAN = "It stays stopped."


@answers("decided by this vote", "reason added", "reason too late")
async def test_a_decider_may_add_a_reason_for_ten_minutes(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    told = await story.hears(
        "USAM",
        f"Recorded: {RETRY}. You decided it; data-sync may start now.",
        "Add a reason",
    )
    await story.send("USAM", told, "Add a reason", reason="the rule is gone")
    assert story.sees("USAM") == "Recorded: your reason, beside your vote. It changes no vote."
    story.clock.move(minutes=10, seconds=1)
    await story.send("USAM", told, "Add a reason", reason="and once more")
    assert story.sees("USAM") == (
        "Not recorded. A reason can be added for 10 minutes after the vote. "
        "Write it in the thread instead.\nYour text, to copy: «and once more»"
    )
    assert len((await story.status(made["id"]))["votes"]) == 1


@answers("counted, more needed", "same vote again", "vote changed", "reason missing")
async def test_a_vote_counts_once_and_may_change_until_the_decision(over_http: Story) -> None:
    story = over_http
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    wrong = await story.send("UMIA", card, "Release transfer", reason="  ")
    assert wrong.errors == {"reason": "Say why in a few words. Nothing is recorded yet."}
    window = await story.window("UMIA")
    await story.workspace.submit("UMIA", window.id, {"reason": "matches the invoice"})
    assert story.sees("UMIA") == (
        "Recorded: Release transfer, 1 of 2. No money moves until one more agrees: "
        "Omar or Tom, by {time}. You can change your vote until then."
    )
    await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    assert story.sees("UMIA") == (
        "Already recorded at {time}: Release transfer. It counts once. Still 1 of 2.\n"
        "Your text, to copy: «matches the invoice»"
    )
    await story.send("UMIA", card, "Release one half", reason="the rest is disputed")
    assert story.sees("UMIA") == (
        "Changed from Release transfer to Release one half. Your earlier vote no longer counts. "
        "Release one half: 1 of 2."
    )
    told = await story.status(made["id"])
    assert [(v["person"], v["option"]) for v in told["votes"] if v["counts"]] == [("mia", "half")]


@answers("aborted by this vote")
async def test_the_first_abort_ends_it(over_http: Story) -> None:
    story = over_http
    await story.ask(**TRANSFER)
    await story.send("UTOM", await story.card(PAYMENTS), "Stop transfer")
    assert story.sees("UTOM") == (
        "Recorded: Stop transfer. It is aborted; no money moves. Lena and data-sync are told."
    )


@answers(
    "already decided, not started",
    "already decided, started",
    "already decided, reported",
    "same vote again, after it decided",
    "stop too late",
)
async def test_a_late_click_hears_who_decided_what_and_what_came_of_it(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap("USAM", card, RETRY)
    decided = await story.card(OPERATIONS, label="Stop it")
    late = f"Not recorded. Sam decided it at {{time}}: {RETRY}. "

    await story.tap_late("UPRIYA", decided, "vote:retry")
    still = "data-sync has not started yet; until {time} you can still stop it."
    told = await story.hears("UPRIYA", late + still, "Stop it")
    await story.tap_late("UNOBODY", decided, "vote:retry")
    others = "data-sync has not started yet; until {time} an approver can still stop it."
    await story.hears("UNOBODY", late + others)
    await story.tap_late("USAM", decided, "vote:retry")
    again = f"Already recorded at {{time}}: {RETRY}. It counts once. "
    await story.hears("USAM", again + still, "Stop it")

    await story.claim(made)
    await story.tap_late("UPRIYA", decided, "vote:retry")
    started = "data-sync started at {time}."
    call = " If that is wrong, call Sam now; Andon cannot stop what has started."
    await story.hears("UPRIYA", late + started + call)
    await story.tap("UPRIYA", told, "Stop it")
    await story.hears(
        "UPRIYA",
        "Not recorded. data-sync started at {time}; Andon cannot stop what has started. "
        "Call Sam now.",
    )

    await story.report(made, "failed", detail="disk full")
    await story.tap_late("UPRIYA", decided, "vote:retry")
    await story.hears("UPRIYA", f"{late}{started} It failed at {{time}}.")


@answers("decided while the modal was open")
async def test_whoever_was_still_writing_gets_the_text_back(story: Story) -> None:
    await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap("UPRIYA", card, "Leave it")
    window = await story.window("UPRIYA")
    await story.tap("USAM", card, RETRY)
    values = {"chip": "not_enough", "reason": "which rule?"}
    await story.workspace.submit("UPRIYA", window.id, values)
    assert story.sees("UPRIYA") == (
        f"Not recorded. While you were writing, Sam chose {RETRY} at {{time}}. "
        "data-sync has not started yet; until {time} you can still stop it.\n"
        "Your text, to copy: «Not enough information. which rule?»"
    )


@answers("expired")
@pytest.mark.usefixtures("dead_clock")
async def test_a_click_past_the_deadline_decides_nothing_though_the_clock_is_dead(
    story: Story,
) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    story.clock.move(hours=4, seconds=1)
    await story.noticed(lambda people: True)
    await story.tap("USAM", card, RETRY)
    await story.hears(
        "USAM",
        f"Not recorded. Time ran out at {{time}}; it was aborted. {NOTHING_RAN} "
        "data-sync must ask again.",
    )
    told = await story.status(made["id"])
    assert (told["status"], told["votes"], told["operation"]["state"]) == ("expired", [], "aborted")


@answers("withdrawn")
async def test_a_click_after_the_service_took_it_back_says_why(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    said = {"reason": "merge worked on the second try"}
    await story.call("POST", f"/v1/escalations/{made['id']}/withdraw", said)
    gone = await story.card(OPERATIONS, words="WITHDRAWN")
    assert gone.ts == card.ts
    await story.tap_late("USAM", gone, "vote:retry")
    await story.hears(
        "USAM",
        "Not recorded. data-sync took the question back at {time}: "
        f"«merge worked on the second try». {NOTHING_RAN}",
    )


@answers("requester", "taken back")
async def test_the_requester_cannot_decide_but_take_it_back(story: Story) -> None:
    made = await story.ask(**TRANSFER)
    await story.tap("ULENA", await story.card(PAYMENTS), "Release transfer")
    told = await story.hears(
        "ULENA",
        "Not recorded. You asked for this (Lena), so you cannot decide it. "
        "Mia, Omar or Tom can decide. To take it back:",
        "Withdraw",
    )
    await story.send("ULENA", told, "Withdraw", reason="wrong account")
    assert story.sees("ULENA") == "Recorded: taken back. No money moved. data-sync is told."
    ended = await story.status(made["id"])
    assert (ended["status"], ended["decision"]["reason"]) == ("withdrawn", "wrong account")
    await story.tap("ULENA", told, "Withdraw")
    await story.hears(
        "ULENA",
        "Not recorded. Lena took the question back at {time}: «wrong account». No money moved.",
    )


@answers("not in the group", "account not in the policy")
async def test_whoever_may_not_decide_hears_who_can(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap("UMIA", card, RETRY)
    await story.hears(
        "UMIA",
        "Not recorded. This needs platform-oncall, and you are not in it. "
        "Priya or Sam can decide. Know something they should? Write it in the thread.",
    )
    await story.tap("UNOBODY", card, RETRY)
    await story.hears(
        "UNOBODY",
        "Not recorded. Andon does not know your Slack account. Ask the owner of policy.toml "
        "to add `UNOBODY` to your person, then tap again.",
    )
    assert (await story.status(made["id"]))["votes"] == []


@answers("no longer eligible", "approver removed after voting")
@pytest.mark.usefixtures("often_looked_up")
async def test_a_vote_of_someone_who_left_the_group_counts_no_more(over_http: Story) -> None:
    story = over_http
    made = await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    await story.leaves("UMIA", "S0FINANCE")
    await story.says(
        PAYMENTS,
        "Mia's vote no longer counts since {time}: left finance-approvers. "
        "Release transfer: 0 of 2.",
    )
    await story.tap("UMIA", card, "Stop transfer")
    await story.hears(
        "UMIA",
        "Not recorded. You left finance-approvers since this was asked. Omar or Tom can decide.",
    )
    told = await story.status(made["id"])
    assert [(v["person"], v["counts"]) for v in told["votes"]] == [("mia", False)]


@answers("guest", "other workspace")
@pytest.mark.parametrize("person", ["UGUEST", "UFOREIGN"])
async def test_only_members_of_this_workspace_can_decide(story: Story, person: str) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    await story.tap(person, card, RETRY)
    await story.hears(person, "Not recorded. Only members of this workspace can decide.")
    assert (await story.status(made["id"]))["votes"] == []


@answers("bot")
@pytest.mark.usefixtures("often_looked_up")
@pytest.mark.parametrize("kind", [Kind.BOT, Kind.GUEST])
async def test_an_account_that_is_no_ordinary_member_any_more_decides_nothing(
    over_http: Story, kind: Kind
) -> None:
    story = over_http
    made = await story.ask()
    card = await story.card(OPERATIONS)
    story.workspace.change_person("USAM", kind=kind)
    await story.noticed(lambda people: not people.persons["sam"].active)
    await story.tap("USAM", card, RETRY)
    await story.hears("USAM", "Not recorded. Only members of this workspace can decide.")
    assert (await story.status(made["id"]))["votes"] == []


@pytest.mark.usefixtures("often_looked_up")
async def test_a_vote_of_a_deactivated_account_counts_no_more(over_http: Story) -> None:
    story = over_http
    await story.ask(**TRANSFER)
    card = await story.card(PAYMENTS)
    await story.send("UMIA", card, "Release transfer", reason="matches the invoice")
    story.workspace.change_person("UMIA", deleted=True)
    await story.says(
        PAYMENTS,
        "Mia's vote no longer counts since {time}: is no longer active. Release transfer: 0 of 2.",
    )


async def test_a_bot_that_clicks_is_told_the_same(over_http: Story) -> None:
    story = over_http
    await story.ask()
    await story.tap("UROBOT", await story.card(OPERATIONS), RETRY)
    await story.hears("UROBOT", "Not recorded. Only members of this workspace can decide.")


@pytest.mark.parametrize("place", [OPERATIONS, "USAM", "the list"])
async def test_a_long_operation_is_opened_whole_before_it_is_released(
    over_http: Story, place: str
) -> None:
    story = over_http
    made = await story.ask(**LONG)
    card = await story.card(OPERATIONS if place == "the list" else place)
    assert "Showing 9 of 412 lines. A release button opens all of it first." in spoken(card.blocks)
    if place == "the list":
        await story.workspace.command("USAM", OPERATIONS, f"/escalations show {made['id'][-6:]}")
        card = await story.workspace.wait_for(lambda: story.workspace.ephemerals("USAM")[-1])
    await story.tap("USAM", card, RETRY)
    window = await story.window("USAM")
    assert "DELETE FROM orders WHERE id = 200;" in spoken(window.view["blocks"])
    assert (await story.status(made["id"]))["votes"] == []
    await story.workspace.submit("USAM", window.id, {})
    assert story.sees("USAM").startswith(f"Recorded: {RETRY}. You decided it;")


async def test_a_card_over_slacks_limits_comes_without_a_part_and_opens_all_of_it_first(
    over_http: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = over_http
    for room in ("limits", "fitting"):
        monkeypatch.setattr(f"bot.slack.drawing.{room}.MESSAGE", 550)
    made = await story.ask(context={"user_impact": "reports are late " * 10})
    card = await story.card(OPERATIONS)
    said = "A part of this does not fit into what Slack takes and is left out here."
    assert said in spoken(card.blocks)
    assert card.labels == [RETRY, "Leave it", "I am looking", "Ask", "Details"]
    await story.tap("USAM", card, RETRY)
    window = await story.window("USAM")
    assert "sync --batch 8813" in spoken(window.view["blocks"])
    assert (await story.status(made["id"]))["votes"] == []
    await story.workspace.submit("USAM", window.id, {})
    assert story.sees("USAM").startswith(f"Recorded: {RETRY}. You decided it;")


@answers("old card")
async def test_a_release_from_a_card_that_is_out_of_date_is_refused(story: Story) -> None:
    made = await story.ask()
    card = await story.card(OPERATIONS)
    slow = story.workspace.faults.add("chat.update", "http_503", times=1000)
    path = f"/v1/escalations/{made['id']}/context"
    await story.call("POST", path, {"rollback": "none"})
    await story.tap("USAM", card, RETRY)
    told = await story.hears(
        "USAM",
        "Not recorded. This card was out of date; it has been redrawn above with what changed: "
        "new context from data-sync. Look, then tap again.",
        "Show",
    )
    slow.release()
    await story.tap("USAM", told, "Show")
    fresh = await story.workspace.wait_for(
        lambda: next((m for m in story.workspace.ephemerals("USAM") if RETRY in m.labels), None)
    )
    assert "none" in spoken(fresh.blocks)
    await story.tap("USAM", fresh, RETRY)
    await story.heard("USAM", "You decided it")


@answers("old card, in a modal")
async def test_new_context_while_the_modal_is_open_is_told_and_the_text_given_back(
    over_http: Story,
) -> None:
    story = over_http
    made = await story.ask(**TRANSFER)
    await story.tap("UMIA", await story.card(PAYMENTS), "Release transfer")
    window = await story.window("UMIA")
    path = f"/v1/escalations/{made['id']}/context"
    await story.call("POST", path, {"recent_changes": ["account edited"]})
    await story.workspace.submit("UMIA", window.id, {"reason": "matches the invoice"})
    assert story.sees("UMIA") == (
        "Not recorded. This card was out of date; it has been redrawn above with what changed: "
        "new context from data-sync. Look, then tap again.\n"
        "Your text, to copy: «matches the invoice»"
    )
    answered = await story.window("UMIA")
    await story.workspace.press("UMIA", answered.id, f"show:{made['id']}")
    assert await story.window("UMIA", "account edited")


@answers("stopped")
async def test_an_approver_stops_what_was_approved_and_others_cannot(over_http: Story) -> None:
    story = over_http
    made = await story.ask()
    await story.tap("USAM", await story.card(OPERATIONS), RETRY)
    approved = await story.card(OPERATIONS, label="Stop it")
    await story.tap("UMIA", approved, "Stop it")
    await story.heard("UMIA", "This needs platform-oncall, and you are not in it.")
    await story.tap("UGUEST", approved, "Stop it")
    await story.hears("UGUEST", "Not recorded. Only members of this workspace can decide.")
    await story.send("UPRIYA", approved, "Stop it", reason="wrong window")
    assert story.sees("UPRIYA") == f"Recorded: stopped. {NOTHING_RAN} data-sync is told."
    status, problem = await story.claim(made)
    assert (status, problem["type"]) == (409, "/problems/stopped")


@answers("wrong word typed")
async def test_two_people_type_the_target_of_what_is_critical(story: Story) -> None:
    made = await story.ask(**DROP)
    for n, person in enumerate(("URAVI", "UINES"), 1):
        card = await story.card(DATABASE)
        wrong = await story.send(person, card, "Drop it", typed="legacy", reason="unused since May")
        assert wrong.errors == {
            "typed": "That is not legacy_code. Look at the target again; nothing is recorded yet."
        }
        window = await story.window(person)
        assert window.view["submit"]["text"] == f"Agree ({n} of 2)"
        values = {"typed": " Legacy_Code ", "reason": "unused since May"}
        await story.workspace.submit(person, window.id, values)
        assert story.sees(person).startswith("Recorded: Drop it")
    told = await story.status(made["id"])
    assert (told["status"], told["requirements"][0]["have"]) == ("approved", {"drop": 2})
