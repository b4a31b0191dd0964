"""What one escalation says about the oversight: who had how long before it, and how it ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.erasing import ERASED, residue
from approvals.escalation import Erasure, Look, Resolution
from approvals.events import Event, link
from approvals.memory.observing import AFTER, LOAD, Fact, Wait, observed
from approvals.memory.values import Findings, Issue, IssueState, Review, ReviewWhy
from approvals.words import Kind, Severity
from tests.approvals import stories
from tests.approvals.memory.overseen import MONDAY, Told
from tests.approvals.test_automate import automatic

LATER = MONDAY + timedelta(days=10)

#: What each end is counted as, besides "asked".
ENDS = {
    "approved": {Fact.DECIDED, Fact.APPROVED, Fact.RUNNING},
    "running": {Fact.DECIDED, Fact.APPROVED, Fact.RUNNING},
    "succeeded": {Fact.DECIDED, Fact.APPROVED, Fact.SUCCEEDED},
    "failed": {Fact.DECIDED, Fact.APPROVED, Fact.FAILED},
    "unknown": {Fact.DECIDED, Fact.APPROVED, Fact.UNKNOWN},
    "lapsed": {Fact.DECIDED, Fact.APPROVED, Fact.LAPSED},
    "stopped": {Fact.DECIDED, Fact.APPROVED, Fact.STOPPED},
    "void": {Fact.DECIDED, Fact.APPROVED, Fact.VOID},
    "rejected": {Fact.DECIDED, Fact.REJECTED},
    "overridden": {Fact.DECIDED, Fact.APPROVED, Fact.OVERRIDDEN, Fact.SUCCEEDED},
    "by rule": {Fact.BY_RULE, Fact.SUCCEEDED},
    "expired": {Fact.NOBODY, Fact.EXPIRED},
    "withdrawn": {Fact.NOBODY, Fact.WITHDRAWN},
    "resolved": {Fact.RESOLVED},
    "pending": {Fact.WAITING},
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_is_counted_as_what_it_is(end: str) -> None:
    assert Told(end=end).observed().facts == {Fact.ASKED} | ENDS[end]


@pytest.mark.parametrize("end", ENDS)
def test_each_is_somebodys_load_and_had_one_outcome(end: str) -> None:
    facts = Told(end=end).observed().facts
    assert len(facts.intersection(LOAD)) == 1
    assert len(facts.intersection(AFTER)) <= 1


@pytest.mark.parametrize("name", stories.STORIES)
def test_every_story_of_the_core_is_counted(name: str) -> None:
    """Also one that is not made up for this."""
    scene = stories.STORIES[name]()
    found = observed(scene.e, scene.now, records=tuple(scene.records))
    assert len(found.facts.intersection(LOAD)) == 1


def test_what_ran_by_itself_is_load_and_no_approval() -> None:
    """Nobody was asked, so nobody is missing."""
    scene = automatic().open()
    scene.report("failed")
    found = observed(scene.e, scene.now)
    assert found.facts == {Fact.ASKED, Fact.BY_ITSELF}
    assert found.untold == frozenset()


def test_times_are_counted_from_when_it_was_asked() -> None:
    found = Told(came=2, looked=60, decided=90).observed()
    assert found.waits == {
        Wait.DELIVERED: 2,
        Wait.LOOKED: 60,
        Wait.DECIDED: 90,
        Wait.CONSIDERED: 30,
    }
    assert found.untold == frozenset()


def test_what_is_tapped_at_once_is_considered_since_the_card_was_posted() -> None:
    """The vote is their look: that says nothing of how long it lay before them."""
    found = Told(came=85, looked=None, decided=90).observed()
    assert found.waits[Wait.CONSIDERED] == 5
    told = Told(looked=None, decided=90)
    cards = {"C1": told.after(1), "ben": told.after(88)}
    found = observed(told.escalation, LATER, arrived=cards)
    assert (found.waits[Wait.DELIVERED], found.waits[Wait.CONSIDERED]) == (1, 2)


def test_a_card_that_is_posted_after_the_vote_leaves_no_time() -> None:
    """A clock of another machine; never less than nothing."""
    told = Told(looked=None, decided=90)
    found = observed(told.escalation, LATER, arrived={"C1": told.after(91)})
    assert found.waits[Wait.CONSIDERED] == 0


def test_what_is_not_on_record_is_not_known_rather_than_nothing() -> None:
    """And no decision counts as quick for that."""
    found = Told(came=None, looked=None, decided=1).observed()
    assert found.waits == {Wait.LOOKED: 1, Wait.DECIDED: 1}
    assert found.untold == {Wait.DELIVERED, Wait.CONSIDERED}
    assert Fact.QUICK not in found.facts
    waits = Told(end="expired", came=None, looked=None).observed()
    assert (waits.waits, waits.untold) == ({}, {Wait.DELIVERED, Wait.LOOKED})


def test_slack_that_was_away_delivered_when_it_was_back() -> None:
    told = Told(came=None, more={"delivered_at": MONDAY + timedelta(seconds=700)}, decided=900)
    assert told.observed().waits[Wait.DELIVERED] == 700


@pytest.mark.parametrize(("after", "quick"), [(62.9, True), (63.0, False)])
def test_under_three_seconds_is_quick(after: float, quick: bool) -> None:
    facts = Told(looked=60, decided=after).observed().facts
    assert (Fact.QUICK in facts) is quick


def test_of_several_who_decided_whoever_took_longest_counts() -> None:
    """One who thinks is enough for that it was thought about."""
    told = Told(people=("ana", "ben"), looked=None, decided=90, came=89)
    e = told.escalation
    e = replace(e, looks=(Look(person="ana", at=told.after(30)), *e.looks[1:]))
    found = observed(e, LATER, arrived={"C1": told.after(89)})
    assert found.waits[Wait.CONSIDERED] == 60
    assert Fact.QUICK not in found.facts


def test_of_several_nothing_is_known_while_one_is_not() -> None:
    told = Told(people=("ana", "ben"), came=None, looked=None)
    e = replace(told.escalation, looks=(Look(person="ana", at=told.after(30)),))
    assert Wait.CONSIDERED in observed(e, LATER).untold


def test_what_went_around_the_policy_has_no_vote_to_look_at() -> None:
    found = Told(end="overridden").observed()
    assert Wait.CONSIDERED not in found.waits
    assert Wait.CONSIDERED not in found.untold
    assert found.deciders == ("ben",)


def test_what_is_low_rings_nobody() -> None:
    """Neither a card nor a look is missing, nobody was called."""
    found = Told(end="withdrawn", came=None, looked=None, severity=Severity.LOW).observed()
    assert (found.untold, found.called) == (frozenset(), ())


def test_who_was_called_stands_in_the_ways_of_the_chain() -> None:
    """Without a chain everybody who could decide has a card."""
    told = Told(called=("ana", "cem"))
    assert told.observed().called == ("ana", "cem")
    assert set(Told().observed().called) == set(told.escalation.plan.could_decide)
    assert Told(end="by rule").observed().called == ()


def test_pages_are_counted_by_person_from_the_records() -> None:
    """A route that is nobody's own, and what Slack rang, are no pages of anybody."""
    notices = [
        {"to": "person:ana", "via": "route:sms", "why": "on call"},
        {"to": "person:ben", "via": "slack", "why": "on call"},
        {"to": "route:pager", "via": "route:pager", "why": "a page of this step"},
    ]
    records = [
        link(
            Event(kind="chain:stepped", at=MONDAY, by="clock", body=body),
            escalation_id="esc_1",
            seq=n,
            prev="",
            command={},
        )
        for n, body in enumerate(({"notices": notices}, {"notices": notices[:1]}, {}), 1)
    ]
    found = observed(Told().escalation, LATER, records=records)
    assert found.pages == {"ana": 2}


