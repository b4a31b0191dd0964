"""Budgets of Slack's methods: how soon the next call may be made (reference: rate tiers)."""

from datetime import datetime, timedelta


class Budget:
    """A token bucket: `calls` in `per_s` seconds, the whole of it available at once."""

    def __init__(self, calls: int, per_s: float) -> None:
        self._calls, self._refill_s = float(calls), per_s / calls
        self._tokens, self._at = float(calls), None
        self._closed_until: datetime | None = None

    _at: datetime | None

    def take(self, now: datetime) -> bool:
        """Whether a call may be made now; takes it."""
        if self._closed_until is not None and now < self._closed_until:
            return False
        if self._at is not None:
            gained = (now - self._at).total_seconds() / self._refill_s
            self._tokens = min(self._calls, self._tokens + max(0.0, gained))
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def close(self, now: datetime, seconds: float) -> None:
        """Slack said to wait: nobody calls until then."""
        self._closed_until = now + timedelta(seconds=max(seconds, 1.0))

    def next_at(self, now: datetime) -> datetime:
        """When the next call may be made."""
        free = now + timedelta(seconds=max(0.0, 1 - self._tokens) * self._refill_s)
        return max(free, self._closed_until or free)


class Budgets:
    """One for posting to each channel (1 a second, short bursts), one for all updates (50/min)."""

    def __init__(self) -> None:
        self.updates = Budget(50, 60)
        self._posts: dict[str, Budget] = {}

    def posts(self, target: str) -> Budget:
        """The budget of messages to this channel or person."""
        return self._posts.setdefault(target, Budget(5, 5))
