"""The windows in which people write down what was learned: the issue, the review, whose it is.

What is known already is filled in; whoever writes corrects it. Names of the fields are those of the
core's commands, so that what the core says of one stands at it.
"""

from collections.abc import Iterator, Mapping

from approvals.decide.write_review import error_pattern
from approvals.escalation import Escalation
from approvals.memory.issue import MANUAL, UNKNOWN, drafted
from approvals.memory.values import Findings, Issue, IssueState
from approvals.people import People
from approvals.words import Recovery
from bot.slack.drawing.about import asker_name
from bot.slack.drawing.form import (
    View,
    choice,
    chosen_day,
    chosen_person,
    filled,
    menu,
    metadata,
    modal,
    sentence,
    small_print,
    tick,
)
from bot.slack.drawing.learned import day, why_reviewed
from bot.slack.drawing.spans import (
    Block,
    Line,
    all_of,
    bold,
    name_of,
    one_line,
    quoted,
    rich,
    section,
)
from bot.slack.drawing.words import (
    AUTOMATABLE,
    AUTOMATED,
    BLOCKERS,
    DETECT_EARLIER,
    DETECTED_BY,
    DUE,
    HAND_REVIEW,
    KNOWN_ERROR,
    OWNER,
    RECOVERY,
    REQUIRES,
    RESOLVED_BY,
    ROOT_CAUSE,
    RUNBOOK,
    RUNBOOK_CHANGE,
    SCENARIO,
    STATE,
    STEPS,
    WORKAROUNDS,
    WORKED,
    WORKED_OR_NOT,
    WRITE_ISSUE,
    WRITE_REVIEW,
)

_STATES: Mapping[str, str] = {
    IssueState.OPEN: "Open: nobody knows why yet, or what to do",
    IssueState.KNOWN: "Known: the cause, or a way round it",
    IssueState.FIXED: "Fixed: it should not come again",
}

_RECOVERIES: Mapping[str, str] = {
    Recovery.KNOWN_FIX: "A proven fix",
    Recovery.IDEMPOTENT: "Safe to do twice",
    Recovery.RESTART: "Start it again",
    Recovery.CACHE: "Clear a cache",
    Recovery.CLEANUP: "Free what nobody needs",
    Recovery.RETRY: "Try again, with pauses",
}

#: Characters of an id of a block, at Slack.
_LONGEST_NAME = 255 - len(RUNBOOK)


