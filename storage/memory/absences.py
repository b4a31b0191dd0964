"""Who is away, and who stands in, in memory."""

from datetime import datetime

from approvals.people import Absence
from storage.memory.rows import AbsenceRow, Memory


class MemoryAbsences:
    """Implements `approvals.ports.Absences`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def current(self, now: datetime) -> tuple[Absence, ...]:
        """Those that are not over yet."""
        return tuple(row.absence for row in self._live(now))

    async def set(self, absence: Absence, by: str, now: datetime) -> None:
        """Replace the person's absence; what it replaces ends now."""
        await self.end(absence.person, by, now)
        self._memory.rows.absences.append(AbsenceRow(absence, set_by=by, set_at=now))

    async def end(self, person: str, by: str, now: datetime) -> None:
        """The person is back."""
        for row in self._live(now):
            if row.absence.person == person:
                row.ended_at, row.ended_by = now, by

    def _live(self, now: datetime) -> list[AbsenceRow]:
        rows = self._memory.rows.absences
        return [row for row in rows if row.ended_at is None and row.absence.until > now]
