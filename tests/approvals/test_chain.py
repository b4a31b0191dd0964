"""The chain goes on at its moments, to the second; after an outage once, at the last stage due."""

from dataclasses import replace

import pytest

from approvals import events
from approvals.owes import Direct, PostCard, ThreadLine, owes
from approvals.snapshot import Step
from approvals.words import Severity
from tests.approvals.chained import STAGES, ChainScene, called
from tests.approvals.scene import AFTERWARDS, Scene, kinds

STEPPED, ENDED = [events.CHAIN_STEPPED], [events.CHAIN_ENDED]


def test_the_first_stage_is_told_with_the_opening() -> None:
    """The card's channel and everyone who may decide; the next stage waits for its moment."""
    scene = ChainScene()
    done = scene.opened()
    assert called(done) == ["card C0DBA", "card ana", "card ben"]
    assert (scene.e.chain.taken, scene.e.chain.said, scene.due_in()) == (1, 1, 900)


def test_a_plan_without_a_chain_tells_everybody_at_once() -> None:
    """And nothing is due before the deadline."""
    scene = ChainScene(plan={"steps": ()})
    done = scene.opened()
    assert called(done) == ["card C0DBA", "card ana", "card ben"]
    assert "notices" not in done.records[0].body
    assert scene.due_in() == 14_400


@pytest.mark.parametrize(
    ("second", "recorded", "whom"),
    [
        (899, [], []),
        (900, STEPPED, ["page pager", "message person:ana step", "message person:ben step"]),
        (901, STEPPED, ["page pager", "message person:ana step", "message person:ben step"]),
    ],
)
def test_the_second_stage_comes_on_the_second(
    second: int, recorded: list[str], whom: list[str]
) -> None:
    """Neither before its moment nor left out after it."""
    scene = ChainScene()
    scene.opened()
    done = scene.tick_at(second)
    assert (kinds(done), called(done)) == (recorded, whom)


def test_the_whole_chain_in_time() -> None:
    """Each stage and each repeat at its second; then nobody has acted."""
    scene = ChainScene()
    scene.opened()
    moments = []
    for second in range(0, 4000, 50):
        done = scene.tick_at(second)
        moments += [(second, r.kind, r.body.get("step"), r.body.get("said")) for r in done.records]
    assert moments == [
        (900, events.CHAIN_STEPPED, 2, 1),
        (1500, events.CHAIN_STEPPED, 2, 2),
        (2700, events.CHAIN_STEPPED, 3, 1),
        (3600, events.CHAIN_ENDED, None, None),
    ]


def test_what_is_owed_says_why() -> None:
    """Each message and page carries the reason it was sent."""
    scene = ChainScene()
    scene.opened()
    done = scene.tick_at(900)
    reasons = {w.to: w.reason for w in done.work if isinstance(w, Direct)}
    assert reasons == {"person:ana": "may decide (dba)", "person:ben": "may decide (dba)"}


@pytest.mark.parametrize(
    ("second", "step", "said", "skipped", "due"),
    [
        (1499, 2, 1, [], 1499 + 600),
        (1600, 2, 2, [], 1600 + 1800),
        (2700, 3, 1, [2], 2700 + 900),
        (9000, 3, 1, [2], 9000 + 900),
    ],
)
def test_after_an_outage_the_last_stage_due_is_taken_once(
    second: int, step: int, said: int, skipped: list[int], due: int
) -> None:
    """And what follows has its whole time from then."""
    scene = ChainScene()
    scene.opened()
    done = scene.tick_at(second)
    stepped = [r for r in done.records if r.kind == events.CHAIN_STEPPED]
    assert [(r.body["step"], r.body["said"], r.body["skipped"]) for r in stepped] == [
        (step, said, skipped)
    ]
    assert scene.e.chain.next_at is not None
    assert (scene.e.chain.next_at - scene.e.created_at).total_seconds() == due


def test_an_outage_leaves_nobody_out_whom_a_skipped_stage_would_have_reached() -> None:
    """The owners' stage is taken, and the approvers and the page of the one before with it."""
    scene = ChainScene()
    scene.opened()
    assert called(scene.tick_at(2800)) == [
        "page pager",
        "card cem",
        "card dee",
        "message person:ana step",
        "message person:ben step",
    ]


