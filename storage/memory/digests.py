"""What the digest tells, from memory."""

from datetime import datetime

from approvals.digests import Digested, Quiet, quiet_of
from storage.memory.rows import Memory


class MemoryDigests:
    """Implements `approvals.ports.Digests`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def last(self) -> Digested | None:
        """How far digests have come."""
        return self._memory.rows.digested

    async def note(self, digested: Digested) -> None:
        """Keep how far they have come."""
        self._memory.rows.digested = digested

    async def quiet(self, since: datetime, until: datetime) -> Quiet:
        """What rang nobody in that time."""
        return quiet_of(self._memory.rows.escalations.values(), since, until)
