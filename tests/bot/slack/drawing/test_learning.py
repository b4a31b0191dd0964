"""What people are asked when something is over, what the card then says, and who is told how."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from approvals.memory.values import (
    Findings,
    Issue,
    IssueState,
    KnownError,
    Review,
    Runbook,
)
from approvals.owes import Direct, ThreadLine
from approvals.refusals import Refusal, Why
from approvals.verdict import Case
from approvals.words import Recovery, Result
from bot.messaging import Message
from bot.slack.drawing import answers, learning, lockscreen, reviews, storm, words
from bot.slack.drawing import home as drawing
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.details import details
from bot.slack.drawing.directs import direct
from bot.slack.drawing.form import View
from bot.slack.drawing.learned import learned_buttons, learned_lines
from bot.slack.drawing.limits import check
from bot.slack.drawing.lists import Reader
from bot.slack.drawing.record import decided_card
from bot.slack.drawing.thread import thread_line
from tests.bot.slack.drawing import ends, states
from tests.bot.slack.drawing.examples import Story, later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

DAY = 24 * 60
RUNBOOKS = (
    Runbook(name="search/reindex.md", title="Reindex documents", by="rule"),
    Runbook(name=f"{'x' * 250}.md", title="Too long a name to ask for", by="rule"),
)


def failed() -> Story:
    """It failed, and two runbooks were linked."""
    story = ends.failed()
    story.escalation = replace(story.escalation, runbooks=RUNBOOKS)
    return story


def written(**given: Any) -> Story:
    """Ravi has written down what he did."""
    story = ends.by_hand()
    usual = {"workarounds": "alembic by hand, in two steps", "due": "2026-12-01", "owner": "UINES"}
    usual["state"] = IssueState.KNOWN
    story.send(
        commands.WriteIssue,
        later(60),
        actor=Actor(account="URAVI"),
        **(usual | given),
    )
    return story


def reviewed(story: Story | None = None) -> Story:
    """Ravi has written the review."""
    story = story or failed()
    story.send(
        commands.WriteReview,
        later(2 * DAY),
        actor=Actor(account="URAVI"),
        root_cause="The index had two mappings of one field.",
        resolved_by="Freed space and ran it again.",
        detected_by="Search was empty.",
        detect_earlier="A check in the deployment.",
        worked="The downgrade.",
        automatable=False,
        runbook_change="search/reindex.md: look at the disk first",
        runbooks_worked={"search/reindex.md": False},
        known_error=True,
        recovery=Recovery.RETRY,
        steps="Free 20 GB, then run it again.",
    )
    return story


def reminded(days: float) -> Story:
    """It was critical, and nobody has written yet."""
    story = failed()
    story.tick(later(days * DAY))
    return story


def _issue(story: Story) -> View:
    return learning.issue_modal(story.escalation, story.people, channel="C1", ts="1.2")


def _review(story: Story) -> View:
    return learning.review_modal(story.escalation, story.people, channel="C1", ts="1.2")


WINDOWS: Mapping[str, Callable[[], View]] = {
    "issue_draft": lambda: _issue(ends.by_hand()),
    "issue_again": lambda: _issue(written()),
    "issue_recovered": lambda: learning.issue_modal(states.recovered(), states.PEOPLE),
    "review": lambda: _review(failed()),
    "review_again": lambda: _review(reviewed()),
    "review_resolved": lambda: learning.review_modal(states.resolved(), states.PEOPLE),
    "hand_review": lambda: learning.hand_modal(failed().escalation, failed().people),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_every_window_asks_as_stored(name: str) -> None:
    view = WINDOWS[name]()
    assert () == check(view)
    assert_stored(f"modal_{name}", view, payload=name in ("issue_again", "review_again"))


def fields(view: View) -> dict[str, object]:
    """What is filled in already, by field."""
    found = {}
    for block in view["blocks"]:
        element = block.get("element", {})
        known = next((element[k] for k in element if k.startswith("initial_")), None)
        if known:
            found[block["block_id"]] = known.get("value") if isinstance(known, dict) else known
    return found


def test_what_is_known_is_filled_in() -> None:
    """From context and events; nobody writes around our own defaults."""
    assert fields(_issue(ends.by_hand())) == {
        "state": "open",
        "scenario": "Schema conflict on search index documents_v3\n"
        "SchemaConflictError: field 'lang' is keyword, expected text",
        "owner": "URAVI",
    }
    assert fields(_issue(written()))["due"] == "2026-12-01"


def test_a_review_starts_from_what_was_written_elsewhere() -> None:
    assert fields(_review(failed())) == {}
    story = written()
    assert fields(_review(story)) == {"resolved_by": "alembic by hand, in two steps"}
    again = fields(_review(reviewed()))
    assert again["runbook:search/reindex.md"] == "no"
    assert (again["automatable"], again["recovery"]) == ("no", "retry")


def test_only_a_name_that_slack_can_carry_is_asked_for() -> None:
    asked = [b["block_id"] for b in _review(failed())["blocks"] if "runbook:" in b["block_id"]]
    assert asked == ["runbook:search/reindex.md"]


def test_an_error_that_nobody_gave_cannot_be_known() -> None:
    story = failed()
    story.escalation = replace(story.escalation, context={})
    asked = {b["block_id"] for b in _review(story)["blocks"]}
    assert not asked & {"known_error", "recovery", "steps", "pattern"}


def test_a_window_carries_where_it_was_opened() -> None:
    carried = json.loads(_review(failed())["private_metadata"])
    assert (carried["c"], carried["t"], carried["e"]) == ("C1", "1.2", failed().escalation.id)


# -- the card -------------------------------------------------------------------------------------


CARDS: Mapping[str, Callable[[], Story]] = {
    "written": written,
    "reviewed": reviewed,
}


@pytest.mark.parametrize("name", CARDS)
def test_the_card_says_what_was_learned(name: str) -> None:
    story = CARDS[name]()
    drawn = channel_card(story.escalation, story.people)
    assert () == check(drawn)
    assert_stored(f"learned_{name}", drawn)


def test_details_tell_all_of_it() -> None:
    story = reviewed(written())
    view = details(story.escalation, story.people)
    assert () == check(view)
    said = read(view)
    for part in ("alembic by hand, in two steps", "A check in the deployment.", "Manual inv"):
        assert part in said
    told = reviewed()
    said = read(details(told.escalation, told.people))
    assert "*Runbook *«search/reindex.md» did not work" in said
    assert "recovery retry: «Free 20 GB, then run it again.»" in said
    assert "*Could be automated *no" in said


def test_a_known_error_may_have_nothing_but_its_words() -> None:
    story = reviewed()
    review = story.escalation.review
    assert review is not None
    assert review.findings is not None
    bare = replace(
        review.findings,
        automatable=None,
        runbooks_worked={"a.md": True},
        known_error=KnownError(error_type=None, message="timeout"),
    )
    e = replace(story.escalation, review=replace(review, findings=bare))
    said = read(details(e, story.people))
    assert "*Known error *«timeout»\n" in said
    assert "«a.md» worked" in said


def test_of_what_is_erased_nothing_is_said_or_asked() -> None:
    story = reviewed()
    story.send(commands.Erase, by="operator:root", reason="kept long enough")
    assert learned_lines(story.escalation, story.people) == []
    assert learned_buttons(story.escalation) == []


# -- told -----------------------------------------------------------------------------------------


def handed() -> Story:
    """Ravi gave the review to Ines."""
    story = failed()
    actor = Actor(account="URAVI")
    story.send(commands.HandReview, later(DAY), actor=actor, owner="UINES")
    return story


TOLD: Mapping[str, tuple[str, Callable[[], Story], str]] = {
    "opened": ("review-opened", ends.rejected, "mia"),
    "handed": ("review-handed", handed, "ines"),
    "reminded": ("review-reminded", lambda: reminded(3), "ravi"),
    "reminded_late": ("review-reminded", lambda: reminded(6), "ravi"),
    "failed": ("reported-failed", ends.failed, "ravi"),
    "failed_for_the_asker": ("reported-failed", ends.failed, "dana"),
}


@pytest.mark.parametrize("name", TOLD)
def test_messages_about_a_review_are_as_stored(name: str) -> None:
    case, tell, person = TOLD[name]
    story = tell()
    sent = [w for w in story.work if isinstance(w, Direct) and w.case == case]
    assert f"person:{person}" in {w.to for w in sent}
    drawn = direct(story.escalation, case, sent[-1].values, story.people, person=person)
    assert () == check(drawn)
    assert_stored(f"direct_review_{name}", drawn)


def test_a_reminder_that_comes_late_says_that_it_is_written() -> None:
    story = reminded(3)
    values = story.told("review-reminded")
    reviewed(story)
    drawn = direct(story.escalation, "review-reminded", values, story.people, person="ravi")
    assert "The review is written meanwhile." in read(drawn)
    assert "Write the review" not in read(drawn)


LINES: Mapping[str, tuple[str, Callable[[], Story]]] = {
    "issue": ("issue-written", written),
    "issue_without_words": (
        "issue-written",
        lambda: written(workarounds="", state=IssueState.OPEN),
    ),
    "review_opened": ("review-opened", ends.failed),
    "review_handed": ("review-handed", handed),
    "review_written": ("review-written", reviewed),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_in_the_thread_are_as_stored(name: str) -> None:
    case, tell = LINES[name]
    story = tell()
    line = next(w for w in story.work if isinstance(w, ThreadLine) and w.case == case)
    drawn = thread_line(story.escalation, case, line.values, story.people)
    assert () == check(drawn)
    assert_stored(f"thread_{name}", drawn)


def test_a_line_about_nothing_any_more_is_still_true() -> None:
    story = failed()
    e = replace(story.escalation, review=None)
    opened = thread_line(e, "review-opened", {}, story.people)
    handed_on = thread_line(e, "review-handed", {"owner": "ines"}, story.people)
    assert opened.text == "A review is due."
    assert handed_on.text == "Somebody handed the review to Ines."
    asked = direct(e, "review-opened", {}, story.people, person="ravi")
    assert asked.text.startswith("Review: ")


# -- answered -------------------------------------------------------------------------------------


ANSWERS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "issue_written": (Case.ISSUE_WRITTEN, {"state": "known"}),
    "review_written": (Case.REVIEW_WRITTEN, {}),
    "review_handed": (Case.REVIEW_HANDED, {"to": "Ines"}),
    "not_a_writer": (Why.NOT_A_WRITER, {"can": ["Ravi", "Ines"]}),
    "not_a_writer_nobody": (Why.NOT_A_WRITER, {}),
    "not_over": (Why.NOT_OVER, {}),
    "already_erased": (Why.ALREADY_ERASED, {}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_as_stored(name: str) -> None:
    case, values = ANSWERS[name]
    drawn = answers.answer(case, values, failed().escalation, failed().people)
    assert () == check(drawn)
    assert_stored(f"answer_{name}", drawn)


def test_there_is_no_review_to_write_or_it_is_written() -> None:
    none = answers.answer(Why.NO_REVIEW, {}, ends.succeeded().escalation, ends.succeeded().people)
    assert none.text.startswith("Not recorded. No review is due here.")
    story = reviewed()
    done = answers.answer(Why.NO_REVIEW, {}, story.escalation, story.people)
    assert "Ravi wrote the review" in done.text


def test_what_is_wrong_is_said_at_its_field() -> None:
    long = Refusal(why=Why.REASON_TOO_LONG, values={"most": 1000, "length": 1312, "field": "steps"})
    assert words.field_errors(long, "write_review") == {
        "steps": "At most 1,000 characters; this has 1,312."
    }
    short = Refusal(why=Why.REASON_NEEDED, values={"field": "resolved_by"})
    assert "resolved_by" in words.field_errors(short, "write_review")
    nobody = Refusal(why=Why.NO_SUCH_PERSON, values={"field": "owner"})
    assert "owner" in words.field_errors(nobody, "hand_review")
    never = Refusal(why=Why.NOT_A_DAY, values={"field": "due"})
    assert words.field_errors(never, "write_issue") == {"due": "That is no day of the calendar."}
    over = Refusal(why=Why.NOT_A_DAY, values={"field": "due", "day": "2026-11-10"})
    assert words.field_errors(over, "write_issue") == {
        "due": "That day is over. Choose one that is to come, or none."
    }
    empty = Refusal(why=Why.REASON_NEEDED, values={"field": "workarounds", "least": 3})
    assert words.field_errors(empty, "write_issue") == {
        "workarounds": (
            "Known is what has a cause or a way round it. Say one of them, or choose open."
        )
    }


def test_what_nobody_wrote_is_not_quoted() -> None:
    """The seed's defaults are nobody's words."""
    story = written(workarounds="", state=IssueState.OPEN)
    card = read(decided_card(story.escalation, story.people, lockscreen.Reader(zone="UTC")))
    assert "*Issue: *open, @UINES, by 1 Dec." in card
    assert "Manual investigation" not in card


def test_a_cause_that_its_review_says_stands_there_alone() -> None:
    story = reviewed(written())
    said = read(details(story.escalation, story.people))
    assert "Root cause" not in said
    assert "The index had two mappings" in said
    assert set(words.empty_errors("write_review", {"root_cause": " "})) == {
        "root_cause",
        "resolved_by",
    }


# -- the list -------------------------------------------------------------------------------------


def reader(story: Story, account: str, *channels: str) -> Reader:
    """Who looks."""
    return Reader(account=account, people=story.people, now=story.now, channels=channels)


def numbered(e: Escalation, n: int, owner: str) -> Escalation:
    """Another one, a little later due."""
    review = e.review
    assert review is not None
    due_at = later(n * DAY)
    return replace(e, id=f"esc_{n:06d}", review=replace(review, owner=owner, due_at=due_at))


def several(count: int = 3) -> tuple[Story, list[Escalation]]:
    """Two of Ravi's, one long due, and others of Ines."""
    story = failed()
    story.now = later(3 * DAY)
    e = story.escalation
    mine = [numbered(e, 9, "ravi"), numbered(e, 1, "ravi")]
    return story, [*mine, *(numbered(e, n + 10, "ines") for n in range(count))]


