"""A past in the hands of somebody else: their own SQLite, triggers dropped, foreign keys off."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from approvals.auditing import Entry
from approvals.codec import dump_text, parse_instant
from approvals.events import GENESIS, record_hash, sha256
from approvals.evolve import evolve
from approvals.sealing import Block, Head, sealed
from bot.anchors import AnchorFile
from bot.signing import KeyRing
from storage.evidence import columns_of
from tests.trust.past import Past

#: Everything that belongs to an escalation.
TABLES = (
    "events", "event_bodies", "votes", "decisions", "grants", "seals", "cards", "deliveries",
    "refusals", "idempotency",
)  # fmt: skip


#: A hash that nothing has.
FORGED = "sha256:" + "f0" * 32

#: Escalations of which nothing was erased: their records can be written anew.
WHOLE = "(SELECT escalation_id FROM event_bodies WHERE seq = 1)"


@dataclass
class Scene:
    """A copy of a past, open to whoever holds the file."""

    link: sqlite3.Connection
    past: Past
    random: Random

    @property
    def anchors(self) -> Path:
        return self.past.anchors

    def sign(self, blocks: Sequence[Block]) -> None:
        """Anchor these blocks, with the key that few have."""
        AnchorFile(self.anchors, KeyRing(self.past.keys)).append(blocks)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.link.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> None:
        assert self.link.execute(sql, values).rowcount > 0, sql

    def one(self, sql: str, *values: Any) -> tuple[Any, ...]:
        """One row of chance. Raises IndexError where there is none."""
        return self.random.choice(self.rows(sql, *values))

    def forget(self, id_: str, *tables: str, after: int = 0) -> None:
        """Its rows in these tables are gone, those after that record."""
        for table in tables:
            self.link.execute(
                f"DELETE FROM {table} WHERE escalation_id = ? AND seq > ?", (id_, after)
            )

    @property
    def lines(self) -> list[str]:
        """The anchors, line by line."""
        return self.anchors.read_text().splitlines()

    @lines.setter
    def lines(self, lines: Sequence[str]) -> None:
        self.anchors.write_text("".join(f"{line}\n" for line in lines))


Tampering = Callable[[Scene], None]


@contextmanager
def opened(past: Past, random: Random) -> Iterator[Scene]:
    """The files, in the hands of somebody else."""
    link = sqlite3.connect(past.database, isolation_level=None)
    link.execute("PRAGMA foreign_keys=OFF")
    link.execute("PRAGMA synchronous=OFF")
    link.execute("BEGIN")
    for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f"DROP TRIGGER {name}")
    try:
        yield Scene(link, past, random)
        link.execute("COMMIT")
    finally:
        link.close()


def chain_of(scene: Scene, id_: str) -> list[Entry]:
    """The records of a chain as they lie there."""
    rows = scene.rows(
        'SELECT e.escalation_id, e.seq, e.kind, e.at, e."by", e.core, e.prev, e.hash, e.body_hash, '
        "e.command_id, b.text FROM events e JOIN event_bodies b ON b.escalation_id = "
        "e.escalation_id AND b.seq = e.seq WHERE e.escalation_id = ? ORDER BY e.seq",
        id_,
    )
    return [Entry(**dict(zip(Entry.__dataclass_fields__, row, strict=True))) for row in rows]


def linked(entries: Sequence[Entry]) -> list[Entry]:
    """The records counted, linked and hashed anew, as a careful hand does it."""
    made: list[Entry] = []
    for seq, entry in enumerate(entries, 1):
        prev, body = made[-1].hash if made else GENESIS, sha256(entry.text or "")
        id_, kind, at, by = entry.escalation_id, entry.kind, parse_instant(entry.at), entry.by
        hash_ = record_hash(id_, seq, kind, at, by, entry.core, prev, body)
        made.append(replace(entry, seq=seq, prev=prev, body_hash=body, hash=hash_))
    return made


def write_chain(scene: Scene, id_: str, entries: Sequence[Entry]) -> None:
    """Put these records in the place of those that were there."""
    for table in ("events", "event_bodies"):
        scene.run(f"DELETE FROM {table} WHERE escalation_id = ?", id_)
    add_records(scene, entries)


def add_records(scene: Scene, entries: Sequence[Entry]) -> None:
    """Put these records where there are none."""
    for entry in entries:
        *columns, text = astuple(entry)
        scene.run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *columns)
        scene.run("INSERT INTO event_bodies VALUES (?, ?, ?)", entry.escalation_id, entry.seq, text)


def some_chain(scene: Scene, least: int = 2) -> tuple[str, list[Entry]]:
    """A chain of chance that is so long."""
    (id_,) = scene.one(
        f"SELECT escalation_id FROM events WHERE escalation_id IN {WHOLE} "
        f"GROUP BY escalation_id HAVING count(*) >= {least}"
    )
    return id_, chain_of(scene, id_)


def write_state(scene: Scene, id_: str, chain: Sequence[Entry]) -> None:
    """The state that follows from these records, and its columns."""
    now = None
    for entry in chain:
        now = evolve(now, entry.record())
    assert now is not None
    columns = {**columns_of(now), "body": dump_text(now)}
    names = ", ".join(f"{name} = ?" for name in columns)
    scene.run(f"UPDATE escalations SET {names} WHERE id = ?", *columns.values(), id_)


def seal_anew(scene: Scene) -> None:
    """All blocks over the heads as they now are, with the same moments."""
    prev = GENESIS
    for number, at in scene.rows("SELECT number, at FROM blocks ORDER BY number"):
        scene.run(
            "UPDATE seals SET hash = (SELECT hash FROM events e WHERE "
            "e.escalation_id = seals.escalation_id AND e.seq = seals.seq) WHERE block = ?",
            number,
        )
        found = scene.rows(
            "SELECT escalation_id, seq, hash FROM seals WHERE block = ? ORDER BY position", number
        )
        heads = [Head(escalation_id=i, seq=s, hash=h) for i, s, h in found]
        block = sealed(heads, number=number, prev=prev, at=parse_instant(at))
        sql = "UPDATE blocks SET prev = ?, root = ?, hash = ? WHERE number = ?"
        scene.run(sql, block.prev, block.root, block.hash, number)
        prev = block.hash
