"""`make planted`: search for every planted bug anew, and store the shortest example of each.

With names of bugs, only theirs.
"""

import json
import sys
from collections.abc import Callable, Sequence

import pytest

from tests.approvals import examples, standing_in_books, yearly_examples


def of_the_machines(bug: str) -> str:
    """A state machine has to find it."""
    found = examples.search(bug, 0) or examples.search(bug, 1)
    if found is None:
        return ""
    shown = examples.shortened(bug, found)
    kept = {b: e for b, e in examples.stored().items() if b in examples.BUGS}
    examples.store(kept | {bug: shown})
    return f"{len(found)} steps, {len(shown)} of them needed"


def of_standing_in(bug: str) -> str:
    """The books of who stands in for whom have to find it."""
    for n in range(1500):
        if standing_in_books.shows(bug, case := standing_in_books.drawn(n)):
            short = standing_in_books.shortest(bug, case)
            standing_in_books.store(standing_in_books.stored() | {bug: short})
            return f"{len(case.acts)} acts, {len(short.acts)} of them needed"
    return ""


def of_a_year(bug: str) -> str:
    """A simulated year has to find it, the smaller the better."""
    found = yearly_examples.search(bug)
    if found is None:
        return ""
    yearly_examples.store(yearly_examples.stored() | {bug: found})
    return f"year {found.seed} with {found.escalations} escalations"


def main(names: Sequence[str]) -> int:
    """One after the other; the number of those that were not found."""
    everything: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], Callable[[str], str]]] = {
        **{bug: (planted.plant, of_the_machines) for bug, planted in examples.BUGS.items()},
        **{bug: (p, of_standing_in) for bug, (p, _) in standing_in_books.PLANTED.items()},
        **{bug: (p.plant, of_a_year) for bug, p in yearly_examples.YEARLY.items()},
    }
    for stored in (examples.STORED, standing_in_books.STORED, yearly_examples.STORED):
        if not stored.exists():
            stored.write_text(json.dumps({}))
    missed = 0
    for bug in names or everything:
        plant, look_for = everything[bug]
        with pytest.MonkeyPatch.context() as patched:
            plant(patched)
            found = look_for(bug)
        missed += not found
        print(f"{bug}: {found or 'NOT FOUND'}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