def test_the_list_of_reviews_is_as_stored() -> None:
    """One's own first, soonest first; what is late says so."""
    story, due = several()
    drawn = reviews.reviews(due, reader(story, "URAVI"))
    assert () == check(drawn)
    assert_stored("reviews", drawn)


def test_what_is_further_off_is_counted() -> None:
    story, due = several(30)
    drawn = reviews.reviews(due, reader(story, "URAVI"))
    assert () == check(drawn)
    assert "12 more are due later." in read(drawn)
    assert sum("Write the review" in line for line in read(drawn).splitlines()) == reviews.MOST


def test_nothing_is_due_for_whoever_sees_none() -> None:
    story, due = several()
    said = "No review is due, of yours or of others you can see."
    assert reviews.reviews(due, reader(story, "UMIA")).text == said
    assert reviews.reviews([], reader(story, "URAVI")).text == said
    assert reviews.reviews([reviewed().escalation], reader(story, "URAVI")).text == said


def test_whose_review_it_is_sees_it() -> None:
    """Though the card is in no channel of theirs."""
    story, due = several()
    mine = [numbered(due[0], 5, "mia")]
    assert reviews.reviews(mine, reader(story, "UMIA")).text.startswith("Reviews due: 1 of yours")
    nobodys = [replace(due[0], review=replace(_due(due[0]), owner=None))]
    assert "nobody yet" in read(reviews.reviews(nobodys, reader(story, "URAVI")))


