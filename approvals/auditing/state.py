"""The state of one escalation: whether it follows from its records, folded anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ValidationError

from approvals.auditing.chain import Entry
from approvals.auditing.findings import Finding
from approvals.auditing.kept import Columns, Kept
from approvals.codec import load_text
from approvals.escalation import Escalation
from approvals.events import DECIDED, ERASED
from approvals.evolve import evolve

#: What a record may do to the fold that it should not.
_UNFIT = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


class UnfoldableError(ValueError):
    """A record cannot follow on those before it."""

    def __init__(self, entry: Entry, what: str) -> None:
        super().__init__(what)
        self.entry = entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The escalation as its records make it, and as it stood before it was decided."""

    now: Escalation
    undecided: Escalation | None  #: None where it is not decided, or that was erased


def refold(entries: Sequence[Entry]) -> Folded:
    """Fold the records anew, from the last erasure on. Raises UnfoldableError."""
    begin = max((n for n, entry in enumerate(entries) if entry.kind == ERASED), default=0)
    now: Escalation | None = None
    undecided: Escalation | None = None
    for entry in entries[begin:]:
        if entry.kind == DECIDED:
            undecided = now
        try:
            record = entry.record()
            now = evolve(now, record)
        except _UNFIT as error:
            what = f"it cannot follow on the records before it ({type(error).__name__})"
            raise UnfoldableError(entry, what) from error
        if record.command.get("id") != entry.command_id:
            raise UnfoldableError(entry, "its command is kept under another id")
    if now is None:
        raise ValueError("An escalation has at least one record.")
    return Folded(now=now, undecided=undecided)


def check_state(kept: Kept, folded: Escalation, columns_of: Columns) -> Iterator[Finding]:
    """Where the stored state and its columns are not what the records make."""
    where = f"escalation {kept.id}"
    try:
        stored = load_text(kept.body)
    except (ValidationError, RecursionError):
        yield Finding(where=where, what="its state cannot be read")
        return
    differ = [f.name for f in fields(folded) if getattr(folded, f.name) != getattr(stored, f.name)]
    if differ:
        yield Finding(
            where=where, what=f"its state does not follow from its records: {', '.join(differ)}"
        )
    expected = columns_of(folded)
    wrong = [name for name, value in expected.items() if not _same(kept.columns.get(name), value)]
    if wrong:
        yield Finding(
            where=where, what=f"its columns do not follow from its records: {', '.join(wrong)}"
        )


def _same(found: Any, expected: Any) -> bool:
    """1 is not 1.0 and not true: a column of another type is another value."""
    return type(found) is type(expected) and found == expected
