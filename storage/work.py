"""Rows of owed work: cards and deliveries. Taking one leases it, so that nothing is done twice at
once; a lease saves work, correctness does not need it.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from approvals.codec import instant, parse_instant
from approvals.erasing import ERASED
from approvals.ports import Card, Clock, Delivery
from storage.links import Database, Query, Row, among_writers

#: Escalations whose first delivery is remembered.
REMEMBERED = 10_000

#: How long what was taken is left alone.
LEASE = timedelta(seconds=30)

#: Seconds a storm's card rests between two drawings: with every arrival it would be redrawn.
REST = timedelta(seconds=10)

_CARD = (
    "id, escalation_id, surface, target, channel, ts, drawn, attempts, posted_at, error, storm_id"
)
_DELIVERY = "id, escalation_id, kind, target, payload, attempts, created_at, error, state"

#: What another replica takes just now is left to it.
_FREE = among_writers("FOR UPDATE SKIP LOCKED")
_FREE_CARDS = among_writers("FOR UPDATE OF c SKIP LOCKED")
#: Had before what it shows is looked at: so it is not missed that this goes on just now.
_CARD_ALONE = "SELECT 1 FROM cards WHERE id = ? " + among_writers("FOR UPDATE")  # noqa: S608


class SqlCards:
    """Implements `approvals.ports.Cards`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._delivered: dict[str, datetime] = {}  #: by escalation, oldest first

    async def due(self, now: datetime, limit: int) -> tuple[Card, ...]:
        """Lease what is due: ended ones first, then the longest waiting, erased ones last."""
        at, until = instant(now), instant(now + LEASE)
        peek = "SELECT 1 FROM cards WHERE due_at IS NOT NULL AND due_at <= ? LIMIT 1"
        if not await self._database.reader.rows(peek, (at,)):
            return ()
        async with self._database.beside() as link:
            rows = await link.rows(
                f"SELECT {', '.join('c.' + c for c in _CARD.split(', '))} "  # noqa: S608
                "FROM cards c JOIN escalations e ON e.id = c.escalation_id "
                "WHERE c.due_at IS NOT NULL AND c.due_at <= ? "
                f"ORDER BY e.title = ?, e.status = 'pending', c.due_at LIMIT ? {_FREE_CARDS}",
                (at, ERASED, limit),
            )
            await link.many(
                "UPDATE cards SET due_at = ? WHERE id = ?", [(until, r[0]) for r in rows]
            )
        return tuple(_card(row) for row in rows)

    async def of(self, escalation_id: str) -> tuple[Card, ...]:
        """All cards of an escalation, those of the storm it gathers in included."""
        own = f"SELECT {_CARD} FROM cards WHERE escalation_id = ?"  # noqa: S608
        gathered = (
            f"SELECT {_CARD} FROM cards WHERE storm_id = "  # noqa: S608
            "(SELECT storm_id FROM escalations WHERE id = ?)"
        )
        rows = await self._database.reader.rows(
            f"{own} UNION {gathered} ORDER BY id", (escalation_id, escalation_id)
        )
        return tuple(map(_card, rows))

    def delivered_lately(self, escalation_id: str) -> datetime | None:
        """When its first card was posted, if this process remembers."""
        return self._delivered.get(escalation_id)

    async def at(self, channel: str, ts: str) -> Card | None:
        """The card shown by that message."""
        sql = f"SELECT {_CARD} FROM cards WHERE channel = ? AND ts = ?"  # noqa: S608
        rows = await self._database.reader.rows(sql, (channel, ts))
        return _card(rows[0]) if rows else None

    async def shown(self, card: Card, channel: str, ts: str, drawn: str, version: int) -> None:
        """It shows this drawing; it stays due if what it shows went on meanwhile."""
        now = self._clock()
        at = instant(now)
        of, rests = "escalations WHERE id = cards.escalation_id", None
        if card.storm_id is not None:
            of, rests = "storms WHERE id = cards.storm_id", instant(now + REST)
        async with self._database.beside() as link:
            showing = Query(
                "UPDATE cards SET channel = ?, ts = ?, drawn = ?, version = ?, attempts = 0, "  # noqa: S608
                "error = NULL, posted_at = COALESCE(posted_at, ?), rest_until = ?, due_at = "
                f"CASE WHEN (SELECT version FROM {of}) > ? THEN ? ELSE NULL END WHERE id = ?",
                (channel, ts, drawn, version, at, rests, version, rests or at, card.id),
            )
            await link.together(Query(_CARD_ALONE, (card.id,)), showing)
        self._delivered.setdefault(card.escalation_id, card.posted_at or now)
        if len(self._delivered) > REMEMBERED:
            del self._delivered[next(iter(self._delivered))]

    async def unneeded(self, card: Card) -> None:
        """Not due, until what it shows changes."""
        async with self._database.beside() as link:
            await link.run("UPDATE cards SET due_at = NULL WHERE id = ?", (card.id,))

    async def lost(self, card: Card) -> None:
        """Post it anew."""
        async with self._database.beside() as link:
            await link.run(
                "UPDATE cards SET channel = NULL, ts = NULL, drawn = NULL, attempts = 0, "
                "due_at = ? WHERE id = ?",
                (instant(self._clock()), card.id),
            )

    async def again(self, card: Card, at: datetime, error: str) -> None:
        """Look at it again then; what it shows is not known."""
        async with self._database.beside() as link:
            await link.run(
                "UPDATE cards SET attempts = attempts + 1, drawn = NULL, due_at = ?, error = ? "
                "WHERE id = ?",
                (instant(at), _kept(error), card.id),
            )

    async def touch(self, escalation_id: str) -> None:
        """Look at all of them, whatever they showed."""
        async with self._database.beside() as link:
            await link.run(
                "UPDATE cards SET drawn = NULL, due_at = ? WHERE escalation_id = ?",
                (instant(self._clock()), escalation_id),
            )


