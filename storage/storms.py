"""Storms, read whole: their members are decoded a few at a time, so that nobody else waits."""

import asyncio

from approvals.codec import load_text, parse_instant
from approvals.escalation import Escalation
from approvals.storms import Storm
from storage.links import Database

#: Members decoded before others get their turn.
AT_ONCE = 50

#: Members kept as they were read, while nothing of their storm changes; the storm read last is kept
#: whatever its size.
REMEMBERED = 1000


class SqlStorms:
    """Implements `approvals.ports.Storms`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[str, Storm] = {}  #: read lately, oldest first

    async def storm(self, storm_id: str) -> Storm | None:
        """The storm with all its members."""
        link = self._database.reader
        # The version first: what is read after it is at least as new.
        found = await link.rows("SELECT began_at, version FROM storms WHERE id = ?", (storm_id,))
        if not found:
            return None
        ((began_at, version),) = found
        kept = self._read.pop(storm_id, None)
        if kept is None or kept.version != version:
            members = await self._members(storm_id)
            began = parse_instant(began_at)
            kept = Storm(id=storm_id, began_at=began, version=version, members=members)
        self._read[storm_id] = kept
        self._forget()
        return kept

    def _forget(self) -> None:
        """Those read longest ago, as far as there are too many members."""
        while len(self._read) > 1 and self._held() > REMEMBERED:
            del self._read[next(iter(self._read))]

    def _held(self) -> int:
        return sum(len(storm.members) for storm in self._read.values())

    async def _members(self, storm_id: str) -> tuple[Escalation, ...]:
        link = self._database.reader
        rows = await link.rows("SELECT body FROM escalations WHERE storm_id = ?", (storm_id,))
        members: list[Escalation] = []
        for n, (body,) in enumerate(rows):
            members.append(load_text(body))
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return tuple(sorted(members, key=lambda e: e.storm_place))