def test_two_moments_of_one_stage_that_were_missed_are_said_once() -> None:
    """The repeats keep their own moments afterwards."""
    stages = (Step(to=("approvers",), repeat=4, every_s=100),)
    scene = ChainScene(plan={"steps": stages})
    scene.opened()
    done = scene.tick_at(250)
    assert [(r.kind, r.body["said"]) for r in done.records] == [(events.CHAIN_STEPPED, 3)]
    assert scene.due_in() == 300


def test_a_stage_wins_over_a_repeat_of_the_same_moment() -> None:
    """One message, for both."""
    stages = (
        Step(to=("approvers",), repeat=3, every_s=300),
        Step(to=("owners",), after_s=600),
    )
    scene = ChainScene(plan={"steps": stages})
    scene.opened()
    scene.tick_at(300)
    done = scene.tick_at(600)
    assert [(r.body["step"], r.body["skipped"]) for r in done.records] == [(2, [])]
    assert called(done) == ["card cem"]


def test_a_chain_may_begin_later() -> None:
    """The first stage has a moment of its own."""
    stages = (Step(to=("channel", "approvers"), after_s=120), *STAGES[1:])
    scene = ChainScene(plan={"steps": stages})
    assert called(scene.opened()) == []
    assert scene.due_in() == 120
    assert called(scene.tick_at(120)) == ["card C0DBA", "card ana", "card ben"]


def test_who_has_a_card_gets_no_second_one() -> None:
    """But a message that rings; who is called for the first time gets the card."""
    scene = ChainScene()
    scene.opened()
    scene.tick_at(900)
    done = scene.tick_at(2700)
    assert [w.target for w in done.work if isinstance(w, PostCard)] == ["cem", "dee"]


def test_who_has_agreed_is_not_called_again() -> None:
    """One of two has voted; the chain calls the other."""
    scene = ChainScene("other", requested_by={"id": "nobody@example.com"}, plan={})
    scene.body["requested_by"] = {"id": "dee"}
    scene.opened()
    scene.vote("UANA")
    done = scene.tick_at(900)
    assert called(done) == ["page pager", "message person:ben step", "message person:req step"]


def test_a_stage_that_reaches_nobody_is_passed_at_once() -> None:
    """Everybody is away and nobody stands in: the next stage does not wait."""
    scene = ChainScene()
    scene.absent("ana", "nobody").absent("ben", "nobody")
    done = scene.opened()
    assert kinds(done) == [events.OPENED, events.CHAIN_STEPPED]
    assert called(done) == ["card C0DBA", "page pager"]
    assert scene.due_in() == 600


def test_the_second_of_two_stages_does_not_wait_for_nobody_either() -> None:
    """The last stage is one that can be passed on to."""
    stages = (Step(to=("approvers",)), Step(to=("owners",), after_s=900))
    scene = ChainScene(plan={"steps": stages})
    scene.absent("ana", "nobody").absent("ben", "nobody")
    done = scene.opened()
    assert kinds(done) == [events.OPENED, events.CHAIN_STEPPED]
    assert called(done)[-1] == "card cem"


def test_a_first_stage_without_anybody_passes_on_to_the_owners() -> None:
    """Stage after stage, until somebody is reached."""
    stages = (
        Step(to=("channel", "approvers")),
        Step(to=("approvers",), after_s=900),
        Step(to=("owners",), after_s=900),
    )
    scene = ChainScene(plan={"steps": stages})
    scene.absent("ana", "nobody").absent("ben", "nobody")
    done = scene.opened()
    assert kinds(done) == [events.OPENED, events.CHAIN_STEPPED, events.CHAIN_STEPPED]
    assert called(done) == ["card C0DBA", "card cem"]
    assert {m.to for m in scene.e.missed} == {"person:ana", "person:ben"}


def test_the_channel_alone_is_a_stage() -> None:
    """It reaches who reads it; nothing is passed over."""
    scene = ChainScene(plan={"steps": (Step(to=("channel",)), STAGES[1])})
    assert called(scene.opened()) == ["card C0DBA"]
    assert scene.due_in() == 900


def test_a_later_stage_of_the_channel_alone_mentions_who_may_decide() -> None:
    """In the thread, for nobody has a message of their own."""
    stages = (Step(to=("channel",)), Step(to=("channel",), after_s=60))
    scene = ChainScene(plan={"steps": stages})
    scene.opened()
    done = scene.tick_at(60)
    assert called(done) == ["mention ana", "mention ben"]


