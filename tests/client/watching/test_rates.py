"""Error rates, one behaviour at a time."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from andon.watching.alarms import Alarm, Cleared, Reason, Seen, Told
from andon.watching.rates import ErrorRateMonitor
from andon.watching.rising import Rule

from tests.building import START, Clock
from tests.client.watching.traffic import telling


def a_monitor(clock: Clock, **how: Any) -> ErrorRateMonitor:
    return ErrorRateMonitor("checkout", clock=clock, telling=telling(), **how)


def go_on(
    monitor: ErrorRateMonitor, clock: Clock, steps: int, count: int, errors: int = 0
) -> list[Told]:
    """So many steps of ten seconds with the same traffic."""
    told: list[Told] = []
    for _ in range(steps):
        told += monitor.record(count=count, errors=errors)
        clock.pass_(10)
        told += monitor.tick()
    return told


def test_an_alarm_says_what_was_counted_and_since_when() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 60, 100)
    (alarm,) = go_on(monitor, clock, 3, 100, errors=50)
    assert isinstance(alarm, Alarm)
    assert alarm.seen == Seen(window_s=120, count=1200, errors=50, baseline=alarm.seen.baseline)  # type: ignore[union-attr]
    assert (alarm.reason, alarm.category, alarm.severity) == (
        Reason.ERROR_RATE,
        "pattern_change",
        "high",
    )
    assert (alarm.since, alarm.at) == (
        START + timedelta(seconds=600),
        START + timedelta(seconds=610),
    )


def test_an_alarm_is_said_once_and_its_end_once() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    told = go_on(monitor, clock, 400, 50, errors=25)
    assert [type(t) for t in told] == [Alarm]
    assert monitor.firing
    told = go_on(monitor, clock, 200, 50)
    assert [type(t) for t in told] == [Cleared]
    assert not monitor.firing


def test_it_is_over_ten_minutes_after_the_window_is_good_again() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 30, 50, errors=25)
    ended = clock.now
    (cleared,) = go_on(monitor, clock, 200, 50)
    assert timedelta(seconds=600) <= cleared.at - ended <= timedelta(seconds=900)
    assert cleared.key == cleared.alarm.key  # type: ignore[union-attr]


def test_it_recovers_although_nothing_fails_and_nothing_comes() -> None:
    """Good requests and ticks judge as well as errors do."""
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 2, 50, errors=50)
    told = [t for _ in range(200) if (t := _one_good(monitor, clock))]
    assert [type(t) for t in told] == [Cleared]


def _one_good(monitor: ErrorRateMonitor, clock: Clock) -> Told | None:
    clock.pass_(10)
    return next(iter(monitor.record()), None)


def test_no_requests_say_nothing_about_an_alarm() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 2, 50, errors=50)
    clock.pass_(7 * 24 * 3600)
    assert monitor.tick() == ()
    assert monitor.firing


def test_after_a_quiet_week_a_burst_is_noticed_as_soon_as_ever() -> None:
    """The seed's monitor then needs 60,481 errors."""
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 10, 1)
    clock.pass_(7 * 24 * 3600)
    assert [type(t) for t in go_on(monitor, clock, 1, 10, errors=10)] == [Alarm]


def test_nine_errors_are_no_alarm_even_if_nothing_else_comes() -> None:
    clock = Clock(START)
    assert go_on(a_monitor(clock), clock, 60, 0) == []
    assert go_on(a_monitor(clock), clock, 1, 9, errors=9) == []


def test_a_service_that_usually_fails_often_is_held_against_that() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock, expected=0.3)
    assert go_on(monitor, clock, 300, 100, errors=30) == []
    assert [type(t) for t in go_on(monitor, clock, 30, 100, errors=90)] == [Alarm]


def test_what_is_accepted_is_usual_from_then_on() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    go_on(monitor, clock, 60, 100, errors=20)
    assert [type(t) for t in monitor.accept()] == [Cleared]
    assert go_on(monitor, clock, 600, 100, errors=20) == []
    assert [type(t) for t in go_on(monitor, clock, 30, 100, errors=80)] == [Alarm]


def test_an_expectation_that_was_wrong_is_learned_away_within_hours() -> None:
    """A suspicion that comes to nothing does not freeze the baseline for good."""
    clock = Clock(START)
    monitor = a_monitor(clock)
    assert go_on(monitor, clock, 6 * 360, 200, errors=10) == []
    assert monitor.usual == pytest.approx(0.05, rel=0.1)


def test_what_is_rare_is_not_taken_for_impossible_after_some_good_minutes() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock, expected=0.0002)
    go_on(monitor, clock, 40, 2000)
    assert go_on(monitor, clock, 12, 2000, errors=1) == []


@pytest.mark.parametrize(("count", "errors"), [(1, 2), (5, -1), (0, 1)])
def test_more_errors_than_requests_are_refused(count: int, errors: int) -> None:
    with pytest.raises(ValueError, match="cannot have failed"):
        a_monitor(Clock()).record(count=count, errors=errors)


@pytest.mark.parametrize("expected", [0, 1, 1.5, -0.1])
def test_an_expectation_that_is_no_ratio_is_refused(expected: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        a_monitor(Clock(), expected=expected)


def test_windows_have_to_fit_the_steps() -> None:
    with pytest.raises(ValueError, match="multiple of ten seconds"):
        Rule(windows_s=(60, 300))


def test_an_slo_and_an_expectation_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="`expected` or `slo`"):
        a_monitor(Clock(), expected=0.01, slo=0.999)


def test_an_error_counts_as_one_of_those_that_failed() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock, known=[TimeoutError])
    told = [t for _ in range(12) for t in monitor.record(error=TimeoutError("slow"))]
    clock.pass_(10)
    (alarm,) = (*told, *monitor.tick())
    assert (alarm.seen.count, alarm.seen.errors) == (12, 12)  # type: ignore[union-attr]


def test_threads_lose_no_request() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock)
    threads = [
        threading.Thread(target=lambda: [monitor.record(count=2, errors=1) for _ in range(500)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.pass_(10)
    (alarm,) = monitor.tick()
    assert (alarm.seen.count, alarm.seen.errors) == (8000, 4000)  # type: ignore[union-attr]
