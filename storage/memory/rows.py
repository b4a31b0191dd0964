"""What the store in memory remembers: one dictionary a table, changed by whole batches only."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from approvals.automatic import Past, looks_back, past_of
from approvals.codec import instant, parse_instant
from approvals.commands import Claim, Open
from approvals.digests import Digested
from approvals.escalation import Escalation
from approvals.events import ERASED, Record
from approvals.facts import Facts
from approvals.flows import Flow
from approvals.grants import Signer
from approvals.ledger import Opened
from approvals.memory.accepted import Use, use_of
from approvals.people import Absence
from approvals.ports import Card, Delivery, StoreError
from approvals.sealing import Block
from approvals.sums import DROPPED, WINDOW, move_of
from approvals.words import Status
from storage.batch import (
    Batch,
    Pending,
    flow_row,
    group_row,
    key_row,
    looks_for,
    recovery_row,
    rule_row,
)
from storage.clicks import answer_row, answered
from storage.memory.faults import Faults
from storage.memory.remembered import Memories
from storage.owed import card_rows, delivery_rows
from storage.statements import storm_rows

Row = TypeVar("Row")
Values = tuple[Any, ...]


@dataclass
class CardRow:
    """A card, and when to look at it."""

    card: Card
    due_at: datetime | None
    rest_until: datetime | None = None  #: a storm's card is not redrawn before


@dataclass
class StormRow:
    """A storm: when it began, and how often it has changed."""

    began_at: datetime
    version: int = 0


@dataclass
class DeliveryRow:
    """A delivery, and when to try it."""

    delivery: Delivery
    payload: str  #: JSON text, so that each reader gets a value of its own
    due_at: datetime | None


@dataclass
class ServiceRow:
    """A service with its live keys (hash to scopes) and its secrets, oldest first."""

    owners: tuple[str, ...] = ()
    callback_hosts: tuple[str, ...] = ()
    opens_per_minute: int | None = None
    most_pending: int | None = None
    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)


@dataclass
class AbsenceRow:
    """An absence, who set it, and who ended it early."""

    absence: Absence
    set_by: str
    set_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass
class Rows:
    """The tables."""

    escalations: dict[str, Escalation] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)
    unsealed: dict[str, datetime] = field(default_factory=dict)  #: since when, by escalation
    unremembered: dict[str, datetime] = field(default_factory=dict)  #: what ended, the same way
    memories: Memories = field(default_factory=Memories)
    blocks: list[Block] = field(default_factory=list)
    keys: dict[str, Opened] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)  #: join_key -> newest escalation of it
    flows: dict[str, Flow] = field(default_factory=dict)
    storms: dict[str, StormRow] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    #: key -> (escalation, when, amount), oldest first
    moves: defaultdict[str, list[tuple[str, datetime, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    refusals: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cards: defaultdict[str, dict[str, CardRow]] = field(default_factory=lambda: defaultdict(dict))
    deliveries: dict[str, DeliveryRow] = field(default_factory=dict)
    services: dict[str, ServiceRow] = field(default_factory=dict)
    signatures: dict[str, datetime] = field(default_factory=dict)
    absences: list[AbsenceRow] = field(default_factory=list)
    latest: datetime | None = None  #: the latest moment seen
    digested: Digested | None = None

    def load(self, commands: list[Pending], facts: Facts, signer: Signer, now: datetime) -> Batch:
        """A batch that knows everything its commands concern."""
        asked = [p.command for p in commands]
        opens = [command for command in asked if isinstance(command, Open)]
        claimed = [c.escalation_id for c in asked if isinstance(c, Claim)]
        batch = Batch(facts=facts, signer=signer, commands=commands)
        batch.keys = _only(self.keys, [key_row(command) for command in opens])
        batch.groups = _only(self.groups, [group_row(command) for command in opens])
        batch.twins = _only(self.twins, [command.join_key for command in opens])
        batch.flows = _only(self.flows, [flow_row(command) for command in opens])
        batch.grants = _only(self.grants, claimed)
        known = self.memories.recollections
        batch.recollections = _only(known, {k for command in opens for k in looks_for(command)})
        said = _only(self.deliveries, map(answer_row, asked))
        batch.answered = answered({id_: row.payload for id_, row in said.items()})
        alone = (recovery_row(command) for command in opens)
        since = now - looks_back(facts.policy.automation)
        batch.past = {row: self._recovered(row, since) for row in alone if row}
        bounded = {command.service for command in opens if command.most_pending is not None}
        batch.pending = {service: self._waiting(service) for service in bounded}
        moves = (move_of(command, facts.people) for command in opens)
        batch.sums = {k: self._moved(k, now) for move in moves if move for _, k in move.keys}
        ids = {command.escalation_id for command in asked}
        ids |= {opened.escalation_id for opened in batch.keys.values()}
        ids |= {id_ for flow in batch.flows.values() for id_ in flow.nearly}
        rules = {row for row in (rule_row(command, facts) for command in opens) if row}
        batch.uses = {rule: self.used(rule) for rule in rules}
        ids |= rules
        batch.escalations = _only(self.escalations, [*ids, *batch.twins.values()])
        return batch

    def _recovered(self, row: str, since: datetime) -> dict[str, Past]:
        """Recoveries of a service and kind: by themselves, or released by people."""
        late = (e for e in self.escalations.values() if e.created_at > since)
        return {e.id: past_of(e) for e in late if f"{e.service}:{e.dedup_key}" == row}

    def used(self, rule: str) -> dict[str, Use]:
        """What an accepted rule decided."""
        decided = (e for e in self.escalations.values() if e.decision and e.decision.rule == rule)
        return {e.id: use_of(e) for e in decided}

    def _waiting(self, service: str) -> int:
        """How many of the service wait for people."""
        mine = (e for e in self.escalations.values() if e.service == service)
        return sum(e.status is Status.PENDING for e in mine)

    def _moved(self, key: str, now: datetime) -> int:
        """What moved under a key in the last day, by escalations that may still run."""
        return sum(
            amount
            for id_, at, amount in self.moves[key]
            if at > now - WINDOW and self.escalations[id_].state not in DROPPED
        )

    def keep(self, batch: Batch, now: datetime) -> None:
        """Store what the batch made of it: all, or nothing where something cannot be written."""
        cards, deliveries = list(card_rows(batch, instant(now))), list(delivery_rows(batch, now))
        self.escalations |= {id_: batch.escalations[id_] for id_ in batch.changed}
        for record in batch.records:
            self.records.setdefault(record.escalation_id, []).append(record)
            if record.kind == ERASED:
                self._erase(record, now)
                self.memories.forget(record.escalation_id)
        for id_ in batch.changed:
            self.unsealed.setdefault(id_, now)
            if self.escalations[id_].status.is_terminal:
                self.unremembered[id_] = now
        self.keys |= batch.keys
        self.groups |= batch.groups
        self.twins |= batch.twins
        self.flows |= batch.flows
        self.grants |= batch.grants
        self.refusals.update(batch.refusals)
        for id_, key, at, amount in batch.new_moves:
            self.moves[key].append((id_, at, amount))
        self.latest = now
        news = batch.news
        for changed in batch.changed:
            for row in self.cards[changed].values():
                if row.card.storm_id is None and (changed in news or row.card.ts is not None):
                    row.due_at = now
        self._storms(batch, now)
        self._add(cards, deliveries, now)

    def _erase(self, record: Record, now: datetime) -> None:
        """The bodies before it are gone, and what was told of them."""
        found = self.records[record.escalation_id]
        nothing: Values = ("", {}, {}, {})
        gone = dict(zip(("text", "body", "command", "facts"), nothing, strict=True))
        found[:-1] = [replace(earlier, **gone) for earlier in found[:-1]]
        for row in self.deliveries.values():
            owed = row.delivery
            calls, waits = owed.kind == "callback", owed.state == "pending"
            if owed.escalation_id != record.escalation_id or (calls and waits):
                continue
            if waits:
                row.due_at, owed = None, replace(owed, state="failed", error="erased")
            kept = owed.kind == "page" or owed.target.startswith("person:")
            row.delivery = replace(owed, target=owed.target if kept else "")
            row.payload = row.payload if calls else "{}"

    def _storms(self, batch: Batch, now: datetime) -> None:
        """Storms that changed; their cards rest between two drawings."""
        for id_, began_at in storm_rows(batch.escalations[i] for i in batch.changed):
            self.storms.setdefault(id_, StormRow(parse_instant(began_at))).version += 1
            for row in self.storm_cards(id_):
                row.due_at = row.due_at or max(now, row.rest_until or now)

    def storm_cards(self, storm_id: str | None) -> list[CardRow]:
        """The cards that show a storm."""
        rows = (row for found in self.cards.values() for row in found.values())
        return [row for row in rows if storm_id and row.card.storm_id == storm_id]

    def _add(self, cards: list[Values], deliveries: list[Values], now: datetime) -> None:
        known = {id_ for rows in self.cards.values() for id_ in rows}
        for id_, escalation_id, surface, target, storm_id, _ in cards:
            card = Card(
                id=id_,
                escalation_id=escalation_id,
                surface=surface,
                target=target,
                storm_id=storm_id,
            )
            if id_ not in known:
                self.cards[escalation_id][id_] = CardRow(card, now)
        for id_, escalation_id, kind, target, payload, _, due_at in deliveries:
            owed = Delivery(
                id=id_, escalation_id=escalation_id, kind=kind, target=target, created_at=now
            )
            self.deliveries.setdefault(id_, DeliveryRow(owed, payload, parse_instant(due_at)))


def _only(table: Mapping[str, Row], keys: Iterable[str | None]) -> dict[str, Row]:
    return {key: table[key] for key in keys if key is not None and key in table}


class Memory:
    """What outlives a store: its rows, and what is planned to go wrong with them."""

    def __init__(self) -> None:
        self._rows, self.faults = Rows(), Faults()
        self.is_open = False  #: whether a store uses it

    @property
    def rows(self) -> Rows:
        """The rows. Raises StoreError while the store is down."""
        if self.faults.is_down:
            raise StoreError
        return self._rows
