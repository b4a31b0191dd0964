"""The bell: rings after each commit, for everyone who waits for one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from approvals.escalation import Escalation
from bot.api import Waiters
from bot.background.loop import Loop
from bot.lately import Lately
from bot.metrics import Metrics


class Bell:
    """Rings after each commit: wakes parked requests, counts, wakes the background."""

    def __init__(self, waiters: Waiters, metrics: Metrics) -> None:
        self._waiters, self._metrics = waiters, metrics
        self.lately = Lately()
        self.loops: list[Loop] = []
        #: Which escalations concern a loop, by its name; all concern one that is not here.
        self.concerns: Mapping[str, Callable[[Escalation], bool]] = {}

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Called by the writer, in order. Whoever waits is answered before all else is done."""
        self._waiters.committed(escalations)
        self.lately.committed(escalations)
        asyncio.get_running_loop().call_soon(self._afterwards, escalations)

    def wake(self) -> None:
        """There may be something to do."""
        for loop in self.loops:
            loop.wake()

    def _afterwards(self, escalations: Sequence[Escalation]) -> None:
        self._metrics.committed(escalations)
        for loop in self.loops:
            concerns = self.concerns.get(loop.name)
            if concerns is None or any(map(concerns, escalations)):
                loop.wake()