@pytest.mark.parametrize(("by", "who"), [("person:ana", ("ana",)), ("service:web", ())])
def test_who_resolved_an_incident_had_the_load(by: str, who: tuple[str, ...]) -> None:
    resolution = Resolution(by=by, at=MONDAY, root_cause="a full disk")
    found = Told(end="resolved", more={"resolution": resolution}).observed()
    assert found.deciders == who
    assert Wait.DECIDED not in found.waits


FINDINGS = Findings(
    by="ana",
    at=MONDAY,
    root_cause="a lock",
    resolved_by="waited",
    runbooks_worked={"db/locks.md": False},
)
REVIEW = Review(why=(ReviewWhy.HIGH,), opened_at=MONDAY, due_at=MONDAY + timedelta(days=3))


def test_a_review_is_overdue_while_it_is_not_written() -> None:
    told = Told(more={"review": REVIEW})
    assert Fact.REVIEW_OVERDUE in told.observed(REVIEW.due_at + timedelta(seconds=1)).facts
    assert Fact.REVIEW_OVERDUE not in told.observed(REVIEW.due_at).facts
    written = Told(more={"review": replace(REVIEW, findings=FINDINGS)}).observed(LATER)
    assert Fact.REVIEW_OVERDUE not in written.facts
    assert written.runbooks == {"db/locks.md": False}


@pytest.mark.parametrize("state", IssueState)
def test_an_issue_is_open_until_people_say_otherwise(state: IssueState) -> None:
    found = Told(more={"issue": Issue(state=state, at=MONDAY, by="andon")}).observed()
    assert (Fact.ISSUE_OPEN in found.facts) is (state is IssueState.OPEN)


def test_what_was_taken_back_is_undone_besides_its_outcome() -> None:
    found = Told(end="failed", undo="rolled back").observed()
    assert found.facts.issuperset({Fact.FAILED, Fact.UNDONE})


def test_what_was_erased_is_counted_and_has_no_name() -> None:
    told = Told(title="Anna's address")
    erasure = Erasure(at=MONDAY, by="operator:root", reason="asked to", seq=3)
    e = replace(residue(told.escalation), erased=erasure)
    found = observed(e, LATER, arrived={"C1": told.after(2)})
    assert found == replace(told.observed(LATER), title=None)
    assert e.title == ERASED


def test_an_incident_that_recovered_had_nobodys_decision() -> None:
    found = Told(end="withdrawn", more={"kind": Kind.INCIDENT}).observed()
    assert found.facts == {Fact.ASKED, Fact.NOBODY, Fact.WITHDRAWN}
