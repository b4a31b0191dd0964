"""Parked requests: woken by the commit that concerns them, here or at another replica; none of them
polls the database.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from approvals.escalation import Escalation


class Listener:
    """One request that waits for an escalation. What is committed since is kept for it."""

    def __init__(self, waiters: "Waiters") -> None:
        self._waiters, self._news = waiters, asyncio.Event()
        self._latest: Escalation | None = None
        self.knows: int | None = None  #: the version it has read, once it waits for another

    def tell(self, escalation: Escalation | None) -> None:
        """Something was committed, or (None) the server stops. Of two, the newer one is kept: what
        another replica committed may be told late.
        """
        before = self._latest
        if escalation is None or before is None or before.version <= escalation.version:
            self._latest = escalation
        self._news.set()

    async def changed(self, seconds: float) -> Escalation | None:
        """The escalation after a commit not told of yet, or None when the time is over."""
        if self._waiters.closing:
            return None
        self._waiters.count += 1
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return None
        finally:
            self._waiters.count -= 1
        self._news.clear()
        latest, self._latest = self._latest, None
        return latest


class Waiters:
    """Listeners by escalation. A parked request costs one of them and its connection."""

    def __init__(self) -> None:
        self._listening: dict[str, set[Listener]] = {}
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

    @contextmanager
    def listening(self, escalation_id: str) -> Iterator[Listener]:
        """Listen before reading: what is committed between the two is not missed."""
        listener = Listener(self)
        self._listening.setdefault(escalation_id, set()).add(listener)
        try:
            yield listener
        finally:
            self._listening[escalation_id].discard(listener)
            if not self._listening[escalation_id]:
                del self._listening[escalation_id]
