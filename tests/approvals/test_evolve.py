"""The fold: the same records give the same escalation; quiet ones change nothing public."""

from dataclasses import replace

import pytest

from approvals import events
from approvals.codec import dump, parse_instant
from approvals.escalation import Escalation
from approvals.events import GENESIS, QUIET, Event, link
from approvals.evolve import evolve
from tests.approvals.scene import Scene
from tests.approvals.stories import STORIES, pending


@pytest.mark.parametrize("name", STORIES)
def test_the_records_alone_give_the_escalation_back(name: str) -> None:
    """Refolding equals what the steps made: it reads bodies, never clock, policy or facts."""
    scene = STORIES[name]()
    folded: Escalation | None = None
    for record in scene.records:
        folded = evolve(folded, record)
    assert folded is not None
    assert dump(folded) == dump(scene.e)


@pytest.mark.parametrize("name", STORIES)
def test_every_record_moves_the_chain_and_only_loud_ones_the_version(name: str) -> None:
    """Looks and refusals are nobody's news."""
    scene = STORIES[name]()
    loud = [record for record in scene.records if record.kind not in QUIET]
    last = scene.records[-1]
    assert (scene.e.seq, scene.e.head) == (len(scene.records), last.hash)
    assert (scene.e.version, scene.e.updated_at) == (len(loud), last.at)


def test_the_stories_tell_every_kind_of_record_but_a_few() -> None:
    """A join is told where opening is tested, what rules learn in `memory.test_learned`."""
    told = {record.kind for story in STORIES.values() for record in story().records}
    named = {v for k, v in vars(events).items() if k.isupper() and isinstance(v, str)} - {GENESIS}
    assert named - told == {events.JOINED, events.WORK_PROPOSED, events.RULE_SUSPENDED}


def test_only_context_and_answers_make_a_card_out_of_date() -> None:
    """Counts, joins and questions do not: `shown` rises when what is to be judged changes."""
    for name, story in STORIES.items():
        scene = story()
        judged = (events.CONTEXT_ADDED, events.ANSWERED)
        added = sum(record.kind in judged for record in scene.records)
        assert (scene.e.shown, len(scene.e.changes)) == (added, added), name


def test_a_chain_begins_with_its_opening() -> None:
    """Anything else is not a chain."""
    event = Event(kind=events.LOOKED, at=pending().now, by="person:ana", body={"person": "ana"})
    record = link(event, escalation_id="esc_1", seq=1, prev=GENESIS, command={})
    with pytest.raises(KeyError, match="a chain begins with escalation:opened"):
        evolve(None, record)


def test_a_kind_of_another_version_is_not_guessed_at() -> None:
    """Better no answer than a wrong one."""
    scene = pending()
    strange = replace(scene.records[0], kind="escalation:teleported")
    with pytest.raises(KeyError):
        evolve(scene.e, strange)


def test_the_moments_of_the_clock_come_from_the_records() -> None:
    """Not from when they are read."""
    scene = Scene().approved()
    decided = next(r for r in scene.records if r.kind == events.DECIDED)
    assert scene.e.claim_until == parse_instant(decided.body["claim_until"])
