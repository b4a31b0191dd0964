"""Rows of owed work in memory: cards and deliveries, leased like the real ones."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from approvals.ports import Card, Clock, Delivery
from approvals.words import Status
from storage.memory.rows import CardRow, DeliveryRow, Memory
from storage.work import LEASE, REST


class MemoryCards:
    """Implements `approvals.ports.Cards`."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory, self._clock = memory, clock

    async def due(self, now: datetime, limit: int) -> tuple[Card, ...]:
        """Lease what is due: ended ones first, then the longest waiting, erased ones last."""
        waiting = ((row.due_at, row) for row in self._all() if row.due_at is not None)
        found = sorted(((at, r) for at, r in waiting if at <= now), key=self._urgency)[:limit]
        for _, row in found:
            row.due_at = now + LEASE
        return tuple(row.card for _, row in found)

    async def of(self, escalation_id: str) -> tuple[Card, ...]:
        """All cards of an escalation, those of the storm it gathers in included."""
        rows = self._memory.rows
        escalation = rows.escalations.get(escalation_id)
        found = {id_: row.card for id_, row in rows.cards.get(escalation_id, {}).items()}
        gathered = rows.storm_cards(escalation.storm_id if escalation else None)
        found |= {row.card.id: row.card for row in gathered}
        return tuple(found[id_] for id_ in sorted(found))

    def delivered_lately(self, escalation_id: str) -> datetime | None:
        """When its first card was posted."""
        rows = self._memory.rows.cards.get(escalation_id, {}).values()
        return min((row.card.posted_at for row in rows if row.card.posted_at), default=None)

    async def at(self, channel: str, ts: str) -> Card | None:
        """The card shown by that message."""
        cards = (row.card for row in self._all())
        return next((c for c in cards if (c.channel, c.ts) == (channel, ts)), None)

    async def shown(self, card: Card, channel: str, ts: str, drawn: str, version: int) -> None:
        """It shows this drawing; it stays due if what it shows went on meanwhile."""
        now, row = self._clock(), self._row(card)
        shows = {"channel": channel, "ts": ts, "drawn": drawn, "attempts": 0, "error": None}
        posted_at = row.card.posted_at or now
        row.rest_until = now + REST if card.storm_id else None
        again_at = row.rest_until or now
        self._change(
            card, again_at if self._version(card) > version else None, **shows, posted_at=posted_at
        )

    def _version(self, card: Card) -> int:
        rows = self._memory.rows
        if card.storm_id is not None:
            return rows.storms[card.storm_id].version
        return rows.escalations[card.escalation_id].version

    async def unneeded(self, card: Card) -> None:
        """Not due, until what it shows changes."""
        self._row(card).due_at = None

    async def lost(self, card: Card) -> None:
        """Post it anew."""
        self._change(card, self._clock(), channel=None, ts=None, drawn=None, attempts=0)

    async def again(self, card: Card, at: datetime, error: str) -> None:
        """Look at it again then; what it shows is not known."""
        attempts = self._row(card).card.attempts + 1
        self._change(card, at, attempts=attempts, drawn=None, error=error[:200])

    async def touch(self, escalation_id: str) -> None:
        """Look at all of them, whatever they showed."""
        for row in self._memory.rows.cards.get(escalation_id, {}).values():
            self._change(row.card, self._clock(), drawn=None)

    def _change(self, card: Card, due_at: datetime | None, **changes: Any) -> None:
        row = self._row(card)
        row.card, row.due_at = replace(row.card, **changes), due_at

    def _row(self, card: Card) -> CardRow:
        return self._memory.rows.cards[card.escalation_id][card.id]

    def _all(self) -> Iterator[CardRow]:
        return (row for rows in self._memory.rows.cards.values() for row in rows.values())

    def _urgency(self, of: tuple[datetime, CardRow]) -> tuple[bool, bool, datetime]:
        due_at, row = of
        escalation = self._memory.rows.escalations[row.card.escalation_id]
        return escalation.erased is not None, escalation.status is Status.PENDING, due_at


class MemoryDeliveries:
    """Implements `approvals.ports.Deliveries`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def take_over(self, now: datetime) -> None:
        """Nobody holds a lease any more: answers are due now."""
        for row in self._memory.rows.deliveries.values():
            if row.delivery.kind == "answer" and row.due_at is not None:
                row.due_at = min(row.due_at, now)

    async def due(self, kinds: Sequence[str], now: datetime, limit: int) -> tuple[Delivery, ...]:
        """Lease what is due of these kinds, oldest first."""
        rows = (r for r in self._memory.rows.deliveries.values() if r.delivery.kind in kinds)
        waiting = [(r.due_at, r.delivery.id, r) for r in rows if r.due_at is not None]
        found = sorted(of for of in waiting if of[0] <= now)[:limit]
        for _, _, row in found:
            row.due_at = now + LEASE
        return tuple(_read(row) for _, _, row in found)

    async def delivered(self, delivery_id: str, now: datetime) -> None:
        """It arrived."""
        self._settle(delivery_id, "delivered", None)

    async def failed(self, delivery_id: str, now: datetime, error: str) -> None:
        """It will never arrive."""
        self._settle(delivery_id, "failed", error)

    async def again(self, delivery_id: str, at: datetime, error: str) -> None:
        """Try again then."""
        self._change(delivery_id, at, error=error[:200])

    async def answered(self, command_id: str, now: datetime) -> None:
        """The door has shown the answer itself."""
        self._settle(f"ans_{command_id}", "delivered", None)

    async def of(self, escalation_id: str) -> tuple[Delivery, ...]:
        """All deliveries of an escalation, oldest first."""
        rows = self._memory.rows.deliveries.values()
        found = [row for row in rows if row.delivery.escalation_id == escalation_id]
        return tuple(_read(row) for row in sorted(found, key=_age))

    def _settle(self, delivery_id: str, state: str, error: str | None) -> None:
        self._change(delivery_id, None, state=state, error=error)

    def _change(self, delivery_id: str, due_at: datetime | None, **changes: Any) -> None:
        """Change one that still waits, and count the attempt; a settled one stays as it is."""
        row = self._memory.rows.deliveries.get(delivery_id)
        if row is None or row.delivery.state != "pending":
            return
        attempts = row.delivery.attempts + 1
        row.delivery, row.due_at = replace(row.delivery, attempts=attempts, **changes), due_at


def _read(row: DeliveryRow) -> Delivery:
    return replace(row.delivery, payload=json.loads(row.payload))


def _age(row: DeliveryRow) -> tuple[Any, str]:
    return row.delivery.created_at, row.delivery.id
