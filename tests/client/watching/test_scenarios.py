"""The seven traffic scenarios: false alarms, how soon, how many pages an incident.

On each the seed's monitor runs beside ours, on the same traffic. All seeds of the full lane
(`ANDON_CLIENT_LANE=full`) are tried with the same numbers as the two of every run.
"""

from dataclasses import dataclass

import pytest
from andon.watching.rates import ErrorRateMonitor

from tests.building import Clock
from tests.client.lane import FULL
from tests.client.watching.traffic import HOUR, Stretch, naively, telling, watched

SEEDS = range(1, 21) if FULL else (1, 2)


@dataclass(frozen=True)
class Scenario:
    """Traffic, and what is to be said of it."""

    traffic: tuple[Stretch, ...]
    healthy_s: int  #: so long there is nothing to say
    within_s: float | None  #: so soon after that an alarm, as recommended; None: never
    naive_pages: range  #: of the seed's monitor, false ones and others
    naive_after_s: float | None = None  #: how late its first page of the incident


DAY = 24 * HOUR
SCENARIOS = {
    "A healthy 1 %, 20 req/s, 24 h": Scenario(
        (Stretch(DAY, 20, 0.01),), DAY, None, naive_pages=range(16_000, 19_000)
    ),
    "B healthy 0.1 %, 48 h": Scenario(
        (Stretch(2 * DAY, 20, 0.001),), 2 * DAY, None, naive_pages=range(20)
    ),
    "C 24 h at 0.5 req/s, then 60 min of errors alone": Scenario(
        (Stretch(DAY, 0.5, 0.01), Stretch(HOUR, 0.5, 1.0)), DAY, 30, naive_pages=range(20)
    ),
    "D 0.1 % to 30 % for 60 min": Scenario(
        (Stretch(DAY, 20, 0.001), Stretch(HOUR, 20, 0.3)),
        DAY,
        10,
        naive_pages=range(14_000, 16_000),
        naive_after_s=1000,
    ),
    "E 0.1 % to 2 %, 3 h": Scenario(
        (Stretch(DAY, 20, 0.001), Stretch(3 * HOUR, 20, 0.02)), DAY, 90, naive_pages=range(20)
    ),
    "F ten times the traffic, constant 0.5 %": Scenario(
        (Stretch(DAY, 2, 0.005), Stretch(6 * HOUR, 20, 0.005)),
        DAY + 6 * HOUR,
        None,
        naive_pages=range(20),
    ),
    "G cold start, all failing": Scenario(
        (Stretch(HOUR, 2.5, 1.0),), 0, 10, naive_pages=range(8_500, 9_500)
    ),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_no_false_alarm_and_one_page_in_time(name: str, seed: int) -> None:
    scenario = SCENARIOS[name]
    alarms = watched(_monitor, scenario.traffic, seed).alarms()
    assert [at for at in alarms if at <= scenario.healthy_s] == []
    incidents = 0 if scenario.within_s is None else 1
    assert len(alarms) == incidents
    assert all(at - scenario.healthy_s <= scenario.within_s for at in alarms)  # type: ignore[operator]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_naive_monitor_pages_for_each_error_or_never(name: str) -> None:
    """The same traffic: thousands of pages, the first one late, or none."""
    scenario = SCENARIOS[name]
    pages = naively(scenario.traffic, seed=1)
    assert len(pages) in scenario.naive_pages
    late = [at - scenario.healthy_s for at in pages if at > scenario.healthy_s]
    assert (min(late, default=0.0)) >= (scenario.naive_after_s or 0)


def _monitor(clock: Clock) -> ErrorRateMonitor:
    return ErrorRateMonitor("checkout", clock=clock, telling=telling())
