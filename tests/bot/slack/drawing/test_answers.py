"""Every row of CARDS section 5, each answered from what the core really said."""

from collections.abc import Callable, Mapping

import pytest

from approvals import commands
from approvals.commands import Actor
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Result
from bot.messaging import Message
from bot.slack.drawing import answers
from bot.slack.drawing.answers import answer
from bot.slack.drawing.limits import check
from bot.slack.drawing.modals import notice
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import MIGRATION, RETRIES, TRANSFER, Story, later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

BIG = {
    **RETRIES,
    "operation": {
        "name": "x",
        "target": "orders",
        "arguments": {"sql": "\n".join(f"remove order {n}" for n in range(412))},
    },
}


def decided() -> Story:
    return ends.approved(rationale=None)


def counted() -> Story:
    story = Story(TRANSFER)
    story.vote("mia", "release", later(22), rationale="matches the signed invoice")
    return story


def counted_alone() -> Story:
    story = Story(MIGRATION)
    story.vote("ravi", "recreate", later(5), rationale="as agreed")
    return story


def changed() -> Story:
    body = {**MIGRATION, "severity": "critical"}
    body["options"] = [
        {**o, "irreversible": o["effect"] == "release"} for o in MIGRATION["options"]
    ]
    story = Story(body)
    story.vote("ravi", "migrate", later(5), rationale="as agreed")
    story.vote("ravi", "recreate", later(6), rationale="quicker after all")
    return story


def aborted() -> Story:
    return ends.rejected()


def same_again() -> Story:
    story = counted()
    story.vote("mia", "release", later(23), rationale="matches the signed invoice")
    return story


def same_again_decided() -> Story:
    story = decided()
    story.vote("ravi", "migrate", later(12))
    return story


def same_again_aborted() -> Story:
    story = Story(RETRIES)
    story.vote("sam", "leave", later(3))
    story.vote("sam", "leave", later(4))
    return story


def not_started_for_others() -> Story:
    story = ends.approved()
    story.vote("sam", "migrate", later(12))
    return story


def already_started() -> Story:
    story = ends.running()
    story.vote("ines", "recreate", later(20), rationale="faster")
    return story


def not_started() -> Story:
    story = ends.approved()
    story.vote("ines", "recreate", later(12), rationale="faster")
    return story


def already_done() -> Story:
    story = ends.succeeded()
    story.vote("ines", "manual", later(50))
    return story


def already_stopped() -> Story:
    story = ends.stopped()
    story.vote("ines", "migrate", later(16))
    return story


def already_aborted() -> Story:
    story = ends.rejected()
    story.vote("tom", "release", later(26), rationale="fine")
    return story


def expired() -> Story:
    story = ends.expired()
    story.vote("ravi", "migrate", later(61))
    return story


def withdrawn() -> Story:
    story = Story(MIGRATION)
    why = "merge worked on the second try"
    story.send(commands.Withdraw, later(20), service="search-api", reason=why)
    story.vote("ravi", "migrate", later(21))
    return story


def taken_back() -> Story:
    return ends.withdrawn_by_dana()


def stop_done() -> Story:
    return ends.stopped()


def stop_too_late() -> Story:
    story = ends.running()
    story.send(commands.Stop, later(13), actor=Actor(account="UINES"))
    return story


def stop_of_pending() -> Story:
    story = Story(MIGRATION)
    story.send(commands.Stop, later(13), actor=Actor(account="UINES"))
    return story


def requester() -> Story:
    story = Story(TRANSFER)
    story.vote("lena", "release", later(2), rationale="mine")
    return story


def owner() -> Story:
    body = {k: v for k, v in MIGRATION.items() if k != "requested_by"}
    story = Story(body)
    story.vote("dana", "migrate", later(2))
    return story


def not_in_group() -> Story:
    story = Story(MIGRATION)
    story.vote("sam", "migrate", later(2))
    return story


def unknown_account() -> Story:
    story = Story(MIGRATION)
    story.vote("02ABC", "migrate", later(2))
    return story


