"""Storms, read whole: their members are decoded a few at a time, so that nobody else waits."""

import asyncio

from approvals.codec import load_text, parse_instant
from approvals.escalation import Escalation
from approvals.storms import Storm
from storage.database import Database

#: Members decoded before others get their turn.
AT_ONCE = 50


class SqlStorms:
    """Implements `approvals.ports.Storms`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def storm(self, storm_id: str) -> Storm | None:
        """The storm with all its members."""
        link = self._database.reader
        # The version first: what is read after it is at least as new.
        found = await link.rows("SELECT began_at, version FROM storms WHERE id = ?", (storm_id,))
        if not found:
            return None
        rows = await link.rows("SELECT body FROM escalations WHERE storm_id = ?", (storm_id,))
        members: list[Escalation] = []
        for n, (body,) in enumerate(rows):
            members.append(load_text(body))
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        (began_at, version) = found[0]
        return Storm(
            id=storm_id,
            began_at=parse_instant(began_at),
            version=version,
            members=tuple(sorted(members, key=lambda e: e.storm_place)),
        )
