"""Errors of a type that was not seen before."""

import json
from collections.abc import Callable

import pytest
from andon.watching.alarms import Alarm, Reason
from andon.watching.firsts import FirstSeen, fingerprint

from tests.building import Clock
from tests.client.watching.test_rates import a_monitor


class PaymentRefusedError(Exception):
    """An error of a service's own."""


def test_an_error_of_a_new_type_is_said_once() -> None:
    monitor = a_monitor(Clock())
    (alarm,) = monitor.record(error=PaymentRefusedError("card 4242"))
    assert isinstance(alarm, Alarm)
    assert (alarm.reason, alarm.severity) == (Reason.FIRST_SEEN, "high")
    assert alarm.title.endswith("PaymentRefusedError")
    assert alarm.error == "card 4242"
    assert monitor.record(error=PaymentRefusedError("card 4243")) == ()


def test_each_new_type_is_said() -> None:
    monitor = a_monitor(Clock())
    told = [monitor.record(error=kind("no")) for kind in (ValueError, KeyError, ValueError)]
    assert [len(t) for t in told] == [1, 1, 0]


@pytest.mark.parametrize("known", [[TimeoutError], ["TimeoutError"]])
def test_a_known_type_is_never_new(known: list[type[BaseException] | str]) -> None:
    assert a_monitor(Clock(), known=known).record(error=TimeoutError("slow")) == ()


def test_a_new_type_is_said_beside_an_alarm_too() -> None:
    clock = Clock()
    monitor = a_monitor(clock)
    monitor.record(count=50, errors=50)
    clock.pass_(10)
    assert [t.reason for t in monitor.record(error=KeyError("x")) if isinstance(t, Alarm)] == [
        Reason.ERROR_RATE,
        Reason.FIRST_SEEN,
    ]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("x"), "ValueError"),
        (json.JSONDecodeError("x", "{", 0), "json.decoder.JSONDecodeError"),
        ("order 8813 not found", "order # not found"),
        ("at 0x7f1a: job 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "at #: job #"),
        ("  ", "unnamed"),
    ],
)
def test_what_an_error_is_told_from_others_by(error: BaseException | str, expected: str) -> None:
    assert fingerprint(error) == expected


def test_errors_may_be_told_apart_in_another_way() -> None:
    first_word: Callable[[BaseException | str], str] = lambda error: str(error).split()[0]  # noqa: E731
    firsts = FirstSeen(by=first_word)
    found = [firsts.notice(ValueError(text)) for text in ("disk full", "disk gone", "net down")]
    assert found == ["disk", None, "net"]


def test_of_too_many_types_none_is_new_any_more() -> None:
    """Memory is constant, and a flood of names is no flood of pages."""
    firsts = FirstSeen(limit=3)
    found = [firsts.notice(f"kind {'abcdef'[i]}") for i in range(6)]
    assert found == ["kind a", "kind b", "kind c", None, None, None]
    assert firsts.full


def test_processes_that_see_the_same_type_join() -> None:
    told = [a_monitor(Clock()).record(error=KeyError("x"))[0] for _ in range(2)]
    assert len({t.dedup_key for t in told if isinstance(t, Alarm)}) == 1
    assert len({t.key for t in told}) == 2
