"""The rememberer: takes up what ended, and what changed since, so that the next one is shown it.

The commit leaves a mark, so nothing is forgotten over a crash, and everything can be made again.
"""

from approvals.memory.ports import Memory
from approvals.ports import Clock, Leases

#: Taken up in one go: others get their turn in between.
AT_ONCE = 50


class Rememberer:
    """Remembers; of several replicas one at a time does."""

    def __init__(self, memory: Memory, leases: Leases, clock: Clock) -> None:
        self._memory, self._leases, self._clock = memory, leases, clock

    async def once(self) -> bool:
        """Take up some of what waits; whether there was any."""
        async with self._leases.leased("memory") as is_ours:
            return is_ours and await self._memory.remember(self._clock(), AT_ONCE) > 0
