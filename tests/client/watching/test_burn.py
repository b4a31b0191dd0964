"""Error budgets: pages and tickets, and the burn columns of the scenarios."""

import pytest
from andon.watching.alarms import Alarm, Cleared, Reason
from andon.watching.burn import Burn
from andon.watching.rates import ErrorRateMonitor

from tests.building import START, Clock
from tests.client.watching.test_rates import a_monitor, go_on
from tests.client.watching.test_scenarios import DAY, SCENARIOS
from tests.client.watching.traffic import HOUR, Heard, Stretch, telling, watched


def burnt(slo: float, *stretches: Stretch) -> Heard:
    def made(clock: Clock) -> ErrorRateMonitor:
        return ErrorRateMonitor("checkout", slo=slo, clock=clock, telling=telling())

    return watched(made, stretches, seed=1)


@pytest.mark.parametrize(
    ("letter", "slo", "within_s"),
    [("C", 0.99, 510), ("D", 0.99, 1750), ("D", 0.999, 180), ("E", 0.999, 2600), ("G", 0.99, 10)],
)
def test_a_budget_spent_too_fast_pages_once(letter: str, slo: float, within_s: int) -> None:
    scenario = next(s for name, s in SCENARIOS.items() if name.startswith(letter))
    pages = burnt(slo, *scenario.traffic).alarms("high")
    (first,) = [at - scenario.healthy_s for at in pages]
    assert 0 < first <= within_s


def test_what_an_slo_allows_pages_nobody() -> None:
    assert burnt(0.99, Stretch(DAY, 5, 0.01)).alarms("high") == []


def test_a_slow_burn_is_a_ticket_and_no_page() -> None:
    heard = burnt(0.99, Stretch(DAY, 5, 0.001), Stretch(DAY, 5, 0.045))
    assert (len(heard.alarms("medium")), heard.alarms("high")) == (1, [])
    (ticket,) = (t for _, t in heard.told if isinstance(t, Alarm))
    assert ticket.category == "service_health"


def test_a_page_covers_the_ticket_of_the_same_incident() -> None:
    heard = burnt(0.99, Stretch(HOUR, 5, 0.001), Stretch(4 * HOUR, 5, 0.5), Stretch(HOUR, 5, 0.0))
    assert (len(heard.alarms("high")), heard.alarms("medium")) == (1, [])


def test_a_page_is_over_ten_quiet_minutes_after_the_short_window() -> None:
    heard = burnt(0.99, Stretch(2 * HOUR, 5, 0.5), Stretch(2 * HOUR, 5, 0.0))
    (over,) = heard.cleared()
    assert 2 * HOUR + 600 <= over <= 2 * HOUR + 600 + 1800


def test_a_page_says_how_many_times_too_fast() -> None:
    clock = Clock(START)
    (alarm,) = go_on(a_monitor(clock, slo=0.99), clock, 1, 100, errors=50)
    assert isinstance(alarm, Alarm)
    assert alarm.reason is Reason.BURN_RATE
    assert alarm.title == "checkout: error budget spent 50 times too fast"
    assert alarm.summary == "50 of 100 requests failed within 1 h; the SLO allows 1 %."


def test_few_requests_burn_no_budget() -> None:
    """Nine errors of nine are far above any factor, and too few to say so."""
    clock = Clock(START)
    assert go_on(a_monitor(clock, slo=0.999), clock, 1, 9, errors=9) == []


def test_a_gap_empties_every_window() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock, slo=0.99)
    go_on(monitor, clock, 3, 100, errors=5)
    clock.pass_(4 * DAY)
    assert go_on(monitor, clock, 1, 20, errors=9) == []


def test_a_page_ends_although_there_is_no_more_traffic_for_an_hour() -> None:
    clock = Clock(START)
    monitor = a_monitor(clock, slo=0.99)
    go_on(monitor, clock, 3, 100, errors=50)
    clock.pass_(2 * HOUR)
    assert [type(t) for t in go_on(monitor, clock, 70, 100)] == [Cleared]


def test_what_an_slo_allows_is_not_learned() -> None:
    with pytest.raises(ValueError, match="another one"):
        a_monitor(Clock(), slo=0.99).accept()


@pytest.mark.parametrize("slo", [0, 1, 99.9, -1])
def test_an_slo_that_is_no_ratio_is_refused(slo: float) -> None:
    with pytest.raises(ValueError, match=r"0\.999"):
        Burn(slo)
