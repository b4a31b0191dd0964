"""Questions, incidents and overrides in any order break no invariant; and the test could tell."""

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals.invariants import InvariantError
from tests.approvals.machine_verbs import Verbs
from tests.approvals.planted_verbs import PLANTED_VERBS
from tests.approvals.test_properties import BEGINNING, SEARCH


def test_the_invariants_hold_whatever_is_asked_answered_resolved_or_overridden() -> None:
    """In any order, by anybody."""
    run_state_machine_as_test(Verbs, settings=settings(SEARCH, max_examples=30))


@pytest.mark.parametrize("name", PLANTED_VERBS)
def test_a_bug_planted_in_a_verb_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one rule taken out of the core, the same search finds that very invariant broken."""
    machine = seed(BEGINNING)(type("Shifted", (Verbs,), {}))
    PLANTED_VERBS[name].plant(monkeypatch)
    with pytest.raises(InvariantError) as caught:
        run_state_machine_as_test(machine, settings=settings(SEARCH, max_examples=600))
    assert str(caught.value).startswith(PLANTED_VERBS[name].breaks)


def test_every_bug_planted_in_a_verb_takes_something_away() -> None:
    """Thirty-two rules, none of them twice."""
    assert len(PLANTED_VERBS) == 32
