"""Error rates: is a service failing far more often than it usually does?"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from andon.watching import words
from andon.watching.alarms import Alarm, Cleared, Told
from andon.watching.burn import Burn
from andon.watching.firsts import FirstSeen
from andon.watching.rings import Clock, wall
from andon.watching.rising import Rise, Rule, Turn
from andon.watching.telling import Telling, said_to
from andon.watching.watch import Watch


class ErrorRateMonitor(Watch):
    """Says once when far more requests fail than usually, and once when that is over.

    Count every request, the good ones too: `record()` for one that went well,
    `record(error=error)` for one that failed, `record(count=200, errors=3)` for many at once.
    Where requests may stop altogether, call `tick()` now and then.

    Usually means: over the day before the newest five minutes, beginning with `expected`. With
    `slo=0.999` it is the error budget that is watched instead, in several windows. An error of a
    type that was not seen before is said once, too, unless it is `known`.

    Every call is quick, holds a lock for some microseconds, may come from any thread or from an
    event loop, and never raises for what goes on elsewhere. What it says it returns as well: alarms
    are handed to `escalate` (and their end to `cleared`) in a thread of their own; without either,
    an incident is opened in Andon, and withdrawn at the end. Memory is constant.
    """

    def __init__(
        self,
        watching: str,
        *,
        expected: float | None = None,
        slo: float | None = None,
        known: Iterable[type[BaseException] | str] = (),
        escalate: Callable[[Alarm], object] | None = None,
        cleared: Callable[[Cleared], object] | None = None,
        environment: str | None = None,
        clock: Clock = wall,
        rule: Rule | None = None,
        first_seen: FirstSeen | None = None,
        telling: Telling | None = None,
    ) -> None:
        if expected is not None and slo is not None:
            raise ValueError("Give `expected` or `slo`: an SLO says itself what may fail.")
        rule = rule or Rule()
        rule = rule if expected is None else replace(rule, expected=expected)
        self._engine: Rise | Burn = Rise(rule) if slo is None else Burn(slo)
        self._firsts = first_seen or FirstSeen(known)
        telling = telling or Telling(said_to(escalate, cleared, environment))
        super().__init__(watching, self._engine, telling, clock)

    def record(
        self, *, count: int = 1, errors: int | None = None, error: BaseException | str | None = None
    ) -> tuple[Told, ...]:
        """Count requests, of which so many failed: one, where an `error` is given and no number."""
        failed = int(error is not None) if errors is None else errors
        if not 0 <= failed <= count:
            raise ValueError(f"{failed} of {count} requests cannot have failed.")

        def counted(now_s: float) -> tuple[Told, ...]:
            self._engine.add(count, failed)
            return () if error is None else self._first(error, self._elapsed.at(now_s))

        return self._counted(counted)

    @property
    def usual(self) -> float:
        """The ratio that is usual, or that the SLO allows, 0 to 1."""
        return self._engine.seen().baseline

    def accept(self) -> tuple[Told, ...]:
        """Take what is seen now for usual: it is known and will stay. Ends the alarm."""
        if isinstance(self._engine, Burn):
            raise ValueError("What an SLO allows is not learned: make a monitor with another one.")
        return self._ended(self._engine.restart)

    def _first(self, error: BaseException | str, at: datetime) -> tuple[Told, ...]:
        kind = self._firsts.notice(error)
        return () if kind is None else (words.first_seen(self.watching, kind, error, at),)

    def _alarm(self, turn: Turn, at: datetime, since: datetime) -> Alarm:
        if isinstance(self._engine, Burn):
            return words.burn_rate(self.watching, turn.seen, turn.page, at, since)
        return words.error_rate(self.watching, turn.seen, at, since)
