"""Traffic made by chance, and always the same for a seed; a clock; the monitor of the seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp

from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.rates import ErrorRateMonitor
from andon.watching.telling import Telling

from tests.building import START, Clock

STEP_S = 10
HOUR = 3600


@dataclass(frozen=True)
class Stretch:
    """For so long so many requests a second, of which such a part fails."""

    lasts_s: int
    per_s: float
    fail: float


@dataclass(frozen=True)
class Counted:
    """What came in ten seconds."""

    at_s: int
    good: int
    bad: int


def came(stretches: Sequence[Stretch], seed: int) -> Iterator[Counted]:
    """The traffic of all stretches, one after the other."""
    chance = random.Random(seed)
    at_s = 0
    for stretch in stretches:
        for _ in range(stretch.lasts_s // STEP_S):
            many = stretch.per_s * STEP_S
            good = poisson(chance, many * (1 - stretch.fail))
            yield Counted(at_s, good, poisson(chance, many * stretch.fail))
            at_s += STEP_S


def poisson(chance: random.Random, mean: float) -> int:
    """A count around its mean; by Knuth, and by the normal curve where that is all the same."""
    if mean > 60:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    count, product, end = 0, chance.random(), exp(-mean)
    while product > end:
        product *= chance.random()
        count += 1
    return count


@dataclass
class Heard:
    """What a monitor said, and when, in seconds since the beginning."""

    told: list[tuple[float, Told]] = field(default_factory=list)

    def alarms(self, *severities: str) -> list[float]:
        """When there was an alarm."""
        wanted = severities or ("high",)
        return [at for at, t in self.told if isinstance(t, Alarm) and t.severity in wanted]

    def cleared(self) -> list[float]:
        """When one was over."""
        return [at for at, t in self.told if isinstance(t, Cleared)]


def telling() -> Telling:
    """Tells nobody, in no thread."""
    return Telling(lambda told: None, run=lambda work: work())


def watched(
    make: Callable[[Clock], ErrorRateMonitor], stretches: Sequence[Stretch], seed: int
) -> Heard:
    """What a monitor says of some traffic: counted as it comes, and judged as time passes."""
    clock, heard = Clock(START), Heard()
    monitor = make(clock)
    for counted in came(stretches, seed):
        clock.now = START + timedelta(seconds=counted.at_s)
        told = monitor.record(count=counted.good + counted.bad, errors=counted.bad)
        heard.told += [(since(START, t.at), t) for t in told]
    clock.pass_(STEP_S)
    heard.told += [(since(START, t.at), t) for t in monitor.tick()]
    return heard


def since(start: datetime, at: datetime) -> float:
    return (at - start).total_seconds()


class NaiveMonitor:
    """The seed's sample, word for word but for the clock and whom it alerts."""

    def __init__(self, clock: Callable[[], datetime], alert_on_call: Callable[[], None]) -> None:
        self.error_count = 0
        self.clock = clock
        self.alert_on_call = alert_on_call
        self.window_start = clock()
        self.baseline_rate = 0.01  # 1% errors normal

    def record_error(self) -> None:
        """Track errors and escalate on rate spike."""
        self.error_count += 1
        window_duration = (self.clock() - self.window_start).total_seconds()
        error_rate = self.error_count / max(window_duration, 1)
        if error_rate > self.baseline_rate * 10:
            self.alert_on_call()


def naively(stretches: Sequence[Stretch], seed: int) -> list[float]:
    """When the seed's monitor pages on the same traffic, its errors spread over each step."""
    clock, pages = Clock(START), list[float]()
    monitor = NaiveMonitor(clock, lambda: pages.append(since(START, clock.now)))
    for counted in came(stretches, seed):
        for i in range(counted.bad):
            spread = (i + 0.5) / counted.bad * STEP_S
            clock.now = START + timedelta(seconds=counted.at_s + spread)
            monitor.record_error()
    return pages
