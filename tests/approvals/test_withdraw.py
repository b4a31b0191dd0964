"""Withdraw: who asked takes the question back, as the service or as the person."""

from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import DecidedBy, OperationState, Status
from tests.approvals.scene import Scene, case, why


def test_the_service_takes_it_back() -> None:
    """Nothing runs; the reason is kept."""
    scene = Scene().open()
    done = scene.withdraw(reason=" merge worked ")
    assert (case(done), scene.e.status) == (Case.WITHDRAWN, Status.WITHDRAWN)
    assert scene.e.state is OperationState.ABORTED
    assert scene.e.decision is not None
    assert (scene.e.decision.by, scene.e.decision.reason) == (DecidedBy.REQUESTER, "merge worked")


def test_the_requester_takes_it_back_with_any_account() -> None:
    """And is named on the record."""
    scene = Scene().open()
    assert case(scene.withdraw("UREQ2")) is Case.WITHDRAWN
    assert scene.e.decision is not None
    assert scene.e.decision.people == ("req",)


def test_a_requester_who_is_not_in_the_policy_takes_it_back_by_account() -> None:
    """The account itself is who asked."""
    scene = Scene(requested_by={"id": "new", "slack": "UNEW"}).open()
    assert case(scene.withdraw("UNEW")) is Case.WITHDRAWN
    assert scene.records[-1].by == "account:UNEW"
    assert scene.e.decision is not None
    assert scene.e.decision.people == ()


def test_nobody_else_takes_it_back() -> None:
    """Neither an approver nor another service nor the requester as a guest."""
    scene = Scene().open()
    assert why(scene.withdraw("UBEN")) is Why.NOT_YOUR_VOTE
    assert why(scene.withdraw("UREQ", foreign=True)) is Why.NOT_YOUR_VOTE
    assert why(scene.withdraw(service="other")) is Why.NOT_FOUND
    assert scene.e.status is Status.PENDING


def test_what_is_over_cannot_be_taken_back() -> None:
    """The service hears that, the person hears who decided."""
    scene = Scene().approved()
    assert why(scene.withdraw()) is Why.ALREADY_TERMINAL
    assert why(scene.withdraw("UREQ")) is Why.ALREADY_DECIDED
