"""Parked requests: woken by the commit that concerns them, here or at another replica; none of them
polls the database.

Thousands may be parked, so each holds as little as it can: no escalation, and no timer of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Self

from approvals.escalation import Escalation

#: Seconds to which the end of a wait is rounded up: all that end in one such span share a timer.
GRAIN_S = 0.1


class Listener:
    """One request that waits for an escalation, for the length of a block. What is committed
    meanwhile is kept for it.
    """

    __slots__ = ("_is_told", "_latest", "_waiters", "_woken", "escalation_id", "knows")

    def __init__(self, waiters: "Waiters", escalation_id: str) -> None:
        self._waiters, self.escalation_id = waiters, escalation_id
        self._is_told = False
        self._woken: asyncio.Future[None] | None = None  # while it is parked
        self._latest: Escalation | None = None
        self.knows: int | None = None  #: the version it has read, once it waits for another

    def tell(self, escalation: Escalation | None) -> None:
        """Something was committed, or (None) the server stops. Of two, the newer one is kept: what
        another replica committed may be told late.
        """
        before = self._latest
        if escalation is None or before is None or before.version <= escalation.version:
            self._latest = escalation
        self._is_told = True
        self.wake()

    def wake(self) -> None:
        """There are news, or the time is over."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def changed(self, seconds: float) -> Escalation | None:
        """The escalation after a commit not told of yet, or None when the time is over."""
        waiters = self._waiters
        if waiters.closing:
            return None
        if not self._is_told:
            self._woken = asyncio.get_running_loop().create_future()
            until = waiters.alarms.wake(self, seconds)
            waiters.count += 1
            try:
                await self._woken
            finally:
                waiters.count -= 1
                waiters.alarms.forget(self, until)
                self._woken = None
        latest, self._latest, self._is_told = self._latest, None, False
        return latest

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiters.leave(self)


class Alarms:
    """Wakes listeners when their time is over: one timer for all whose time ends together."""

    def __init__(self) -> None:
        self._by_end: dict[int, set[Listener]] = {}

    def wake(self, listener: Listener, seconds: float) -> int:
        """Wake it in so many seconds, or a moment later; names when."""
        loop = asyncio.get_running_loop()
        end = int((loop.time() + max(0.0, seconds)) / GRAIN_S) + 1
        if end not in self._by_end:
            self._by_end[end] = set()
            loop.call_at(end * GRAIN_S, self._ring, end)
        self._by_end[end].add(listener)
        return end

    def forget(self, listener: Listener, end: int) -> None:
        """It was woken otherwise."""
        self._by_end.get(end, set()).discard(listener)

    def _ring(self, end: int) -> None:
        for listener in self._by_end.pop(end):
            listener.wake()


class Waiters:
    """Listeners by escalation. A parked request costs one of them and its connection."""

    def __init__(self) -> None:
        self._listening: dict[str, set[Listener]] = {}
        self.alarms = Alarms()
        self.count = 0  #: parked now
        self.closing = False  #: the server stops: nobody is parked any more

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Wake everyone who waits for one of these."""
        for escalation in escalations:
            for listener in self._listening.get(escalation.id, ()):
                listener.tell(escalation)

    def are_for(self, escalation_id: str) -> bool:
        """Whether anybody listens for it."""
        return escalation_id in self._listening

    def known(self) -> dict[str, int]:
        """By escalation, the oldest version that somebody who waits for another has read."""
        read = {id_: [one.knows for one in by] for id_, by in self._listening.items()}
        versions = {id_: [n for n in of if n is not None] for id_, of in read.items()}
        return {id_: min(of) for id_, of in versions.items() if of}

    def close(self) -> None:
        """The server stops: everyone who waits is answered with what there is."""
        self.closing = True
        for listeners in self._listening.values():
            for listener in listeners:
                listener.tell(None)

    def listening(self, escalation_id: str) -> Listener:
        """Listen before reading: what is committed between the two is not missed."""
        listener = Listener(self, escalation_id)
        self._listening.setdefault(escalation_id, set()).add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """It listens no more."""
        listeners = self._listening[listener.escalation_id]
        listeners.discard(listener)
        if not listeners:
            del self._listening[listener.escalation_id]
