"""Runbooks: pages of our own that say what to do. Their links come from the policy alone."""

from approvals.escalation import Escalation
from approvals.memory.values import Runbook
from bot.slack.drawing.spans import Block, Line, Span, bold, joined, one_line, rich, section

#: Characters of a title on a card, and in Details.
ON_CARD, WHOLE = 60, 120

_FOUND_BY = {
    "rule": "named by the rule",
    "fingerprint": "named for this fingerprint",
    "match": "found by what it is for",
}


def on_card(e: Escalation) -> list[Block]:
    """`Runbook: Reindex a search index`, with its link where the policy says one."""
    if not e.runbooks:
        return []
    label = "Runbook: " if len(e.runbooks) == 1 else "Runbooks: "
    titles = joined((_title(book, ON_CARD) for book in e.runbooks), " · ")
    return [rich(section([bold(label), *titles]), block_id="runbooks")]


def whole(e: Escalation) -> list[Line]:
    """Each with its place in the folder, and what it was found by; none where there are none."""
    return [
        [_title(book, WHOLE), f", {one_line(book.name)}: {_FOUND_BY.get(book.by, book.by)}"]
        for book in e.runbooks
    ]


def _title(book: Runbook, most: int) -> Span:
    return Span(text=one_line(book.title, most) or book.name, url=book.url)
