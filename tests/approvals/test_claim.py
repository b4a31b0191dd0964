"""A claim: the release is taken once, for what was approved, while the approval stands."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.owes import SignGrant
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState, Status
from tests.approvals.scene import Scene, case, kinds, why
from tests.approvals.world import POLICY


def signed(done: Any) -> list[SignGrant]:
    """The grants owed."""
    return [work for work in done.work if isinstance(work, SignGrant)]


def test_what_was_approved_is_taken_once() -> None:
    """A grant is owed in the same step; from then on it runs."""
    scene = Scene().approved()
    done = scene.claim()
    assert (case(done), kinds(done)) == (Case.CLAIMED, ["operation:claimed"])
    assert scene.e.state is OperationState.RELEASED
    assert [g.grant_id for g in signed(done)] == ["gnt_c1"]


def test_the_same_key_again_is_answered_alike() -> None:
    """After a crash, and after what became of it: no second record, no second grant."""
    scene = Scene().approved()
    scene.claim()
    again = scene.claim(grant_id="gnt_other")
    assert (case(again), kinds(again), signed(again)) == (Case.REPEATED, [], [])
    scene.report()
    assert case(scene.claim()) is Case.REPEATED
    scene.pass_(30 * 24 * 3600)
    assert case(scene.claim()) is Case.REPEATED


@pytest.mark.parametrize("change", [{"nonce": "other"}, {"digest": "sha256:" + "f" * 64}])
def test_the_same_key_for_something_else_is_refused(change: dict[str, str]) -> None:
    """It would be another question under an old name."""
    scene = Scene().approved()
    scene.claim()
    assert why(scene.claim(**change)) is Why.KEY_REUSED


def test_another_key_comes_too_late_and_hears_when_it_was_taken() -> None:
    """It is given once."""
    scene = Scene().approved()
    scene.claim("c1")
    done = scene.claim("c2")
    assert why(done) is Why.ALREADY_CLAIMED
    assert done.refusal is not None
    assert done.refusal.values["at"] == "2026-11-12T21:00:00.000000Z"


def test_something_else_than_was_shown_is_not_released() -> None:
    """The refusal is recorded with what was presented, and the approval still stands."""
    scene = Scene().approved()
    other = "sha256:" + "f" * 64
    done = scene.claim(digest=other)
    assert (why(done), kinds(done)) == (Why.DIGEST_MISMATCH, ["refusal:recorded"])
    assert done.records[0].body["values"] == {"presented": other}
    assert case(scene.claim()) is Case.CLAIMED


def test_another_service_finds_nothing() -> None:
    """And leaves no trace."""
    scene = Scene().approved()
    done = scene.claim(service="other")
    assert (why(done), kinds(done)) == (Why.NOT_FOUND, [])


def test_what_nobody_approved_is_not_released() -> None:
    """Pending, rejected, withdrawn, expired: no."""
    pending = Scene().open()
    assert why(pending.claim()) is Why.NOT_APPROVED
    pending.vote(option="no")
    assert why(pending.claim()) is Why.NOT_APPROVED
    back = Scene().open()
    back.withdraw()
    assert why(back.claim()) is Why.NOT_APPROVED
    late = Scene().open()
    late.now = late.e.deadline_at
    assert (why(late.claim()), late.e.status) == (Why.NOT_APPROVED, Status.EXPIRED)


def test_what_was_stopped_is_not_released() -> None:
    """An approver changed their mind in time."""
    scene = Scene().approved()
    scene.stop()
    assert why(scene.claim()) is Why.STOPPED
    assert scene.e.status is Status.APPROVED


@pytest.mark.parametrize(("seconds", "refused"), [(899, None), (900, Why.LAPSED)])
def test_an_approval_lapses(seconds: int, refused: Why | None) -> None:
    """With a dead clock, too: the claim itself lets it lapse."""
    scene = Scene().approved()
    scene.pass_(seconds)
    assert why(scene.claim()) is refused
    assert (scene.e.state is OperationState.LAPSED) == (refused is not None)


def test_facts_that_are_too_old_release_nothing() -> None:
    """It stays held, and may be claimed once people can be looked up."""
    scene = Scene(claim_within_s=3600).approved()
    scene.looked_up = scene.now
    scene.pass_(16 * 60)
    assert (why(scene.claim()), scene.e.state) == (Why.PEOPLE_UNKNOWN, OperationState.HELD)
    scene.looked_up = None
    assert case(scene.claim()) is Case.CLAIMED


@pytest.mark.parametrize("how", ["gone", "left"])
def test_the_yes_of_someone_who_left_releases_nothing(how: str) -> None:
    """Between the last vote and the claim: void, aborted, and approved on the record."""
    scene = Scene().approved()
    if how == "gone":
        scene.gone.add("ben")
    else:
        scene.left.add(("dba", "ben"))
    done = scene.claim()
    assert why(done) is Why.APPROVAL_VOID
    assert kinds(done) == ["vote:voided", "operation:stopped", "refusal:recorded"]
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.ABORTED)
    assert scene.e.votes[0].void is not None
    assert scene.e.stopped is not None
    assert (scene.e.stopped.void, scene.e.stopped.by) == (True, None)
    scene.gone.clear()
    scene.left.clear()
    assert why(scene.claim("c2")) is Why.APPROVAL_VOID


def test_someone_who_changed_groups_no_longer_fills_the_seat() -> None:
    """Still an approver, but of the other group: the quorum is not what it was."""
    scene = Scene("architecture").approved("UANA", "UDEE")
    scene.left.add(("dba", "ana"))
    assert why(scene.claim()) is Why.APPROVAL_VOID


def test_the_loss_of_a_yes_that_was_not_needed_changes_nothing() -> None:
    """It is recorded all the same."""
    third = POLICY.replace('members = ["ana", "ben", "req"]', 'members = ["ana", "ben", "cem"]')
    scene = Scene("other", policy=third).open()
    scene.vote("UANA", "go")
    scene.gone.add("ana")
    scene.vote("UBEN", "go")
    scene.gone.clear()
    scene.vote("UCEM", "go")
    scene.gone.add("ana")
    done = scene.claim()
    assert kinds(done) == ["vote:voided", "operation:claimed"]


def test_a_grant_ends_five_minutes_after_the_claim() -> None:
    """And a report is expected within the hour, unless the rule says otherwise."""
    scene = Scene().approved()
    scene.pass_(100).claim()
    assert scene.e.claim is not None
    assert scene.e.report_until is not None
    assert (scene.e.claim.expires_at - scene.now).total_seconds() == 300
    assert (scene.e.report_until - scene.now).total_seconds() == 3600


def test_what_is_claimed_before_anyone_decided_is_recorded_once() -> None:
    """The first refusal of a kind is an event, repeats are counted."""
    scene = Scene().open()
    assert [kinds(scene.claim()) for _ in range(3)] == [["refusal:recorded"], [], []]


def test_old_facts_refuse_the_claim_in_the_name_of_who_asked() -> None:
    """So a log can tell whose release waits."""
    scene = Scene().approved()
    scene.looked_up = scene.now - timedelta(minutes=16)
    refusal = scene.claim().refusal
    assert refusal is not None
    assert (refusal.why, refusal.who) == (Why.PEOPLE_UNKNOWN, "service:svc")
