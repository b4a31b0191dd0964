"""What was learned, or is still to be: on the card that is over, in Details, told and answered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from approvals.escalation import Escalation
from approvals.events import Record
from approvals.memory.issue import ANDON, MANUAL, UNKNOWN, cause_told, may_have_issue
from approvals.memory.owed import TELLING_ENDS
from approvals.memory.timeline import Happened, timeline
from approvals.memory.values import Issue, Review, ReviewWhy
from approvals.people import People
from approvals.refusals import Why
from approvals.verdict import Case
from bot.slack.drawing.about import whose
from bot.slack.drawing.buttons import button, show_button
from bot.slack.drawing.recalled import day_of
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    all_of,
    any_of,
    bold,
    name_of,
    one_line,
    person,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import (
    HAND_REVIEW,
    NOT_RECORDED,
    WRITE_ISSUE,
    WRITE_REVIEW,
)

Values = Mapping[str, Any]
Pieces = list[Span | str]
Sentence = tuple[Line, Sequence[Element]]

_WHYS: Mapping[ReviewWhy, str] = {
    ReviewWhy.CRITICAL: "it was critical",
    ReviewWhy.HIGH: "it was high",
    ReviewWhy.EXPIRED: "nobody decided",
    ReviewWhy.BREAK_GLASS: "the policy was overridden",
    ReviewWhy.FAILED: "it failed after it was approved",
}


def why_reviewed(review: Review) -> str:
    """`it was critical and nobody decided`."""
    return all_of(_WHYS[why] for why in review.why)


def day(at: datetime) -> Span:
    """A day without its hour, in the reader's zone."""
    return Span(text=f"{at.day} {at:%b}", at=at, format="{date_short_pretty}")


# -- the card that is over ------------------------------------------------------------------------


def learned(e: Escalation, people: People) -> list[Block]:
    """What was written down of it, and what is still to be."""
    lines = learned_lines(e, people)
    return [rich(section(*lines), block_id="learned")] if lines else []


def learned_lines(e: Escalation, people: People, most: int = 200) -> list[Line]:
    """`Issue: known. «…»`, `Review due 3 Dec, @Ravi.` or `Reviewed by @Ravi 1 Dec: «…».`"""
    if e.erased is not None:
        return []
    # What nobody wrote down is said by the review, once there is one.
    reviewed = e.review is not None and e.review.findings is not None
    issue = None if e.issue and e.issue.by == ANDON and reviewed else e.issue
    lines = [_issue_line(issue, people, most)] if issue else []
    return [*lines, *([_review_line(e.review, people, most)] if e.review else [])]


def _issue_line(issue: Issue, people: People, most: int) -> Line:
    """What helps most comes first: what was done, else the cause, else what it needs."""
    if issue.by == ANDON:
        by: Pieces = [", ", person(issue.owner, people)] if issue.owner else []
        return [bold("Issue: "), issue.state.value, *by, ". Nobody has written down what was done."]
    known = issue.root_cause if issue.root_cause != UNKNOWN else None
    needs = issue.requires if issue.requires != MANUAL else None
    said = issue.workarounds or known or needs
    line: Pieces = [bold("Issue: "), issue.state.value]
    line += [". ", quoted(said, most)] if said else []
    line += [", ", person(issue.owner, people)] if issue.owner else []
    return [*line, f", by {day_of(issue.due)}." if issue.due else "."]


def _review_line(review: Review, people: People, most: int) -> Line:
    found = review.findings
    if found is not None:
        by, cause = person(found.by, people), quoted(found.root_cause, most)
        return [bold("Reviewed"), " by ", by, " ", day(found.at), ": ", cause, "."]
    whose: Pieces = [", ", person(review.owner, people)] if review.owner else []
    return [bold("Review due "), day(review.due_at), *whose, f": {why_reviewed(review)}."]


def learned_buttons(e: Escalation) -> list[Element]:
    """For everyone on the card; who may not is told why."""
    found = [write_issue_button(e)] if may_have_issue(e) else []
    return [*found, *([write_review_button(e)] if is_due(e) else [])]


def is_due(e: Escalation) -> bool:
    """Whether its review is still to be written."""
    return e.review is not None and e.review.findings is None and e.erased is None


def write_issue_button(e: Escalation) -> Element:
    """Opens the window of the issue."""
    return button(e, "write_issue", WRITE_ISSUE)


