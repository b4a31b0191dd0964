"""Delivery honesty: a way that failed is replaced at once, and lost time eats no deadline."""

import pytest

from approvals import events
from approvals.codec import instant
from approvals.owes import Page, ThreadLine
from approvals.snapshot import Step
from tests.approvals.chained import ChainScene, called
from tests.approvals.scene import AFTERWARDS, kinds

CHANNEL, ANA, BEN = "channel:C0DBA", "person:ana", "person:ben"


def opened(**plan: object) -> ChainScene:
    """Asked; a card in the channel, ana and ben called."""
    scene = ChainScene(plan=plan)
    scene.opened()
    return scene


def unheard(second: int = 5, **plan: object) -> ChainScene:
    """Every way there is has failed; the chain is at its end."""
    scene = opened(steps=(Step(to=("channel", "approvers")),), owners=(), **plan)
    for way in (CHANNEL, ANA, BEN):
        scene.at(second).miss(way, "slack_away")
    assert scene.e.is_unheard
    return scene


def test_a_miss_is_told_to_the_waiting_service() -> None:
    """It is recorded with its reason, and the version rises."""
    scene = opened()
    version = scene.e.version
    scene.at(5).miss(ANA, "channel_not_found")
    assert [(m.to, m.why) for m in scene.e.missed] == [(ANA, "channel_not_found")]
    assert scene.e.version == version + 1


def test_one_failed_way_of_three_waits_for_the_others() -> None:
    """The chain keeps its moments."""
    scene = opened()
    assert kinds(scene.at(5).miss(ANA)) == [events.MISSED]
    assert scene.due_in() == 900


def test_a_way_is_missed_once() -> None:
    """However often it is tried."""
    scene = opened()
    scene.at(5).miss(ANA)
    assert kinds(scene.at(9).miss(ANA, "not_in_channel")) == []


def test_where_all_ways_failed_the_next_stage_is_taken_at_once() -> None:
    """It does not wait for its moment."""
    scene = opened()
    for way in (CHANNEL, ANA):
        scene.at(5).miss(way)
    done = scene.at(5).miss(BEN)
    assert kinds(done) == [events.MISSED, events.CHAIN_STEPPED]
    assert called(done) == ["page pager"]


def test_the_next_own_route_is_used_at_once() -> None:
    """The person is paged with the reason."""
    scene = ChainScene()
    scene.routes["ana"] = ("ana-sms", "ana-call")
    scene.opened()
    first = scene.at(5).miss(ANA)
    assert [(w.route, w.reason) for w in first.work if isinstance(w, Page)] == [
        ("ana-sms", "could not be reached otherwise (channel_not_found)")
    ]
    second = scene.at(9).miss("route:ana-sms", "404")
    assert called(second) == ["page ana-call"]
    third = scene.at(12).miss("route:ana-call", "404")
    assert called(third) == []


def test_while_the_own_route_is_tried_the_next_stage_waits() -> None:
    """The page may be heard."""
    scene = ChainScene(plan={"steps": (Step(to=("person:dee",)), Step(to=("owners",), after_s=9))})
    scene.routes["dee"] = ("dee-sms",)
    scene.opened()
    assert kinds(scene.at(5).miss("person:dee")) == [events.MISSED]


def test_a_route_that_rang_for_the_stage_is_not_rung_again_for_a_person() -> None:
    """Their next one is."""
    scene = ChainScene(plan={"steps": (Step(to=("person:ana", "route:pager")),)})
    scene.routes["ana"] = ("pager", "ana-call")
    scene.opened()
    assert called(scene.at(5).miss(ANA)) == ["page ana-call"]


def test_the_next_stage_is_brought_forward_not_a_repeat_of_the_one_that_failed() -> None:
    """To say the same to nobody once more helps nobody."""
    again = Step(to=("person:dee",), repeat=3, every_s=60)
    scene = ChainScene(plan={"steps": (again, Step(to=("owners",), after_s=900))})
    scene.opened()
    done = scene.at(5).miss("person:dee")
    assert [r.body["step"] for r in done.records if r.kind == events.CHAIN_STEPPED] == [2]


def test_a_page_is_a_way_as_well() -> None:
    """While it has not failed, somebody may have heard."""
    scene = ChainScene(plan={"steps": (Step(to=("approvers",)), Step(to=("owners",), after_s=900))})
    scene.routes["ana"] = ("ana-sms",)
    scene.opened()
    scene.at(5).miss(ANA)
    assert kinds(scene.at(5).miss(BEN)) == [events.MISSED]
    assert kinds(scene.at(9).miss("route:ana-sms", "404")) == [events.MISSED, events.CHAIN_STEPPED]


def test_who_has_only_routes_is_missed_when_the_last_one_fails() -> None:
    """The person, not only the way."""
    scene = ChainScene(plan={"steps": (Step(to=("person:dee",)), Step(to=("owners",), after_s=9))})
    scene.no_account.add("dee")
    scene.routes["dee"] = ("dee-sms",)
    scene.opened()
    done = scene.at(5).miss("route:dee-sms", "404")
    assert [(m.to, m.why) for m in scene.e.missed] == [
        ("route:dee-sms", "404"),
        ("person:dee", "no way left"),
    ]
    assert kinds(done) == [events.MISSED, events.MISSED, events.CHAIN_STEPPED]