def test_people_with_a_message_of_their_own_are_not_mentioned_as_well() -> None:
    """One mention a person and stage."""
    stages = (STAGES[0], Step(to=("channel", "approvers"), after_s=60))
    scene = ChainScene(plan={"steps": stages})
    scene.opened()
    done = scene.tick_at(60)
    assert called(done) == ["message person:ana step", "message person:ben step"]
    assert [w.case for w in done.work if isinstance(w, ThreadLine)] == ["step"]


def test_the_end_of_the_chain_is_told_to_the_owners_and_in_the_thread() -> None:
    """It is explicit; the approval still waits for its deadline."""
    scene = ChainScene()
    scene.opened()
    scene.tick_at(2700)
    done = scene.tick_at(3600)
    assert kinds(done) == ENDED
    assert called(done) == ["message person:cem unattended"]
    assert [w.case for w in done.work if isinstance(w, ThreadLine)] == ["unattended"]
    assert (scene.e.status, scene.e.chain.next_at) == ("pending", None)
    assert scene.e.chain.ended_at == scene.now


def test_a_deadline_wins_over_a_stage_of_the_same_moment() -> None:
    """Nobody is called for what is over."""
    scene = ChainScene(plan={"decide_within_s": 900})
    scene.opened()
    done = scene.tick_at(900)
    assert kinds(done) == [events.DECIDED, *AFTERWARDS]
    assert "page pager" not in called(done)


def test_nobody_is_called_after_the_end() -> None:
    """A decision ends the chain."""
    scene = ChainScene()
    scene.opened()
    scene.vote("UBEN", "no")
    assert kinds(scene.tick_at(9000)) == []


def test_no_stage_is_taken_while_nobody_was_ever_looked_up() -> None:
    """A server that has just started would find everybody missing; a deadline needs no people."""
    scene = ChainScene()
    scene.opened()
    scene.nobody_known = True
    assert kinds(scene.tick_at(1000)) == []
    scene.nobody_known = False
    assert kinds(scene.tick_at(1001)) == STEPPED
    scene.nobody_known = True
    assert kinds(scene.tick_at(14_400)) == [events.DECIDED, *AFTERWARDS]


def test_any_command_does_first_what_is_due() -> None:
    """A dead clock is only late: the look of somebody takes the stage that is due."""
    scene = ChainScene()
    scene.opened()
    done = scene.at(950).look("UANA")
    assert kinds(done) == [events.CHAIN_STEPPED, events.LOOKED]


def test_an_expiry_is_told_to_whoever_was_called() -> None:
    """And to the one who asked; not to those the chain never reached."""
    scene = ChainScene(plan={"steps": STAGES[:1]})
    scene.absent("ana", "nobody")
    scene.opened()
    done = scene.tick_at(14_400)
    assert [w.to for w in done.work if isinstance(w, Direct) if "expired" in w.case] == [
        "person:ben",
        "person:req",
    ]


def test_a_vote_rings_no_quiet_person() -> None:
    """They may vote as well, and see it in the channel."""
    scene = ChainScene("other", plan={"quiet": ("ben",)})
    scene.opened()
    done = scene.vote("UANA")
    assert [w.to for w in done.work if isinstance(w, Direct)] == ["person:req"]


def test_what_is_low_is_told_to_nobody_alone() -> None:
    """It stands in the digest."""
    scene = Scene().open()
    low = replace(scene.e, severity=Severity.LOW, plan=replace(scene.e.plan, steps=()))
    assert owes(low, scene.records[0]) == ()


def test_whoever_is_away_is_not_mentioned_where_the_channel_is_called() -> None:
    """A mention rings a phone on a beach."""
    stages = (Step(to=("channel",)), Step(to=("channel",), after_s=60))
    scene = ChainScene(plan={"steps": stages})
    scene.opened()
    scene.absent("ana", "nobody")
    assert called(scene.tick_at(60)) == ["mention ben"]


def test_without_chain_and_channel_each_who_may_decide_gets_a_card() -> None:
    """There is nowhere else."""
    assert called(ChainScene(plan={"steps": (), "channel": None}).opened()) == [
        "card ana",
        "card ben",
    ]
