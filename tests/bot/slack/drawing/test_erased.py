"""Cards of what was erased: they say so, and who decided; nothing of what it was about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from approvals.erasing import residue
from approvals.escalation import Erasure, Escalation
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.details import details
from bot.slack.drawing.limits import check
from bot.slack.drawing.lists import named
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import later
from tests.bot.slack.drawing.reading import read
from tests.bot.slack.drawing.states import OVER, PEOPLE

#: Words of the stories that nobody may read any more.
GONE = ("Reindex", "Replica lag", "documents moved", "products", "Lena", "disk", "escalates")


def after(e: Escalation) -> Escalation:
    """It was erased in time."""
    done = Erasure(at=later(600_000), by="operator:root", reason="kept long enough", seq=e.seq + 1)
    return replace(residue(e), erased=done)


def resolved() -> Escalation:
    """An incident that is over."""
    return OVER["resolved"][0]()


TALES: dict[str, Callable[[], Escalation]] = {
    "succeeded": lambda: ends.succeeded().escalation,
    "failed": lambda: ends.failed().escalation,
    "resolved": resolved,
    **{name: tell for name, (tell, _) in OVER.items()},
}


@pytest.mark.parametrize("name", TALES)
def test_a_card_says_that_it_was_erased_and_when(name: str) -> None:
    e = after(TALES[name]())
    for drawn in (channel_card(e, PEOPLE), direct_card(e, PEOPLE, "ravi")):
        assert check(drawn) == ()
        said = read(drawn)
        assert "Erased " in said
        assert "what was asked and said is gone; who decided, what and when stays." in said
        assert "[erased]" in drawn.text


@pytest.mark.parametrize("name", TALES)
def test_nothing_of_what_it_was_about_is_drawn(name: str) -> None:
    e = after(TALES[name]())
    views: list[Any] = [channel_card(e, PEOPLE), details(e, PEOPLE)]
    said = " ".join(map(repr, views))
    assert [word for word in GONE if word in said] == []


def test_who_decided_and_when_is_still_read() -> None:
    """The label of an option was the service's words; its key is what the record names."""
    said = read(channel_card(after(ends.succeeded().escalation), PEOPLE))
    assert "*migrate.* Decided by " in said
    assert "Ravi" in said


def test_details_and_lists_name_it() -> None:
    e = after(ends.succeeded().escalation)
    assert "[erased]" in named(e)
    assert "Erased " in repr(details(e, PEOPLE))
