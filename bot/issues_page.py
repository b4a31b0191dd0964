"""An issue or a review as a Markdown page: foreign text only ever inside fences and quotes."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from approvals.escalation import Escalation
from approvals.events import Record
from approvals.memory.issue import cause_told
from approvals.memory.timeline import Happened, timeline
from approvals.memory.values import Findings, Issue, Review
from approvals.showing import visible

#: What a page of ours begins with. Files that begin otherwise are somebody else's.
MARK = "<!-- andon-server issues export"

#: Characters that mean something to a reader of Markdown, in a line of text.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def page(e: Escalation, records: Sequence[Record]) -> str:
    """The whole page, in the order of the seed's template, then what was learned, then when."""
    lines = [f"{MARK}: {e.id} -->", f"# {_line(e.title)}", "", *_head(e)]
    if e.issue is not None:
        lines += ["", "## Issue", "", *_issue(e, e.issue)]
    if e.review is not None:
        lines += ["", "## Review", "", *_review(e.review)]
    lines += ["", "## Timeline", "", *map(_moment, timeline(records))]
    return "\n".join(lines) + "\n"


def name_of(e: Escalation) -> str:
    """`2026-11-12-esc_0190….md`: by the day it ended."""
    return f"{(e.ended_at or e.created_at):%Y-%m-%d}-{e.id}.md"


def _head(e: Escalation) -> Iterator[str]:
    yield f"- Escalation: `{e.id}`"
    yield f"- Service: {_line(e.service)}, {_line(e.environment)}, {_line(e.category)}"
    yield f"- Severity: {e.severity}"
    yield f"- Ended: {e.status}, operation {e.state}, {_at(e.ended_at or e.created_at)}"
    if e.reference:
        yield f"- Reference: {_line(e.reference)}"


def _issue(e: Escalation, issue: Issue) -> Iterator[str]:
    error = e.context.get("error") or {}
    yield f"- State: {issue.state}"
    yield f"- Written: {_at(issue.at)} by {_line(issue.by)}"
    yield f"- Priority: {issue.priority}"
    yield f"- Assignee: {_line(issue.owner) if issue.owner else 'nobody yet'}"
    if issue.due:
        yield f"- Until: {issue.due}"
    yield f"- Retry count: {issue.retry_count}"
    for label, text in (
        ("Error type", error.get("type")),
        ("Error message", error.get("message")),
        ("Scenario", issue.scenario),
        ("Trigger", issue.trigger),
        ("Attempted fixes", "\n".join(issue.attempts)),
        ("Root cause", cause_told(issue, e.review)),
        ("Blockers", issue.blockers),
        ("System state", issue.system_state),
        ("Workarounds", issue.workarounds),
        ("Requires", issue.requires),
    ):
        yield from _text(label, text)


def _review(review: Review) -> Iterator[str]:
    yield f"- Why: {', '.join(review.why)}"
    yield f"- Owner: {_line(review.owner) if review.owner else 'nobody yet'}"
    yield f"- Due: {_at(review.due_at)}"
    if review.findings is None:
        yield "- Not written yet"
    else:
        yield from _findings(review.findings)


def _findings(found: Findings) -> Iterator[str]:
    yield f"- Written: {_at(found.at)} by {_line(found.by)}"
    if found.automatable is not None:
        yield f"- Could be automated: {'yes' if found.automatable else 'no'}"
    for name, worked in found.runbooks_worked.items():
        yield f"- Runbook {_line(name)}: {'worked' if worked else 'did not work'}"
    for label, text in (
        ("Root cause", found.root_cause),
        ("Resolved by", found.resolved_by),
        ("Detected by", found.detected_by),
        ("Earlier detection", found.detect_earlier),
        ("What worked", found.worked),
        ("Runbook to change", found.runbook_change),
    ):
        yield from _text(label, text)
    known = found.known_error
    if known is not None:
        error = ": ".join(filter(None, (known.error_type, known.message)))
        yield from _text("Known error", error)
        if known.recovery is not None:
            yield from ("", f"- Recovery: {known.recovery}")
        yield from _text("Steps", known.steps)


def _moment(one: Happened) -> str:
    quote = f": «{_line(one.quote)}»" if one.quote else ""
    return f"- {_at(one.at)} {_line(one.by)}: {_line(one.words)}{quote}"


def _text(label: str, text: object) -> Iterator[str]:
    """Somebody's words, literal whatever is in them: the fence is longer than any of theirs."""
    said = visible(str(text)).strip() if text else ""
    if said:
        longest = max(map(len, re.findall("`+", said)), default=0)
        fence = "`" * max(3, longest + 1)
        yield from ("", f"**{label}**", "", f"{fence}text", said, fence)


def _line(text: str) -> str:
    """Foreign text within a line, with every sign escaped."""
    return _SIGNS.sub(r"\\\1", " ".join(visible(text).split()))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
