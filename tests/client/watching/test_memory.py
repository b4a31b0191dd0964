"""Memory is constant: more days weigh nothing."""

import pickle
from datetime import timedelta
from typing import Any

import pytest
from andon.watching.health import HealthMonitor
from andon.watching.rates import ErrorRateMonitor
from andon.watching.spikes import SpikeMonitor

from tests.building import START, Clock
from tests.client.watching.traffic import telling


def weight(monitor: Any) -> int:
    """Bytes of all that it counts with."""
    kept = {k: v for k, v in vars(monitor).items() if k in ("_engine", "_rise", "_firsts")}
    services = getattr(monitor, "_services", {})
    kept |= {name: {**vars(s), "_chance": None} for name, s in services.items()}
    return len(pickle.dumps(kept))


def live(monitor: Any, clock: Clock, days: int) -> None:
    """A good and a bad hour, four times a day, and different errors all the time."""
    for hour in range(days * 8):
        for minute in range(20):
            if isinstance(monitor, ErrorRateMonitor):
                error = f"kind {chr(97 + hour % 26)}{chr(97 + minute % 26)}"
                monitor.record(count=100, errors=50 * (hour % 2), error=error)
            elif isinstance(monitor, SpikeMonitor):
                monitor.record(5.0 if hour % 2 else 0.2, count=20)
            else:
                monitor.record("search", healthy=hour % 2 == 0, error="refused")
            clock.now += timedelta(minutes=9)


@pytest.mark.parametrize("kind", ["rates", "burn", "spikes", "health"])
def test_two_more_days_weigh_nothing(kind: str) -> None:
    clock = Clock(START)
    how: dict[str, Any] = {"clock": clock, "telling": telling()}
    monitor: Any = {
        "rates": lambda: ErrorRateMonitor("checkout", **how),
        "burn": lambda: ErrorRateMonitor("checkout", slo=0.999, **how),
        "spikes": lambda: SpikeMonitor("latency", usual=0.2, **how),
        "health": lambda: HealthMonitor(["search"], **how),
    }[kind]()
    live(monitor, clock, 2)
    after_days = weight(monitor)
    live(monitor, clock, 2)
    assert weight(monitor) <= after_days * 1.02
