"""The earlier ones, fresh and closest first: what was asked, what people chose and why, what
became of it. In a window; they inform, and nothing in it decides.
"""

from collections.abc import Iterator, Mapping, Sequence

from approvals.escalation import Escalation
from approvals.memory.ports import Match
from approvals.memory.remembering import Remembered
from approvals.memory.values import Findings, Likeness
from approvals.people import People
from approvals.words import DecidedBy, Result, Status
from bot.slack.drawing.buttons import show_other_button
from bot.slack.drawing.form import View, metadata, modal
from bot.slack.drawing.recalled import is_known, issue_line
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    all_of,
    bold,
    context,
    name_of,
    one_line,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import CLOSE, SHOW

#: Earlier ones in one window.
MOST = 10

_LIKE: Mapping[Likeness | None, str] = {
    Likeness.EXACT: "the same",
    Likeness.TEMPLATE: "with other values",
    Likeness.ERROR: "the same error",
    None: "alike in words or kind",
}
_BECAME: Mapping[Result, str] = {
    Result.SUCCEEDED: "Succeeded.",
    Result.FAILED: "It failed.",
    Result.UNKNOWN: "What became of it is unknown.",
}
_NOBODY_CHOSE: Mapping[Status, str] = {
    Status.EXPIRED: "Nobody decided.",
    Status.WITHDRAWN: "Taken back.",
    Status.RESOLVED: "Resolved.",
}

Pieces = list[Span | str]


def earlier_modal(
    e: Escalation,
    found: Sequence[Match],
    unread: int,
    people: People,
    *,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """Those the person may read, closest first; `unread`: how many more there are for others."""
    blocks = [block for n, one in enumerate(found) for block in _entry(n, one, people)]
    return modal(
        "earlier",
        "Earlier ones",
        [*blocks, context(_foot(len(found), unread), block_id="foot")],
        metadata=metadata(e, channel=channel, ts=ts),
        close=CLOSE,
    )


def _foot(shown: int, unread: int) -> str:
    """No silent end: what the person may not read is counted, not named."""
    if not shown and not unread:
        return "None of them is kept any more."
    others = f"{unread:,} more that you cannot read" if unread else ""
    closest = f"{shown:,}, closest first" if shown else ""
    return f"{'; '.join(filter(None, (closest, others)))}. They inform; you decide."


def _entry(n: int, match: Match, people: People) -> list[Block]:
    one = match.found
    return [
        rich(section(*_lines(match, people)), block_id=f"earlier_{n}"),
        {"type": "actions", "block_id": f"actions_{n}", "elements": [_show(one)]},
    ]


def _lines(match: Match, people: People) -> Iterator[Line]:
    one = match.found
    yield [bold(one_line(one.title, 150))]
    yield [when(one.ended_at), f", {_LIKE[match.likeness]}. ", *_chosen(one, people)]
    if one.rationale:
        yield [quoted(one.rationale, 300)]
    became = _became(one)
    if became:
        yield became
    written = one.issue.workarounds if one.issue else None
    if one.by_hand and one.by_hand != written:
        yield ["Done by hand: ", quoted(one.by_hand, 200)]
    if one.issue is not None and is_known(one.issue):
        yield issue_line(one.issue, people, 200)
    if one.review is not None and one.review.findings is not None:
        yield _learned(one.review.findings)


def _chosen(one: Remembered, people: People) -> Pieces:
    """`Migrate, keep data, by Ravi and Ines.`"""
    if one.label is None:
        return [_NOBODY_CHOSE.get(one.status, f"{one.status.value.capitalize()}.")]
    who = all_of(name_of(person, people) for person in one.people)
    if one.by is DecidedBy.POLICY:
        who = "the policy"
    return [bold(one_line(one.label)), f", by {who}." if who else "."]


def _became(one: Remembered) -> Pieces:
    """`It failed. Undone: «restored from 22:40».`; nothing where nothing was to run."""
    if one.status is not Status.APPROVED:
        return []
    if one.stopped or one.void:
        return [f"{'Stopped' if one.stopped else 'Void'} before it ran."]
    said: Pieces = [_BECAME[one.outcome] if one.outcome else "Nothing was reported of it."]
    return [*said, " Undone: ", quoted(one.undone, 200)] if one.undone else said


def _learned(found: Findings) -> Line:
    cause: Pieces = [bold("Reviewed. "), "Cause: ", quoted(found.root_cause, 200)]
    return [*cause, " Resolved by: ", quoted(found.resolved_by, 200)]


def _show(one: Remembered) -> Element:
    return show_other_button(one.id, SHOW, f"Show {one_line(one.title)}")
