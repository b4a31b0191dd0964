"""What a member of a storm owes: one ring for the storm, none for its members."""

import pytest

from approvals import commands, events
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.gathering import BUCKET_MINUTES, owed
from approvals.owes import Direct, Page, PostCard, ThreadLine
from approvals.step import Step, step
from tests.approvals.chained import ChainScene
from tests.approvals.scene import Scene, kinds
from tests.approvals.stories import gathered
from tests.approvals.streams import CHANNEL, Stream, of_kind


def stormy() -> Stream:
    """Eight openings: the last three are members."""
    stream = Stream()
    stream.fill(8)
    return stream


def sent(stream: Stream, at: int, verb: type[commands.Command], **given: object) -> Step:
    """A command about one of them."""
    e = stream.opened[at]
    command = verb(id=f"cmd_x{at}", escalation_id=e.id, **given)
    return step(State(escalation=e), command, stream.scene.facts, stream.scene.now)


def test_members_share_one_card_and_one_ring_a_person() -> None:
    """Owed by each, under one name: the store keeps the first."""
    stream = stormy()
    first, second = stream.steps[-3], stream.steps[-1]
    assert of_kind(first, PostCard) == [PostCard(surface="storm", target=CHANNEL, storm="stm_6")]
    assert of_kind(first, PostCard) == of_kind(second, PostCard)
    rings = [work.once for work in of_kind(first, Direct)]
    assert rings == [
        "storm_stm_6_opened__person_ana",
        "storm_stm_6_opened__person_ben",
    ]
    assert rings == [work.once for work in of_kind(second, Direct)]


def test_the_first_three_have_cards_of_their_own() -> None:
    """They were there before anybody could know."""
    early = stormy().steps[2]
    assert {work.surface for work in of_kind(early, PostCard)} == {"channel", "direct"}
    assert of_kind(early, Direct) == []


def test_without_a_channel_each_person_gets_the_storms_card() -> None:
    """It rings as it is posted."""
    stream = Stream(Scene())
    done = stream.fill(6)[-1]
    assert {(work.surface, work.target) for work in of_kind(done, PostCard)} == {
        ("storm-direct", "ana"),
        ("storm-direct", "ben"),
    }
    assert of_kind(done, Direct) == []


def test_endings_of_members_fall_together_in_one_line_and_one_message_a_person() -> None:
    """Said a little later, with all that ended meanwhile."""
    stream = stormy()
    stream.scene.now = max(e.deadline_at for e in stream.opened)
    one, other = (sent(stream, at, commands.Tick) for at in (-1, -2))
    assert kinds(one) == [events.DECIDED]
    lines, messages = of_kind(one, ThreadLine), of_kind(one, Direct)
    assert [(line.case, line.values["what"]) for line in lines] == [("storm-decided", "expired")]
    assert len({line.once for line in (*lines, *of_kind(other, ThreadLine))}) == 1
    assert {m.once for m in messages} == {m.once for m in of_kind(other, Direct)}
    assert {work.after_s > 0 for work in (*lines, *messages)} == {True}


def test_what_ends_much_later_is_told_again() -> None:
    """Else a storm that lasts would be told of once and then never more."""
    stream = stormy()
    early = sent(stream, -1, commands.Withdraw, service="svc")
    stream.scene.pass_(60 * BUCKET_MINUTES)
    late = sent(stream, -2, commands.Withdraw, service="svc")
    assert of_kind(early, ThreadLine)[0].once != of_kind(late, ThreadLine)[0].once


def test_votes_starts_and_successes_are_counted_on_the_card_and_need_no_line() -> None:
    """A thread of a thousand lines is read by nobody."""
    stream = stormy()
    stream.scene._found = stream.opened[-1]
    done = stream.scene.vote()
    assert stream.scene.e.status == "approved"
    assert of_kind(done, ThreadLine) == []
    assert of_kind(stream.scene.claim(), ThreadLine) == []
    assert of_kind(stream.scene.report(), ThreadLine) == []


def test_a_failure_is_told() -> None:
    """To whoever decided, once for all that fail together."""
    stream = stormy()
    stream.scene._found = stream.opened[-1]
    stream.scene.vote()
    stream.scene.claim()
    done = stream.scene.report("failed")
    assert [line.values["what"] for line in of_kind(done, ThreadLine)] == ["failed"]
    assert "person:ben" in {m.to for m in of_kind(done, Direct)}


def test_one_who_was_gathered_later_shares_what_follows() -> None:
    """Its own card, if it was posted, stays."""
    scene = gathered()
    assert (scene.e.storm_id, scene.e.storm_place, scene.e.version) == ("stm_6", 1, 1)
    scene.now = scene.e.deadline_at
    done = scene.tick()
    assert {m.case for m in of_kind(done, Direct)} == {"storm-decided", "review-opened"}


@pytest.mark.parametrize("story", ["over", "twice"])
def test_what_is_over_or_gathers_already_is_not_gathered(story: str) -> None:
    """A member's storm never changes."""
    scene = gathered()
    if story == "over":
        scene = Scene().open()
        scene.withdraw()
    before: Escalation = scene.e
    done = scene.send(commands.Gather, storm="stm_9", place=4)
    assert (kinds(done), scene.e) == ([], before)


def test_what_concerns_one_alone_stays_its_own() -> None:
    """Grant and callback are never shared."""
    stream = Stream(Scene(callback_url="https://x.example/andon"))
    stream.fill(6)
    scene = stream.scene
    voted, claimed = scene.vote(), scene.claim()
    found = {type(work).__name__ for done in (voted, claimed) for work in done.work}
    assert {"Callback", "SignGrant", "AnswerClick"} <= found
    context = scene.tell(rollback="none").records[0]
    assert owed(scene.e, context) == ()


def with_a_chain() -> Scene:
    """A member of a storm whose chain pages somebody at its second stage."""
    scene = ChainScene()
    scene.opened()
    scene.send(commands.Gather, storm="stm_6", place=1)
    return scene


def test_a_stage_of_a_member_is_said_and_paged_once_for_the_storm() -> None:
    """Named by stage and time, so that the next stage is another message."""
    scene = with_a_chain()
    scene.pass_(900)
    done = scene.tick()
    assert [line.values["what"] for line in of_kind(done, ThreadLine)] == ["2.1"]
    (page,) = of_kind(done, Page)
    assert (page.route, page.values["storm"], page.values["what"]) == ("pager", "stm_6", "2.1")
    assert page.once == "storm_stm_6_stepped_2.1_pager"


def test_a_reminder_of_a_member_is_named_by_what_is_gone() -> None:
    """Half, or four fifths."""
    scene = with_a_chain()
    scene.pass_(7200)
    found = [work.values["what"] for work in of_kind(scene.tick(), Direct)]
    assert "half" in found


def test_a_chain_in_vain_is_said_once_for_the_storm() -> None:
    """There is one end of it."""
    scene = with_a_chain()
    for seconds in (2700, 900):
        scene.pass_(seconds)
        done = scene.tick()
    assert [line.values["what"] for line in of_kind(done, ThreadLine)] == [""]
