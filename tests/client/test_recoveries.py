"""What may run by itself: the client knows no more than the server lets, and its breaker turns."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from andon.recoveries import AUTOMATIC, CATEGORY_OF, HARMLESS, Breaker, breaker_of, never

from approvals import automatic
from approvals.categories import CATEGORIES
from approvals.words import Recovery

NOW = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)


def breaker(most: int = 2) -> Breaker:
    """Two within a minute, and an hour after a failure."""
    return Breaker(most, timedelta(minutes=1), timedelta(hours=1))


def test_client_and_server_let_the_same_run() -> None:
    assert set(CATEGORY_OF) == set(Recovery)
    assert {slug for slug, row in CATEGORIES.items() if row.automatic} == AUTOMATIC
    assert set(CATEGORY_OF.values()) <= AUTOMATIC
    assert [breaker_of(one) for one in Recovery] == [automatic.breaker_of(one) for one in Recovery]


def test_what_is_harmless_is_a_recovery() -> None:
    """Whatever destroys or stops something is none of them."""
    assert set(CATEGORY_OF) - {"known_fix", "restart", "cleanup"} == HARMLESS


SHOWN: list[dict[str, Any]] = [
    {"name": "x"},
    {"name": "x", "money": {"amount_minor": 1, "currency": "EUR"}},
    {"name": "x", "arguments": {"sql": ""}},
]


@pytest.mark.parametrize("category", [*CATEGORIES, "unheard_of"])
def test_they_refuse_the_same(category: str) -> None:
    for recovery, operation in product([*CATEGORY_OF, "migration"], SHOWN):
        request = {"recovery": recovery, "category": category, "operation": operation}
        may = never(recovery, category, operation) is None
        assert may is not any(automatic.never(request)), request


def test_a_fresh_breaker_is_automatic() -> None:
    assert breaker().manual(NOW) is None


def test_as_many_as_may_in_the_window_turn_it_until_the_first_is_out_of_it() -> None:
    one = breaker()
    one.fires(NOW)
    one.fires(NOW + timedelta(seconds=30))
    assert "2 times" in str(one.manual(NOW + timedelta(seconds=59)))
    assert one.manual(NOW + timedelta(seconds=60)) is None


def test_a_failure_turns_it_for_its_time() -> None:
    one = breaker()
    one.fails(NOW)
    assert one.manual(NOW + timedelta(minutes=59)) == "The last one that ran by itself failed."
    assert one.manual(NOW + timedelta(hours=1)) is None


def test_one_that_people_released_and_that_worked_turns_it_back() -> None:
    one = breaker(most=1)
    one.fires(NOW)
    one.fails(NOW)
    one.vouch()
    assert one.manual(NOW) is None