def issue_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """What stayed unresolved: how it stands, what was done, what it needs, whose it is."""
    issue = e.issue or drafted(e)
    cause, needs = _own(issue.root_cause), _own(issue.requires)
    blocks = [
        rich(section(*_known(e, issue)), block_id="consequence"),
        filled(choice(STATE, "How does it stand?", _STATES, optional=False), issue.state),
        _text(SCENARIO, "What happened?", issue.scenario),
        _text(WORKAROUNDS, "What was done, or what helps?", issue.workarounds),
        _text(ROOT_CAUSE, "Root cause", cause, hint="Empty: unknown."),
        _text(BLOCKERS, "What stands in the way?", issue.blockers),
        _text(REQUIRES, "What does it need?", needs, hint="Empty: manual investigation."),
        chosen_person(OWNER, "Whose is it?", _account(issue.owner, people), optional=True),
        chosen_day(DUE, "Until when?", issue.due),
        small_print(e),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("write_issue", WRITE_ISSUE, blocks, metadata=carries, submit="Keep it")


def _text(name: str, label: str, before: str | None, *, hint: str | None = None) -> Block:
    """A text that may stay empty, with what is known already."""
    return filled(sentence(label, block_id=name, hint=hint, optional=True), before)


def _known(e: Escalation, issue: Issue) -> list[Line]:
    """What people need not write: it is on record."""
    lines: list[Line] = [[quoted(e.title, 150), ". Filled in from what is known: correct it."]]
    if issue.trigger:
        lines.append([bold("Set off by "), quoted(issue.trigger, 200)])
    if issue.attempts:
        often = f"{issue.retry_count} times, last " if issue.retry_count > 1 else ""
        lines.append([bold("Tried "), often, quoted(issue.attempts[-1], 200)])
    if issue.system_state:
        lines.append([bold("State "), quoted(issue.system_state, 200)])
    return lines


def _own(text: str) -> str | None:
    """No text of ours to write around."""
    return None if text in (UNKNOWN, MANUAL) else text


def _account(person: str | None, people: People) -> str | None:
    known = people.persons.get(person or "")
    return known.accounts[0] if known and known.accounts else None


def review_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """What was learned: cause, resolution, detection, what worked, what to change."""
    said = e.review.findings if e.review else None
    why = f": {why_reviewed(e.review)}" if e.review else ""
    blocks = [
        rich(
            section([quoted(e.title, 150), f"{why}."], *_written(said, people)),
            block_id="consequence",
        ),
        *_cause(e, said, people),
        *(_text(name, label, getattr(said, name, None)) for name, label in _ASKED),
        _automatable(said),
        _text(
            RUNBOOK_CHANGE,
            "Which runbook to change, and how?",
            said.runbook_change if said else None,
        ),
        *_runbooks(e, said),
        *_known_error(e, said),
        small_print(e),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("write_review", WRITE_REVIEW, blocks, metadata=carries, submit="Keep it")


def _written(said: Findings | None, people: People) -> list[Line]:
    """Who writes again is told that it is a change."""
    if said is None:
        return []
    by = f"Written by {name_of(said.by, people)} "
    return [[by, day(said.at), ". What you send counts from now on; the record keeps both."]]


#: What may stay empty of a review: field of the findings, and how it is asked.
_ASKED = (
    (DETECTED_BY, "How was it noticed?"),
    (DETECT_EARLIER, "How could it be noticed earlier?"),
    (WORKED, "What worked?"),
)


def _cause(e: Escalation, said: Findings | None, people: People) -> Iterator[Block]:
    """What has to be said, as far as somebody has said it elsewhere."""
    cause, by_hand = _learned_before(e)
    readers = all_of(name for name in (asker_name(e, people), e.service) if name)
    hint = f"Kept with your name. {readers} will read it."
    asked = sentence("Root cause", block_id=ROOT_CAUSE, hint=hint)
    yield filled(asked, said.root_cause if said else cause)
    asked = sentence("How was it resolved?", block_id=RESOLVED_BY)
    yield filled(asked, said.resolved_by if said else by_hand)


def _automatable(said: Findings | None) -> Block:
    offered = {key: words for key, (words, _) in AUTOMATED.items()}
    kept = said.automatable if said else None
    before = next((key for key, (_, does) in AUTOMATED.items() if does == kept), None)
    asked = choice(AUTOMATABLE, "Could it be automated?", offered, optional=True)
    return filled(asked, before if said else None)


def _learned_before(e: Escalation) -> tuple[str | None, str | None]:
    """Cause and resolution as somebody wrote them elsewhere already."""
    done = e.resolution
    if done is not None:
        return done.root_cause, done.by_hand
    return (_own(e.issue.root_cause), e.issue.workarounds) if e.issue else (None, None)


def _runbooks(e: Escalation, said: Findings | None) -> Iterator[Block]:
    """One question each, as far as Slack can carry its name."""
    for book in e.runbooks:
        if len(book.name) <= _LONGEST_NAME:
            worked = said.runbooks_worked.get(book.name) if said else None
            label = f"Did the runbook work? {one_line(book.title, 100)}"
            asked = choice(f"{RUNBOOK}{book.name}", label, WORKED_OR_NOT, optional=True)
            before = None if worked is None else "yes" if worked else "no"
            yield filled(asked, before)


def _known_error(e: Escalation, said: Findings | None) -> Iterator[Block]:
    """Only where an error was given: then it can be known again."""
    pattern, before = error_pattern(e), said.known_error if said else None
    if pattern is None:
        return
    error = ": ".join(filter(None, (pattern.error_type, pattern.message)))
    named: Line = [bold("Its error, without what changes each time: "), quoted(error, 300)]
    yield rich(section(named), block_id="pattern")
    yield tick(KNOWN_ERROR, "Known error", "From now on this is a known error", before is not None)
    asked = menu(RECOVERY, "What may run by itself, where the policy lets it?", _RECOVERIES)
    yield filled(asked, before.recovery if before else None)
    yield _text(STEPS, "What to do by hand", before.steps if before else None)


def hand_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """Who writes the review instead."""
    told: Line = [quoted(e.title, 150), ": whoever you choose is told, and reminded."]
    blocks = [
        rich(section(told), block_id="consequence"),
        chosen_person(OWNER, "Who writes the review?", None, optional=False),
        small_print(e),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("hand_review", HAND_REVIEW, blocks, metadata=carries, submit="Hand it on")
