"""What is said of rules: the question, what one decided, and that one has ended."""

from datetime import timedelta

import pytest

from approvals.digests import quiet_of
from bot.slack.drawing.answers import answer
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.details import details
from bot.slack.drawing.digest import digest
from bot.slack.drawing.directs import direct
from bot.slack.drawing.limits import check
from bot.slack.drawing.lockscreen import Reader
from bot.slack.drawing.modals import stop_modal
from bot.slack.drawing.record import decided_card
from bot.slack.drawing.ruled import why_suspended
from bot.slack.drawing.thread import thread_line
from tests.approvals.memory.ruled import Ruled
from tests.bot.slack.drawing.reading import read
from tests.bot.slack.drawing.stored import assert_stored


@pytest.fixture(scope="module", name="town")
def a_town() -> Ruled:
    """A rule is in force in it."""
    town = Ruled()
    town.accepted()
    return town


def test_the_card_shows_the_whole_text_and_the_backtest() -> None:
    town = Ruled()
    e = town.proposal(town.decided_alike(5))
    for drawn in (
        channel_card(e, town.facts.people),
        direct_card(e, town.facts.people, "cem"),
        details(e, town.facts.people),
    ):
        assert check(drawn) == ()
    assert_stored("proposal", channel_card(e, town.facts.people))


def test_a_long_backtest_is_opened_whole_before_it_is_accepted() -> None:
    town = Ruled()
    e = town.proposal(town.decided_alike(14))
    drawn = channel_card(e, town.facts.people)
    assert check(drawn) == ()
    said = read(drawn)
    assert "a_day = 20" in said
    assert "A release button opens all of it first." in said


def test_what_a_rule_decided_says_by_which_and_who_accepted_it(town: Ruled) -> None:
    e = town.ask()
    drawn = decided_card(e, town.facts.people, Reader(zone="UTC"))
    assert check(drawn) == ()
    assert_stored("decided_by_rule", drawn)
    assert "By a rule" in drawn.text


def test_what_failed_by_a_rule_is_no_approval_of_anybody() -> None:
    town = Ruled()
    town.accepted()
    e = town.run(town.ask(), "failed", detail="disk full")
    said = read(decided_card(e, town.facts.people, Reader(zone="UTC")))
    assert "Allowed by a rule, but it failed" in said
    assert "Approved, but" not in said


def test_everyone_is_told_the_same_of_its_end() -> None:
    town = Ruled()
    proposal = town.accepted()
    e = town.run(town.ask(), "failed")
    town.ask()
    now, people = town.e(proposal.id), town.facts.people
    record = town.rows.records[proposal.id][-1]
    line = thread_line(now, "rule-suspended", record.body, people)
    assert line.text == (
        f"This rule decides nothing any more. What it allowed failed ({e.id[-6:]}). "
        "People are asked again, until they accept it anew."
    )
    told = direct(now, "rule-suspended", record.body, people, person="cem", reason="accepted it")
    assert check(told) == check(line) == ()
    assert told.text == (
        "SUSPENDED: Let the rule decide. accept rule svc: sync orders, production. "
        "By Cem and Dee 03:00 UTC. What it allowed failed. People are asked again."
    )
    shows = [(one["text"]["text"], one["action_id"]) for one in told.blocks[-1]["elements"]]
    assert shows == [("Show what went wrong", f"show:{e.id}"), ("Show", f"show:{proposal.id}")]
    drawn = decided_card(now, people, Reader(zone="UTC"))
    assert check(drawn) == ()
    assert_stored("rule_suspended", drawn)


def test_a_rule_in_force_is_ended_from_its_card() -> None:
    """The button is there as long as it decides, and says what it does."""
    town = Ruled()
    e, people = town.accepted(), town.facts.people
    assert "End this rule" in read(decided_card(e, people, Reader(zone="UTC")))
    window = stop_modal(e, people)
    assert check(window) == ()
    said = read(window)
    assert said.startswith("title | End this rule?\nsubmit | End this rule\n")
    assert "svc: sync orders: from now on people are asked again." in said
    done = town.stop(e, "UCEM", "we do it in the pipeline now")
    said = read(answer(done.answer.case.value, {}, done.escalation, people))
    assert "Recorded: the rule is ended. People are asked again." in said
    again = town.stop(e, "UDEE").refusal
    assert again is not None
    assert "The rule has ended already." in read(
        answer(again.why.value, again.values, town.e(e.id), people)
    )


def test_who_ended_a_rule_is_named() -> None:
    town = Ruled()
    proposal, people = town.accepted(), town.facts.people
    town.stop(proposal, "UCEM", "we do it in the pipeline now")
    now, record = town.e(proposal.id), town.rows.records[proposal.id][-1]
    told = direct(now, "rule-suspended", record.body, people, person="dee", reason="accepted it")
    assert (
        "This rule decides nothing any more. Ended by Cem: «we do it in the pipeline now». "
        "People are asked again, until they accept it anew."
    ) in read(told)
    assert [one["text"]["text"] for one in told.blocks[-1]["elements"]] == ["Show"]
    card = read(decided_card(now, people, Reader(zone="UTC")))
    assert "Ended by Cem. People are asked again." in card
    assert "End this rule" not in card
    quiet = quiet_of([now], town.now - timedelta(hours=1), town.now)
    assert "It was ended by hand, " in read(digest(quiet, "UTC", town.now))


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("failed", "What it allowed failed"),
        ("unknown", "Nobody knows what became of something it allowed"),
        ("undone", "Something it allowed was stopped or taken back"),
        ("burst", "It was asked for too often within an hour"),
        ("new", "Something it allowed went wrong"),
    ],
)
def test_why_it_ended_is_said_in_words(why: str, says: str) -> None:
    assert why_suspended(why) == says


def test_the_digest_names_what_rules_decided_and_which_of_them_ended() -> None:
    town = Ruled()
    town.accepted()
    began = town.now
    for _ in range(3):
        town.run(town.pass_(minutes=30).ask())
    town.run(town.pass_(minutes=30).ask(), "failed")
    town.pass_(minutes=30).ask()
    quiet = quiet_of(town.rows.escalations.values(), began, town.now)
    drawn = digest(quiet, "UTC", began)
    assert check(drawn) == ()
    assert_stored("digest_of_rules", drawn)


def test_what_rules_decided_often_is_counted() -> None:
    town = Ruled()
    town.accepted(a_day=100)
    began = town.now
    for _ in range(11):
        town.pass_(minutes=10).ask()
    town.stop(town.ask(), "UBEN")
    said = read(digest(quiet_of(town.rows.escalations.values(), began, town.now), "UTC", began))
    assert "12 decided by rules" in said
    assert "11 times «Sync failed 3 times» (not taken yet, last" in said
    assert "and 3 more)" in said
    assert "(stopped, " in said
