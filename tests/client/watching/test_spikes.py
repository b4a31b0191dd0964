"""Measured values: latency, memory, the length of a queue."""

import random
from collections.abc import Callable
from datetime import timedelta
from math import exp, nan
from typing import Any

import pytest
from andon.watching.alarms import Alarm, Cleared, Reason, Told
from andon.watching.spikes import SpikeMonitor

from tests.building import START, Clock
from tests.client.watching.traffic import telling


def latency(clock: Clock, **how: Any) -> SpikeMonitor:
    given = {"usual": 0.2, "unit": "s"} | how
    return SpikeMonitor("checkout latency", clock=clock, telling=telling(), **given)


def go_on(
    monitor: SpikeMonitor, clock: Clock, steps: int, value: Callable[[], float], each: int = 5
) -> list[Told]:
    """So many steps of ten seconds with so many values each."""
    told: list[Told] = []
    for _ in range(steps):
        for _ in range(each):
            told += monitor.record(value())
        clock.pass_(10)
        told += monitor.tick()
    return told


def around(median: float, chance: random.Random, spread: float = 0.6) -> Callable[[], float]:
    """Latencies as they are: most near the median, a few far above."""
    return lambda: median * exp(chance.gauss(0, spread))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("spread", [0.3, 0.6, 1.0])
def test_usual_latency_is_no_alarm_however_it_spreads(seed: int, spread: float) -> None:
    clock = Clock(START)
    monitor = latency(clock)
    assert go_on(monitor, clock, 3000, around(0.2, random.Random(seed), spread)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_latency_that_rises_fivefold_is_said_once_within_a_minute(seed: int) -> None:
    clock, chance = Clock(START), random.Random(seed)
    monitor = latency(clock)
    go_on(monitor, clock, 400, around(0.2, chance))
    rises = clock.now
    told = go_on(monitor, clock, 360, around(1.0, chance))
    (alarm,) = told
    assert isinstance(alarm, Alarm)
    assert alarm.reason is Reason.SPIKE
    assert alarm.at - rises <= timedelta(seconds=60)


def test_a_tail_of_slow_requests_is_a_spike_although_most_are_quick() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    go_on(monitor, clock, 400, lambda: 0.2, each=20)
    (alarm,) = go_on(monitor, clock, 30, iter([0.2, 0.2, 0.2, 5.0] * 1000).__next__, each=20)
    assert isinstance(alarm, Alarm)


def test_one_long_request_is_no_spike() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    go_on(monitor, clock, 100, lambda: 0.2)
    assert monitor.record(3600.0) == ()
    assert go_on(monitor, clock, 100, lambda: 0.2) == []
    assert monitor.usual == pytest.approx(0.2, rel=0.01)


def test_what_is_usual_is_learned() -> None:
    clock = Clock(START)
    monitor = latency(clock, usual=1.0)
    go_on(monitor, clock, 2000, lambda: 2.0)
    assert monitor.usual == pytest.approx(2.0, rel=0.05)
    assert monitor.limit == pytest.approx(6.0, rel=0.05)


def test_an_incident_never_becomes_usual() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    go_on(monitor, clock, 100, lambda: 0.2)
    usual = monitor.usual
    go_on(monitor, clock, 9000, lambda: 30.0, each=1)
    assert monitor.firing
    assert monitor.usual == pytest.approx(usual)


def test_a_spike_is_over_after_ten_quiet_minutes() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    assert [type(t) for t in go_on(monitor, clock, 30, lambda: 2.0)] == [Alarm]
    assert [type(t) for t in go_on(monitor, clock, 100, lambda: 0.2)] == [Cleared]


def test_nothing_up_to_what_is_called_usual_is_too_high() -> None:
    """A queue that is empty nearly always may hold ten."""
    clock = Clock(START)
    monitor = SpikeMonitor("queue", usual=10, clock=clock, telling=telling())
    go_on(monitor, clock, 3000, lambda: 0.0)
    assert monitor.usual == pytest.approx(0, abs=0.5)
    assert go_on(monitor, clock, 60, lambda: 9.0) == []


def test_a_limit_is_said_as_resource_exhaustion() -> None:
    clock = Clock(START)
    monitor = SpikeMonitor("memory", limit=0.9, clock=clock, telling=telling())
    assert go_on(monitor, clock, 300, lambda: 0.85, each=1) == []
    (alarm,) = go_on(monitor, clock, 30, lambda: 0.97, each=1)
    assert isinstance(alarm, Alarm)
    assert (alarm.category, monitor.usual) == ("resource_exhaustion", None)
    assert alarm.context()["system_state"]["limit"] == "0.9"


def test_memory_above_its_limit_is_said_within_two_minutes_of_samples_every_ten_seconds() -> None:
    clock = Clock(START)
    monitor = SpikeMonitor("memory", limit=0.9, clock=clock, telling=telling())
    go_on(monitor, clock, 300, lambda: 0.5, each=1)
    assert len(go_on(monitor, clock, 12, lambda: 0.95, each=1)) == 1


def test_what_is_not_a_number_is_too_high_and_spoils_nothing() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    assert [type(t) for t in go_on(monitor, clock, 30, lambda: nan)] == [Alarm]
    assert monitor.usual == pytest.approx(0.2)


def test_a_new_usual_can_be_said() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    go_on(monitor, clock, 30, lambda: 2.0)
    assert [type(t) for t in monitor.accept(2.0)] == [Cleared]
    assert go_on(monitor, clock, 60, lambda: 2.0) == []
    assert monitor.usual == pytest.approx(2.0)


def test_a_new_limit_can_be_said() -> None:
    monitor = SpikeMonitor("memory", limit=0.9, clock=Clock(), telling=telling())
    assert monitor.accept(0.95) == ()
    assert monitor.limit == 0.95


def test_many_alike_are_counted_as_many() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    monitor.record(2.0, count=40)
    clock.pass_(10)
    (alarm,) = monitor.tick()
    assert (alarm.seen.count, alarm.seen.errors) == (40, 40)  # type: ignore[union-attr]


def test_an_alarm_says_the_limit_and_what_is_usual() -> None:
    clock = Clock(START)
    monitor = latency(clock)
    monitor.record(2.0, count=40)
    clock.pass_(10)
    (alarm,) = monitor.tick()
    assert isinstance(alarm, Alarm)
    assert alarm.title == "checkout latency: 100 % of values above 0.6 s"
    assert alarm.summary == "40 of 40 values within 5 min were above 0.6 s, 0.2 s is usual."


@pytest.mark.parametrize("how", [{"usual": None}, {"limit": 1.0}, {"usual": 0}, {"factor": 1}])
def test_what_makes_no_sense_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="usual"):
        latency(Clock(), **how)
