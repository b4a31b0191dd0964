"""The bell: rings after each commit, for everyone who waits for one."""

from collections.abc import Sequence

from approvals.escalation import Escalation
from bot.api import Waiters
from bot.background.loop import Loop
from bot.metrics import Metrics


class Bell:
    """Rings after each commit: wakes parked requests, counts, wakes the background."""

    def __init__(self, waiters: Waiters, metrics: Metrics) -> None:
        self._waiters, self._metrics = waiters, metrics
        self.loops: list[Loop] = []

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Called by the writer, in order."""
        self._waiters.committed(escalations)
        self._metrics.committed(escalations)
        self.wake()

    def wake(self) -> None:
        """There may be something to do."""
        for loop in self.loops:
            loop.wake()
