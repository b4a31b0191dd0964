"""What the service claims: the lines of context, what was tried, and what nobody gave."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from approvals.escalation import ASKED_FOR, Escalation
from approvals.showing import in_words
from approvals.words import Kind
from bot.slack.drawing.about import said
from bot.slack.drawing.spans import Element, Line, Span, bold, quoted, section, when

#: Lines of context on a card; the rest is named and stands in Details.
MOST_LINES = 6

#: Attempts on a card, and characters of one's action and error.
MOST_ATTEMPTS, ATTEMPT = 3, 60

#: What is asked for goes by the labels of the lines below; the rest keeps its own.
_KNOWN_AS = {"user_impact": "impact", "rollback": "undo"}


def given(e: Escalation) -> Iterator[tuple[str, str]]:
    """Label and text of everything given that fits a line, most telling first."""
    found = (
        ("Impact", said(e, "user_impact")),
        ("Undo", said(e, "rollback")),
        ("Error", _error(said(e, "error"))),
        ("State", said(e, "system_state")),
        ("Changed", said(e, "recent_changes")),
        ("Affects", said(e, "affected_services")),
        ("Reach", said(e, "blast_radius")),
        ("Summary", e.summary),
        ("Reference", e.reference),
        ("Runbook", said(e, "runbook")),
    )
    yield from ((label, in_words(value)) for label, value in found if value)


def context_lines(e: Escalation, most: int) -> Element:
    """`search-api says`, its lines, and what was not given. `most` characters a line."""
    all_given = list(given(e))
    lines: list[Line] = [(bold(f"{e.service} says"),)] if all_given else []
    lines += [
        (bold(label), f"{chr(0x2003)}", quoted(text, most))
        for label, text in all_given[:MOST_LINES]
    ]
    more = [label.lower() for label, _ in all_given[MOST_LINES:]]
    more += [name for name in ("configuration", "links") if said(e, name)]
    if more:
        lines.append((f"Also given, in Details: {', '.join(more)}",))
    # An incident holds nothing, so there is nothing to undo.
    asked = [name for name in ASKED_FOR if name != "rollback" or e.kind is Kind.APPROVAL]
    missing = [_KNOWN_AS.get(name, name) for name in asked if said(e, name) is None]
    if missing:
        lines.append((f"Not given: {', '.join(missing)}",))
    return section(*lines) if lines else section((f"{e.service} says nothing more.",))


def attempts(e: Escalation) -> Element | None:
    """What was tried: newest last, at most three, the earlier ones counted."""
    tried = [a for a in said(e, "attempts") or () if isinstance(a, Mapping)]
    if not tried:
        return None
    shown = tried[-MOST_ATTEMPTS:]
    if len(tried) == 1:
        return section((bold("Tried:"), " ", *_attempt(e, shown[0])))
    lines: list[Line] = [(bold(f"Tried, {len(shown)} of {len(tried)}"),)]
    lines += [_attempt(e, one) for one in shown]
    if len(tried) > len(shown):
        lines.append((f"and {len(tried) - len(shown)} earlier, in Details",))
    return section(*lines)


def _attempt(e: Escalation, attempt: Mapping[str, Any]) -> list[Span | str]:
    found: list[Span | str] = []
    at = moment(attempt.get("at"))
    if at is not None:
        found += [when(at, near=e.created_at, seconds=True), "  "]
    elif attempt.get("at"):
        found += [quoted(str(attempt["at"]), 30), "  "]
    found.append(quoted(str(attempt.get("action", "")), ATTEMPT))
    if attempt.get("error"):
        found += [": ", quoted(str(attempt["error"]), ATTEMPT)]
    return found


def moment(text: Any) -> datetime | None:
    """The point in time a service wrote, where it is one; without a zone it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    in_range = found.tzinfo is not None and 1971 <= found.year <= 2200
    return found if in_range else None


def error_of(e: Escalation) -> str | None:
    """What went wrong, in a line."""
    return _error(said(e, "error"))


def _error(error: Any) -> str | None:
    if not isinstance(error, Mapping):
        return str(error) if error else None
    named = (error.get("type"), error.get("message"))
    return ": ".join(str(part) for part in named if part) or None


def change(e: Escalation) -> str | None:
    """What changed lately, in words."""
    found = said(e, "recent_changes")
    return in_words(found) if found else None