def write_review_button(e: Escalation) -> Element:
    """Opens the window of the review."""
    return button(e, "write_review", WRITE_REVIEW)


def hand_review_button(e: Escalation) -> Element:
    """Opens the window that asks for somebody else."""
    return button(e, "hand_review", HAND_REVIEW)


# -- Details --------------------------------------------------------------------------------------


def issue_lines(e: Escalation, people: People) -> list[Line]:
    """The issue whole, in the seed's order."""
    issue = e.issue
    if issue is None:
        return []
    tried: Pieces = [f"{issue.retry_count}"] if issue.retry_count else []
    for one in issue.attempts:
        tried += ["; ", quoted(one, 300)]
    parts: tuple[tuple[str, Pieces], ...] = (
        ("State", [issue.state.value]),
        ("Scenario", _words(issue.scenario)),
        ("Trigger", _words(issue.trigger)),
        ("Tried", tried),
        ("Root cause", _words(cause_told(issue, e.review))),
        ("In the way", _words(issue.blockers)),
        ("System state", _words(issue.system_state)),
        ("What was done", _words(issue.workarounds)),
        ("Needs", _words(issue.requires)),
        ("Owner", [name_of(issue.owner, people)] if issue.owner else []),
        ("Until", [day_of(issue.due)] if issue.due else []),
        ("Priority", [issue.priority]),
    )
    by = "filled in by itself" if issue.by == ANDON else f"by {whose(issue.by, people)}"
    lines: list[Line] = [[bold(f"{label} "), *said] for label, said in parts if said]
    return [*lines, [f"Written {by} ", when(issue.at)]]


def review_lines(e: Escalation, people: People) -> list[Line]:
    """The review whole: why, whose, until when, what it says."""
    review = e.review
    if review is None:
        return []
    lines: list[Line] = [_review_line(review, people, 1000)]
    found = review.findings
    if found is None:
        return lines
    parts = (
        ("Resolved", found.resolved_by),
        ("Detected", found.detected_by),
        ("Earlier detection", found.detect_earlier),
        ("Worked", found.worked),
        ("Runbook to change", found.runbook_change),
    )
    lines += [[bold(f"{label} "), *_words(said)] for label, said in parts if said]
    if found.automatable is not None:
        lines.append([bold("Could be automated "), "yes" if found.automatable else "no"])
    for name, worked in found.runbooks_worked.items():
        lines.append(
            [bold("Runbook "), quoted(name, 100), " worked" if worked else " did not work"]
        )
    known = found.known_error
    if known is not None:
        error = ": ".join(filter(None, (known.error_type, known.message)))
        does: Pieces = [f", recovery {known.recovery.value}"] if known.recovery else []
        steps: Pieces = [": ", *_words(known.steps)] if known.steps else []
        lines.append([bold("Known error "), quoted(error, 300), *does, *steps])
    return lines


def _words(text: str | None) -> Pieces:
    return [quoted(text, 1000)] if text else []


#: Moments of a timeline in one window; those between are counted.
MOST_MOMENTS = 60


def timeline_lines(e: Escalation, records: Sequence[Record], people: People) -> list[Line]:
    """`22:41 Ravi chose migrate: «…»`, oldest first; of very many the first and the last."""
    found = timeline(records)
    lines = [_moment(e, one, people) for one in found]
    half = MOST_MOMENTS // 2
    if len(lines) <= MOST_MOMENTS:
        return lines
    left: Line = [f"… {len(lines) - 2 * half} more …"]
    return [*lines[:half], left, *lines[-half:]]


def _moment(e: Escalation, one: Happened, people: People) -> Line:
    said: Pieces = [": ", quoted(one.quote, 200)] if one.quote else []
    who, words = whose(one.by, people), one_line(one.words, 100)
    return [when(one.at, near=e.created_at, seconds=True), f" {who} {words}", *said]


# -- told -----------------------------------------------------------------------------------------


def _issue_written(e: Escalation, values: Values, people: People) -> Line:
    said = values.get("issue") or {}
    cause = said.get("root_cause") if said.get("root_cause") != UNKNOWN else None
    done = said.get("workarounds") or cause
    line = f"{_name(values)} wrote it down, {one_line(str(said.get('state') or 'open'), 20)}"
    return [f"{line}: ", quoted(str(done), 500)] if done else [f"{line}."]


