"""The state machine against the invariants: whatever happens in whatever order, they hold.

I1–I20 as far as the core can see them (`tests/approvals/invariants` lists which), reckoned from
books of its own after every command; and the clock, the chain, questions, incidents and overrides.
"""

from collections.abc import Callable

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.approvals import standing_in_books
from tests.approvals.examples import SEARCH
from tests.approvals.machine import Machine
from tests.approvals.machine_calls import CallingMachine
from tests.approvals.machine_verbs import Verbs
from tests.approvals.replaying import replayed
from tests.approvals.year import Year
from tests.trust.lane import rounds

Figure = Callable[[str, str], None]

#: Steps of every run.
STEPS = 50

#: Where the runs of this lane begin; another lane sees others.
BEGINNING = 2026


def run(machine: type[RuleBasedStateMachine], many: int) -> int:
    """So many runs of fifty steps; how many records they left."""
    records = 0

    class Counted(machine):  # type: ignore[misc,valid-type]
        def teardown(self) -> None:
            nonlocal records
            records += sum(len(books.records) for books in self.world.books.values())
            super().teardown()

    sized = settings(SEARCH, max_examples=many, stateful_step_count=STEPS)
    run_state_machine_as_test(seed(BEGINNING)(Counted), settings=sized)
    return records


@pytest.mark.parametrize(
    ("machine", "short"),
    [(Machine, 120), (CallingMachine, 90), (Verbs, 90), (replayed(Machine), 30)],
    ids=["votes and claims", "the chain", "questions and overrides", "replayed"],
)
def test_the_invariants_hold_whatever_happens(
    machine: type[RuleBasedStateMachine], short: int, figure: Figure
) -> None:
    """Three hundred runs of fifty steps among the three; a thousand of each in the full lane."""
    many = rounds(short=short, full=1000)
    records = run(machine, many)
    figure(f"machine: {machine.__name__}", f"{many} runs of {STEPS} steps, {records:,} records")


def test_whoever_stands_in_for_whom_only_members_and_substitutes_decide(figure: Figure) -> None:
    """With books of its own of who may sit in whose seat."""
    many = rounds(short=500, full=20_000)
    standing_in_books.search(many)
    figure("machine: substitutes", f"{many:,} stories")


def test_a_year_goes_by_without_a_stage_missed_or_taken_twice(figure: Figure) -> None:
    """With holidays, nights, outages, restarts and clocks that change."""
    many = rounds(short=300, full=10_000)
    year = Year(2027, many)
    year.run()
    assert len(year.asked) == many
    told = sum(year.stats.values())
    figure("machine: a year", f"{many:,} escalations, {told:,} records, each in its time")
