""" "I am looking" holds the chain, decides nothing, and lapses when the work does not go on."""

import pytest

from approvals import events
from approvals.owes import Direct, ThreadLine
from approvals.refusals import Why
from approvals.snapshot import Step
from approvals.verdict import Case
from tests.approvals.chained import ChainScene, called
from tests.approvals.scene import AFTERWARDS, case, kinds, told, why


def looking(second: int = 60) -> ChainScene:
    """Ben looks, a minute after it was asked; for ten minutes."""
    scene = ChainScene()
    scene.opened()
    done = scene.at(second).acknowledge("UBEN")
    assert case(done) is Case.ACKNOWLEDGED
    return scene


def test_an_acknowledgement_decides_nothing() -> None:
    """It is answered, said in the thread and to the one who asked."""
    scene = ChainScene()
    scene.opened()
    done = scene.at(60).acknowledge("UBEN")
    assert (told(done), kinds(done)) == ("acknowledged", [events.ACKNOWLEDGED])
    assert [w.case for w in done.work if isinstance(w, ThreadLine)] == ["acknowledged"]
    assert [(w.to, w.reason) for w in done.work if isinstance(w, Direct)] == [
        ("person:req", "asked for it")
    ]
    assert (scene.e.status, scene.e.votes, scene.e.shown) == ("pending", (), 0)
    assert [look.person for look in scene.e.looks] == ["ben"]


def test_nobody_else_is_called_meanwhile() -> None:
    """The stage that is due waits for the acknowledgement's end."""
    scene = looking(600)
    assert kinds(scene.tick_at(900)) == []
    assert scene.due_in() == 1200


def test_the_chain_goes_on_at_once_when_it_lapses() -> None:
    """One more stage, not all that fell into the time."""
    scene = looking(600)
    done = scene.tick_at(1200)
    assert kinds(done) == [events.LET_GO, events.CHAIN_STEPPED]
    assert (scene.e.chain.taken, scene.e.acknowledged) == (2, None)


def test_a_lapse_brings_the_next_stage_forward() -> None:
    """Whoever looked has gone: others need not wait for the stage's own moment."""
    scene = looking(60)
    assert kinds(scene.tick_at(659)) == []
    assert kinds(scene.tick_at(660)) == [events.LET_GO, events.CHAIN_STEPPED]


def test_after_an_outage_a_lapse_counts_from_its_own_moment() -> None:
    """Stages that were due since are taken as one."""
    scene = looking(60)
    done = scene.tick_at(660 + 1800)
    assert [r.body.get("step") for r in done.records] == [None, 3]
    assert done.records[1].body["skipped"] == [2]


@pytest.mark.parametrize(("second", "stage"), [(2999, 2), (3000, 3)])
def test_after_an_outage_no_stage_was_reached_while_somebody_looked(
    second: int, stage: int
) -> None:
    """The second stage fell into the hold: the third counts from the hold's end, 1200 + 1800."""
    scene = looking(600)
    scene.tick_at(second)
    assert scene.e.chain.taken == stage


def test_a_lapse_after_the_last_stage_ends_the_chain() -> None:
    """Nobody is left to call."""
    scene = ChainScene(plan={"steps": (Step(to=("approvers",)),)})
    scene.opened()
    scene.at(60).acknowledge("UBEN")
    assert kinds(scene.tick_at(660)) == [events.LET_GO, events.CHAIN_ENDED]


def test_after_the_end_of_the_chain_a_lapse_resumes_nothing() -> None:
    """The deadline is what is left."""
    scene = ChainScene()
    scene.opened()
    scene.tick_at(2700)
    scene.tick_at(3600)
    scene.at(4000).acknowledge("UBEN")
    assert kinds(scene.tick_at(4600)) == [events.LET_GO]


@pytest.mark.parametrize("verb", ["vote", "look", "extend", "acknowledge", "reason"])
def test_going_on_with_the_work_holds_it_longer(verb: str) -> None:
    """Whatever the same person does."""
    scene = ChainScene("other")
    scene.opened()
    if verb == "reason":
        scene.vote("UBEN")
    scene.at(60).acknowledge("UBEN")
    scene.at(360)
    match verb:
        case "vote":
            done = scene.vote("UBEN")
        case "look":
            done = scene.look("UBEN")
        case "extend":
            done = scene.extend("UBEN")
        case "reason":
            done = scene.reason("it is tested")
        case _:
            done = scene.acknowledge("UBEN")
    assert why(done) is None
    assert scene.due_in() == 960


def test_what_others_do_holds_nothing() -> None:
    """Only the one who said it is looking."""
    scene = looking(60)
    scene.at(360).look("UANA")
    assert scene.due_in() == 660


def test_looking_again_at_once_is_worth_no_record() -> None:
    """A minute later it is."""
    scene = looking(60)
    assert kinds(scene.at(119).look("UBEN")) == []
    assert kinds(scene.at(120).look("UBEN")) == [events.LOOKED]
    assert scene.due_in() == 720


def test_saying_it_again_is_no_news() -> None:
    """It holds longer; nobody is told twice."""
    scene = looking(60)
    done = scene.at(120).acknowledge("UBEN")
    assert [w for w in done.work if isinstance(w, ThreadLine | Direct)] == []


def test_one_person_looks_at_a_time() -> None:
    """The second hears who, and until when."""
    scene = looking(60)
    done = scene.at(100).acknowledge("UANA")
    assert why(done) is Why.ALREADY_ACKNOWLEDGED
    assert done.refusal is not None
    assert done.refusal.values["by"] == "Ben"
    assert scene.e.acknowledged is not None
    assert scene.e.acknowledged.person == "ben"


def test_somebody_else_may_look_after_a_lapse() -> None:
    """The chain has gone on meanwhile."""
    scene = looking(60)
    done = scene.at(700).acknowledge("UANA")
    assert case(done) is Case.ACKNOWLEDGED
    assert scene.e.acknowledged is not None
    assert scene.e.acknowledged.person == "ana"


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("UREQ", Why.REQUESTER),
        ("UCEM", Why.NOT_IN_GROUP),
        ("USTRANGER", Why.UNKNOWN_ACCOUNT),
    ],
)
def test_only_who_may_decide_looks(account: str, reason: Why) -> None:
    """Anybody else would hold the chain for nothing."""
    scene = ChainScene()
    scene.opened()
    assert why(scene.acknowledge(account)) is reason


def test_a_guest_does_not_look() -> None:
    """From another workspace."""
    scene = ChainScene()
    scene.opened()
    assert why(scene.acknowledge("UBEN", foreign=True)) is Why.NOT_A_MEMBER


def test_after_the_end_the_click_hears_how_it_ended() -> None:
    """Who decided, rather than a rule."""
    scene = ChainScene()
    scene.approved()
    assert why(scene.acknowledge("UANA")) is Why.ALREADY_DECIDED


def test_a_deadline_does_not_wait_for_whoever_looks() -> None:
    """Looking decides nothing."""
    scene = ChainScene(plan={"decide_within_s": 300})
    scene.opened()
    scene.at(60).acknowledge("UBEN")
    assert kinds(scene.tick_at(300)) == [events.DECIDED, *AFTERWARDS]


def test_at_half_of_the_time_only_whoever_looks_is_reminded() -> None:
    """At four fifths everybody who may decide."""
    scene = ChainScene(plan={"decide_within_s": 1000})
    scene.opened()
    scene.at(400).acknowledge("UBEN")
    assert called(scene.tick_at(500)) == ["message person:ben reminder"]
    assert called(scene.tick_at(800)) == [
        "message person:ana reminder",
        "message person:ben reminder",
    ]
