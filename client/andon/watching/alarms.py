"""What a monitor says: an `Alarm` once, and that it is `Cleared` once it is over.

Values only; who is told, and how, is decided elsewhere (`telling.py`).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Literal

from andon.context.shapes import shaped

#: As Andon knows it; the policy may raise it and never lowers it.
Severity = Literal["low", "medium", "high", "critical"]


class Reason(StrEnum):
    """Why there is an alarm."""

    ERROR_RATE = "error_rate"  #: far more requests fail than usually
    BURN_RATE = "burn_rate"  #: the error budget of an SLO is being spent too fast
    FIRST_SEEN = "first_seen"  #: an error of a type that was not seen before
    SPIKE = "spike"  #: a measured value is far above what is usual, or above its limit
    FAILING = "failing"  #: a service failed its checks, and recovery did not help
    FLAPPING = "flapping"  #: a service falls and rises again and again
    SILENT = "silent"  #: nothing is heard of a service
    DOWN_LONG = "down_long"  #: a service has been down for long
    MASS_FAILURE = "mass_failure"  #: too many services fail at once to recover them one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was counted in a window, beside what is usual."""

    window_s: float  #: how long the window is, in seconds
    count: int  #: requests or measured values in it
    errors: int  #: those that failed, or were too high
    baseline: float  #: the ratio that was expected, 0 to 1

    @property
    def ratio(self) -> float:
        """Which part of what was counted failed, 0 to 1."""
        return self.errors / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A check that failed, or an attempt to recover."""

    at: datetime
    action: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something is wrong: said once, until it is cleared."""

    watching: str  #: what the monitor watches: a name
    reason: Reason
    category: str  #: one of Andon's categories
    severity: Severity
    title: str
    summary: str
    at: datetime  #: when it was noticed
    since: datetime  #: when it began, as far as was counted
    seen: Seen | None = None  #: the counts behind it
    error_type: str | None = None  #: of the last error, where one was given
    error: str | None = None  #: its message
    tried: tuple[Tried, ...] = ()  #: checks and attempts, oldest first
    affected: tuple[str, ...] = ()  #: the services concerned
    state: Mapping[str, Any] = field(default_factory=dict)  #: more facts, as JSON
    key: str = field(default_factory=lambda: uuid.uuid4().hex)  #: of this alarm alone

    @property
    def dedup_key(self) -> str:
        """Alike for the same trouble seen by several processes: they join in one incident."""
        what = self.error_type if self.reason is Reason.FIRST_SEEN else ""
        of = sha256(f"{self.watching}\n{what}".encode()).hexdigest()[:32]
        return f"watch:{self.reason}:{of}"

    def context(self) -> dict[str, Any]:
        """What people need in order to judge, in the shapes and sizes that the API takes."""
        counts = {} if self.seen is None else _counts(self.seen)
        since = {"reason": str(self.reason), "since": self.since.isoformat()}
        tried = [
            {"at": t.at.isoformat(), "action": t.action} | ({"error": t.error} if t.error else {})
            for t in self.tried
        ]
        error = {"type": self.error_type or "", "message": self.error or ""}
        found: dict[str, Any] = {
            "system_state": since | counts | dict(self.state),
            "attempts": shaped("attempts", [tried]),
            "error": shaped("error", [error]),
            "affected_services": shaped("affected_services", [list(self.affected)]),
        }
        return {name: said for name, said in found.items() if said}


def _counts(seen: Seen) -> dict[str, Any]:
    return {
        "ratio": round(seen.ratio, 6),
        "baseline": round(seen.baseline, 6),
        "count": seen.count,
        "errors": seen.errors,
        "window_s": seen.window_s,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What an alarm was about is over."""

    alarm: Alarm
    at: datetime
    seen: Seen | None = None  #: the counts at the end

    @property
    def key(self) -> str:
        """Of the alarm that is over."""
        return self.alarm.key

    @property
    def reason(self) -> str:
        """In a sentence."""
        lasted = round((self.at - self.alarm.since).total_seconds())
        return f"It recovered by itself, {lasted} s after it began."


#: What a monitor says.
Told = Alarm | Cleared
