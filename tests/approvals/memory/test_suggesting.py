"""What is suggested: of planted histories exactly what should be, with none missed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from approvals.memory import suggesting
from approvals.memory.suggesting import candidates, work
from approvals.words import DecidedBy, Result
from tests.approvals.memory.histories import HISTORIES, NOW, asked, good

#: Variants of each history.
VARIANTS = 25


def found(name: str, seed: int) -> tuple[list[str], list[str]]:
    """What is suggested of the history, and what should be; by what is asked."""
    pick = Random(f"{name} {seed}")
    history = HISTORIES[name](pick)
    ended = [*history.ended]
    pick.shuffle(ended)
    rules = [one.fingerprint.exact for one in candidates(ended, NOW)]
    by_hand = [(one.fingerprint.template or "")[1:] for one in work(ended, NOW)]
    expected = [f"rule {history.rule}"] * bool(history.rule)
    expected += [f"work {history.by_hand}"] * bool(history.by_hand)
    return [*(f"rule {r}" for r in rules), *(f"work {w}" for w in by_hand)], expected


@pytest.mark.parametrize("name", HISTORIES)
def test_exactly_what_should_be_is_suggested(name: str) -> None:
    for seed in range(VARIANTS):
        got, expected = found(name, seed)
        assert got == expected, seed


def test_two_services_at_once_are_told_apart() -> None:
    """All histories in one: what one says never counts for another."""
    ended, expected = [], []
    for n, name in enumerate(sorted(HISTORIES)):
        history = HISTORIES[name](Random(n))

        for one in history.ended:
            print_ = one.fingerprint
            print_ = print_ and replace(print_, exact=f"{n} {print_.exact}", template=f"{n}")
            ended.append(replace(one, fingerprint=print_))
        expected += [f"{n} {history.rule}"] * bool(history.rule)
    got = [one.fingerprint.exact for one in candidates(ended, NOW)]
    assert sorted(got) == sorted(expected)


def test_a_suggestion_says_what_it_rests_on() -> None:
    what = asked(Random(1))
    ended = good(Random(1), what)
    other = what.one(99, NOW, option="later", people=("dee",))
    (one,) = (
        candidates([*reversed(ended), other], NOW) if len(ended) > 18 else candidates(ended, NOW)
    )
    assert one.option == what.option
    assert one.decided == tuple(ended)
    assert one.newest == ended[-1]
    assert set(one.people) == {p for e in ended for p in e.people}


def test_work_says_what_was_done_how_often_and_how_long_it_took() -> None:
    what = asked(Random(2))
    minutes = (10, 20, 30, 40, 500)
    ended = [
        what.one(
            n,
            NOW - timedelta(days=9 - n),
            effect=None,
            by=None,
            kind="incident",
            by_hand="turned it" if n < 4 else "kicked it",
            created_at=NOW - timedelta(days=9 - n, minutes=took),
        )
        for n, took in enumerate(minutes)
    ]
    (one,) = work(ended, NOW)
    assert one.ids == tuple(e.id for e in ended)
    assert (one.median, one.total) == (timedelta(minutes=30), timedelta(minutes=600))
    assert one.said == ("kicked it", "turned it")
    assert one.newest == ended[-1]


# -- bugs to plant ---------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def _against(but: str) -> Plant:
    """One line of what speaks against a rule is forgotten."""
    real = suggesting._speaks_against
    good_: dict[str, Any] = {
        "undone": {"undone": None},
        "stopped": {"stopped": False},
        "void": {"void": False},
        "failed": {"outcome": Result.SUCCEEDED},
        "override": {"by": DecidedBy.VOTES},
    }

    return lambda m: m.setattr(
        suggesting, "_speaks_against", lambda one: real(replace(one, **good_[but]))
    )


def _reserved(field: str) -> Plant:

    real = suggesting._suggested
    blind = {"money": {"money": False, "reserved": None}, "reserved": {"reserved": None}}[field]
    return lambda m: m.setattr(
        suggesting, "_suggested", lambda g: real([replace(one, **blind) for one in g])
    )


PLANTED: dict[str, Plant] = {
    "four are enough": lambda m: m.setattr(suggesting, "FEWEST", 4),
    "most are alike": lambda m: m.setattr(suggesting, "ALIKE_OF_100", 50),
    "all must be alike": lambda m: m.setattr(suggesting, "ALIKE_OF_100", 100),
    "one person is enough": lambda m: m.setattr(suggesting, "FEWEST_PEOPLE", 1),
    "everything counts for ever": lambda m: m.setattr(suggesting, "WITHIN", timedelta(days=90)),
    "what failed counts as well": lambda m: m.setattr(suggesting, "_BAD", (Result.UNKNOWN,)),
    "unknown is fine": lambda m: m.setattr(suggesting, "_BAD", (Result.FAILED,)),
    "what was undone counts": _against("undone"),
    "what was stopped counts": _against("stopped"),
    "what is void counts": _against("void"),
    "overrides count": _against("override"),
    "any kind will do": _reserved("reserved"),
    "money is like anything else": _reserved("money"),
    "values do not matter": lambda m: m.setattr(suggesting, "_alike", suggesting._template),
    "places do not matter": lambda m: m.setattr(suggesting, "_place", lambda one: ()),
    "aborts are like releases": lambda m: m.setattr(
        suggesting,
        "_favourite",
        lambda voted: max((o.option or "" for o in voted), default=None),
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[bug](monkeypatch)
    told = (found(name, seed) for name in HISTORIES for seed in range(5))
    assert any(got != expected for got, expected in told)
