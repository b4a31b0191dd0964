"""`CircuitBreaker`: calls that keep failing are not made for a while; people hear when it repeats.

```
             failures in a row
    closed ────────────────────> open ───── pause_s ─────> half-open
      ^                           ^                         │     │
      │                           └──── the trial fails ────┘     │
      └──────────────────── the trial works ──────────────────────┘
```

Half-open lets one call through, the trial. Opened `openings` times `within_s` seconds, people are
told, once: it is latched until it has not opened for as long. What a call comes to counts only for
the term it began in: an old call that fails late neither opens nor closes anything.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar, cast

from andon.attempting import Errors, utc_now
from andon.calling import through
from andon.context.failure import Attempt, in_words
from andon.context.gathering import Context
from andon.errors import AndonError
from andon.escalating import Escalates, Incident, Telling, Told, note_on

P = ParamSpec("P")
R = TypeVar("R")


class State(StrEnum):
    """Whether calls are made."""

    CLOSED = "closed"  #: all of them
    OPEN = "open"  #: none
    HALF_OPEN = "half-open"  #: one at a time


class CircuitOpenError(AndonError):
    """Calls are not made for now, for too many failed."""

    retry = True

    def __init__(self, name: str, wait_s: float, last: str) -> None:
        """`wait_s` seconds until one is tried; `last` is what the last one said."""
        self.name, self.wait_s = name, wait_s
        super().__init__(
            f"{name} is cut off, for it kept failing ({last}).",
            advice=f"It is tried again in {wait_s:.0f} s.",
        )


class Circuit:
    """The rules alone: knows neither threads nor clocks."""

    def __init__(self, *, failures: int, pause_s: float, openings: int, within_s: float) -> None:
        self.failures, self.pause_s, self.within_s = failures, pause_s, within_s
        self.state = State.CLOSED
        self.opened: deque[float] = deque(maxlen=openings)  #: when, the latest at the end
        self.latched = False  #: people were told
        self._term = 0
        self._failed = 0
        self._trial_until: float | None = None

    def admit(self, now: float) -> int | None:
        """The term in which a call begins, or None: it is not made."""
        if self.state is State.CLOSED:
            return self._term
        if self.wait_s(now) > 0:
            return None
        self._turn(State.HALF_OPEN)
        self._trial_until = now + self.pause_s  # a trial that never ends does not block for ever
        return self._term

    def wait_s(self, now: float) -> float:
        """Seconds until a trial may begin."""
        until = self.opened[-1] + self.pause_s if self.state is State.OPEN else self._trial_until
        return 0.0 if until is None else max(0.0, until - now)

    def worked(self, term: int) -> None:
        """A call that began in that term worked."""
        if term == self._term:
            self._failed = 0
            if self.state is State.HALF_OPEN:
                self._turn(State.CLOSED)

    def broke_off(self, term: int) -> None:
        """A call of that term came to nothing: it was cancelled."""
        if term == self._term:
            self._trial_until = None

    def failed(self, term: int, now: float) -> bool:
        """A call that began in that term failed; whether that opened it."""
        if term != self._term:
            return False
        self._failed += 1
        if self.state is State.CLOSED and self._failed < self.failures:
            return False
        self._turn(State.OPEN)
        if self.opened and now - self.opened[-1] > self.within_s:
            self.latched = False
        self.opened.append(now)
        return True

    def is_repeated(self) -> bool:
        """Whether it has opened so often that people should hear, and have not."""
        often = len(self.opened) == self.opened.maxlen
        return often and not self.latched and self.opened[-1] - self.opened[0] <= self.within_s

    def _turn(self, state: State) -> None:
        self.state, self._trial_until, self._failed = state, None, 0
        self._term += 1


class CircuitBreaker:
    """Around everything that calls one service: `@breaker`, or `breaker.call(function, …)`.

    ```python
    search = CircuitBreaker("search", failures=5, pause_s=30, openings=3, within_s=600)

    @search
    def find(words: str) -> list[str]: ...
    ```
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        pause_s: float = 30.0,
        openings: int = 3,
        within_s: float = 600.0,
        on: Errors = Exception,
        category: str = "service_health",
        environment: str | None = None,
        severity: str | None = None,
        client: Escalates | None = None,
        context: Context | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """It opens after `failures` in a row for `pause_s` seconds; people are told when it opened
        `openings` times in `within_s` seconds. `on` are the errors that count.
        """
        if failures < 1 or openings < 1 or pause_s <= 0 or within_s <= 0:
            raise ValueError("failures and openings are at least 1, the times more than 0 s.")
        self.name, self._on, self._category = name, on, category
        self._asked = {"environment": environment, "severity": severity}
        self._circuit = Circuit(
            failures=failures, pause_s=pause_s, openings=openings, within_s=within_s
        )
        self._telling = Telling(client, context)
        self._clock, self._now = clock, now
        self._lock = threading.Lock()
        self._openings: deque[Attempt] = deque(maxlen=openings)
        self._last = ""
        self._told: Told | None = None

    @property
    def state(self) -> State:
        """Whether calls are made."""
        return self._circuit.state

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, guarded; coroutine functions too."""
        return cast(Callable[P, R], through(function, self.call, self.acall))

    def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Its result. Raises CircuitOpenError without calling it while the circuit is open."""
        term = self._admit()
        try:
            result = function(*args, **kwargs)
        except self._on as error:
            incident = self._failed(term, error)
            if incident is not None:
                self._were_told(error, self._telling.tell(incident))
            raise
        except BaseException:
            self._broke_off(term)
            raise
        self._worked(term)
        return result

    async def acall(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The same, awaited."""
        term = self._admit()
        try:
            result = await function(*args, **kwargs)
        except self._on as error:
            incident = self._failed(term, error)
            if incident is not None:
                self._were_told(error, await self._telling.atell(incident))
            raise
        except BaseException:
            self._broke_off(term)
            raise
        self._worked(term)
        return result

    def _admit(self) -> int:
        with self._lock:
            now = self._clock()
            term = self._circuit.admit(now)
            if term is not None:
                return term
            refused = CircuitOpenError(self.name, self._circuit.wait_s(now), self._last)
            told = self._told if self._circuit.latched else None
        if told is not None:
            note_on(refused, told)  # whoever tries again around this need not tell people once more
        raise refused

    def _worked(self, term: int) -> None:
        with self._lock:
            self._circuit.worked(term)

    def _broke_off(self, term: int) -> None:
        with self._lock:
            self._circuit.broke_off(term)

    def _failed(self, term: int, error: Exception) -> Incident | None:
        """What people are to be told, if it opened once too often."""
        with self._lock:
            self._last = in_words(error, 200)
            if not self._circuit.failed(term, self._clock()):
                return None
            self._openings.append(Attempt(at=self._now(), action="opened", error=self._last))
            if not self._circuit.is_repeated():
                return None
            self._circuit.latched, self._told = True, None  # nobody has heard of this yet
            return self._incident(error)

    def _incident(self, error: Exception) -> Incident:
        circuit, often = self._circuit, len(self._circuit.opened)
        span = circuit.opened[-1] - circuit.opened[0]
        times = "" if often == 1 else f" {often} times within {span:.0f} s"
        return Incident(
            category=self._category,
            title=f"{self.name} keeps failing: its circuit opened{times}",
            summary=f"Calls are not made for {circuit.pause_s:g} s each time, then one is tried.",
            dedup_key=f"{self._category}:circuit:{self.name}",
            error=error,
            attempts=tuple(self._openings),
            asked=self._asked,
        )

    def _were_told(self, error: Exception, told: Told) -> None:
        """If they were not, the next opening tells them."""
        note_on(error, told)
        with self._lock:
            self._told = told
            self._circuit.latched = told.id is not None
