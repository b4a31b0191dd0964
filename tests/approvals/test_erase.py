"""Erase: what was asked and said goes, what proves the decision stays."""

import pytest

from approvals.codec import dump, dump_text, load_text
from approvals.erasing import ERASED, residue
from approvals.events import canonical_text
from approvals.evolve import evolve
from approvals.refusals import Why
from approvals.verdict import Case
from tests.approvals.scene import Scene, case, kinds, why
from tests.approvals.stories import (
    STORIES,
    approved,
    claimed,
    erased,
    pending,
    questioned,
    resolved,
    stopped,
    succeeded,
    unknown_then_failed,
)

OVER = [name for name, story in STORIES.items() if story().e.is_over and name != "erased"]

#: What people and services wrote in the stories, in words that stand nowhere else.
WRITTEN = (
    *(
        "Deploy 41",
        "3 hosts do not answer",
        "because of it",
        "deploy",
        "web",
        "is it tested?",
        "on staging",
    ),
    *("it is tested", "not now", "merge worked", "wrong window", "req@example.com", "alembic"),
    *("the shop is down", "a full disk", "deleted logs", "since ten", "Go slowly", "https://"),
    *("pay", "recovered"),
)


@pytest.mark.parametrize("name", OVER)
def test_nothing_that_was_written_is_left(name: str) -> None:
    scene = STORIES[name]()
    scene.erase()
    left = {k: v for k, v in dump(scene.e).items() if k not in ("plan", "category", "chain")}
    said = canonical_text(left)
    assert [text for text in WRITTEN if f'"{text}' in said] == []


@pytest.mark.parametrize("name", OVER)
def test_what_proves_the_decision_stays(name: str) -> None:
    before = STORIES[name]()
    was = before.e
    before.erase()
    now = before.e
    kept = ("id", "digest", "severity", "status", "state", "created_at", "deadline_at", "plan")
    assert [getattr(now, k) for k in kept] == [getattr(was, k) for k in kept]
    assert [(o.key, o.effect, o.people) for o in now.options] == [
        (o.key, o.effect, o.people) for o in was.options
    ]
    assert [(v.person, v.option, v.at, v.digest) for v in now.votes] == [
        (v.person, v.option, v.at, v.digest) for v in was.votes
    ]
    assert (now.claim, now.decision and now.decision.head) == (
        was.claim,
        was.decision and was.decision.head,
    )
    assert now.version == was.version + 1


@pytest.mark.parametrize("name", OVER)
def test_a_refold_begins_anew_at_the_erasure(name: str) -> None:
    """The bodies before it are gone; the record itself says all that is left."""
    scene = STORIES[name]()
    scene.erase()
    assert evolve(None, scene.records[-1]) == scene.e


@pytest.mark.parametrize("name", OVER)
def test_what_is_left_is_read_back_as_it_was_written(name: str) -> None:
    scene = STORIES[name]()
    scene.erase()
    assert load_text(dump_text(scene.e)) == scene.e
    assert residue(scene.e) == scene.e


def test_who_erased_it_when_and_why_is_on_record() -> None:
    scene = erased()
    done = scene.e.erased
    assert done is not None
    assert (done.by, done.reason, done.at) == ("operator:root", "kept long enough", scene.now)
    assert done.seq == scene.e.seq == len(scene.records)


def test_that_something_was_written_is_no_secret() -> None:
    """An empty reason and an erased one are told apart."""
    scene = Scene().open()
    scene.vote(rationale="it is tested")
    scene.claim()
    scene.report()
    scene.erase()
    assert [v.rationale for v in scene.e.votes] == [ERASED]
    assert scene.e.outcome is not None
    assert (scene.e.outcome.detail, scene.e.summary) == (None, None)


def test_a_requester_the_policy_names_stays_by_that_id() -> None:
    """That nobody decided what they asked for themselves can be shown for ever."""
    scene = erased()
    assert scene.e.requester is not None
    asked = scene.e.requester
    assert (asked.id, asked.person, asked.name, asked.slack) == ("req", "req", None, None)


@pytest.mark.parametrize("story", [pending, approved, claimed, questioned])
def test_what_is_not_over_is_not_erased(story: object) -> None:
    scene = story()  # type: ignore[operator]
    assert why(scene.erase()) is Why.NOT_OVER


@pytest.mark.parametrize("story", [stopped, succeeded, resolved])
def test_a_second_time_changes_nothing(story: object) -> None:
    scene = story()  # type: ignore[operator]
    assert case(scene.erase()) is Case.ERASED
    again = scene.erase()
    assert (case(again), kinds(again)) == (Case.REPEATED, [])


def test_what_came_after_an_erasure_is_erased_by_the_next() -> None:
    """A late report still counts, and what it says may have to go too."""
    scene = claimed()
    scene.pass_(3600).tick()
    scene.erase()
    scene.report("failed", detail="Lena's order")
    assert case(scene.erase()) is Case.ERASED
    assert scene.e.outcome is not None
    assert (scene.e.outcome.result, scene.e.outcome.detail) == ("failed", ERASED)


def test_a_late_report_is_the_same_again_only_before_it_is_erased() -> None:
    """Its words are gone, so another report of it cannot be told from a different one."""
    scene = unknown_then_failed()
    scene.erase()
    assert why(scene.report("failed", undo="none")) is Why.OUTCOME_DIFFERS
