"""Slack's published rate limits, per method and, for posts, per channel."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

#: Calls a minute of each tier; `special` methods are not counted here.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}

#: Posts into one channel: one a second, with short bursts.
POSTS_BURST, POSTS_WINDOW_S = 3, 3.0


class Rates:
    """Sliding windows over the workspace's clock. Switched off, everything is allowed."""

    def __init__(self, clock: Callable[[], float], *, on: bool) -> None:
        self._clock, self.on = clock, on
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, tier: int | None, channel: str | None) -> int:
        """Seconds until this call would be taken; 0 takes it."""
        if not self.on:
            return 0
        if method == "chat.postMessage":
            return self._window(f"{method} {channel}", POSTS_BURST, POSTS_WINDOW_S)
        return self._window(method, TIERS[tier], 60.0) if tier else 0

    def _window(self, key: str, most: int, seconds: float) -> int:
        now, calls = self._clock(), self._calls[key]
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + seconds - now))
        calls.append(now)
        return 0
