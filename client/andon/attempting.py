"""How often and how long a call is tried, and what comes next. Pure: time and chance are given."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from andon.context.failure import Attempt
from andon.escalating import Told, moment_of_telling, told_of
from andon.retryable import Lasting, Retryable, lasting

#: What counts as failing.
Errors = type[Exception] | tuple[type[Exception], ...]

#: Seconds before the second attempt at most, and between any two: doubled each time, full jitter.
FIRST_S, LONGEST_S = 1.0, 30.0


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Where time and chance come from; tests bring their own."""

    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    asleep: Callable[[float], Any] = asyncio.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How often and how long something is tried, and what counts as failing."""

    attempts: int = 3
    within_s: float = 60.0
    on: Errors = Exception
    retryable: Retryable | None = None
    times: Times = field(default_factory=Times)

    def __post_init__(self) -> None:
        """Refuse what would never try, or never end."""
        if self.attempts < 1:
            raise ValueError(f"attempts={self.attempts}: try at least once.")
        if not 0 <= self.within_s < float("inf"):
            raise ValueError(f"within_s={self.within_s}: say how many seconds at most.")
        kinds = self.on if isinstance(self.on, tuple) else (self.on,)
        if not all(isinstance(k, type) and issubclass(k, Exception) for k in kinds):
            raise TypeError("on= takes types of Exception; an interrupt or a cancel is no failure.")

    def why_lasting(self, error: Exception) -> Lasting | None:
        """What makes another attempt useless; `retryable` overrides the table."""
        if self.retryable is None:
            return lasting(error)
        return None if self.retryable(error) else lasting(error) or _OWN_RULE


_OWN_RULE = Lasting((), "unrecoverable_error", "the caller's own rule says so")


class Course:
    """One call: its attempts so far, and what to do next. Knows no I/O."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.attempts: list[Attempt] = []
        self.lasting: Lasting | None = None
        self.known: Told | None = None  #: people were told further inside
        self._begun = rules.times.clock()
        self.begin()

    def begin(self) -> None:
        """Another attempt begins."""
        self._at, self._since = self.rules.times.now(), moment_of_telling()

    def failed(self, error: Exception, of: int | None = None) -> None:
        """The attempt that was begun came to this."""
        number = f"attempt {len(self.attempts) + 1}"
        action = number if of is None else f"{number} of {of}"
        self.attempts.append(Attempt(at=self._at, action=action, error=error))
        self.known = told_of(error, self._since)
        self.lasting = None if self.known else self.rules.why_lasting(error)

    @property
    def is_over(self) -> bool:
        """Another attempt would be no use."""
        return self.lasting is not None or self.known is not None

    def pause_s(self) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        made, rules = len(self.attempts), self.rules
        if self.is_over or made >= rules.attempts:
            return None
        longest = min(LONGEST_S, FIRST_S * 2 ** min(made - 1, 20))
        pause = rules.times.chance() * longest
        spent = rules.times.clock() - self._begun
        return pause if spent + pause <= rules.within_s else None

    @property
    def last(self) -> BaseException:
        """What the last attempt came to."""
        return cast(BaseException, self.attempts[-1].error)
