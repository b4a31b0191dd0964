"""Any measured value, such as latency, memory or the length of a queue: is it far above usual?"""

from collections.abc import Callable
from datetime import datetime

from andon.watching import words
from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.rings import Clock, wall
from andon.watching.rising import Rise, Rule, Turn
from andon.watching.telling import Telling, said_to
from andon.watching.watch import Watch

#: Values are fewer than requests, and spread more: one in twenty may be high until more is known.
RULE = Rule(expected=0.05, weight=200)


class SpikeMonitor(Watch):
    """Says once when far more values are too high than usually, and once when that is over.

    A value is too high above `limit`, or above `factor` times what is usual: the mean of the day
    before, beginning with `usual`, in which no value counts as more than that threshold. Up to
    `usual` itself no value ever is too high. From there on it is an error rate like any other, with
    the same window, baseline, latch and end: one long request is no spike. What is not a number is
    too high. Threads, time, memory and telling are those of `ErrorRateMonitor`.

        SpikeMonitor("checkout latency", usual=0.2, unit="s")
        SpikeMonitor("memory", limit=0.9)
    """

    def __init__(
        self,
        watching: str,
        *,
        usual: float | None = None,
        limit: float | None = None,
        factor: float = 3.0,
        unit: str = "",
        escalate: Callable[[Alarm], object] | None = None,
        cleared: Callable[[Cleared], object] | None = None,
        environment: str | None = None,
        clock: Clock = wall,
        rule: Rule = RULE,
        telling: Telling | None = None,
    ) -> None:
        if (usual is None) == (limit is None):
            raise ValueError("Give `usual`, to be compared with, or `limit`, never to be passed.")
        if (usual is not None and usual <= 0) or factor <= 1:
            raise ValueError("`usual` has to be above 0, and `factor` above 1.")
        self._rise = Rise(rule, columns=3)
        self._expected, self._fixed = usual, 0.0 if limit is None else limit
        self._factor, self._unit = factor, unit
        telling = telling or Telling(said_to(escalate, cleared, environment))
        super().__init__(watching, self._rise, telling, clock)

    @property
    def limit(self) -> float:
        """Above that a value is too high."""
        if self._expected is None or self.usual is None:
            return self._fixed
        return max(self._factor * self.usual, self._expected)

    @property
    def usual(self) -> float | None:
        """What a value usually is; unknown where only a limit is given."""
        if self._expected is None:
            return None
        count, _, total = self._rise.usual()
        weight = self._rise.rule.weight
        return (total + self._expected * weight) / (count + weight)

    def record(self, value: float, *, count: int = 1) -> tuple[Told, ...]:
        """Count a value, or so many alike."""

        def counted(now_s: float) -> tuple[Told, ...]:
            limit = self.limit
            high = 0 if value <= limit else count
            self._rise.add(count, high, count * min(limit, value))
            return ()

        return self._counted(counted)

    def accept(self, usual: float) -> tuple[Told, ...]:
        """Take that for usual, or for the limit where one was given. Ends the alarm."""

        def restart() -> None:
            self._rise.restart(self._rise.rule.expected)
            if self._expected is None:
                self._fixed = usual
            else:
                self._expected = usual

        return self._ended(restart)

    def _alarm(self, turn: Turn, at: datetime, since: datetime) -> Alarm:
        usual = None if self.usual is None else self._shown(self.usual)
        limit = self._shown(self.limit)
        return words.spike(self.watching, turn.seen, limit, usual, at, since)

    def _shown(self, value: float) -> str:
        return f"{value:.3g} {self._unit}".strip()
