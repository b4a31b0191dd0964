"""Whatever happens in whatever order, the invariants hold; and the test can tell if they do not."""

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals import planted_answers, planted_calls, planted_questions
from tests.approvals.invariants import InvariantError
from tests.approvals.machine import Machine
from tests.approvals.machine_calls import CallingMachine
from tests.approvals.planting import PLANTED

SEARCH = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # finding is enough; nobody reads a shrunk planted bug
)

#: The bugs are listed by being defined; naming the files keeps them from being left out.
FILES = (planted_questions, planted_answers, planted_calls)

#: Where the search for planted bugs begins. Measured: each is found within 60 examples from 0
#: and from 1, most within a second; one that is found from one place only is found by luck.
BEGINNING = 0


def test_the_invariants_hold_whatever_happens() -> None:
    """Votes, claims, people and clocks in any order break none of the invariants."""
    run_state_machine_as_test(Machine, settings=SEARCH)


def test_the_chain_holds_whatever_happens() -> None:
    """And stages, absences, failed ways and dead clocks break none of those of the chain."""
    run_state_machine_as_test(CallingMachine, settings=settings(SEARCH, max_examples=30))


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one rule taken out of the core, the same search finds that very invariant broken."""
    of_the_chain = PLANTED[name].plant.__module__ == planted_calls.__name__
    searched = CallingMachine if of_the_chain else Machine
    machine = seed(BEGINNING)(type("Shifted", (searched,), {}))
    PLANTED[name].plant(monkeypatch)
    with pytest.raises(InvariantError) as caught:
        run_state_machine_as_test(machine, settings=settings(SEARCH, max_examples=600))
    assert str(caught.value).startswith(PLANTED[name].breaks)


def test_every_planted_bug_takes_something_away() -> None:
    """Seventy-one rules, none of them twice."""
    assert len(PLANTED) == 71
    assert {planted.plant.__module__ for planted in PLANTED.values()} == {
        file.__name__ for file in FILES
    }
