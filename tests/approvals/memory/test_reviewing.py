"""Whether somebody has to look at it again, who, by when; that they are reminded, for a while."""

from datetime import timedelta

import pytest

from approvals import events
from approvals.memory.owning import decider, owner
from approvals.memory.reviewing import DUE_WITHIN, MOST_REMINDERS, needed, next_reminder
from approvals.memory.values import Findings, KnownError, Review, ReviewWhy, Runbook
from approvals.owes import Direct, ThreadLine
from approvals.refusals import Why
from approvals.replay import Past, replay
from approvals.snapshot import Step
from approvals.step import Step as Done
from approvals.verdict import Case
from approvals.words import Recovery, Severity
from tests.approvals.scene import Scene, case, glass, incident, kinds, why
from tests.approvals.stories import STORIES

DAY = timedelta(days=1)


def failed(**body: object) -> Scene:
    """Approved by ben, and it failed."""
    scene = Scene(**body).approved()
    scene.claim()
    scene.report("failed", detail="disk full")
    return scene


def severe(severity: str = "critical") -> Scene:
    """As bad as that, and stopped by ana."""
    scene = Scene(severity=severity).open()
    scene.vote("UANA", "no", rationale="not now")
    return scene


def review_of(scene: Scene) -> Review:
    """The review that is due."""
    assert scene.e.review is not None
    return scene.e.review


def told(done: Done) -> list[str]:
    """Who gets which message."""
    return [f"{work.to} {work.case}" for work in done.work if isinstance(work, Direct)]


@pytest.mark.parametrize(
    ("story", "reasons"),
    [
        ("expired", (ReviewWhy.EXPIRED,)),
        ("unknown_then_failed", (ReviewWhy.FAILED,)),
        ("overridden", (ReviewWhy.BREAK_GLASS,)),
        ("succeeded", ()),
        ("rejected", ()),
        ("withdrawn", ()),
        ("stopped", ()),
        ("lapsed", ()),
        ("resolved", ()),
        ("recovered", ()),
        ("pending", ()),
        ("erased", ()),
    ],
)
def test_what_needs_a_review(story: str, reasons: tuple[ReviewWhy, ...]) -> None:
    """Not what went well, nor what was taken back."""
    e = STORIES[story]().e
    assert needed(e) == reasons
    assert (e.review.why if e.review else ()) == reasons


@pytest.mark.parametrize("severity", ["critical", "high"])
def test_what_was_bad_is_looked_at_again_however_it_ended(severity: str) -> None:
    assert review_of(severe(severity)).why == (ReviewWhy(severity),)


def test_not_before_it_is_over() -> None:
    """What runs may yet fail: then both reasons stand."""
    scene = Scene(severity="high").approved()
    scene.claim()
    assert scene.e.review is None
    done = scene.report("failed")
    assert kinds(done) == [events.REPORTED, events.ISSUE_WRITTEN, events.REVIEW_OPENED]
    assert review_of(scene).why == (ReviewWhy.HIGH, ReviewWhy.FAILED)


def test_what_was_taken_back_or_is_low_needs_none() -> None:
    scene = Scene(severity="critical").open()
    scene.withdraw()
    assert scene.e.review is None
    quiet = incident(severity="low").open()
    quiet.resolve()
    assert quiet.e.review is None


def test_a_second_reason_adds_to_the_first() -> None:
    """Nobody said in time what became of it; later it is known to have failed."""
    scene = glass(severity="high")
    scene.break_glass("UCEM")
    scene.break_glass("UDEE")
    first = review_of(scene)
    assert first.why == (ReviewWhy.HIGH, ReviewWhy.BREAK_GLASS)
    scene.claim()
    scene.report("failed")
    assert review_of(scene).why == (*first.why, ReviewWhy.FAILED)
    assert (review_of(scene).opened_at, review_of(scene).due_at) == (first.opened_at, first.due_at)


def test_of_a_storm_the_first_stands_for_all() -> None:
    """Unless it failed, or was released past the policy."""
    for place, opened in ((1, True), (2, False)):
        scene = Scene(severity="critical").open()
        scene.change(storm_id="stm_1", storm_place=place)
        scene.now = scene.e.deadline_at
        scene.tick()
        assert (scene.e.review is not None) is opened
    scene = Scene().approved()
    scene.change(storm_id="stm_1", storm_place=2)
    scene.claim()
    scene.report("failed")
    assert review_of(scene).why == (ReviewWhy.FAILED,)


def test_what_ended_before_reviews_opens_none_by_itself() -> None:
    """A recheck or a tick is no end."""
    scene = severe()
    scene.change(review=None)
    scene.recheck()
    scene.pass_(9 * 86_400).tick()
    scene.look("UANA")
    assert scene.e.review is None


# -- whose ----------------------------------------------------------------------------------------


