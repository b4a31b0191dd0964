"""New facts about people: votes that no longer count, approvals that no longer stand."""

from datetime import timedelta

import pytest

from approvals.people import Absence
from approvals.verdict import Case
from approvals.words import OperationState, Status
from tests.approvals.scene import Scene, case, kinds


def test_the_votes_of_those_who_left_stop_counting() -> None:
    """Why is kept with the vote; the version rises for all to see."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.left.add(("dba", "ana"))
    scene.left.add(("sec", "ana"))
    version = scene.e.version
    assert kinds(scene.recheck()) == ["vote:voided"]
    assert (scene.e.votes[0].void, scene.e.version) == ("left dba", version + 1)
    assert kinds(scene.recheck()) == []
    assert case(scene.vote("UBEN")) is Case.COUNTED


def test_the_votes_of_the_deactivated_stop_counting() -> None:
    """They come back only by a new vote."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.gone.add("ana")
    scene.recheck()
    scene.gone.clear()
    assert kinds(scene.recheck()) == []
    assert scene.e.votes[0].void == "is no longer active"


def test_an_approval_that_loses_its_quorum_is_void_at_once() -> None:
    """Before the claim; the status stays on the record."""
    scene = Scene().approved()
    scene.gone.add("ben")
    assert kinds(scene.recheck()) == ["vote:voided", "operation:stopped"]
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.ABORTED)
    assert scene.records[-1].body["people"] == ["ben"]


def test_an_approval_is_void_when_a_seat_is_lost_by_a_change_of_groups() -> None:
    """Nobody left, yet the quorum is not what it was."""
    scene = Scene("architecture").approved("UANA", "UDEE")
    scene.left.add(("dba", "ana"))
    assert kinds(scene.recheck()) == ["operation:stopped"]


def test_a_void_vote_saves_no_approval() -> None:
    """Dee is back, and has not voted again: the approval stood on cem."""
    scene = Scene("architecture").open()
    scene.vote("UDEE")
    scene.gone.add("dee")
    scene.recheck()
    scene.gone.clear()
    scene.vote("UBEN")
    scene.vote("UCEM")
    assert scene.e.status is Status.APPROVED
    scene.gone.add("cem")
    assert kinds(scene.recheck()) == ["vote:voided", "operation:stopped"]


@pytest.mark.parametrize(
    ("category", "voter", "away", "left"),
    [
        ("architecture", "UANA", (), "left dba and sec"),
        ("other", "UCEM", ("ana", "ben"), "stood in for Ana and Ben, who left dba"),
    ],
)
def test_why_a_vote_fell_names_every_group_and_everyone(
    category: str, voter: str, away: tuple[str, ...], left: str
) -> None:
    """As the thread says it."""
    scene = Scene(category).open()
    until = scene.now + timedelta(hours=1)
    for person in away:
        absence = Absence(person=person, substitute="cem", since=scene.now, until=until)
        scene.absences[person] = absence
    scene.vote(voter)
    scene.left |= {("dba", "ana"), ("dba", "ben"), ("sec", "ana")}
    assert [record.body["why"] for record in scene.recheck().records] == [left]


def test_nobody_who_left_the_policy_altogether_counts() -> None:
    """They are named by their id."""
    scene = Scene("other").open()
    scene.vote("UANA")
    known = scene.policy
    scene.policy = known.model_copy(
        update={"people": {k: v for k, v in known.people.items() if k != "ana"}}
    )
    scene.policy.__dict__.pop("_listed", None)
    done = scene.recheck()
    assert [record.body["name"] for record in done.records] == ["ana"]


def test_old_facts_void_nothing() -> None:
    """Only what is known counts against a vote; the claim will refuse anyway."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.gone.add("ana")
    scene.looked_up = scene.now
    assert kinds(scene.pass_(16 * 60).recheck()) == []


def test_what_has_started_or_is_over_is_left_alone() -> None:
    """The record is what it was."""
    claimed = Scene().approved()
    claimed.claim()
    claimed.gone.add("ben")
    assert kinds(claimed.recheck()) == []
    over = Scene().open()
    over.vote(option="no")
    over.gone.add("ben")
    assert kinds(over.recheck()) == []