def left() -> Story:
    story = Story(MIGRATION)
    story.gone = {"ravi"}
    story.vote("ravi", "migrate", later(2))
    return story


def guest() -> Story:
    story = Story(MIGRATION)
    story.vote("x", "migrate", later(2), foreign=True)
    return story


def not_read() -> Story:
    story = Story(BIG)
    story.vote("sam", "retry", later(2), read_whole=False)
    return story


def out_of_date() -> Story:
    story = Story(MIGRATION)
    story.send(commands.AddContext, later(3), service="search-api", context={"note": "more"})
    story.vote("ravi", "migrate", later(4), shown=0)
    return story


def reason_added() -> Story:
    story = decided()
    story.send(commands.AddReason, later(12), actor=Actor(account="URAVI"), text="lag is 0")
    return story


def reason_too_late() -> Story:
    story = decided()
    story.send(commands.AddReason, later(30), actor=Actor(account="URAVI"), text="lag is 0")
    return story


def reason_of_another() -> Story:
    story = decided()
    story.send(commands.AddReason, later(12), actor=Actor(account="UINES"), text="lag is 0")
    return story


def withdrawal_of_another() -> Story:
    story = Story(MIGRATION)
    story.send(commands.Withdraw, later(12), actor=Actor(account="URAVI"))
    return story


def reason_missing() -> Story:
    story = Story(MIGRATION)
    story.vote("ravi", "recreate", later(2))
    return story


def wrong_word() -> Story:
    story = Story({**MIGRATION, "severity": "critical"})
    story.vote("ravi", "recreate", later(2), typed="documents", rationale="as agreed")
    return story


def reason_too_long() -> Story:
    story = Story(MIGRATION)
    story.vote("ravi", "recreate", later(2), rationale="x" * 1312)
    return story


def another_operation() -> Story:
    story = Story(MIGRATION)
    story.vote("ravi", "migrate", later(2), digest="0" * 16)
    return story


def no_such_option() -> Story:
    story = Story(MIGRATION)
    story.vote("ravi", "drop", later(2))
    return story


ROWS: Mapping[str, tuple[Callable[[], Story], str]] = {
    "decided": (decided, Case.DECIDED),
    "counted": (counted, Case.COUNTED),
    "counted_alone": (counted_alone, Case.DECIDED),
    "changed": (changed, Case.CHANGED),
    "aborted": (aborted, Case.ABORTED),
    "same_again": (same_again, Why.ALREADY_VOTED),
    "same_again_decided": (same_again_decided, Why.ALREADY_VOTED),
    "same_again_aborted": (same_again_aborted, Why.ALREADY_VOTED),
    "not_started_for_others": (not_started_for_others, Why.ALREADY_DECIDED),
    "already_started": (already_started, Why.ALREADY_DECIDED),
    "not_started": (not_started, Why.ALREADY_DECIDED),
    "already_done": (already_done, Why.ALREADY_DECIDED),
    "already_stopped": (already_stopped, Why.ALREADY_DECIDED),
    "already_aborted": (already_aborted, Why.ALREADY_DECIDED),
    "expired": (expired, Why.EXPIRED),
    "withdrawn": (withdrawn, Why.WITHDRAWN),
    "taken_back": (taken_back, Case.WITHDRAWN),
    "stop_done": (stop_done, Case.STOPPED),
    "stop_too_late": (stop_too_late, Why.ALREADY_CLAIMED),
    "stop_of_pending": (stop_of_pending, Why.NOT_APPROVED),
    "requester": (requester, Why.REQUESTER),
    "owner": (owner, Why.REQUESTER),
    "not_in_group": (not_in_group, Why.NOT_IN_GROUP),
    "unknown_account": (unknown_account, Why.UNKNOWN_ACCOUNT),
    "left": (left, Why.NO_LONGER_ELIGIBLE),
    "guest": (guest, Why.NOT_A_MEMBER),
    "not_read": (not_read, Why.NOT_READ),
    "out_of_date": (out_of_date, Why.OUT_OF_DATE),
    "reason_added": (reason_added, Case.REASON_ADDED),
    "reason_too_late": (reason_too_late, Why.TOO_LATE),
    "reason_of_another": (reason_of_another, Why.NOT_YOUR_VOTE),
    "withdrawal_of_another": (withdrawal_of_another, Why.NOT_YOUR_VOTE),
    "reason_missing": (reason_missing, Why.REASON_NEEDED),
    "reason_too_long": (reason_too_long, Why.REASON_TOO_LONG),
    "wrong_word": (wrong_word, Why.WRONG_WORD),
    "another_operation": (another_operation, Why.WRONG_OPERATION),
    "no_such_option": (no_such_option, Why.UNKNOWN_OPTION),
}


