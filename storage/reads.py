"""Reading escalations. Lists page by key, never by offset, so they stay flat."""

import base64
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from approvals.codec import instant, load, load_text, parse_instant
from approvals.escalation import Escalation, Json
from approvals.events import Record
from approvals.ports import Page, Wanted
from approvals.words import Status
from storage.among import among
from storage.links import Database, Query, Row
from storage.statements import LATEST_SEEN

#: Escalations read anew in one go while a list is made; others get their turn in between.
AT_ONCE = 200

#: Rows as `record_of` reads them.
RECORDS = (
    "SELECT e.escalation_id, e.seq, e.kind, e.at, e.by, e.core, e.prev, e.hash, "
    "e.body_hash, b.text FROM events e LEFT JOIN event_bodies b "
    "ON b.escalation_id = e.escalation_id AND b.seq = e.seq"
)

_BODIES = "SELECT body FROM escalations WHERE id"
_VERSIONS = "SELECT id, version FROM escalations WHERE id"
_FILTERS = ("service", "status", "kind", "severity", "category", "reference", "dedup_key")


class SqlReads:
    """Implements `approvals.ports.Reads` and `Health`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outlines: dict[str, tuple[int, Escalation]] = {}  # by id, of that version

    async def escalation(self, escalation_id: str) -> Escalation | None:
        """The escalation of that id."""
        found = await self._many("WHERE id = ?", (escalation_id,))
        return found[0] if found else None

    async def these(self, ids: Collection[str]) -> tuple[Escalation, ...]:
        """Escalations of these ids."""
        return tuple([load_text(body) async for (body,) in self._among(_BODIES, ids)])

    async def versions(self, ids: Collection[str]) -> Mapping[str, int]:
        """By id, the version each has come to."""
        return {id_: version async for id_, version in self._among(_VERSIONS, ids)}

    async def _among(self, sql: str, ids: Collection[str]) -> AsyncIterator[Row]:
        """Rows of these ids, so many at a time that others get their turn in between."""
        wanted = list(ids)
        for n in range(0, len(wanted), AT_ONCE):
            for row in await self._database.reader.rows(*among(sql, wanted[n : n + AT_ONCE])):
                yield row

    async def ending_in(self, suffix: str, limit: int = 10) -> tuple[Escalation, ...]:
        """Escalations whose id ends so."""
        return await self._many("WHERE suffix = ? LIMIT ?", (suffix, limit))

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """One page: pending ones by deadline, any others newest first."""
        rows = await self._database.reader.rows(*page_query(wanted, cursor, limit))
        more = len(rows) > limit
        items = tuple(load_text(body) for (body,) in rows[:limit])
        return Page(items=items, next_cursor=_closed(items[-1], wanted) if more else None)

    async def pending(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Pending ones, soonest deadline first."""
        return await self._many(
            "WHERE status = 'pending' ORDER BY deadline_at, id LIMIT ?", (limit,)
        )

    async def outlines(self) -> tuple[Escalation, ...]:
        """Every pending one, light; those that have not changed since are not read again."""
        rows = await self._database.reader.rows(
            "SELECT id, version FROM escalations WHERE status = 'pending' ORDER BY deadline_at, id"
        )
        known = self._outlines
        changed = [id_ for id_, version in rows if known.get(id_, (-1,))[0] != version]
        fresh = {id_: known[id_] for id_, _ in rows if id_ in known}
        for n in range(0, len(changed), AT_ONCE):
            for e in await self._light(changed[n : n + AT_ONCE]):
                fresh[e.id] = (e.version, e)
        self._outlines = fresh
        return tuple(e for _, e in (fresh[id_] for id_, _ in rows) if e.status is Status.PENDING)

    async def _light(self, ids: Sequence[str]) -> tuple[Escalation, ...]:
        wanted = ", ".join("?" * len(ids))
        sql = f"SELECT body FROM escalations WHERE id IN ({wanted})"  # noqa: S608
        return tuple(outline(row[0]) for row in await self._database.reader.rows(sql, ids))

    async def unclaimed(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Approved and not yet taken."""
        return await self._many(
            "WHERE due_at IS NOT NULL AND status = 'approved' AND state = 'held' "
            "ORDER BY due_at LIMIT ?",
            (limit,),
        )

    async def last_decided(self, limit: int = 20) -> tuple[Escalation, ...]:
        """Decided by people or by time, newest first."""
        return await self._many(
            "WHERE decided_at IS NOT NULL AND kind <> 'automation' "
            "ORDER BY decided_at DESC LIMIT ?",
            (limit,),
        )

    async def records(self, escalation_id: str) -> tuple[Record, ...]:
        """Its audit events in order; an erased body is empty."""
        rows = await self._database.reader.rows(
            f"{RECORDS} WHERE e.escalation_id = ? ORDER BY e.seq",
            (escalation_id,),
        )
        return tuple(record_of(row) for row in rows)

    async def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Ids of those with something due, longest overdue first."""
        rows = await self._database.reader.rows(
            "SELECT id FROM escalations WHERE due_at IS NOT NULL AND due_at <= ? "
            "ORDER BY due_at LIMIT ?",
            (instant(now), limit),
        )
        return tuple(row[0] for row in rows)

    async def latest(self, now: datetime) -> datetime:
        """The latest moment that was noted; `now` where none was."""
        rows = await self._database.reader.rows(LATEST_SEEN)
        return datetime.fromisoformat(rows[0][0]) if rows else now

    async def check(self, now: datetime) -> Mapping[str, Json]:
        """Whether the store answers, and for how long the longest overdue one waits."""
        rows = await self._database.reader.rows(
            "SELECT due_at FROM escalations WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"
        )
        waits = (now - parse_instant(rows[0][0])).total_seconds() if rows else 0.0
        return {"ok": True, "overdue_s": round(max(0.0, waits), 1)}

    async def _many(self, clause: str, values: Sequence[Any]) -> tuple[Escalation, ...]:
        sql = f"SELECT body FROM escalations {clause}"  # noqa: S608  clauses are our own
        return tuple(load_text(row[0]) for row in await self._database.reader.rows(sql, values))


def outline(text: str) -> Escalation:
    """Without what it would run and its context: all that a line of a list says."""
    fields = orjson.loads(text)
    fields.pop("context", None)
    for part in (fields.get("operation") or {}, *fields["options"]):
        part.pop("arguments", None)
    return load(fields)


def record_of(row: Row) -> Record:
    """The record of a row of `events` and the text of its body."""
    text = row[9] or ""
    said = json.loads(text or '{"body":{},"command":{},"facts":{}}')
    return Record(
        escalation_id=row[0],
        seq=row[1],
        kind=row[2],
        at=parse_instant(row[3]),
        by=row[4],
        core=row[5],
        prev=row[6],
        hash=row[7],
        body_hash=row[8],
        text=text,
        body=said["body"],
        command=said["command"],
        facts=said["facts"],
    )


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def page_query(wanted: Wanted, cursor: str | None, limit: int) -> Query:
    """The documents of a page, and of one more. Raises ValueError for a cursor that is not ours."""
    where = [f"{name} = ?" for name in _FILTERS if getattr(wanted, name) is not None]
    values = [getattr(wanted, n) for n in _FILTERS if getattr(wanted, n) is not None]
    if wanted.q is not None:
        where.append("lowered(title) LIKE ? ESCAPE '\\'")
        values.append(f"%{_literal(wanted.q.lower())}%")
    if wanted.status == "pending":
        # The literal lets the partial index serve this, the commonest list.
        where[where.index("status = ?")] = "status = 'pending'"
        values.remove("pending")
    columns, after, way = _order(wanted)
    if cursor is not None:
        where.append(f"({', '.join(columns)}) {after} ({', '.join('?' * len(columns))})")
        values += _opened(cursor)[-len(columns) :]
    clause = f"WHERE {' AND '.join(where)}" if where else ""
    order = ", ".join(f"{column} {way}" for column in columns)
    sql = f"SELECT body FROM escalations {clause} ORDER BY {order} LIMIT ?"  # noqa: S608
    return Query(sql, (*values, limit + 1))


def _order(wanted: Wanted) -> tuple[Sequence[str], str, str]:
    """What a list is sorted by, what comes after a row of it, and which way it goes.

    An index has the rows in this order, so that a page is read from its first row to its last, and
    nothing is sorted. Only what few share is found first, and sorted then.
    """
    if wanted.status == "pending":
        return ("deadline_at", "id"), ">", "ASC"
    if wanted.reference is not None or wanted.dedup_key is not None:
        return ("created_at", "id"), "<", "DESC"
    return ("id",), "<", "DESC"  # ids are ordered by time


def _closed(last: Escalation, wanted: Wanted) -> str:
    at = last.deadline_at if wanted.status == "pending" else last.created_at
    return base64.urlsafe_b64encode(json.dumps([instant(at), last.id]).encode()).decode()


def _opened(cursor: str) -> list[str]:
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor))
        parse_instant(at)
        return [at, str(last)]
    except (ValueError, TypeError) as error:
        raise ValueError("This is not a cursor of ours; start without one.") from error
