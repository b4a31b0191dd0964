"""The outcome: reported once; silence becomes unknown."""

import pytest

from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState, Result
from tests.approvals.scene import AFTERWARDS, Scene, case, kinds, why


@pytest.mark.parametrize("result", list(Result))
def test_the_service_says_what_became_of_it(result: Result) -> None:
    """In its own words."""
    scene = Scene().approved()
    scene.claim()
    done = scene.report(result.value, detail="0 failed", undo="none")
    assert (case(done), scene.e.state) == (Case.REPORTED, OperationState(result.value))
    assert scene.e.outcome is not None
    assert (scene.e.outcome.detail, scene.e.outcome.undo) == ("0 failed", "none")
    assert scene.e.outcome.by == "svc"


def test_only_what_was_claimed_has_an_outcome() -> None:
    """And only its own service knows it."""
    scene = Scene().approved()
    assert why(scene.report()) is Why.NOT_CLAIMED
    scene.claim()
    assert why(scene.report(service="other")) is Why.NOT_FOUND


def test_the_same_report_again_is_fine_and_another_is_not() -> None:
    """Once, whatever the network does."""
    scene = Scene().approved()
    scene.claim()
    scene.report(detail="done")
    again = scene.report(detail="done")
    assert (case(again), kinds(again)) == (Case.REPEATED, [])
    assert why(scene.report("failed", detail="done")) is Why.OUTCOME_DIFFERS
    assert why(scene.report(detail="done!")) is Why.OUTCOME_DIFFERS


def test_without_a_report_the_outcome_becomes_unknown() -> None:
    """After the rule's time, by the clock."""
    scene = Scene().approved()
    scene.claim()
    scene.pass_(3599).tick()
    assert scene.e.state is OperationState.RELEASED
    scene.pass_(1).tick()
    assert scene.e.state is OperationState.UNKNOWN
    assert scene.e.outcome is not None
    assert (scene.e.outcome.by, scene.e.due_at) == ("clock", None)


def test_a_late_report_replaces_the_unknown() -> None:
    """Better late than never; then it stands."""
    scene = Scene().approved()
    scene.claim()
    scene.pass_(3600)
    done = scene.report("failed")
    assert kinds(done) == ["operation:reported", "operation:reported", *AFTERWARDS]
    assert scene.e.state is OperationState.FAILED
    assert why(scene.report("succeeded")) is Why.OUTCOME_DIFFERS