def test_it_is_for_who_decided_last() -> None:
    scene = Scene("other", severity="high").approved("UANA", "UBEN")
    assert decider(scene.e) == "ben"
    again = Scene("other", severity="high").open()
    again.vote("UBEN")
    again.pass_(5)
    again.vote("UANA")
    assert decider(again.e) == "ana"


def test_of_what_nobody_decided_it_is_for_the_end_of_the_chain() -> None:
    """Then for the owners, who looked, who could have decided."""
    ladder = (Step(to=("person:ana",)), Step(to=("owners", "person:cem")))
    scene = Scene()
    scene.plan |= {"steps": ladder, "owners": ("dee",)}
    scene.open()
    assert owner(scene.e) == "cem"
    scene.plan |= {"steps": (*ladder, Step(to=("owners",)))}
    assert owner(scene.open().e) == "dee"
    scene.plan |= {"steps": ()}
    assert owner(scene.open().e) == "dee"
    scene.plan |= {"owners": ()}
    scene.open()
    assert owner(scene.e) == "ana"
    scene.look("UBEN")
    assert owner(scene.e) == "ben"


def test_where_nobody_at_all_is_known_it_is_nobodys() -> None:
    """It stays in the list, and anybody concerned may write it."""
    scene = Scene(requested_by={"id": "new"})
    scene.plan |= {"steps": (), "owners": (), "members": {}}
    scene.open()
    assert owner(scene.e) is None
    asked = Scene()
    asked.plan |= {"steps": (), "owners": (), "members": {}}
    assert owner(asked.open().e) == "req"
    scene.now = scene.e.deadline_at
    done = scene.tick()
    assert "review-opened" not in " ".join(told(done))


# -- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "days"), [("critical", 3), ("high", 5), ("medium", 7), ("low", 7)]
)
def test_the_worse_the_sooner(severity: str, days: int) -> None:
    assert DUE_WITHIN[Severity(severity)] == days * DAY


def test_it_is_reminded_of_at_half_at_the_end_and_daily_and_then_no_more() -> None:
    scene = severe()
    opened, came = scene.now, []
    while scene.e.due_at is not None:
        scene.now = scene.e.due_at
        done = scene.tick()
        assert told(done) == ["person:ana review-reminded"]
        came.append((scene.now - opened) / DAY)
    assert came == [1.5, 3, 4, 5, 6]
    assert (review_of(scene).reminded, review_of(scene).findings) == (MOST_REMINDERS, None)
    assert kinds(scene.pass_(30 * 86_400).tick()) == []


def test_what_a_dead_clock_missed_is_said_once() -> None:
    scene = severe()
    scene.pass_(4.5 * 86_400)
    done = scene.tick()
    assert kinds(done) == [events.REVIEW_REMINDED]
    assert done.records[0].body["late"] is True
    assert (scene.e.due_at, review_of(scene).reminded) == (review_of(scene).due_at + 2 * DAY, 1)
    scene.pass_(30 * 86_400).tick()
    assert scene.e.due_at is None


def test_after_the_last_there_is_no_next() -> None:
    opened = Scene().now
    due = opened + 2 * DAY
    assert next_reminder(opened, due, opened) == opened + DAY
    assert next_reminder(opened, due, due + 3 * DAY) is None


def test_nobody_is_reminded_while_it_runs_or_may_run() -> None:
    """The glass was broken: what it released comes first."""
    scene = glass()
    scene.break_glass("UCEM")
    scene.break_glass("UDEE")
    assert scene.e.due_at == scene.e.claim_until
    scene.claim()
    assert scene.e.due_at == scene.e.report_until
    scene.report()
    assert scene.e.due_at == review_of(scene).remind_at


def test_votes_of_those_who_left_stay_where_it_is_over() -> None:
    """That somebody is to be reminded opens nothing again."""
    scene = failed()
    scene.gone.add("ben")
    assert kinds(scene.recheck()) == []


# -- who hears ------------------------------------------------------------------------------------


def test_who_hears_of_the_end_hears_once() -> None:
    """What says how it ended says that a review is due."""
    scene = Scene().approved()
    scene.claim()
    done = scene.report("failed")
    assert told(done) == ["person:ben reported-failed", "person:req reported-failed"]
    lines = [work.case for work in done.work if isinstance(work, ThreadLine)]
    assert lines == ["reported-failed", "review-opened"]


def test_who_hears_of_no_end_hears_of_the_review() -> None:
    scene = Scene(severity="high").open()
    done = scene.vote("UANA", "no")
    assert told(done) == ["person:req decided-rejected", "person:ana review-opened"]


def test_who_hands_it_on_is_not_told_who_gets_it_is() -> None:
    scene = severe()
    done = scene.hand_review("UBEN", "UANA")
    assert (case(done), told(done)) == (Case.REVIEW_HANDED, ["person:ben review-handed"])
    assert review_of(scene).owner == "ben"
    assert told(scene.hand_review("UANA", "UANA")) == []
    assert case(scene.hand_review("UANA", "UANA")) is Case.REPEATED
    assert why(scene.hand_review("UNOBODY")) is Why.NO_SUCH_PERSON
    scene.gone.add("dee")
    assert why(scene.hand_review("UDEE")) is Why.NO_SUCH_PERSON


