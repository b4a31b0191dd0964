"""The fold over what is learned: reviews, issues, work by hand, and the end of an accepted rule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import events
from approvals.codec import dump_text, instant, load_text
from approvals.commands import Tick
from approvals.decide import State
from approvals.erasing import ERASED, residue
from approvals.escalation import Escalation
from approvals.events import Event, link
from approvals.evolve import evolve
from approvals.memory.issue import UNKNOWN, cause_told, drafted
from approvals.memory.values import (
    Findings,
    Fingerprint,
    Issue,
    IssueState,
    KnownError,
    Likeness,
    Precedent,
    Recollection,
    Review,
    ReviewWhy,
    Runbook,
    Suspension,
)
from approvals.step import step
from approvals.words import Recovery
from tests.approvals.stories import approved, succeeded

#: Kinds of records that say what was learned.
LEARNED = frozenset(
    {
        events.ISSUE_WRITTEN,
        events.REVIEW_OPENED,
        events.REVIEW_HANDED,
        events.REVIEW_REMINDED,
        events.REVIEW_WRITTEN,
        events.WORK_PROPOSED,
        events.RULE_SUSPENDED,
    }
)

SCENE = succeeded()
AT = SCENE.now + timedelta(hours=1)
DUE, SOON = AT + timedelta(days=3), AT + timedelta(days=1)
OPENED = {
    "why": ["high"],
    "due_at": instant(DUE),
    "remind_at": instant(SOON),
    "owner": "ana",
}
FINDINGS = {
    "by": "ana",
    "root_cause": "a lock",
    "resolved_by": "waited",
    "automatable": False,
    "runbooks_worked": {"db/locks.md": True},
    "known_error": {"error_type": "LockError", "message": "waited <n> s", "recovery": "retry"},
}


def after(escalation: Escalation, kind: str, body: Mapping[str, Any], by: str) -> Escalation:
    """The escalation after one more record, an hour after its end."""
    event = Event(kind=kind, at=AT, by=by, body=body)
    place = {"escalation_id": escalation.id, "seq": escalation.seq + 1, "prev": escalation.head}
    return evolve(escalation, link(event, **place, command={"id": "cmd_1"}))


def reviewed() -> Escalation:
    """A review that was opened, handed on, reminded of and written."""
    e = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    e = after(e, events.REVIEW_HANDED, {"owner": "ben"}, "person:ana")
    e = after(e, events.REVIEW_REMINDED, {"remind_at": instant(DUE)}, "clock")
    return after(e, events.REVIEW_WRITTEN, {"findings": FINDINGS}, "person:ana")


def test_an_unknown_cause_is_not_told_beside_the_cause_that_a_review_found() -> None:
    review, issue = reviewed().review, drafted(SCENE.e)
    assert (issue.root_cause, cause_told(issue, None)) == (UNKNOWN, UNKNOWN)
    assert cause_told(issue, review) is None
    assert cause_told(replace(issue, root_cause="a full disk"), review) == "a full disk"


def test_a_review_is_due_from_somebody_until_it_is_written() -> None:
    e = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    why = (ReviewWhy.HIGH,)
    due = Review(why=why, opened_at=AT, due_at=DUE, owner="ana", remind_at=SOON)
    assert (e.review, e.version) == (due, SCENE.e.version + 1)
    assert reviewed().review == Review(
        why=why,
        opened_at=AT,
        due_at=DUE,
        owner="ben",
        reminded=1,
        findings=Findings(
            by="ana",
            at=AT,
            root_cause="a lock",
            resolved_by="waited",
            automatable=False,
            runbooks_worked={"db/locks.md": True},
            known_error=KnownError(
                error_type="LockError", message="waited <n> s", recovery=Recovery.RETRY
            ),
        ),
    )


def test_a_reminder_is_no_news_and_the_last_one_names_no_next() -> None:
    e = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    told = after(e, events.REVIEW_REMINDED, {}, "clock")
    assert told.review is not None
    assert (told.version, told.review.reminded, told.review.remind_at) == (e.version, 1, None)


def test_a_second_reason_adds_to_a_review_and_moves_nothing() -> None:
    """Approved and high, and then it failed."""
    e = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    later = {**OPENED, "why": ["failed", "high"], "due_at": instant(SOON), "owner": "ben"}
    e = after(e, events.REVIEW_OPENED, later, "andon")
    assert e.review is not None
    assert (e.review.why, e.review.due_at) == ((ReviewWhy.HIGH, ReviewWhy.FAILED), DUE)
    assert e.review.owner == "ana"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (events.REVIEW_HANDED, {"owner": "ben"}),
        (events.REVIEW_REMINDED, {}),
        (events.REVIEW_WRITTEN, {"findings": FINDINGS}),
    ],
)
def test_what_follows_on_no_review_is_refused(kind: str, body: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="has no review"):
        after(SCENE.e, kind, body, "person:ana")


def test_an_issue_has_the_defaults_of_the_template_and_the_latest_words_win() -> None:
    e = after(SCENE.e, events.ISSUE_WRITTEN, {"issue": {"state": "open"}}, "person:ana")
    assert e.issue == Issue(
        state=IssueState.OPEN,
        at=AT,
        by="person:ana",
        root_cause="Unknown",
        requires="Manual investigation",
        priority="medium",
    )
    said = {"state": "known", "attempts": ["retry 1"], "retry_count": 1, "due": "2026-12-01"}
    e = after(e, events.ISSUE_WRITTEN, {"issue": said}, "person:ben")
    assert e.issue is not None
    assert (e.issue.state, e.issue.by, e.issue.attempts) == ("known", "person:ben", ("retry 1",))


def test_work_by_hand_is_noted_and_a_rule_is_suspended() -> None:
    e = after(SCENE.e, events.WORK_PROPOSED, {"times": 5}, "andon")
    assert (e.work_proposed_at, e.version) == (AT, SCENE.e.version)
    e = after(e, events.RULE_SUSPENDED, {"why": "failed", "because": "esc_2"}, "andon")
    assert e.suspended == Suspension(at=AT, why="failed", because="esc_2")


def whole() -> Escalation:
    """With everything that memory writes, and what stands in it from the opening on."""
    recalled = Recollection(
        likeness=Likeness.EXACT,
        times=2,
        ended={"go": 2},
        undone=1,
        precedents=(Precedent(id="esc_0", at=AT, option="go", outcome="succeeded", person="ana"),),
    )
    said = {"state": "fixed", "blockers": "x"}
    e = after(reviewed(), events.ISSUE_WRITTEN, {"issue": said}, "person:ana")
    return replace(
        e,
        fingerprint=Fingerprint(version=1, exact="a", template="b", error="c"),
        recalled=recalled,
        runbooks=(Runbook(name="db/locks.md", title="Locks", by="rule"),),
    )


def test_all_of_it_is_read_as_it_was_written() -> None:
    e = whole()
    assert load_text(dump_text(e)) == e


def test_an_erasure_leaves_whose_it_was_and_how_it_stands() -> None:
    left = residue(whole())
    assert left.issue == Issue(
        state=IssueState.FIXED, at=AT, by="person:ana", root_cause=ERASED, requires=ERASED
    )
    assert left.review is not None
    assert left.review.findings == Findings(by="ana", at=AT, root_cause=ERASED, resolved_by=ERASED)
    assert (left.fingerprint, left.runbooks, residue(left)) == (None, (), left)
    due = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    assert due.review is not None
    assert residue(due).review == replace(due.review, remind_at=None)


def test_what_a_rule_decided_names_the_rule() -> None:
    body = {"status": "approved", "effect": "release", "by": "policy", "option": "go"}
    scene = approved()
    e = after(scene.e, events.DECIDED, {**body, "rule": "esc_7"}, "policy:deploys")
    assert e.decision is not None
    assert e.decision.rule == "esc_7"


def test_a_review_is_due_when_all_is_over_and_the_clock_reminds_of_it() -> None:
    """After the first, at half of the time, when it is due, then daily, three times."""
    e = after(SCENE.e, events.REVIEW_OPENED, OPENED, "andon")
    told = []
    while e.due_at is not None:
        now = e.due_at
        tick = Tick(id="cmd_t", escalation_id=e.id)
        done = step(State(escalation=e), tick, SCENE.facts, now)
        assert done.escalation is not None
        e = done.escalation
        told.append([(r.kind, r.by, r.at) for r in done.records])
    days = [SOON, AT + timedelta(days=1.5), *(DUE + timedelta(days=n) for n in range(4))]
    assert [one[0][2] for one in told] == days
    assert {one[0][:2] for one in told} == {(events.REVIEW_REMINDED, "clock")}
