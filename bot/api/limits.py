"""How often a service may ask: sliding windows in memory, counted by the library `limits`.

Every authenticated answer tells how it stands, in the words of the IETF's draft on rate limit
headers: `RateLimit-Policy: "requests";q=6000;w=60` and `RateLimit: "requests";r=5999;t=60`. What is
refused by a limit is not counted against it, so waiting as told always helps. The windows are the
process's: after a restart they are empty.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from math import ceil, floor
from typing import NamedTuple

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport
from limits.strategies import SlidingWindowCounterRateLimiter

#: Calls without a good key that one address may make in a minute; beyond, each is told to wait.
#: What has a good key is taken however many others of its address have none.
FAILURES_PER_MINUTE = 300

#: Windows kept; the one used longest ago is forgotten first. Services are few, strangers many.
MOST_WINDOWS = 10_000

#: Of an address of version 6 that much is one customer's.
_PREFIX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one service may ask for, unless it was added with bounds of its own."""

    opens_per_minute: int = 600
    requests_per_minute: int = 6000
    most_pending: int = 1000
    most_callbacks: int = 1000


class Standing(NamedTuple):
    """How somebody stands with one limit, after this request."""

    name: str
    quota: int
    left: int
    reset_s: int
    taken: bool  #: whether this request was within it


class Limiter:
    """The limits of one process. `now` are seconds that never run backwards."""

    def __init__(
        self, bounds: Bounds | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.bounds = bounds or Bounds()
        self._windows = Windows(now)
        self._strategy = SlidingWindowCounterRateLimiter(self._windows)

    def request(self, service: str) -> Standing:
        """One more request of the service."""
        return self._take("requests", self.bounds.requests_per_minute, service)

    def opening(self, service: str, per_minute: int | None) -> Standing:
        """One more request that may open something."""
        return self._take("opens", per_minute or self.bounds.opens_per_minute, service)

    def stranger(self, address: str | None) -> Standing:
        """One more call of that address without a good key."""
        return self._take("failures", FAILURES_PER_MINUTE, _network(address))

    def _take(self, name: str, quota: int, who: str) -> Standing:
        item = _item(name, quota)
        taken = self._strategy.hit(item, who)
        used, reset_s = self._windows.used(item.key_for(who), item.get_expiry())
        left = max(0, quota - used)
        return Standing(name=name, quota=quota, left=left, reset_s=reset_s, taken=taken)


@cache
def _item(name: str, quota: int) -> RateLimitItem:
    return RateLimitItemPerMinute(quota, 1, name)


def headers_of(standings: Sequence[Standing]) -> dict[str, str]:
    """What an answer tells about them."""
    return {
        "RateLimit-Policy": ", ".join(f'"{s.name}";q={s.quota};w=60' for s in standings),
        "RateLimit": ", ".join(f'"{s.name}";r={s.left};t={s.reset_s}' for s in standings),
    }


def _network(address: str | None) -> str:
    """Who is behind an address, as far as addresses tell."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ip_network((found, _PREFIX), strict=False))


@dataclass(slots=True)
class _Window:
    """One key's counts: of the window that runs, and of the one before."""

    number: int
    before: int = 0
    current: int = 0

    def roll(self, number: int) -> None:
        """Time has come to another window."""
        self.before = self.current if number == self.number + 1 else 0
        self.number, self.current = number, 0


class Windows(Storage, SlidingWindowCounterSupport):
    """Implements the library's storage for its sliding window counter, in this thread alone.

    The library's own in memory starts a thread every ten milliseconds under load, whose clearing
    up races with whoever counts; and it keeps every key until it expires, however many there are.
    """

    STORAGE_SCHEME = None

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count it, if there is room for it in the last `expiry` seconds."""
        window, left_s = self._window(key, expiry)
        if floor(window.before * left_s / expiry) + window.current + amount > limit:
            return False
        window.current += amount
        return True

    def used(self, key: str, expiry: int) -> tuple[int, int]:
        """How much counts now, and the seconds until the next window begins."""
        window, left_s = self._window(key, expiry)
        return floor(window.before * left_s / expiry) + window.current, ceil(left_s)

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Counts of the window before and of this one, and how long each still matters."""
        window, left_s = self._window(key, expiry)
        return window.before, left_s, window.current, left_s + expiry

    def _window(self, key: str, expiry: int) -> tuple[_Window, float]:
        """The window that runs, and how long it still does."""
        number, passed_s = divmod(self._now(), expiry)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(int(number))
            if len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
        elif window.number != number:
            window.roll(int(number))
        self._windows.move_to_end(key)
        return window, expiry - passed_s

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget it."""
        self._windows.pop(key, None)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit."""
        window, _ = self._window(key, expiry)
        window.current += amount
        return window.current

    def get(self, key: str) -> int:
        """The count of the window that was last used."""
        return self._windows[key].current if key in self._windows else 0

    def get_expiry(self, key: str) -> float:
        """Windows roll; none expires by itself."""
        return self._now()

    def check(self) -> bool:
        """It is this process's memory."""
        return True

    def clear(self, key: str) -> None:
        """Forget it."""
        self._windows.pop(key, None)

    def reset(self) -> int:
        """Forget all."""
        forgotten = len(self._windows)
        self._windows.clear()
        return forgotten

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong in memory."""
        return ValueError