def _review_opened(e: Escalation, values: Values, people: People) -> Line:
    review = e.review
    if review is None:
        return ["A review is due."]
    whose = f" {name_of(review.owner, people)} writes it." if review.owner else ""
    return ["A review is due ", day(review.due_at), f": {why_reviewed(review)}.{whose}"]


def _review_handed(e: Escalation, values: Values, people: People) -> Line:
    owner = name_of(str(values.get("owner") or ""), people)
    due: Pieces = [", due ", day(e.review.due_at)] if e.review else []
    return [f"{_name(values)} handed the review to {owner}", *due, "."]


def _review_reminded(e: Escalation, values: Values, people: People) -> Line:
    if not is_due(e) or e.review is None:
        return ["The review is written meanwhile."]
    was = "was" if values.get("late") else "is"
    return [f"Its review {was} due ", day(e.review.due_at), f": {why_reviewed(e.review)}."]


def _review_written(e: Escalation, values: Values, people: People) -> Line:
    cause = str((values.get("findings") or {}).get("root_cause") or "")
    return [f"{_name(values)} wrote the review. Root cause: ", quoted(cause, 500)]


def _name(values: Values) -> str:
    return one_line(str(values.get("name") or "Somebody"), 60)


TOLD: Mapping[str, Callable[[Escalation, Values, People], Line]] = {
    "issue-written": _issue_written,
    "review-opened": _review_opened,
    "review-handed": _review_handed,
    "review-reminded": _review_reminded,
    "review-written": _review_written,
}

#: Messages that ask for the review, and say nothing else.
ASKING_FOR_IT = frozenset({"review-opened", "review-handed", "review-reminded"})


def own_review(e: Escalation, case: str, person_id: str | None) -> list[Line]:
    """Under how it ended: that a review is due, for whoever is to write it."""
    review = e.review
    if case not in TELLING_ENDS or not is_due(e) or review is None or review.owner != person_id:
        return []
    return [["A review is due ", day(review.due_at), ", and it is yours."]]


def asks_for_review(e: Escalation, case: str, person_id: str | None) -> bool:
    """Whether the message has the buttons to write the review, or to hand it on."""
    return is_due(e) and (case in ASKING_FOR_IT or bool(own_review(e, case, person_id)))


# -- answered -------------------------------------------------------------------------------------


def _issue_kept(e: Escalation, values: Values, people: People) -> Sentence:
    state = one_line(str(values.get("state") or "open"), 20)
    line = f"Recorded: written down, {state}. It is there when something like it comes again."
    return (line,), ()


def _review_kept(e: Escalation, values: Values, people: People) -> Sentence:
    return ("Recorded: your review. It is no longer due.",), ()


def _handed(e: Escalation, values: Values, people: People) -> Sentence:
    to = one_line(str(values.get("to") or "somebody else"), 60)
    return (f"Recorded: {to} writes the review, and is told.",), ()


def _not_a_writer(e: Escalation, values: Values, people: People) -> Sentence:
    names = [one_line(str(name), 60) for name in values.get("can") or ()]
    can = f" {any_of(names)} can." if names else ""
    line = f"Those write it down who may decide it, asked for it, or answer for {e.service}.{can}"
    return (f"{NOT_RECORDED} {line} Know something they should? Write it in the thread.",), ()


def _no_review(e: Escalation, values: Values, people: People) -> Sentence:
    found = e.review.findings if e.review else None
    if found is None:
        return (f"{NOT_RECORDED} No review is due here.",), [show_button(e)]
    who = name_of(found.by, people)
    return [f"{NOT_RECORDED} {who} wrote the review ", day(found.at), "."], [show_button(e)]


def _not_over(e: Escalation, values: Values, people: People) -> Sentence:
    return (f"{NOT_RECORDED} It is not over yet: first it is decided.",), [show_button(e)]


def _erased(e: Escalation, values: Values, people: People) -> Sentence:
    return (f"{NOT_RECORDED} What it was about was erased; nothing is written to it any more.",), ()


BY_CASE: Mapping[str, Callable[[Escalation, Values, People], Sentence]] = {
    Case.ISSUE_WRITTEN: _issue_kept,
    Case.REVIEW_WRITTEN: _review_kept,
    Case.REVIEW_HANDED: _handed,
    Why.NOT_A_WRITER: _not_a_writer,
    Why.NO_REVIEW: _no_review,
    Why.NOT_OVER: _not_over,
    Why.ALREADY_ERASED: _erased,
}