# -- written --------------------------------------------------------------------------------------


def test_runbooks_are_answered_in_the_order_in_which_the_record_keeps_them() -> None:
    """So the state is to the byte what its records say."""
    scene = failed()
    named = [Runbook(name=f"{name}.md", title=name, by="rule") for name in ("b", "a")]
    scene.change(runbooks=tuple(named))
    scene.write_review(runbooks_worked={"b.md": True, "a.md": False})
    findings = review_of(scene).findings
    assert findings is not None
    assert list(findings.runbooks_worked.items()) == [("a.md", False), ("b.md", True)]


def test_it_says_what_was_learned_and_is_no_longer_due() -> None:
    error = {"type": "ConnectTimeout", "message": "db:5432 after 10 s"}
    scene = failed(context={"error": error})
    scene.change(runbooks=(Runbook(name="db/locks.md", title="Locks", by="rule"),))
    done = scene.write_review(
        detected_by="a customer",
        automatable=True,
        runbooks_worked={"db/locks.md": False, "other.md": True},
        known_error=True,
        recovery=Recovery.RESTART,
        steps="restart it",
    )
    assert (case(done), kinds(done), told(done)) == (
        Case.REVIEW_WRITTEN,
        [events.REVIEW_WRITTEN],
        [],
    )
    assert review_of(scene).findings == Findings(
        by="ben",
        at=scene.now,
        root_cause="a lock",
        resolved_by="waited it out",
        detected_by="a customer",
        automatable=True,
        runbooks_worked={"db/locks.md": False},
        known_error=KnownError(
            error_type="ConnectTimeout",
            message="db:<n> after <n> s",
            recovery=Recovery.RESTART,
            steps="restart it",
        ),
    )
    assert scene.e.due_at is None
    scene.write_review("UREQ", root_cause="another lock")
    findings = review_of(scene).findings
    assert findings is not None
    assert (findings.by, findings.known_error) == ("req", None)
    assert why(scene.hand_review("UANA")) is Why.NO_REVIEW


def test_the_same_words_again_are_no_second_review() -> None:
    """Slack delivers a click twice."""
    scene = failed(context={"error": {"message": "db:5432 after 10 s"}})
    for given in ({}, {"known_error": True, "recovery": Recovery.RETRY, "automatable": False}):
        scene.write_review(**given)
        again = scene.write_review(**given)
        assert (case(again), again.records) == (Case.REPEATED, ())
        assert kinds(scene.write_review("UREQ", **given)) == [events.REVIEW_WRITTEN]


def test_a_known_error_needs_an_error() -> None:
    scene = failed()
    scene.write_review(known_error=True)
    findings = review_of(scene).findings
    assert findings is not None
    assert findings.known_error is None


def test_whoever_is_to_write_it_may_write_it() -> None:
    """Though they could not have decided it."""
    scene = failed()
    assert why(scene.write_review("UCEM")) is Why.NOT_A_WRITER
    scene.hand_review("UCEM")
    assert why(scene.write_review("UCEM")) is None


@pytest.mark.parametrize(
    ("given", "found", "field"),
    [
        ({"root_cause": " "}, Why.REASON_NEEDED, "root_cause"),
        ({"resolved_by": "x"}, Why.REASON_NEEDED, "resolved_by"),
        ({"steps": "x" * 1001}, Why.REASON_TOO_LONG, "steps"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    given: dict[str, str], found: Why, field: str
) -> None:
    done = failed().write_review(**given)
    assert (why(done), done.refusal and done.refusal.values["field"]) == (found, field)


def test_what_needs_no_review_has_none_to_write() -> None:
    scene = STORIES["succeeded"]()
    assert why(scene.write_review()) is Why.NO_REVIEW
    assert why(scene.hand_review("UANA")) is Why.NO_REVIEW


def test_an_erased_one_is_neither_written_nor_reminded_of() -> None:
    scene = failed()
    scene.erase()
    assert why(scene.write_review()) is Why.ALREADY_ERASED
    assert why(scene.hand_review("UANA")) is Why.ALREADY_ERASED
    assert scene.e.due_at is None


@pytest.mark.parametrize("story", ["learned_from", "expired", "overridden", "rejected"])
def test_the_past_is_no_other_for_what_was_learned_of_it(story: str) -> None:
    """Replayed under its own policy a year later, reminders or none."""
    scene = STORIES[story]()
    past = Past(escalation=scene.e, records=scene.records, policy=scene.policy)
    found = replay(past, scene.policy, scene.now + timedelta(days=365))
    assert (found.untold, [d for d in found.differences if d.what == "outcome"]) == (None, [])
