"""What a database file says, read by sqlite3 alone."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from approvals.codec import load_text, parse_instant
from approvals.escalation import Escalation
from approvals.events import Record

Row = Mapping[str, Any]

TABLES = (
    "escalations",
    "events",
    "event_bodies",
    "votes",
    "decisions",
    "grants",
    "deliveries",
    "cards",
    "idempotency",
    "blocks",
    "seals",
    "unsealed",
)


@dataclass(frozen=True)
class Stored:
    """All rows of the tables that matter."""

    tables: Mapping[str, list[Row]]

    @classmethod
    def read(cls, path: Path) -> "Stored":
        """Read a file that nobody writes to."""
        with closing(sqlite3.connect(path)) as link:
            link.row_factory = sqlite3.Row
            integrity = [row[0] for row in link.execute("PRAGMA integrity_check")]
            assert integrity == ["ok"], integrity
            return cls({t: [dict(r) for r in link.execute(f"SELECT * FROM {t}")] for t in TABLES})

    def __getitem__(self, table: str) -> list[Row]:
        return self.tables[table]

    @cached_property
    def escalations(self) -> dict[str, Escalation]:
        """The stored states, by id."""
        return {row["id"]: load_text(row["body"]) for row in self["escalations"]}

    @cached_property
    def chains(self) -> dict[str, list[Record]]:
        """The records of each escalation, in order."""
        texts = {(r["escalation_id"], r["seq"]): r["text"] for r in self["event_bodies"]}
        found: dict[str, list[Record]] = defaultdict(list)
        for row in sorted(self["events"], key=lambda r: (r["escalation_id"], r["seq"])):
            text = texts[row["escalation_id"], row["seq"]]
            found[row["escalation_id"]].append(_record(row, text))
        return dict(found)

    @property
    def records(self) -> Iterator[Record]:
        """Every record."""
        return (record for chain in self.chains.values() for record in chain)

    def of(self, table: str, escalation_id: str, **also: Any) -> list[Row]:
        """The rows of one escalation, with these values."""
        wanted = {"escalation_id": escalation_id, **also}
        return [row for row in self[table] if wanted.items() <= row.items()]


def _record(row: Row, text: str) -> Record:
    said = json.loads(text)
    kept = {k: row[k] for k in ("escalation_id", "seq", "kind", "by", "core", "prev", "hash")}
    return Record(
        **kept, at=parse_instant(row["at"]), body_hash=row["body_hash"], text=text, **said
    )
