"""A labelled set: escalations as real incidents and migrations read, and which belong together.

Half of the situations may be looked at to tune the ranking; the other half is held out.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from approvals.escalation import Escalation, Operation
from approvals.memory.fingerprint import known_by
from approvals.words import Kind
from tests.approvals.stories import resolved

TEXTS = Path(__file__).with_name("situations.txt")

#: The paragraph of those that are like no other.
ALONE = "alone"


@cache
def labelled() -> list[tuple[str, Escalation]]:
    """Every escalation with its situation, pending, in the order of the file."""
    _, *paragraphs = TEXTS.read_text(encoding="utf-8").split("\n\n")
    return [
        (name, _escalation(f"esc_{name}_{n}", *(part.strip() for part in line.split("|"))))
        for name, *lines in (paragraph.splitlines() for paragraph in paragraphs)
        for n, line in enumerate(lines)
    ]


def situations() -> tuple[list[str], list[str]]:
    """Situations to tune by, and those held out."""
    names = list(dict.fromkeys(name for name, _ in labelled() if name != ALONE))
    return names[::2], names[1::2]


def _escalation(
    id_: str, service: str, category: str, operation: str, title: str, summary: str, error: str
) -> Escalation:
    context = {"error": dict(_error(error))} if error != "-" else {}
    held = operation != "-"
    e = replace(
        resolved().e,
        id=id_,
        service=service,
        category=category,
        kind=Kind.APPROVAL if held else Kind.INCIDENT,
        title=title,
        summary=summary,
        operation=Operation(name=operation) if held else None,
        context=context,
        reference=None,
        resolution=None,
        fingerprint=None,
    )
    return replace(e, fingerprint=known_by(e))


def _error(said: str) -> Iterator[tuple[str, Any]]:
    kind, colon, message = said.partition(": ")
    if colon and " " not in kind:
        yield "type", kind
    yield "message", message if colon and " " not in kind else said
