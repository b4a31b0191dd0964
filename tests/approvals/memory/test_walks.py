"""A review that is needed is open or written after any sequence of commands, and reminders end;
bugs planted in the rules are found by the same walks.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

import pytest

from approvals import step as stepping
from approvals.evolve import _STEPS
from approvals.memory import reviewing
from approvals.memory.learned import LEARNED
from approvals.words import Severity
from tests.approvals.memory.walks import found

overduing = import_module("approvals.decide.overdue")
issuing = import_module("approvals.decide.write_issue")
writing = import_module("approvals.decide.write_review")
handing = import_module("approvals.decide.hand_review")

Patch = pytest.MonkeyPatch


def nothing_follows(m: Patch) -> None:
    """No review is ever opened."""
    m.setattr(stepping, "follow_ups", lambda e, record: ())


def high_is_no_reason(m: Patch) -> None:
    """Only what is critical is looked at again."""
    m.delitem(reviewing._SEVERE, Severity.HIGH)


def failed_is_no_reason(m: Patch) -> None:
    """What ended with a report is done with."""
    m.setattr(reviewing, "_ENDING", reviewing._ENDING - {reviewing.REPORTED})


def taken_back_needs_one(m: Patch) -> None:
    """Nobody is spared."""
    m.setattr(reviewing, "needed", lambda e: tuple(reviewing._reasons(e)))


def it_is_nobodys(m: Patch) -> None:
    """Nobody is looked for."""
    m.setattr(reviewing, "owner", lambda e: None)


def it_is_due_in_a_month(m: Patch) -> None:
    """Whatever the severity."""
    month = 10 * reviewing.DUE_WITHIN[Severity.CRITICAL]
    m.setattr(reviewing, "DUE_WITHIN", dict.fromkeys(Severity, month))


def reminders_never_end(m: Patch) -> None:
    """Daily, for ever."""
    m.setattr(reviewing, "next_reminder", lambda opened, due, now: now + reviewing.DAILY)


def reminders_never_come(m: Patch) -> None:
    """Only the first is planned."""
    m.setattr(overduing, "reminded", lambda e, review, now: None)


def what_is_written_is_still_due(m: Patch) -> None:
    """Reminders go on."""
    real = LEARNED["review:written"]

    def written(e: object, record: object) -> object:
        done = real(e, record)  # type: ignore[arg-type]
        review = done.review
        assert review is not None
        return replace(done, review=replace(review, remind_at=record.at + reviewing.DAILY))  # type: ignore[attr-defined]

    m.setitem(_STEPS, "review:written", written)  # type: ignore[arg-type]


def anybody_writes(m: Patch) -> None:
    """Whoever has an account."""

    def anyone(e: object, actor: object, people: object, now: object) -> object:
        return people.of_account(actor.account) or people.persons["dee"]  # type: ignore[attr-defined]

    for module in (issuing, writing, handing):
        m.setattr(module, "learner", anyone)


def everybody_is_told_twice(m: Patch) -> None:
    """Of the end, and that a review is due."""
    m.setattr(stepping, "TELLING_ENDS", frozenset())


def nothing_is_written_down(m: Patch) -> None:
    """Only people write."""
    m.setattr(reviewing, "is_written_by_itself", lambda e: False)


#: Each bug, and the beginning of what the walks say of it.
PLANTED: Mapping[Callable[[Patch], None], str] = {
    nothing_follows: "M",
    high_is_no_reason: "M1",
    failed_is_no_reason: "M",
    taken_back_needs_one: "M1",
    it_is_nobodys: "M5",
    it_is_due_in_a_month: "M2: due",
    reminders_never_end: "M2",
    reminders_never_come: "M2",
    what_is_written_is_still_due: "M2",
    anybody_writes: "M3",
    everybody_is_told_twice: "M4",
    nothing_is_written_down: "M6",
}


def test_reviews_hold_on_every_walk() -> None:
    assert found() is None


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert (found() or "").startswith(PLANTED[plant])