def test_later_stages_use_the_route_of_whom_slack_refused() -> None:
    """Not the way that is known to fail."""
    scene = ChainScene()
    scene.routes["ana"] = ("ana-sms",)
    scene.opened()
    scene.at(5).miss(ANA)
    assert called(scene.tick_at(900)) == ["page pager", "page ana-sms", "message person:ben step"]


def test_whoever_could_not_be_reached_while_slack_was_away_is_tried_again() -> None:
    """Once something has arrived."""
    scene = opened()
    scene.at(5).miss(ANA, "slack_away")
    scene.at(70).arrived()
    assert "message person:ana step" in called(scene.tick_at(900))


def test_an_acknowledged_one_is_not_unheard() -> None:
    """Somebody found it: nobody else is called for a failed card."""
    scene = opened()
    scene.at(5).acknowledge("UANA")
    for way in (CHANNEL, ANA):
        scene.at(6).miss(way)
    assert kinds(scene.at(6).miss(BEN)) == [events.MISSED]


def test_nothing_is_missed_after_the_end() -> None:
    """Nobody waits any more."""
    scene = opened()
    scene.vote("UBEN", "no")
    assert kinds(scene.miss(ANA)) == []
    assert kinds(scene.arrived()) == []


# -- the deadline ---------------------------------------------------------------------------------


def test_the_deadline_waits_while_nobody_can_be_reached() -> None:
    """Once, up to the policy's bound; the requester is told."""
    scene = unheard()
    done = scene.tick_at(14_400)
    assert events.DEADLINE_HELD in kinds(done)
    assert scene.e.status == "pending"
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 21_600
    assert "message person:req deadline-held" in called(done)
    assert events.DECIDED not in kinds(scene.tick_at(21_599))


def test_what_reaches_nobody_up_to_the_bound_expires() -> None:
    """Aborted: silence is never consent."""
    scene = unheard()
    scene.tick_at(14_400)
    scene.tick_at(21_600)
    assert (scene.e.status, scene.e.state) == ("expired", "aborted")


def test_an_outage_longer_than_the_bound_ends_it_at_once() -> None:
    """There is nothing left to wait for."""
    scene = unheard()
    done = scene.tick_at(21_600)
    assert kinds(done) == [events.DECIDED, *AFTERWARDS]


def test_a_policy_without_a_bound_holds_nothing() -> None:
    """As before."""
    scene = unheard(undelivered_max_s=0)
    assert kinds(scene.tick_at(14_400))[-3:] == [events.DECIDED, *AFTERWARDS]


def test_a_deadline_does_not_wait_for_those_who_were_reached() -> None:
    """One card of three arrived."""
    scene = opened()
    scene.at(5).miss(ANA)
    scene.at(5).miss(BEN)
    scene.tick_at(14_399)
    assert kinds(scene.tick_at(14_400)) == [events.DECIDED, *AFTERWARDS]


def test_a_deadline_does_not_wait_for_whoever_has_looked() -> None:
    """Somebody found it without a message."""
    scene = unheard()
    scene.at(60).look("UANA")
    scene.tick_at(14_399)
    assert kinds(scene.tick_at(14_400)) == [events.DECIDED, *AFTERWARDS]


@pytest.mark.parametrize(
    ("arrived", "deadline"), [(61, 14_461), (1000, 15_400), (7200, 21_600), (9000, 21_600)]
)
def test_the_time_before_the_arrival_does_not_count(arrived: int, deadline: int) -> None:
    """The whole time from then, up to the bound."""
    scene = unheard()
    before = scene.e.deadline_at
    done = scene.at(arrived).arrived()
    if arrived <= 1000:
        (said,) = (r.body for r in done.records if r.kind == events.ARRIVED)
        assert (said["was"], said["to"]) == (instant(before), instant(scene.e.deadline_at))
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == deadline
    assert scene.e.delivered_at == scene.now
    assert [w.case for w in done.work if isinstance(w, ThreadLine)][-1] == "deadline-moved"


def test_after_it_was_held_an_arrival_may_bring_the_deadline_back() -> None:
    """The bound is the latest it can be, not what anybody is owed."""
    scene = unheard(undelivered_max_s=40_000)
    scene.tick_at(14_400)
    scene.at(15_000).arrived()
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 29_400
    assert scene.e.remind_at is not None
    assert (scene.e.remind_at - scene.e.created_at).total_seconds() == 22_200


def test_what_arrives_within_a_minute_moves_nothing() -> None:
    """It is known to have arrived, no more."""
    scene = unheard()
    scene.at(60).arrived()
    assert (scene.e.is_unheard, scene.due_in()) == (False, 7200)
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 14_400


def test_something_arrives_once() -> None:
    """The first message counts."""
    scene = unheard()
    scene.at(100).arrived()
    assert kinds(scene.at(200).arrived()) == []


def test_an_arrival_takes_no_extension_back() -> None:
    """What an approver gave stays."""
    scene = unheard()
    scene.at(50).extend()
    scene.at(100).arrived()
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 18_000