def _due(e: Escalation) -> Review:
    assert e.review is not None
    return e.review


def test_at_home_only_ones_own_are_shown() -> None:
    story, due = several()
    blocks = reviews.own_reviews(due, reader(story, "URAVI"))
    assert () == check(Message(text="home", blocks=tuple(blocks)))
    assert blocks[0]["text"]["text"] == "Reviews waiting for you: 2"
    assert reviews.own_reviews(due, reader(story, "UMIA")) == []


def test_hostile_words_stay_words() -> None:
    """Whatever is written in an issue or a review is never parsed."""
    evil = "<!channel> <@U1> *bold* :skull: «x» https://evil.example"
    issue = Issue(state=IssueState.KNOWN, at=later(1), by="person:ravi", workarounds=evil)
    findings = Findings(by="ravi", at=later(2), root_cause=evil, resolved_by=evil)
    story = failed()
    e = replace(
        story.escalation, issue=issue, review=replace(_due(story.escalation), findings=findings)
    )
    for drawn in (channel_card(e, story.people), details(e, story.people)):
        parsed = [x for x in everything(drawn) if x.get("type") == "mrkdwn"]
        assert not [x for x in parsed if "evil" in str(x.get("text"))]


def test_a_result_that_is_late_opens_nothing_twice() -> None:
    story = ends.unknown()
    story.report(Result.FAILED, later(100))
    assert [w.case for w in story.work if isinstance(w, ThreadLine)].count("review-opened") == 2
    assert "it was high and it failed" in str(learned_lines(story.escalation, story.people))


def test_the_home_tab_has_ones_own_reviews_before_what_one_asked() -> None:
    story, due = several()
    view = drawing.home([], [], reader(story, "URAVI"), None, due)
    assert () == check(view)
    headings = [b["text"]["text"] for b in view["blocks"] if b["type"] == "header"]
    assert headings[0] == "Reviews waiting for you: 2"


def test_many_endings_in_one_message_say_that_reviews_are_due() -> None:
    _, due = several(6)
    said = read(storm.many_ended(due, "decided-expired"))
    assert "/escalations reviews lists whose reviews are due." in said
    asked = storm.many_ended(due, "review-opened")
    assert asked.text == "search-api: 8 need a review of yours."
    quiet = replace(due[0], review=None)
    assert "/escalations reviews" not in read(storm.many_ended([quiet], "decided-expired"))
