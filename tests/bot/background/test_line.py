"""The line to Slack: budgets, and what its answers say about the next call."""

import pytest

from bot.background.budget import Ask, Budget, WaitError
from bot.background.line import AWAY_S, Line, wait_of
from bot.background.refusals import mended_by, said, was_taken_maybe
from bot.messaging import (
    SlackAwayError,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
    SlackUnsureError,
)
from tests.building import Clock

POST, ENDING, UPDATE = Ask("post", "C1"), Ask("update", urgent=True), Ask("update")


def fail(line: Line, ask: Ask, error: SlackError) -> None:
    """A call that ends so."""
    with pytest.raises(type(error)), line.call(ask):
        raise error


def test_a_budget_never_lets_more_than_its_calls_through_in_any_window() -> None:
    clock, budget, made = Clock(), Budget(5, 10), []
    for _ in range(100):
        while budget.left(clock.now):
            budget.take(clock.now)
            made.append(clock.now)
        clock.pass_(0.7)
    assert max(sum((at - start).total_seconds() < 10 for at in made if at >= start)
               for start in made) == 5  # fmt: skip


def test_what_is_kept_back_is_for_endings() -> None:
    clock, budget = Clock(), Budget(5, 60, kept=2)
    for _ in range(3):
        budget.take(clock.now)
    assert (budget.left(clock.now), budget.left(clock.now, urgent=True)) == (0, 2)


def test_each_channel_has_its_own_budget_of_posts() -> None:
    line = Line(Clock())
    for _ in range(3):
        line.take(POST)
    with pytest.raises(WaitError):
        line.take(POST)
    line.take(Ask("post", "C2"))


def test_updates_share_one_budget() -> None:
    line = Line(Clock())
    for _ in range(40):
        line.take(UPDATE)
    assert (line.left(UPDATE), line.left(ENDING)) == (0, 10)


def test_a_rate_limit_shuts_its_method_alone() -> None:
    clock = Clock()
    line = Line(clock)
    fail(line, UPDATE, SlackBusyError("ratelimited", retry_after=9))
    assert (line.left(ENDING), line.left(POST)) == (0, 3)
    clock.pass_(9)
    assert line.left(UPDATE) == 40


def test_too_many_new_conversations_shut_those_with_people_and_no_channel() -> None:
    line = Line(Clock())
    error = SlackBusyError("ratelimited", retry_after=9)
    error.opening = True
    fail(line, Ask("post", "USAM"), error)
    assert [line.left(Ask("post", target)) for target in ("UPRIYA", "C1", "D1")] == [0, 3, 3]


def test_an_absence_shuts_everything_for_longer_and_longer() -> None:
    clock = Clock()
    line = Line(clock)
    for seconds in (*AWAY_S, AWAY_S[-1]):
        fail(line, POST, SlackAwayError("invalid_auth"))
        clock.pass_(seconds - 0.5)
        assert (line.left(POST), line.left(ENDING)) == (0, 0)
        clock.pass_(0.5)
        assert line.left(ENDING) == 50
    assert not line.works


def test_calls_that_were_under_way_together_are_one_absence() -> None:
    clock = Clock()
    line = Line(clock)
    for _ in range(8):
        fail(line, POST, SlackAwayError("unreachable"))
    clock.pass_(AWAY_S[0])
    assert line.left(POST) == 3


@pytest.mark.parametrize("code", ["", "channel_not_found"])
def test_any_answer_shows_that_slack_is_back(code: str) -> None:
    line = Line(Clock())
    fail(line, POST, SlackAwayError("unreachable"))
    if code:
        fail(line, POST, SlackRefusedError(code))
    else:
        with line.call(POST):
            pass
    assert line.times_away == 0
    assert line.left(POST) == 3


def test_no_clear_answer_shuts_nothing() -> None:
    line = Line(Clock())
    fail(line, POST, SlackUnsureError("timeout"))
    assert line.left(POST) == 3


def test_many_calls_in_a_row_without_a_clear_answer_are_an_outage() -> None:
    """Slack that hangs or answers 500 is as far away as one that refuses the connection."""
    clock = Clock()
    line = Line(clock)
    for _ in range(2):
        for _ in range(5):  # under way together: one
            fail(line, POST, SlackUnsureError("TimeoutError"))
        clock.pass_(2)
    assert line.works
    fail(line, POST, SlackUnsureError("TimeoutError"))
    assert not line.works
    assert line.left(POST) == 3
    with line.call(POST):
        pass
    assert line.works


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(0, 1), (-5, 1), (7, 7), (1e12, 3600), (float("inf"), 3600), (float("nan"), 1)],
)
def test_a_wait_that_slack_asks_for_stays_within_reason(asked: float, waits: float) -> None:
    assert wait_of(asked).total_seconds() == waits


@pytest.mark.parametrize(
    ("before", "error", "says", "doubt"),
    [
        (None, SlackBusyError("ratelimited"), "ratelimited", False),
        (None, SlackAwayError("invalid_auth"), "invalid_auth", False),
        (None, SlackAwayError(), "SlackAwayError", False),
        (None, SlackUnsureError("timeout"), "no answer yet (timeout)", True),
        ("no answer yet", SlackBusyError("ratelimited"), "no answer yet", True),
        ("no answer yet (x)", SlackAwayError("invalid_auth"), "no answer yet (x)", True),
        ("not_in_channel", SlackAwayError("invalid_auth"), "invalid_auth", False),
    ],
)
def test_a_doubt_stays_a_doubt_until_slack_was_asked(
    before: str | None, error: SlackError, says: str, doubt: bool
) -> None:
    assert said(before, error) == says
    assert was_taken_maybe(says) is doubt


@pytest.mark.parametrize(
    ("code", "attempts", "seconds"),
    [
        ("not_in_channel", 0, 300),
        ("not_in_channel", 2, 600),
        ("not_in_channel", 50, 3600),
        ("invalid_blocks", 0, 21600),
        ("a_code_slack_made_yesterday", 0, 300),
    ],
)
def test_a_refusal_is_looked_at_again_when_it_may_have_been_mended(
    code: str, attempts: int, seconds: float
) -> None:
    assert mended_by(code, attempts) == seconds
