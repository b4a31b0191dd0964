"""Faults on order: Slack busy, broken, slow, gone in the middle of an answer, or twice as eager."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.demo.workspace.methods import METHODS

#: Faults with a meaning of their own. Any other name is answered as an error code of Slack's,
#: such as `message_not_found` or `invalid_auth`, without anything being done.
RATELIMITED = "ratelimited"  #: 429 with Retry-After
HTTP_500 = "http_500"  #: nothing done, status 500
HTTP_503 = "http_503"  #: nothing done, status 503
HANG = "hang"  #: held until released or for so many seconds, then done
DROP_BEFORE = "drop_before"  #: connection cut, nothing done
DROP_AFTER = "drop_after"  #: done, then the connection is cut
DUPLICATE_CLICK = "duplicate_click"  #: the next interaction reaches the app twice

#: Short names the page uses.
_ALIASES = {"429": RATELIMITED, "500": HTTP_500, "503": HTTP_503}

#: What an error code of Slack's looks like.
_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")

#: The method every call counts as.
ANY = "*"


@dataclass(kw_only=True, eq=False)
class Fault:
    """One fault on order. `left` counts the calls it still strikes."""

    method: str
    kind: str
    left: int
    retry_after: int
    seconds: float | None
    struck: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let go what hangs, and strike no more."""
        self.left = 0
        self._released.set()

    async def hold(self) -> None:
        """Hang until released or until the seconds are over."""
        try:
            async with asyncio.timeout(self.seconds):
                await self._released.wait()
        except TimeoutError:
            return


class Faults:
    """What is on order, first come first served."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def add(
        self,
        method: str = ANY,
        fault: str = HTTP_500,
        times: int = 1,
        *,
        retry_after: int = 1,
        seconds: float | None = None,
    ) -> Fault:
        """Strike the next `times` calls of a method, or of any (`*`).

        `retry_after` is for `ratelimited`, `seconds` for `hang` (None: until `release`). Raises
        ValueError for what could never strike.
        """
        if method != ANY and method not in METHODS:
            raise ValueError(f"There is no method {method!r} to strike.")
        if times < 1 or retry_after < 1:
            raise ValueError("A fault strikes at least once, and waits at least a second.")
        kind = _ALIASES.get(fault, fault)
        if not _CODE.fullmatch(kind):
            raise ValueError(f"{fault!r} is neither a kind of fault nor an error code of Slack's.")
        ordered = Fault(
            method=method,
            kind=kind,
            left=times,
            retry_after=retry_after,
            seconds=seconds,
        )
        self._ordered.append(ordered)
        return ordered

    def take(self, method: str) -> Fault | None:
        """The fault that strikes this call, if one does."""
        return self._take(lambda one: one.method in (ANY, method) and one.kind != DUPLICATE_CLICK)

    def take_duplicate(self) -> bool:
        """Is this interaction to reach the app twice?"""
        return self._take(lambda one: one.kind == DUPLICATE_CLICK) is not None

    def clear(self) -> None:
        """Forget all, and let go what hangs."""
        for fault in self._ordered:
            fault.release()
        self._ordered.clear()

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        for fault in self._ordered:
            if fault.left > 0 and fits(fault):
                fault.left -= 1
                fault.struck += 1
                return fault
        return None
