"""After a restore the card and the thread say that nobody's yes counts, and blame no person."""

from approvals.commands import Void
from approvals.owes import REVIEW_DUE, Direct, ThreadLine
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.directs import direct
from bot.slack.drawing.limits import check
from bot.slack.drawing.thread import thread_line
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import Story, later
from tests.bot.slack.drawing.reading import read


def restored() -> Story:
    """A backup was restored before the start."""
    story = ends.approved()
    story.send(Void, later(14), by="operator:root", why="a backup was restored")
    return story


def test_the_card_says_why_it_is_void_and_who_acts_next() -> None:
    story = restored()
    drawn = channel_card(story.escalation, story.people)
    assert check(drawn) == ()
    said = read(drawn)
    assert "VOID" in said
    assert "Approved, but void: a backup was restored." in said
    assert "must ask again." in said
    assert "may no longer decide" not in said


def test_the_thread_says_so_too() -> None:
    story = restored()
    last = [w for w in story.work if isinstance(w, ThreadLine) and w.case != REVIEW_DUE][-1]
    said = thread_line(story.escalation, last.case, last.values, story.people)
    assert check(said) == ()
    assert "The approval is void: a backup was restored." in said.text
    assert "may no longer decide" not in said.text


def test_direct_messages_blame_nobody() -> None:
    story = restored()
    for owed in (w for w in story.work if isinstance(w, Direct)):
        drawn = direct(story.escalation, owed.case, owed.values, story.people)
        assert check(drawn) == ()
        assert "may no longer decide" not in read(drawn)
