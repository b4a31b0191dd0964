"""A group that Slack would not tell: what is not known counts against release, and ends nothing."""

import pytest

from approvals.refusals import Why
from approvals.words import OperationState, Status
from tests.approvals.scene import Scene, case, glass, kinds, why


def test_nobody_is_known_to_be_in_it_so_nobody_decides_and_nobody_is_told_they_are_not() -> None:
    """They may tap again when it is known."""
    scene = Scene().open()
    scene.unread.add("dba")
    for account in ("UBEN", "UCEM"):
        assert why(scene.vote(account)) is Why.PEOPLE_UNKNOWN
    scene.unread.clear()
    assert why(scene.vote("UBEN")) is None


def test_the_other_group_goes_on() -> None:
    """Only the seat of the one is open still."""
    scene = Scene("architecture").open()
    scene.unread.add("dba")
    assert why(scene.vote("UCEM")) is None
    assert scene.e.status is Status.PENDING
    scene.unread.clear()
    scene.vote("UBEN")
    assert scene.e.status is Status.APPROVED


def test_a_vote_is_not_void_because_nobody_knows() -> None:
    """It does not count meanwhile, and counts again afterwards."""
    scene = Scene("other").open()
    scene.vote("UBEN")
    scene.unread.add("dba")
    assert kinds(scene.recheck()) == []
    scene.unread.clear()
    scene.vote("UANA")
    assert scene.e.status is Status.APPROVED


def test_whoever_is_known_to_be_deactivated_loses_their_vote_all_the_same() -> None:
    """That is known."""
    scene = Scene("other").open()
    scene.vote("UBEN")
    scene.unread.add("dba")
    scene.gone.add("ben")
    assert kinds(scene.recheck()) == ["vote:voided"]


@pytest.mark.parametrize("gone", [set(), {"ben"}])
def test_an_approval_waits_to_be_taken_until_the_group_is_known(gone: set[str]) -> None:
    """Nothing runs meanwhile; and it is not thrown away."""
    scene = Scene().approved()
    scene.unread.add("dba")
    scene.gone |= gone
    scene.recheck()
    assert why(scene.claim()) is Why.PEOPLE_UNKNOWN
    assert scene.e.state is OperationState.HELD
    scene.unread.clear()
    taken = scene.claim()
    if gone:
        assert why(taken) is Why.APPROVAL_VOID
    else:
        assert case(taken) == "claimed"


def test_an_approval_of_people_the_file_lists_is_taken() -> None:
    """An unread group that it does not need hinders nothing."""
    scene = Scene().approved()
    scene.unread.add("sec")
    assert why(scene.claim()) is None


def test_an_override_waits_for_the_group_that_may_override() -> None:
    """It is not taken for void, and not taken."""
    scene = glass()
    scene.break_glass("UCEM")
    scene.break_glass("UDEE")
    scene.unread.add("sec")
    assert kinds(scene.recheck()) == []
    assert why(scene.claim()) is Why.PEOPLE_UNKNOWN
    assert scene.e.state is OperationState.HELD
    scene.unread.clear()
    assert case(scene.claim()) == "claimed"


def test_of_two_votes_only_that_of_the_deactivated_falls() -> None:
    """Whoever voted first."""
    scene = Scene("other").approved("UBEN", "UANA")
    scene.unread.add("dba")
    scene.gone.add("ana")
    done = scene.claim()
    assert why(done) is Why.PEOPLE_UNKNOWN
    assert kinds(done) == ["vote:voided", "refusal:recorded"]
    assert [vote.person for vote in scene.e.votes if vote.void] == ["ana"]
    assert done.refusal is not None
    assert done.refusal.who == "service:svc"


def test_a_group_that_the_policy_of_today_does_not_have_has_nobody_in_it() -> None:
    """Whoever is in another one decides for that."""
    scene = Scene("architecture").open()
    known = scene.policy
    scene.policy = known.model_copy(update={"groups": {"dba": known.groups["dba"]}})
    scene.policy.__dict__.pop("_listed", None)
    assert case(scene.vote("UBEN")) == "counted"
    assert scene.e.votes[0].groups == ("dba",)
    assert why(scene.vote("UCEM")) is Why.NO_LONGER_ELIGIBLE
