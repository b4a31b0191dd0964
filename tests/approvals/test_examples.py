"""What shows a planted bug shows nothing without it: each stored example is a story that holds."""

import pytest

from tests.approvals import examples, planted_answers, planted_calls, planted_questions
from tests.approvals import standing_in_books as standing_in
from tests.approvals import yearly_examples as yearly
from tests.approvals.planting import PLANTED


@pytest.mark.parametrize("bug", examples.BUGS)
def test_an_example_of_a_bug_holds_without_it(bug: str) -> None:
    examples.play(examples.machine_for(bug), examples.stored()[bug])


@pytest.mark.parametrize("bug", standing_in.PLANTED)
def test_an_example_of_wrong_substitutes_holds_without_the_bug(bug: str) -> None:
    standing_in.stored()[bug].play()


@pytest.mark.parametrize("bug", yearly.YEARLY)
def test_a_year_that_shows_a_bug_holds_without_it(bug: str) -> None:
    yearly.play(yearly.stored()[bug])


def test_every_planted_bug_takes_something_away() -> None:
    """A hundred and three rules of the state machines, none of them twice, from every file."""
    assert len(examples.BUGS) == 103
    assert {bug.plant.__module__ for bug in PLANTED.values()} == {
        file.__name__ for file in (planted_questions, planted_answers, planted_calls)
    }


def test_every_planted_bug_has_its_example() -> None:
    """And nothing is stored of a bug that there is no longer."""
    assert set(examples.stored()) == set(examples.BUGS)
    assert set(standing_in.stored()) == set(standing_in.PLANTED)
    assert set(yearly.stored()) == set(yearly.YEARLY)
