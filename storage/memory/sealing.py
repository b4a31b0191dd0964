"""Sealing in memory: the same blocks over the same heads."""

from datetime import datetime

from approvals.events import GENESIS
from approvals.ports import MOST_HEADS
from approvals.sealing import Block, Head, sealed
from storage.memory.rows import Memory


class MemorySeals:
    """Implements `approvals.ports.Seals`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def seal(self, now: datetime, limit: int = MOST_HEADS) -> Block | None:
        """The next block; None when nothing waits for one."""
        rows = self._memory.rows
        ids = sorted(rows.unsealed)[:limit]
        if not ids:
            return None
        lasts = [rows.records[id_][-1] for id_ in ids]
        heads = [Head(escalation_id=r.escalation_id, seq=r.seq, hash=r.hash) for r in lasts]
        prev = rows.blocks[-1].hash if rows.blocks else GENESIS
        block = sealed(heads, number=len(rows.blocks) + 1, prev=prev, at=now)
        rows.blocks.append(block)
        for id_ in ids:
            del rows.unsealed[id_]
        return block

    async def block(self, number: int) -> Block | None:
        """The block of that number."""
        found = self._memory.rows.blocks[max(0, number - 1) : number]
        return found[0] if found else None

    async def after(self, number: int, limit: int = MOST_HEADS) -> tuple[Block, ...]:
        """The blocks after that one, in order."""
        return tuple(self._memory.rows.blocks[number : number + limit])

    async def unsealed_since(self) -> datetime | None:
        """Since when the longest waiting record is in no block; None when all are."""
        return min(self._memory.rows.unsealed.values(), default=None)

    async def heal(self, now: datetime) -> int:
        """Nothing parts here what was written together."""
        return 0
