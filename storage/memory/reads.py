"""Reading escalations from memory."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from operator import gt, lt

from approvals.codec import dump_text
from approvals.escalation import Escalation, Json
from approvals.events import Record
from approvals.ports import Page, Wanted
from approvals.words import Kind, Status
from storage.memory.rows import Memory
from storage.reads import outline

_FILTERS = ("service", "status", "kind", "severity", "category", "reference", "dedup_key")


class MemoryReads:
    """Implements `approvals.ports.Reads` and `Health`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def escalation(self, escalation_id: str) -> Escalation | None:
        """The escalation of that id."""
        return self._memory.rows.escalations.get(escalation_id)

    async def these(self, ids: Collection[str]) -> tuple[Escalation, ...]:
        """Escalations of these ids."""
        return tuple(e for e in self._all() if e.id in ids)

    async def versions(self, ids: Collection[str]) -> Mapping[str, int]:
        """By id, the version each has come to."""
        return {e.id: e.version for e in await self.these(ids)}

    async def ending_in(self, suffix: str, limit: int = 10) -> tuple[Escalation, ...]:
        """Escalations whose id ends so."""
        return tuple(e for e in self._all() if e.id[-6:] == suffix)[:limit]

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """One page: pending ones by deadline, any others newest first. A cursor is an id."""
        soonest = wanted.status == Status.PENDING
        key, comes_after = (_deadline, gt) if soonest else (_age, lt)
        found = sorted((e for e in self._all() if _fits(e, wanted)), key=key, reverse=not soonest)
        if cursor is not None:
            last = self._memory.rows.escalations.get(cursor)
            if last is None:
                raise ValueError("This is not a cursor of ours; start without one.")
            found = [e for e in found if comes_after(key(e), key(last))]
        more = found[limit - 1].id if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=more)

    async def pending(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Pending ones, soonest deadline first."""
        found = (e for e in self._all() if e.status is Status.PENDING)
        return tuple(sorted(found, key=_deadline)[:limit])

    async def outlines(self) -> tuple[Escalation, ...]:
        """Every pending one, light."""
        found = (e for e in self._all() if e.status is Status.PENDING)
        return tuple(outline(dump_text(e)) for e in sorted(found, key=_deadline))

    async def unclaimed(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Approved and not yet taken."""
        return tuple(e for _, e in self._due() if e.can_be_stopped)[:limit]

    async def last_decided(self, limit: int = 20) -> tuple[Escalation, ...]:
        """Decided or resolved last, newest first."""
        asked = (e for e in self._all() if e.kind is not Kind.AUTOMATION)
        found = [(e.ended_at, e) for e in asked if e.ended_at is not None]
        found.sort(key=_moment, reverse=True)
        return tuple(e for _, e in found[:limit])

    async def records(self, escalation_id: str) -> tuple[Record, ...]:
        """Its audit events in order, each body as its text says; an erased one is empty."""
        found = self._memory.rows.records.get(escalation_id, ())
        return tuple(replace(r, **json.loads(r.text)) if r.text else r for r in found)

    async def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Ids of those with something due, longest overdue first."""
        return tuple(e.id for due_at, e in self._due() if due_at <= now)[:limit]

    async def check(self, now: datetime) -> Mapping[str, Json]:
        """Whether the store answers, and for how long the longest overdue one waits."""
        waits = next(((now - due_at).total_seconds() for due_at, _ in self._due()), 0.0)
        return {"ok": True, "overdue_s": round(max(0.0, waits), 1)}

    def _all(self) -> Iterator[Escalation]:
        return iter(self._memory.rows.escalations.values())

    def _due(self) -> list[tuple[datetime, Escalation]]:
        """Those that time alone will change, soonest first."""
        return sorted(((e.due_at, e) for e in self._all() if e.due_at is not None), key=_moment)


def _fits(escalation: Escalation, wanted: Wanted) -> bool:
    asked = ((name, getattr(wanted, name)) for name in _FILTERS)
    if any(value is not None and getattr(escalation, name) != value for name, value in asked):
        return False
    return wanted.q is None or wanted.q.lower() in escalation.title.lower()


def _moment(of: tuple[datetime, Escalation]) -> datetime:
    return of[0]


def _deadline(escalation: Escalation) -> tuple[datetime, str]:
    return escalation.deadline_at, escalation.id


def _age(escalation: Escalation) -> tuple[datetime, str]:
    return escalation.created_at, escalation.id
