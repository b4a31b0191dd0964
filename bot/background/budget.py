"""Budgets of Slack's methods: how many calls may be made now (reference: rate tiers)."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

#: The method that opens a direct conversation.
OPENING = "open"


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that somebody wants to make."""

    method: str  #: "post", "update", "ephemeral" or "find"
    target: str = ""  #: the channel or the account; posts are counted for each
    urgent: bool = False  #: an ending: it may use what is kept back for endings

    @property
    def methods(self) -> tuple[str, ...]:
        """What it may need besides: a conversation with an account may have to be opened."""
        return (self.method, OPENING) if self.target.startswith(("U", "W")) else (self.method,)


class WaitError(Exception):
    """The budget of this call is used up. The work is parked; nothing was sent."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask.method)
        self.ask = ask


class Budget:
    """At most `calls` in any `per_s` seconds; `kept` of them for what is urgent."""

    def __init__(self, calls: int, per_s: float, *, kept: int = 0) -> None:
        self._calls, self._kept = calls, kept
        self._span = timedelta(seconds=per_s)
        self._made: deque[datetime] = deque()

    def left(self, now: datetime, *, urgent: bool = False) -> int:
        """How many calls may be made now."""
        while self._made and self._made[0] <= now - self._span:
            self._made.popleft()
        most = self._calls if urgent else self._calls - self._kept
        return max(0, most - len(self._made))

    def take(self, now: datetime) -> None:
        """A call is made."""
        self._made.append(now)


class Budgets:
    """Of the whole workspace: posts for each channel and person, every other method for all."""

    def __init__(self) -> None:
        self._shared = {
            "update": Budget(50, 60, kept=10),
            "find": Budget(50, 60),
            "ephemeral": Budget(100, 60),
        }
        self._posts: dict[str, Budget] = {}

    def of(self, ask: Ask) -> Budget:
        """The budget this call is taken from."""
        if ask.method == "post":
            # One a second in each conversation; Slack allows short bursts.
            return self._posts.setdefault(ask.target, Budget(3, 3))
        return self._shared[ask.method]
