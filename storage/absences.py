"""Who is away, and who stands in. Rows are only ever added, or marked as ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from approvals.codec import instant, parse_instant
from approvals.people import Absence
from storage.links import Database

_CURRENT = (
    "SELECT person, substitute, since, until FROM absences "
    "WHERE ended_at IS NULL AND until > ? ORDER BY id"
)
_END = (
    "UPDATE absences SET ended_at = ?, ended_by = ? "
    "WHERE person = ? AND ended_at IS NULL AND until > ?"
)
_SET = (
    "INSERT INTO absences (person, substitute, since, until, set_at, set_by) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


class SqlAbsences:
    """Implements `approvals.ports.Absences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self, now: datetime) -> tuple[Absence, ...]:
        """Those that are not over yet."""
        rows = await self._database.reader.rows(_CURRENT, (instant(now),))
        return tuple(map(_read, rows))

    async def set(self, absence: Absence, by: str, now: datetime) -> None:
        """Replace the person's absence; what it replaces ends now."""
        at, since, until = instant(now), instant(absence.since), instant(absence.until)
        async with self._database.beside(f"absence:{absence.person}") as link:
            await link.run(_END, (at, by, absence.person, at))
            await link.run(_SET, (absence.person, absence.substitute, since, until, at, by))

    async def end(self, person: str, by: str, now: datetime) -> None:
        """The person is back."""
        at = instant(now)
        async with self._database.beside() as link:
            await link.run(_END, (at, by, person, at))


def _read(row: Sequence[Any]) -> Absence:
    person, substitute, since, until = row
    return Absence(
        person=person,
        substitute=substitute,
        since=parse_instant(since),
        until=parse_instant(until),
    )
