"""Stop: until the claim, whoever may decide may stop what was approved."""

import pytest

from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState, Status
from tests.approvals.scene import Scene, case, incident, kinds, why


def test_any_eligible_approver_may_stop_until_the_claim() -> None:
    """Also one who did not vote; the approval stays on the record."""
    scene = Scene().approved("UBEN")
    done = scene.stop("UANA2", " wrong window ")
    assert (case(done), kinds(done)) == (Case.STOPPED, ["operation:stopped"])
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.ABORTED)
    assert scene.e.stopped is not None
    assert (scene.e.stopped.by, scene.e.stopped.reason) == ("ana", "wrong window")


def test_what_has_started_cannot_be_stopped() -> None:
    """The answer says when it started."""
    scene = Scene().approved()
    scene.claim()
    done = scene.stop()
    assert (why(done), scene.e.state) == (Why.ALREADY_CLAIMED, OperationState.RELEASED)


@pytest.mark.parametrize(
    ("account", "refused"),
    [("UREQ", Why.REQUESTER), ("UCEM", Why.NOT_IN_GROUP), ("USTRANGER", Why.UNKNOWN_ACCOUNT)],
)
def test_who_may_not_decide_may_not_stop(account: str, refused: Why) -> None:
    """One place decides who may act."""
    scene = Scene().approved()
    assert (why(scene.stop(account)), scene.e.state) == (refused, OperationState.HELD)


def test_a_guest_may_not_stop() -> None:
    """Only members of the workspace."""
    for scene in (Scene().approved(), incident().open()):
        assert why(scene.stop("UANA", foreign=True)) is Why.NOT_A_MEMBER


def test_stopping_needs_no_fresh_facts() -> None:
    """Only a release depends on them."""
    scene = Scene(claim_within_s=7200).approved()
    scene.looked_up = scene.now
    assert case(scene.pass_(3600).stop()) is Case.STOPPED


def test_what_is_pending_is_not_stopped_but_decided() -> None:
    """There is an abort option for that."""
    refusal = Scene().open().stop().refusal
    assert refusal is not None
    assert (refusal.why, refusal.values) == (Why.NOT_APPROVED, {"status": "pending"})


def test_stopping_what_is_over_says_how_it_ended() -> None:
    """Rejected, or lapsed on the way."""
    rejected = Scene().open()
    rejected.vote(option="no")
    assert why(rejected.stop()) is Why.ALREADY_DECIDED
    lapsed = Scene().approved()
    lapsed.pass_(900)
    assert why(lapsed.stop()) is Why.ALREADY_DECIDED
    assert lapsed.e.state is OperationState.LAPSED


def test_it_is_stopped_once() -> None:
    """The second is told that it is over."""
    scene = Scene().approved()
    scene.stop("UANA", "first")
    assert why(scene.stop("UBEN", "second")) is Why.ALREADY_DECIDED
    assert scene.e.stopped is not None
    assert scene.e.stopped.reason == "first"
