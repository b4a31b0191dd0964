"""Whatever happens in whatever order, the invariants hold; and the test can tell if they do not."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals.machine import Machine
from tests.approvals.planted import PLANTED
from tests.approvals.world import InvariantError

SEARCH = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # finding is enough; nobody reads a shrunk planted bug
)


def test_the_invariants_hold_whatever_happens() -> None:
    """Votes, claims, people and clocks in any order break none of the invariants."""
    run_state_machine_as_test(Machine, settings=SEARCH)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one rule taken out of the core, the same search finds a broken invariant."""
    PLANTED[name](monkeypatch)
    with pytest.raises(InvariantError):
        run_state_machine_as_test(Machine, settings=settings(SEARCH, max_examples=600))
