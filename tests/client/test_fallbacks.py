"""The first way that works; when all failed, people hear what each said."""

from typing import Any

import pytest
from andon.context import Context
from andon.fallbacks import with_fallbacks
from andon.retrying import escalate_after_retries

from tests.client.people import AwaitedPeople, People, Still

BARE = Context(host=False, commits=0, packages=())


def primary(batch: int) -> str:
    raise ConnectionError("refused")


def replica(batch: int) -> str:
    raise TimeoutError(f"batch {batch}")


async def cache(batch: int) -> str:
    raise LookupError("cold")


def works(batch: int) -> str:
    return f"batch {batch}"


def ways(*functions: Any, people: People | None = None, **how: Any) -> tuple[People, Any]:
    """The made function, and whom it tells."""
    people = people or People()
    made = with_fallbacks(functions, client=people, context=BARE, times=Still().times, **how)
    return people, made


def test_the_first_that_works_is_enough(caplog: pytest.LogCaptureFixture) -> None:
    people, found = ways(primary, works, replica)
    assert (found(7), people.alerts) == ("batch 7", [])
    assert caplog.messages == ["primary failed: ConnectionError: refused"]


def test_when_all_failed_people_hear_what_each_said() -> None:
    people, found = ways(primary, replica, severity="medium")
    with pytest.raises(ConnectionError, match="refused") as raised:
        found(7)
    (alert,) = people.alerts
    assert alert["title"] == "primary and its fallback failed"
    assert alert["severity"] == "medium"
    said = [(a["action"], a["error"]) for a in alert["context"]["attempts"]]
    assert said == [
        ("primary", "ConnectionError: refused"),
        ("replica", "TimeoutError: batch 7"),
    ]
    assert raised.value.__notes__ == [
        "Then replica failed: TimeoutError: batch 7",
        "People were told: escalation esc_1.",
    ]


async def test_ways_that_are_awaited_stand_beside_those_that_are_not() -> None:
    people, found = ways(primary, cache, works)
    assert await found(7) == "batch 7"
    people, found = ways(primary, cache, replica, people=AwaitedPeople())
    with pytest.raises(ConnectionError, match="refused"):
        await found(batch=7)
    assert people.titles == ["primary and all 2 fallbacks failed"]


def test_what_is_no_failure_passes_at_once() -> None:
    people, found = ways(primary, works, on=TimeoutError)
    with pytest.raises(ConnectionError, match="refused"):
        found(7)
    assert people.alerts == []


@pytest.mark.parametrize(("others", "alerts"), [([], 1), ([replica], 2)])
def test_people_are_not_told_twice_of_the_same(others: list[Any], alerts: int) -> None:
    """Of the one they know already; that another way failed, too, is news."""
    people = People()
    tried = escalate_after_retries(client=people, context=BARE, attempts=1)(primary)
    _, found = ways(tried, *others, people=people)
    with pytest.raises(ConnectionError, match="refused"):
        found(7)
    assert len(people.alerts) == alerts


def test_one_error_for_all_ways_is_noted_once() -> None:
    error = ConnectionError("refused")

    def fails() -> None:
        raise error

    _, found = ways(fails, fails)
    with pytest.raises(ConnectionError):
        found()
    assert error.__notes__ == ["People were told: escalation esc_1."]


def test_no_way_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one way"):
        with_fallbacks([])
