"""The health of one service: states, and what moves it from one to the next. No clock, no threads.

                 a check fails               due, and it still fails
      healthy ──────────────────▶ suspect ─────────────────────────────▶ recovering
        ▲ ▲ ▲                      │  │ ▲                                   │ │ │
        │ │ └──three good checks───┘  │ └──the check after it fails, twice──┘ │ │
        │ │                           │                                       │ │
        │ └──three good checks, held──┼───────────────────────────────────────┘ │
        │                             ▼                                         │
        └───the same────────── escalated ◀──a third failure, down for long──────┘
                                            falls again and again, recovered too often

A check that does not come is one that failed. Nobody is told on the way from healthy to recovering
and back; at escalated once, and nothing more until it is over.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from andon.watching.alarms import Reason


class State(StrEnum):
    """How a service is."""

    HEALTHY = "healthy"  #: its checks are good
    SUSPECT = "suspect"  #: a check failed; recovery waits a moment, if there is one
    RECOVERING = "recovering"  #: an attempt runs, or was made and has to prove itself
    ESCALATED = "escalated"  #: people were asked; no more attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How long and how often, in seconds and counts."""

    failures: int = 3  #: so many in a row, and people are asked
    successes: int = 3  #: so many good checks in a row, before it counts as healthy
    hold_s: float = 300  #: and so long, once it was recovering or escalated
    recover_after_s: float = 5  #: the first attempt; the second after twice as long
    attempt_s: float = 60  #: an attempt that takes longer has failed
    per_hour: int = 6  #: more attempts than that are no recovery
    silent_s: float = 90  #: without a check for so long, one has failed
    down_s: float = 300  #: failing so long without a good check, people are asked
    falls: int = 5  #: so many times unhealthy
    falls_s: float = 1800  #: within so long, people are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A check that failed, or an attempt to recover."""

    at_s: float
    action: str
    error: str | None = None


class Service:
    """One service. Every verb is told the time in seconds; they never go back."""

    def __init__(self, care: Care, now_s: float, chance: Callable[[], float]) -> None:
        self.care = care
        self.state = State.HEALTHY
        self.failures = 0
        self.noted: deque[Noted] = deque(maxlen=20)
        self.since_s = now_s  #: when it was last healthy, or began to fail
        self.failing_since_s: float | None = None  #: without a good check in between
        self.silent = False
        self.reason = Reason.FAILING
        self._chance = chance
        self._successes = 0
        self._well_since_s = now_s
        self._heard_s = now_s
        self._due_s: float | None = None
        self._running_since_s: float | None = None
        self._attempts: deque[float] = deque(maxlen=care.per_hour)
        self._falls: deque[float] = deque(maxlen=care.falls)

    @property
    def failing(self) -> bool:
        """Whether its last check failed, or did not come."""
        return self.failing_since_s is not None

    def good(self, now_s: float) -> bool:
        """A check was good: whether that ended an escalation."""
        self._heard_s, self.silent = now_s, False
        if self._running_since_s is not None:
            return False  # It may speak of the time before the attempt.
        if self._successes == 0:
            self._well_since_s = now_s
        self.failing_since_s, self._due_s = None, None
        self._successes += 1
        return self._proved(now_s)

    def bad(self, now_s: float, error: str | None, *, recoverable: bool) -> None:
        """A check failed. What waits for an attempt, or for its end, is the same failure."""
        self._heard_s, self.silent = now_s, False
        self._fail(now_s, error, recoverable)

    def pass_(self, now_s: float, *, recoverable: bool) -> None:
        """Time passed: silence fails, and attempts do not run for ever."""
        if now_s - self._heard_s >= self.care.silent_s:
            unheard_s, self._heard_s, self.silent = now_s - self._heard_s, now_s, True
            self._fail(now_s, f"nothing was heard of it for {unheard_s:.0f} s", recoverable)
        began_s = self._running_since_s
        if began_s is not None and now_s - began_s >= self.care.attempt_s:
            self.tried(now_s, f"took longer than {self.care.attempt_s:.0f} s")

    def is_due(self, now_s: float) -> bool:
        """Whether an attempt is to be made now."""
        return self._due_s is not None and now_s >= self._due_s and self.failing

    def begin(self, now_s: float) -> None:
        """An attempt begins."""
        self.state, self._due_s, self._running_since_s = State.RECOVERING, None, now_s
        self._attempts.append(now_s)

    def tried(self, now_s: float, error: str | None) -> None:
        """The attempt that runs came to its end; the next check tells what it was good for."""
        if self._running_since_s is not None:
            self._running_since_s = None
            self.noted.append(Noted(at_s=now_s, action="recover", error=error))

    def hold_off(self) -> None:
        """Make no attempt for now."""
        self._due_s = None

    def hopeless(self, now_s: float) -> Reason | None:
        """Why people have to be asked now, if they have to."""
        if self.state in (State.HEALTHY, State.ESCALATED):
            return None
        if self._fell_often(now_s):
            return Reason.FLAPPING
        if self.failing_since_s is not None:
            if self.failures >= self.care.failures or self._recovered_often(now_s):
                return Reason.SILENT if self.silent else Reason.FAILING
            if now_s - self.failing_since_s >= self.care.down_s:
                return Reason.SILENT if self.silent else Reason.DOWN_LONG
        return None

    def escalate(self, reason: Reason) -> None:
        """People are asked."""
        self.state, self.reason, self._due_s = State.ESCALATED, reason, None

    def _fail(self, now_s: float, error: str | None, recoverable: bool) -> None:
        self._successes = 0
        if self.failing_since_s is None:
            self.failing_since_s = now_s
        if self.state is State.ESCALATED:
            return
        if self.state is State.HEALTHY:
            self.state, self.since_s = State.SUSPECT, now_s
            self._falls.append(now_s)
        if self._due_s is None and self._running_since_s is None:
            self._count(now_s, error, recoverable)

    def _count(self, now_s: float, error: str | None, recoverable: bool) -> None:
        self.failures += 1
        self.noted.append(Noted(at_s=now_s, action="check", error=error))
        if recoverable and self.failures < self.care.failures:
            self.state = State.SUSPECT
            wait_s = self.care.recover_after_s * 2 ** (self.failures - 1)
            self._due_s = now_s + wait_s * (0.5 + self._chance() / 2)

    def _proved(self, now_s: float) -> bool:
        """Become healthy, once there were enough good checks for long enough."""
        held = now_s - self._well_since_s >= self._hold_s()
        if self.state is State.HEALTHY or self._successes < self.care.successes or not held:
            return False
        over = self.state is State.ESCALATED
        if over:
            self._falls.clear()
        self.state, self.failures, self.since_s = State.HEALTHY, 0, now_s
        self.noted.clear()
        return over

    def _hold_s(self) -> float:
        if self.state is State.SUSPECT:
            return 0.0
        flapping = self.state is State.ESCALATED and self.reason is Reason.FLAPPING
        return self.care.falls_s if flapping else self.care.hold_s

    def _fell_often(self, now_s: float) -> bool:
        full = len(self._falls) == self.care.falls
        return full and now_s - self._falls[0] <= self.care.falls_s

    def _recovered_often(self, now_s: float) -> bool:
        full = len(self._attempts) == self.care.per_hour
        return full and self._due_s is not None and now_s - self._attempts[0] <= 3600
