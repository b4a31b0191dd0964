"""The window of earlier ones: what was asked, what people chose and why, what became of it."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.memory.ports import Match
from approvals.words import DecidedBy, Kind, Result, Status
from bot.slack.drawing import earlier
from bot.slack.drawing.earlier import earlier_modal
from bot.slack.drawing.limits import check
from tests.bot.slack.drawing.reading import read
from tests.bot.slack.drawing.recalling import (
    BY_HAND,
    EARLIER,
    REJECTED,
    asked_again,
    one_before,
    reviewed,
)
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored

NOBODY: dict[str, Any] = {"option": None, "label": None, "people": (), "rationale": None}


def drawn(*found: Match, unread: int = 0) -> dict[str, Any]:
    """The window."""
    return earlier_modal(asked_again(), found, unread, PEOPLE, channel="C1", ts="1.1")


def entry(**changes: Any) -> str:
    """How one of them ended, as its lines say it."""
    view = drawn(Match(found=one_before(**changes), score=1.0))
    return "\n".join(read(view).splitlines()[2:-2])


def test_earlier_ones_are_listed_with_what_became_of_them() -> None:
    view = drawn(*EARLIER, unread=2)
    assert check(view) == ()
    assert_stored("modal_earlier", view, payload=True)


def test_ten_of_the_longest_fit_a_window() -> None:
    words = "word " * 2000
    long = replace(
        BY_HAND, title=words, rationale=words, by_hand=words, undone=words, review=reviewed()
    )
    every = [Match(found=replace(long, id=f"e{n}"), score=1.0) for n in range(earlier.MOST)]
    assert check(drawn(*every)) == ()
    assert len(every) == 10


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"by": DecidedBy.POLICY, "people": ()}, "*Migrate, keep data*, by the policy."),
        ({"people": ()}, "*Migrate, keep data*."),
        ({**NOBODY, "status": Status.EXPIRED, "by": DecidedBy.EXPIRY}, "Nobody decided."),
        ({**NOBODY, "status": Status.WITHDRAWN}, "Taken back."),
        ({**NOBODY, "status": Status.RESOLVED, "kind": Kind.INCIDENT}, "Resolved."),
        ({**NOBODY, "status": Status.APPROVED, "outcome": Result.UNKNOWN}, "Approved."),
        ({"outcome": Result.UNKNOWN}, "What became of it is unknown."),
        ({"outcome": None}, "Nothing was reported of it."),
        ({"outcome": None, "stopped": True}, "Stopped before it ran."),
        ({"outcome": None, "void": True}, "Void before it ran."),
        ({"undone": "downgraded"}, "Succeeded. Undone: «downgraded»"),
    ],
)
def test_every_end_is_said(changes: dict[str, Any], line: str) -> None:
    assert line in entry(**changes)


def test_of_what_never_ran_no_result_is_said() -> None:
    told = entry(**REJECTED)
    assert "reported" not in told
    assert "Stopped" not in told


def test_what_one_may_not_read_is_counted() -> None:
    unread = read(drawn(unread=3))
    assert "context | 3 more that you cannot read. They inform; you decide." in unread
    assert "context | None of them is kept any more." in read(drawn())