def told(story: Story, typed: str | None = None) -> tuple[str, Message]:
    """The case the core answered with, and its drawing."""
    refusal, recorded = story.last.refusal, story.last.answer
    case = refusal.why.value if refusal else recorded.case.value
    values = refusal.values if refusal else recorded.values
    return case, answer(case, values, story.escalation, story.people, typed=typed)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_answered_as_stored(name: str) -> None:
    tell, expected = ROWS[name]
    case, drawn = told(tell())
    assert expected == case
    assert () == check(drawn)
    assert () == check(notice(drawn))
    assert_stored(f"answer_{name}", drawn)


@pytest.mark.parametrize("name", ROWS)
def test_an_answer_says_first_whether_it_was_recorded(name: str) -> None:
    story = ROWS[name][0]()
    _, drawn = told(story)
    refused = story.last.refusal is not None
    starts = ("Not recorded", "Already recorded") if refused else ("Recorded", "Changed from")
    assert drawn.text.startswith(starts)


def test_whoever_wrote_in_a_modal_gets_the_text_back() -> None:
    _, drawn = told(already_started(), typed="the index is quick to rebuild")
    text = read(drawn)
    assert "While you were writing, Ravi chose Migrate, keep data at {21:41 UTC}." in text
    assert "Your text, to copy: «the index is quick to rebuild»" in text


def test_a_recorded_answer_gives_no_text_back() -> None:
    _, drawn = told(counted(), typed="matches the signed invoice")
    assert "to copy" not in read(drawn)


def test_people_who_cannot_be_looked_up_are_said_to_be_so() -> None:
    story = Story(MIGRATION)
    drawn = answer(Why.PEOPLE_UNKNOWN, {}, story.escalation, story.people)
    assert_stored("answer_people_unknown", drawn)


def test_what_the_store_and_slack_do_is_said_as_stored() -> None:
    assert_stored("answer_not_saved", answers.not_saved("4c1a"))
    assert_stored("answer_unsure", answers.unsure())
    assert_stored("answer_window", answers.window_not_opened())
    assert_stored("answer_store_away", answers.store_away("4c1a"))
    assert_stored("answer_window_refused", answers.window_not_opened("view_too_large"))
    assert_stored("answer_not_readable", answers.not_readable(foreign=False))
    assert_stored("answer_old_button", answers.old_button())


def test_one_word_names_one_answer() -> None:
    assert not {c.value for c in Case} & {w.value for w in Why}


def test_an_unknown_case_is_still_answered() -> None:
    story = Story(MIGRATION)
    for case in [*Case, *Why, "something new"]:
        values = {"at": "2026-11-12T21:41:00.000000Z", "have": 1, "needed": 2, "option": "x"}
        drawn = answer(case, values, story.escalation, story.people)
        assert () == check(drawn), case
    gone = answer(Why.NOT_FOUND, {}, None, story.people)
    assert gone.text.startswith("Not recorded.")


def test_answers_ring_nobody() -> None:
    for tell, _ in ROWS.values():
        _, drawn = told(tell())
        assert not [p for p in everything(list(drawn.blocks)) if p.get("type") == "user"]


def test_after_the_result_the_answer_tells_it() -> None:
    story = ends.running()
    story.report(Result.FAILED, later(20), detail="disk full")
    story.vote("ines", "manual", later(21))
    assert "It failed at {21:50 UTC}." in read(told(story)[1])
