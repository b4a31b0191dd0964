"""What is told later: every case that follows from a record, in the thread and directly."""

from collections.abc import Callable, Mapping

import pytest

from approvals.commands import RecheckPeople
from approvals.owes import REVIEW_DUE, Direct, ThreadLine
from bot.slack.drawing.directs import direct
from bot.slack.drawing.limits import check
from bot.slack.drawing.thread import thread_line
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import TRANSFER, Story, later
from tests.bot.slack.drawing.reading import everything
from tests.bot.slack.drawing.stored import assert_stored


def voted() -> Story:
    """One of two agreed."""
    story = Story(TRANSFER)
    story.vote("mia", "release", later(22), rationale="matches the signed invoice")
    return story


def voided() -> Story:
    """The one who agreed left the group."""
    story = voted()
    story.gone = {"mia"}
    story.send(RecheckPeople, later(24))
    return story


STORIES: Mapping[str, Callable[[], Story]] = {
    "voted": voted,
    "voided": voided,
    **{name: tell for name, (tell, _) in ends.ENDS.items()},
}


@pytest.mark.parametrize("name", STORIES)
def test_the_last_thing_told_is_as_stored(name: str) -> None:
    story = STORIES[name]()
    last = [w for w in story.work if isinstance(w, ThreadLine) and w.case != REVIEW_DUE][-1]
    drawn = thread_line(story.escalation, last.case, last.values, story.people)
    assert () == check(drawn)
    assert_stored(f"thread_{name}", drawn)


@pytest.mark.parametrize("name", STORIES)
def test_every_line_in_a_thread_is_known_and_rings_nobody(name: str) -> None:
    story = STORIES[name]()
    for owed in (w for w in story.work if isinstance(w, ThreadLine)):
        drawn = thread_line(story.escalation, owed.case, owed.values, story.people)
        assert () == check(drawn)
        assert "Something changed" not in drawn.text
        assert not [e for e in everything(list(drawn.blocks)) if e.get("type") == "user"]


@pytest.mark.parametrize("name", STORIES)
def test_direct_messages_say_the_end_on_the_lock_screen(name: str) -> None:
    story = STORIES[name]()
    for owed in (w for w in story.work if isinstance(w, Direct)):
        person = owed.to.removeprefix("person:")
        drawn = direct(story.escalation, owed.case, owed.values, story.people, person=person)
        assert () == check(drawn)
        assert "Something changed" not in str(drawn.blocks)


def test_after_the_first_vote_one_more_is_asked_for() -> None:
    story = voted()
    asked = [w for w in story.work if isinstance(w, Direct) and w.case == "one-more"]
    assert {"person:tom", "person:omar"} == {w.to for w in asked}
    drawn = direct(story.escalation, asked[0].case, asked[0].values, story.people, person="tom")
    assert drawn.text == (
        "HIGH production: 1 of 2 agreed: Transfer 90,000.00 EUR to Nordwind GmbH. "
        "One more by 23:30, else aborted."
    )
    assert_stored("direct_one_more", drawn)
