"""Names that mean nothing, and those that were perhaps meant."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from approvals.policy.lines import Path

#: A path such as ("rules", 2, "match"), and what is wrong there.
Mistake = tuple[Path, str]


def unknown(name: str, known: Mapping[str, Any], path: Path, what: str) -> Iterator[Mistake]:
    """A mistake where the name is not known, with what was perhaps meant."""
    if name not in known:
        yield path, f'unknown {what} "{name}"; {meant(name, tuple(known))}'


def meant(name: str, known: Sequence[str]) -> str:
    """The known name that was perhaps meant, or all there are."""
    return near(name, known) or f"known: {', '.join(known) or 'none'}"


def near(name: str, known: Sequence[str], cutoff: float = 0.6) -> str:
    """A question about the known name that was perhaps meant; empty where none is like it."""
    found = difflib.get_close_matches(name, known, 1, cutoff)
    return f'did you mean "{found[0]}"?' if found else ""


def repeated(names: Iterable[str], path: Path) -> Iterator[Mistake]:
    """A mistake for each name that stands there already."""
    seen: set[str] = set()
    for n, name in enumerate(names):
        if name in seen:
            yield (*path, n), f'"{name}" is named twice'
        seen.add(name)
