"""How often a service may ask: sliding windows in memory.

Every authenticated answer tells how it stands, in the words of the IETF's draft on rate limit
headers: `RateLimit-Policy: "requests";q=6000;w=60` and `RateLimit: "requests";r=5999;t=60`. What is
refused by a limit is not counted against it, so waiting as told always helps. The windows are the
process's: after a restart they are empty.

The library `limits` keeps such windows too, but in memory it starts a thread every ten milliseconds
whose clearing up races with whoever counts, and keeps every key; over a storage of our own it adds
nothing to it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil, floor
from typing import NamedTuple

import structlog

log = structlog.get_logger(__name__)

#: Calls without a good key that one address may make in a minute; beyond, each is told to wait.
#: What has a good key is taken however many others of its address have none.
FAILURES_PER_MINUTE = 300

#: Seconds of a window.
WINDOW_S = 60

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
        taken, used, reset_s = self._windows.take((name, who), quota)
        if not taken and self._windows.take((f"told of {name}", who), 1)[0]:
            log.warning("limit-reached", limit=name, of=who, quota=quota)  # once a minute
        return Standing(name, quota, max(0, quota - used), reset_s, taken)


def headers_of(standings: Sequence[Standing]) -> dict[str, str]:
    """What an answer tells about them."""
    return {
        "RateLimit-Policy": ", ".join([f'"{s.name}";q={s.quota};w={WINDOW_S}' for s in standings]),
        "RateLimit": ", ".join([f'"{s.name}";r={s.left};t={s.reset_s}' for s in standings]),
    }


def _network(address: str | None) -> str:
    """Who is behind an address, as far as addresses tell."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.version == 4:
        return str(found)
    return str(ip_network((found, _PREFIX), strict=False))


@dataclass(slots=True)
class _Window:
    """One key's counts: of the minute that runs, and of the one before."""

    number: int
    before: int = 0
    current: int = 0

    def roll(self, number: int) -> None:
        """Time has come to another minute."""
        self.before = self.current if number == self.number + 1 else 0
        self.number, self.current = number, 0


class Windows:
    """Sliding windows of a minute, approximated by two counts each: the minute before weighs as
    much as of it lies within the last sixty seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    def take(self, key: tuple[str, str], quota: int) -> tuple[bool, int, int]:
        """Count one more, if there is room for it in the last minute; whether there was, how much
        counts now, and the seconds until the next window begins.
        """
        number, passed_s = divmod(self._now(), WINDOW_S)
        left_s = WINDOW_S - passed_s
        window = self._window(key, int(number))
        used = floor(window.before * left_s / WINDOW_S) + window.current
        taken = used < quota
        window.current += taken
        return taken, used + taken, ceil(left_s)

    def _window(self, key: tuple[str, str], number: int) -> _Window:
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(number)
            if len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
            if window.number != number:
                window.roll(number)
        return window