class SqlDeliveries:
    """Implements `approvals.ports.Deliveries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_over(self, now: datetime) -> None:
        """At the start of the one server: nobody holds a lease any more, so answers are due now.

        A person waits for each; everything else may come with the end of its lease.
        """
        async with self._database.beside() as link:
            await link.run(
                "UPDATE deliveries SET due_at = ? "
                "WHERE due_at > ? AND kind = 'answer' AND state = 'pending'",
                (instant(now), instant(now)),
            )

    async def due(self, kinds: Sequence[str], now: datetime, limit: int) -> tuple[Delivery, ...]:
        """Lease what is due of these kinds, oldest first."""
        at, marks = instant(now), ", ".join("?" * len(kinds))
        where = f"due_at IS NOT NULL AND due_at <= ? AND kind IN ({marks})"
        peek = f"SELECT 1 FROM deliveries WHERE {where} LIMIT 1"  # noqa: S608
        if not await self._database.reader.rows(peek, (at, *kinds)):
            return ()
        sql = f"SELECT {_DELIVERY} FROM deliveries WHERE {where}"  # noqa: S608
        async with self._database.beside() as link:
            rows = await link.rows(
                f"{sql} ORDER BY due_at, id LIMIT ? {_FREE}", (at, *kinds, limit)
            )
            until = instant(now + LEASE)
            await link.many(
                "UPDATE deliveries SET due_at = ? WHERE id = ?", [(until, r[0]) for r in rows]
            )
        return tuple(_delivery(row) for row in rows)

    async def delivered(self, delivery_id: str, now: datetime) -> None:
        """It arrived."""
        await self._settle(delivery_id, "delivered", now, None)

    async def failed(self, delivery_id: str, now: datetime, error: str) -> None:
        """It will never arrive."""
        await self._settle(delivery_id, "failed", now, error)

    async def again(self, delivery_id: str, at: datetime, error: str) -> None:
        """Try again then."""
        async with self._database.beside() as link:
            await link.run(
                "UPDATE deliveries SET attempts = attempts + 1, due_at = ?, error = ? "
                "WHERE id = ? AND state = 'pending'",
                (instant(at), _kept(error), delivery_id),
            )

    async def answered(self, command_id: str, now: datetime) -> None:
        """The door has shown the answer itself."""
        await self._settle(f"ans_{command_id}", "delivered", now, None)

    async def of(self, escalation_id: str) -> tuple[Delivery, ...]:
        """All deliveries of an escalation, oldest first."""
        sql = f"SELECT {_DELIVERY} FROM deliveries WHERE escalation_id = ?"  # noqa: S608
        rows = await self._database.reader.rows(f"{sql} ORDER BY created_at, id", (escalation_id,))
        return tuple(_delivery(row) for row in rows)

    async def _settle(self, delivery_id: str, state: str, now: datetime, error: str | None) -> None:
        async with self._database.beside() as link:
            await link.run(
                "UPDATE deliveries SET state = ?, due_at = NULL, settled_at = ?, error = ?, "
                "attempts = attempts + 1 WHERE id = ? AND state = 'pending'",
                (state, instant(now), error and _kept(error), delivery_id),
            )


def _kept(error: str) -> str:
    """As much of what others answered as is kept; PostgreSQL keeps no NUL in a text."""
    return error.replace("\0", "\ufffd")[:200]


def _card(row: Row) -> Card:
    return Card(
        id=row[0],
        escalation_id=row[1],
        surface=row[2],
        target=row[3],
        channel=row[4],
        ts=row[5],
        drawn=row[6],
        attempts=row[7],
        posted_at=parse_instant(row[8]) if row[8] else None,
        error=row[9],
        storm_id=row[10],
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row[0],
        escalation_id=row[1],
        kind=row[2],
        target=row[3],
        payload=json.loads(row[4]),
        attempts=row[5],
        created_at=parse_instant(row[6]),
        error=row[7],
        state=row[8],
    )
