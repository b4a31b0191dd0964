"""Which runbooks a new escalation links: found when it opens, and so they stay."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from approvals.facts import Facts
from approvals.memory.runbooks import Shelf, linked
from approvals.policy.match import Said
from approvals.words import Severity


def with_runbooks(
    fields: Mapping[str, Any], said: Said, severity: Severity, facts: Facts
) -> dict[str, Any]:
    """What the opening event says of them besides `fields`; nothing where there are none."""
    if not facts.runbooks:
        return {}
    shelf = facts.remembered(Shelf, lambda: Shelf(facts.runbooks))
    at = facts.policy.first_match(said)
    exact, error = shelf.asked(fields)
    asked = (replace(said, severity=severity), at, exact, error)
    return facts.remembered(("runbooks", *asked), lambda: _found(shelf, facts, *asked))


def _found(
    shelf: Shelf, facts: Facts, said: Said, at: int | None, exact: str | None, error: str
) -> dict[str, Any]:
    named = facts.policy.rules[at].runbooks if at is not None else ()
    base = facts.policy.memory.runbooks_url
    books = [linked(page, by, base) for page, by in shelf.matching(said, named, exact, error)]
    whole = ({"name": b.name, "title": b.title, "by": b.by, "url": b.url} for b in books)
    said_of = [{name: value for name, value in one.items() if value} for one in whole]
    return {"runbooks": said_of} if said_of else {}
