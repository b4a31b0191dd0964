"""Bugs planted in the core, each found by the proof that claims to cover it.

The short lane plays one stored example a bug; the full one searches for each from two beginnings,
so that nothing is found by luck.
"""

from collections.abc import Callable

import pytest

from tests.approvals import examples
from tests.approvals import standing_in_books as standing_in
from tests.approvals import yearly_examples as yearly
from tests.approvals.invariants import InvariantError
from tests.trust.lane import FULL

Figure = Callable[[str, str], None]
Plant = Callable[[pytest.MonkeyPatch], None]


def missed(bugs: dict[str, Plant], found: Callable[[str], bool]) -> list[str]:
    """The bugs that were planted, one after the other, and not found."""
    left = []
    for bug, plant in bugs.items():
        with pytest.MonkeyPatch.context() as patched:
            plant(patched)
            left += [] if found(bug) else [bug]
    return left


def told(many: int, left: list[str], how: str) -> str:
    return f"{many - len(left)} of {many} found, {how}"


MACHINES = {bug: planted.plant for bug, planted in examples.BUGS.items()}
SUBSTITUTES = {bug: plant for bug, (plant, _) in standing_in.PLANTED.items()}
YEARS = {bug: planted.plant for bug, planted in yearly.YEARLY.items()}


def test_stored_examples_show_the_bugs_of_the_state_machines(figure: Figure) -> None:
    """Votes, claims, chains, questions, incidents and overrides."""
    stored = examples.stored()

    def shown(bug: str) -> bool:
        try:
            examples.play(examples.machine_for(bug), stored[bug])
        except InvariantError as error:
            return examples.finds(bug, error)
        return False

    left = missed(MACHINES, shown)
    figure("planted: state machines", told(len(MACHINES), left, "by one stored example each"))
    assert left == []


def test_stored_examples_show_the_bugs_of_substitutes_and_of_a_year(figure: Figure) -> None:
    """Who stands in for whom; restarts, nights, holidays and clocks that change."""
    cases, years = standing_in.stored(), yearly.stored()
    left = missed(SUBSTITUTES, lambda bug: standing_in.shows(bug, cases[bug]))
    left += missed(YEARS, lambda bug: yearly.shows(bug, years[bug]))
    many = len(SUBSTITUTES) + len(YEARS)
    figure("planted: substitutes, years", told(many, left, "by one stored example each"))
    assert left == []


if FULL:

    @pytest.mark.parametrize("beginning", [0, 1])
    def test_a_search_finds_the_bugs_of_the_state_machines(beginning: int, figure: Figure) -> None:
        left = missed(MACHINES, lambda bug: examples.search(bug, beginning) is not None)
        figure("planted: searched for", told(len(MACHINES), left, f"seed {beginning}"))
        assert left == []

    @pytest.mark.parametrize("beginning", [0, 100_000])
    def test_a_search_finds_the_bugs_of_substitutes(beginning: int, figure: Figure) -> None:
        many = range(beginning, beginning + 6000)
        left = missed(
            SUBSTITUTES, lambda bug: any(standing_in.shows(bug, standing_in.drawn(n)) for n in many)
        )
        figure("planted: searched for", told(len(SUBSTITUTES), left, f"from {beginning}"))
        assert left == []

    @pytest.mark.parametrize("seed", [2026, 2027])
    def test_a_search_finds_the_bugs_of_a_year(seed: int, figure: Figure) -> None:
        left = missed(YEARS, lambda bug: yearly.shows(bug, yearly.Shown(seed, 400)))
        figure("planted: searched for", told(len(YEARS), left, f"year {seed}"))
        assert left == []
