"""Void: after a restore no yes from before counts, and nothing runs on one."""

from approvals.commands import Void
from approvals.refusals import Why
from approvals.step import Step
from approvals.words import OperationState, Status
from tests.approvals.scene import Scene, case, kinds

WHY = "a backup was restored"


def void(scene: Scene) -> Step:
    """The operator's restore."""
    return scene.send(Void, by="operator:root", why=WHY)


def test_an_approval_nobody_has_taken_is_void_and_the_claim_refused() -> None:
    scene = Scene().approved()
    done = void(scene)
    assert kinds(done) == ["vote:voided", "operation:stopped"]
    assert [record.body for record in done.records] == [
        {"person": "ben", "why": WHY, "option": "go", "name": "Ben"},
        {"void": True, "reason": WHY, "people": []},
    ]
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.ABORTED)
    assert scene.e.stopped is not None
    assert (scene.e.stopped.restored, scene.e.stopped.reason) == (True, WHY)
    refused = scene.claim().refusal
    assert refused is not None
    assert refused.why is Why.APPROVAL_VOID


def test_a_vote_for_a_release_counts_no_more_and_may_be_cast_again() -> None:
    scene = Scene("other").open()
    scene.vote("UANA")
    assert kinds(void(scene)) == ["vote:voided"]
    assert (scene.e.status, [v.void for v in scene.e.votes]) == (Status.PENDING, [WHY])
    before = case(scene.vote("UBEN"))
    assert (before, scene.e.status) == ("counted", Status.PENDING)
    scene.vote("UANA")
    assert scene.e.status is Status.APPROVED


def test_what_is_running_or_over_stays_as_it_is() -> None:
    running, over = Scene().approved(), Scene().open()
    running.claim()
    over.vote(option="no")
    assert [kinds(void(scene)) for scene in (running, over)] == [[], []]


def test_a_second_time_changes_nothing() -> None:
    for scene in (Scene().approved(), Scene("other").open()):
        scene.vote("UANA")
        void(scene)
        assert kinds(void(scene)) == []


def test_a_vote_is_void_also_where_nobody_is_known() -> None:
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.nobody_known = True
    assert [record.body["name"] for record in void(scene).records] == [None]
