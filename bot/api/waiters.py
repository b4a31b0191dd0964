"""Parked requests: woken by the commit that concerns them; nobody polls the database."""

import asyncio
from collections.abc import Sequence

from approvals.escalation import Escalation
from bot.api.problems import ProblemError, stop


class Waiters:
    """Futures by escalation. A parked request costs one future and its connection."""

    def __init__(self) -> None:
        self._parked: dict[str, set[asyncio.Future[Escalation]]] = {}
        self.count = 0
        self._ended = False

    def end(self) -> None:
        """The server stops: nobody is kept waiting, clients just ask again."""
        self._ended = True
        for future in [one for parked in self._parked.values() for one in parked]:
            if not future.done():
                future.set_exception(_stopping())

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Wake everyone who waits for one of these."""
        for escalation in escalations:
            for future in self._parked.pop(escalation.id, ()):
                if not future.done():
                    future.set_result(escalation)

    async def changed(self, escalation_id: str, seconds: float) -> Escalation | None:
        """The escalation after its next commit, or None when the time is over.

        Raises ProblemError when the server stops.
        """
        if self._ended:
            raise _stopping()
        future: asyncio.Future[Escalation] = asyncio.get_running_loop().create_future()
        self._parked.setdefault(escalation_id, set()).add(future)
        self.count += 1
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self.count -= 1
            self._forget(escalation_id, future)

    def _forget(self, escalation_id: str, future: "asyncio.Future[Escalation]") -> None:
        parked = self._parked.get(escalation_id)
        if parked is not None:
            parked.discard(future)
            if not parked:
                del self._parked[escalation_id]


def _stopping() -> ProblemError:
    return stop(503, "stopping", "Stopping", "This server stops. It stays held; ask again.")
