"""Whether far more goes wrong than usual: the rule, and the counting that feeds it.

    learning ──errors >= 3, ratio >= 3 baselines──▶ suspicious ──the rule──▶ firing
      ▲ ▲                                               │                      │
      │ └──────────────otherwise────────────────────────┘                      │
      └────────────────no suspicion for ten minutes────────────────────────────┘

Every ten seconds the newest five minutes are held against the day before them. What leaves the five
minutes is learned, while there is no suspicion. So neither an incident nor its first seconds ever
become what is usual, however long it lasts. A suspicion that comes to nothing within an hour is
learned after all: it was the baseline that was wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log

from andon.watching.alarms import Seen
from andon.watching.poisson import log_tail
from andon.watching.rings import Ring

#: How often it is judged, and how wide a bucket of the window is.
STEP_S = 10

#: How wide a bucket of the day is, in steps.
_DAY_BUCKET = 30

#: So many errors an expectation counts at least. With fewer, a rare one would be overruled by a few
#: minutes that happen to have none, and what is usual would be an alarm.
_EXPECTED_ERRORS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a ratio has risen. The numbers are checked on the traffic in the tests."""

    expected: float = 0.01  #: the ratio that is usual, before anything was counted
    weight: int = 2000  #: as many requests that expectation counts, and five errors at least
    least: int = 10  #: fewer errors in a window are never an alarm
    factor: float = 10.0  #: how many times the baseline
    cap: float = 0.5  #: a ratio so high is enough, whatever the baseline
    chance: float = 1e-6  #: chance alone must be rarer than this
    windows_s: tuple[int, ...] = (300, 120)  #: judged each by itself; the first is the window
    suspicious: int = 3  #: errors
    suspicious_factor: float = 3.0  #: times the baseline
    quiet_s: int = 600  #: so long below suspicion, then it is over
    doubt_s: int = 3600  #: so long a mere suspicion keeps the baseline from learning
    day_s: int = 86_400  #: how far back the baseline looks

    def __post_init__(self) -> None:
        if not 0 < self.expected < 1:
            raise ValueError("`expected` is a ratio between 0 and 1, such as 0.01.")
        if self.windows_s[0] != max(self.windows_s) or any(w % STEP_S for w in self.windows_s):
            raise ValueError("`windows_s`: the longest first, each a multiple of ten seconds.")

    def baseline(self, count: float, errors: float) -> float:
        """The usual ratio: what the day says, and the expectation while it says little."""
        weight = max(self.weight, _EXPECTED_ERRORS / self.expected)
        return (errors + self.expected * weight) / (count + weight)

    def threshold(self, baseline: float) -> float:
        """The ratio from which it may be an alarm."""
        return min(self.factor * baseline, self.cap)

    def suspicion(self, baseline: float) -> float:
        """The ratio from which it is strange: where much fails anyway, halfway to an alarm."""
        top = self.threshold(baseline)
        halfway = (baseline + (top if top > baseline else 1.0)) / 2
        return min(self.suspicious_factor * baseline, halfway)

    def fires(self, seen: Seen) -> bool:
        """Whether that is an alarm."""
        return (
            seen.errors >= self.least
            and seen.ratio >= self.threshold(seen.baseline)
            and log_tail(seen.errors, seen.baseline * seen.count) < log(self.chance)
        )

    def suspects(self, seen: Seen) -> bool:
        """Whether that is too strange to be learned from, and for an alarm to be over."""
        return seen.errors >= self.suspicious and seen.ratio >= self.suspicion(seen.baseline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """It began, or it is over."""

    began: bool
    at_s: float  #: of the monitor's own seconds
    since_s: float  #: since when it was suspicious, or over
    seen: Seen
    page: bool = True  #: it cannot wait


class Rise:
    """Counts in two rings: five minutes in steps of ten seconds, a day in steps of five minutes."""

    def __init__(self, rule: Rule, columns: int = 2) -> None:
        self.rule = rule
        self.firing = False
        self._columns = columns
        self._window, self._day = self._rings()
        self._baseline = rule.expected
        self._step = 0
        self._learned = 0
        self._since_s: float | None = None
        self._quiet_s = 0

    @property
    def frozen(self) -> bool:
        """Whether nothing is learned at the moment."""
        doubted_s = 0.0 if self._since_s is None else self._step * STEP_S - self._since_s
        return self.firing or (self._since_s is not None and doubted_s <= self.rule.doubt_s)

    def usual(self) -> tuple[float, ...]:
        """What the day before the window counted."""
        return self._day.sums()

    def add(self, count: float, errors: float, *more: float) -> None:
        """Count what happens now."""
        self._window.add(count, errors, *more)

    def seen(self, window_s: int | None = None) -> Seen:
        """The newest counts, beside what is usual."""
        width_s = window_s or self.rule.windows_s[0]
        count, errors = self._window.sums(width_s // STEP_S)[:2]
        return Seen(window_s=width_s, count=int(count), errors=int(errors), baseline=self._baseline)

    def advance(self, now_s: float) -> Iterator[Turn]:
        """Judge at each step that has passed."""
        target = int(now_s // STEP_S)
        for _ in range(min(target - self._step, self._window.size + 1)):
            self._step += 1
            yield from self._judged()
            self._learn(self._window.turn())
        self._skip(target - self._step)

    def restart(self, expected: float | None = None) -> None:
        """Forget all, the alarm as well; expect that ratio, or the one that is seen now."""
        seen = min(max(self.seen().ratio, self.rule.expected), self.rule.cap)
        self.rule = replace(self.rule, expected=seen if expected is None else expected)
        self._window, self._day = self._rings()
        self._baseline, self.firing, self._since_s = self.rule.expected, False, None

    def _rings(self) -> tuple[Ring, Ring]:
        window, day = self.rule.windows_s[0], self.rule.day_s // _DAY_BUCKET
        return Ring(window // STEP_S, self._columns), Ring(day // STEP_S, self._columns)

    def _judged(self) -> Iterator[Turn]:
        seen = self.seen()
        at_s = float(self._step * STEP_S)
        if not self.firing and not self.rule.suspects(seen):
            self._since_s = None
        elif self._since_s is None:
            self._since_s = at_s - STEP_S
        if self.firing:
            yield from self._quietened(seen, at_s)
        else:
            yield from self._risen(at_s)

    def _risen(self, at_s: float) -> Iterator[Turn]:
        for width_s in self.rule.windows_s:
            seen = self.seen(width_s)
            if self.rule.fires(seen):
                self.firing, self._quiet_s = True, 0
                self._since_s = at_s - STEP_S if self._since_s is None else self._since_s
                yield Turn(began=True, at_s=at_s, since_s=self._since_s, seen=seen)
                break

    def _quietened(self, seen: Seen, at_s: float) -> Iterator[Turn]:
        if not seen.count:
            return  # Nothing happened: that says nothing about how it would have gone.
        self._quiet_s = 0 if self.rule.suspects(seen) else self._quiet_s + STEP_S
        if self._quiet_s >= self.rule.quiet_s:
            self.firing, self._since_s = False, None
            yield Turn(began=False, at_s=at_s, since_s=at_s, seen=seen)

    def _learn(self, fallen: tuple[float, ...]) -> None:
        if self.frozen:
            return
        self._day.add(*fallen)
        self._learned += 1
        if self._learned % _DAY_BUCKET == 0:
            self._day.turn()
        self._baseline = self.rule.baseline(*self._day.sums()[:2])

    def _skip(self, steps: int) -> None:
        """Pass over steps in which nothing was counted and the window was empty all along."""
        if steps <= 0:
            return
        self._step += steps
        if self.firing:
            return
        turns = (self._learned + steps) // _DAY_BUCKET - self._learned // _DAY_BUCKET
        self._learned += steps
        for _ in range(min(turns, self._day.size)):
            self._day.turn()
        self._baseline = self.rule.baseline(*self._day.sums()[:2])
