"""Bugs to plant in the monitors: each takes one rule out, and breaks the promises it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from andon.watching import rising
from andon.watching.alarms import Seen, Told
from andon.watching.rates import ErrorRateMonitor
from andon.watching.rings import Elapsed, Ring
from andon.watching.rising import Rise, Rule, Turn

from tests.client.watching.promises import PLAINLY

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Planted:
    """A bug, and the promises of which at least one has to break."""

    plant: Plant
    breaks: frozenset[str]


PLANTED: dict[str, Planted] = {}


def breaks(*promises: str) -> Callable[[Plant], Plant]:
    """Put the bug on the list."""

    def listed(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = Planted(plant, frozenset(promises))
        return plant

    return listed


@breaks("not over too early", "one page an incident")
def the_baseline_is_never_frozen(m: pytest.MonkeyPatch) -> None:
    m.setattr(Rise, "frozen", False)


@breaks(PLAINLY)
def the_baseline_is_frozen_only_while_firing(m: pytest.MonkeyPatch) -> None:
    m.setattr(Rise, "frozen", property(lambda self: self.firing))


@breaks(PLAINLY)
def a_suspicion_freezes_for_ever(m: pytest.MonkeyPatch) -> None:
    m.setattr(Rise, "frozen", property(lambda self: self.firing or self._since_s is not None))


@breaks("one alarm, then its end")
def nothing_is_latched(m: pytest.MonkeyPatch) -> None:
    def judged(self: Any) -> Iterator[Turn]:
        self.firing = False
        yield from self._risen(float(self._step * rising.STEP_S))

    m.setattr(Rise, "_judged", judged)


@breaks("told in time")
def the_window_is_in_the_baseline(m: pytest.MonkeyPatch) -> None:
    real, learn = Rise.add, Rise._learn

    def add(self: Any, count: float, errors: float, *more: float) -> None:
        real(self, count, errors, *more)
        self._day.add(count, errors, *more)

    def learned(self: Any, fallen: tuple[float, ...]) -> None:
        self.firing, firing = False, self.firing
        self._since_s, since = None, self._since_s
        learn(self, tuple(0.0 for _ in fallen))
        self.firing, self._since_s = firing, since

    m.setattr(Rise, "add", add)
    m.setattr(Rise, "_learn", learned)


@breaks("ten errors at least")
def few_errors_are_enough(m: pytest.MonkeyPatch) -> None:
    _without(m, lambda rule: object.__setattr__(rule, "least", 1))


@breaks("told in time")
def the_cap_is_missing(m: pytest.MonkeyPatch) -> None:
    _without(m, lambda rule: object.__setattr__(rule, "cap", 1e9))


@breaks("no false alarm")
def chance_is_not_asked(m: pytest.MonkeyPatch) -> None:
    m.setattr(rising, "log_tail", lambda count, mean: -1000.0)


@breaks("no false alarm")
def errors_are_compared_without_a_factor(m: pytest.MonkeyPatch) -> None:
    _without(m, lambda rule: object.__setattr__(rule, "factor", 1.0))


@breaks("over in the end")
def it_is_judged_on_errors_only(m: pytest.MonkeyPatch) -> None:
    real = ErrorRateMonitor.record

    def record(self: Any, *, count: int = 1, errors: int = 0) -> tuple[Told, ...]:
        return real(self, count=count, errors=errors) if errors > 0.5 * count else ()

    m.setattr(ErrorRateMonitor, "record", record)


@breaks("only what came in the window")
def a_gap_is_one_step(m: pytest.MonkeyPatch) -> None:
    def advance(self: Any, now_s: float) -> Iterator[Turn]:
        if int(now_s // rising.STEP_S) > self._step:
            self._step = int(now_s // rising.STEP_S)
            yield from self._judged()
            self._learn(self._window.turn())

    m.setattr(Rise, "advance", advance)


@breaks("only what came in the window")
def buckets_are_never_emptied(m: pytest.MonkeyPatch) -> None:
    def turn(self: Any) -> tuple[float, ...]:
        self._newest = (self._newest + 1) % self.size
        return tuple(column[self._newest] for column in self._columns)

    m.setattr(Ring, "turn", turn)


@breaks(PLAINLY)
def the_day_never_ends(m: pytest.MonkeyPatch) -> None:
    real = Ring.turn
    m.setattr(Ring, "turn", lambda self: real(self) if self.size == 30 else ())


@breaks("not over too early")
def it_is_over_at_the_first_quiet_step(m: pytest.MonkeyPatch) -> None:
    _without(m, lambda rule: object.__setattr__(rule, "quiet_s", 10))


@breaks(PLAINLY, "over in the end")
def quiet_is_counted_in_all_and_not_in_a_row(m: pytest.MonkeyPatch) -> None:
    def quietened(self: Any, seen: Seen, at_s: float) -> Iterator[Turn]:
        self._quiet_s += 0 if self.rule.suspects(seen) or not seen.count else rising.STEP_S
        if self._quiet_s >= self.rule.quiet_s:
            self.firing, self._since_s = False, None
            yield Turn(began=False, at_s=at_s, since_s=at_s, seen=seen)

    m.setattr(Rise, "_quietened", quietened)


@breaks(PLAINLY)
def a_window_without_requests_counts_as_quiet(m: pytest.MonkeyPatch) -> None:
    real = Rise._quietened

    def quietened(self: Any, seen: Seen, at_s: float) -> Iterator[Turn]:
        if seen.count:
            yield from real(self, seen, at_s)
        else:
            self._quiet_s += rising.STEP_S

    m.setattr(Rise, "_quietened", quietened)


@breaks("told in time")
def a_clock_that_is_set_back_stops_it(m: pytest.MonkeyPatch) -> None:
    started: dict[int, datetime] = {}

    def elapsed(self: Any) -> float:
        self._last = self._clock()
        self._s = (self._last - started.setdefault(id(self), self._last)).total_seconds()
        return float(self._s)

    m.setattr(Elapsed, "__call__", elapsed)


def _without(m: pytest.MonkeyPatch, change: Callable[[Rule], None]) -> None:
    """Every rule from now on lacks something."""
    real = Rise.__init__

    def made(self: Any, rule: Rule, columns: int = 2) -> None:
        change(rule)
        real(self, rule, columns)

    m.setattr(Rise, "__init__", made)
