"""The page where there is little to say: what is empty says so, and no table is without a row."""

import re

import pytest

from approvals.memory.observing import observed
from approvals.memory.oversight import Oversight
from bot.report.page import page
from bot.report.plain import plain
from tests.approvals.memory.overseen import NAMES, Told, added, month
from tests.approvals.test_automate import automatic


def by_itself() -> Oversight:
    """A recovery that nobody was asked about."""
    scene, found = automatic().open(), added([])
    found.add(observed(scene.e, scene.now))
    return found


LITTLE = {
    "nothing": (added([]), ["Nothing was asked in that time."]),
    "waiting": (
        added([Told(end="pending", looked=None)]),
        ["Nobody has looked at anything or decided it yet.", "Nothing was approved in that time."],
    ),
    "by itself": (
        by_itself(),
        ["Nobody has looked at anything or decided it yet.", "Nobody was called, nobody decided."],
    ),
    "a month": (month(), ["Automate or fix this: «staging deployments»"]),
}


@pytest.mark.parametrize("name", LITTLE)
def test_what_is_empty_says_so(name: str) -> None:
    oversight, said = LITTLE[name]
    drawn = page(oversight, NAMES)
    assert [words for words in said if words not in drawn] == []
    assert re.findall(r'<tbody role="rowgroup"></tbody>', drawn) == []
    assert "None" not in drawn
    assert "None" not in plain(oversight, NAMES)


def test_the_same_figures_are_the_same_page() -> None:
    assert page(month(), NAMES) == page(month(), NAMES)


def test_a_rule_that_is_not_waved_through_is_not_named() -> None:
    assert "Automate or fix" not in page(added([Told()]), {}).partition("How it is measured")[0]
