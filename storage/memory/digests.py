"""What the digest tells, from memory."""

from datetime import datetime

from approvals.digests import Digested, Quiet, quiet_of
from approvals.memory.observing import observed
from approvals.memory.oversight import Oversight
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

    async def oversight(self, since: datetime, until: datetime, zone: str) -> Oversight:
        """What was asked in that time, added up."""
        rows, found = self._memory.rows, Oversight(since=since, now=until, zone=zone)
        for e in rows.escalations.values():
            if since < e.created_at <= until:
                found.add(observed(e, until, arrived=self._arrived(e.id)))
        return found

    def _arrived(self, escalation_id: str) -> dict[str, datetime]:
        cards = (row.card for row in self._memory.rows.cards.get(escalation_id, {}).values())
        return {c.target: c.posted_at for c in cards if c.posted_at and c.storm_id is None}
