"""Storms from memory."""

from approvals.storms import Storm
from storage.memory.rows import Memory


class MemoryStorms:
    """Implements `approvals.ports.Storms`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def storm(self, storm_id: str) -> Storm | None:
        """The storm with all its members."""
        rows = self._memory.rows
        row = rows.storms.get(storm_id)
        if row is None:
            return None
        members = [e for e in rows.escalations.values() if e.storm_id == storm_id]
        return Storm(
            id=storm_id,
            began_at=row.began_at,
            version=row.version,
            members=tuple(sorted(members, key=lambda e: e.storm_place)),
        )
