"""Counts by `reference`: what stands here, held against a list of changes made elsewhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from approvals.escalation import Escalation
from approvals.showing import visible
from approvals.words import Status


@dataclass
class Count:
    """The escalations of one reference."""

    escalations: int = 0
    approved: int = 0
    released: int = 0


@dataclass
class References:
    """Every reference that was named, and how many escalations name none."""

    counts: dict[str, Count] = field(default_factory=dict)
    without: int = 0

    def add(self, e: Escalation) -> None:
        """Count one."""
        if e.reference is None:
            self.without += 1
            return
        count = self.counts.setdefault(e.reference, Count())
        count.escalations += 1
        count.approved += e.status is Status.APPROVED
        count.released += e.claim is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What two lists do not have in common."""

    listed: int
    missing_here: tuple[str, ...]  #: on the list, and nobody asked
    missing_there: tuple[str, ...]  #: asked about here, and not on the list
    unreleased: tuple[str, ...]  #: on the list, and never released here

    @property
    def differs(self) -> bool:
        """Whether a change went around the gate, or the list is not whole."""
        return bool(self.missing_here or self.missing_there)

    def lines(self) -> Iterator[str]:
        """What to read, the worst first."""
        yield from _named("on the list, but nobody asked here", self.missing_here)
        yield from _named("on the list, asked here and never released", self.unreleased)
        yield from _named("asked here, but not on the list", self.missing_there)
        both = self.listed - len(self.missing_here)
        yield f"{both:,} of {self.listed:,} references on the list were asked about here."


def read_changes(path: Path) -> tuple[str, ...]:
    """One reference a line; blank lines and those that begin with # say nothing."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def reconciled(found: References, listed: Iterable[str]) -> Reconciled:
    """Hold what stands here against the list."""
    there = tuple(dict.fromkeys(listed))
    here = found.counts
    return Reconciled(
        listed=len(there),
        missing_here=tuple(r for r in there if r not in here),
        missing_there=tuple(sorted(set(here) - set(there))),
        unreleased=tuple(r for r in there if r in here and not here[r].released),
    )


def _named(what: str, references: tuple[str, ...]) -> Iterator[str]:
    if references:
        yield f"{len(references):,} {what}:"
        yield from (f"  {visible(reference)}" for reference in references)
