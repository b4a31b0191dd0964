"""An incident never expires: a chain in vain is counted, and starts over at its last stage."""

from approvals import events
from approvals.commands import Arrived
from approvals.refusals import Why
from approvals.snapshot import Step
from approvals.verdict import Case
from tests.approvals.chained import STAGES, ChainScene, called
from tests.approvals.scene import TROUBLE, case, kinds, why


def trouble(**plan: object) -> ChainScene:
    """Three hosts do not answer; the chain is as ever."""
    scene = ChainScene(plan=plan)
    scene.body = dict(TROUBLE)
    scene.opened()
    return scene


def test_a_chain_in_vain_starts_over_at_its_last_stage() -> None:
    """Each time as long after as it has to answer; counted once."""
    scene = trouble()
    moments = []
    for second in range(0, 9000, 100):
        done = scene.tick_at(second)
        moments += [(second, r.kind, r.body.get("step")) for r in done.records]
    assert moments == [
        (900, events.CHAIN_STEPPED, 2),
        (1500, events.CHAIN_STEPPED, 2),
        (2700, events.CHAIN_STEPPED, 3),
        (3600, events.CHAIN_ENDED, None),
        (4500, events.CHAIN_STEPPED, 3),
        (5400, events.CHAIN_STEPPED, 3),
        (6300, events.CHAIN_STEPPED, 3),
        (7200, events.CHAIN_STEPPED, 3),
        (8100, events.CHAIN_STEPPED, 3),
    ]


def test_ways_that_fail_at_the_end_bring_nothing_forward() -> None:
    """There is no stage left to turn to: whoever is left is told again in its time."""
    scene = trouble(steps=STAGES[:1])
    for way in ("channel:C0DBA", "person:ana"):
        scene.miss(way)
    scene.tick_at(900)
    before = scene.due_in()
    for way in ("person:ben", "person:cem"):
        assert kinds(scene.at(1000).miss(way)) == [events.MISSED]
    assert (scene.e.is_unheard, scene.due_in()) == (True, before)


def test_an_outage_tells_it_once() -> None:
    """However many of those moments it took."""
    scene = trouble()
    for second in (2700, 3600):
        scene.tick_at(second)
    assert called(scene.tick_at(40_000)) == ["message person:cem step", "message person:dee step"]
    assert scene.due_in() == 40_900


def test_it_does_not_expire_and_reminds_nobody() -> None:
    """Long after its time it is pending."""
    scene = trouble()
    found = set()
    for second in range(0, 30_000, 500):
        found |= set(kinds(scene.tick_at(second)))
    assert scene.e.status == "pending"
    assert found == {events.CHAIN_STEPPED, events.CHAIN_ENDED}


def test_without_a_chain_its_deadline_counts_it_once() -> None:
    """What is low stands in the digest, and in the figures when nobody came."""
    scene = trouble(steps=())
    assert scene.due_in() == 14_400
    assert kinds(scene.tick_at(14_400)) == [events.CHAIN_ENDED]
    assert (scene.due_in(), scene.e.status) == (None, "pending")


def test_whoever_was_called_may_look_after_it() -> None:
    """Somebody whom the chain reached, though no member of any group that was asked."""
    scene = trouble()
    assert why(scene.acknowledge("UDEE")) is Why.NOT_IN_GROUP
    scene.tick_at(2700)
    assert case(scene.acknowledge("UDEE")) is Case.ACKNOWLEDGED
    assert [look.person for look in scene.e.looks] == ["dee"]


def test_whoever_looks_after_it_goes_on_without_being_a_member() -> None:
    """Reading on holds the chain for them too."""
    scene = trouble()
    scene.tick_at(2700)
    scene.acknowledge("UDEE")
    assert kinds(scene.at(3000).look("UDEE")) == [events.LOOKED]
    assert scene.due_in() == 3600


def test_a_guest_looks_after_nothing() -> None:
    """Even where the account was called."""
    scene = trouble()
    scene.tick_at(2700)
    assert why(scene.acknowledge("UDEE", foreign=True)) is Why.NOT_A_MEMBER


def test_a_lapse_after_the_end_goes_on_at_once() -> None:
    """Nobody looks after it any more."""
    scene = trouble()
    scene.tick_at(2700)
    scene.tick_at(3600)
    scene.at(4000).acknowledge("UBEN")
    assert kinds(scene.tick_at(4600)) == [events.LET_GO, events.CHAIN_STEPPED]


def test_an_arrival_moves_no_deadline() -> None:
    """There is none."""
    scene = trouble(steps=(Step(to=("approvers",)),), owners=())
    for way in ("person:ana", "person:ben"):
        scene.miss(way)
    before = scene.e.deadline_at
    done = scene.at(500).send(Arrived)
    assert events.ARRIVED in kinds(done)
    assert scene.e.deadline_at == before


def test_it_cannot_be_extended() -> None:
    """It has no end to move."""
    assert why(trouble().extend()) is Why.NOT_EXTENDABLE


def test_a_click_after_the_end_hears_of_it() -> None:
    """Who resolved it."""
    scene = trouble()
    scene.resolve("UBEN", root_cause="a full disk")
    assert why(scene.acknowledge("UANA")) is Why.ALREADY_TERMINAL
    assert scene.e.due_at is None
