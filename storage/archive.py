"""What an auditor reads of the file: beside a running server, only reading, as of one moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from approvals.codec import instant, load_text
from approvals.erasing import ERASED
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.sealing import Block, Head
from approvals.sharing import KnownKey
from storage.keys import keys_known
from storage.links import Database, Looking, Row
from storage.looking import looking_at
from storage.reads import RECORDS, record_of
from storage.sealing import BLOCKS, block_of

#: Escalations read in one go.
PAGE = 200

_TOUCHED = (
    "SELECT escalation_id FROM events WHERE at >= ? AND at < ? UNION SELECT s.escalation_id "
    "FROM seals s JOIN blocks b ON b.number = s.block WHERE b.at >= ? AND b.at < ? ORDER BY 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A grant as it was issued."""

    escalation_id: str
    kid: str
    jws: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An escalation with all its records, and the grant that was issued for it."""

    escalation: Escalation
    records: tuple[Record, ...]
    grant: Issued | None


class Archive:
    """Everything as of the moment it was opened."""

    def __init__(self, link: Looking) -> None:
        self._link = link

    def named(self, word: str, limit: int = 50) -> tuple[str, ...]:
        """Ids of the escalations meant by an id, the end of one, or a reference; newest last."""
        sql = (
            "SELECT id FROM escalations WHERE id = ? UNION SELECT id FROM escalations "
            "WHERE suffix = ? UNION SELECT id FROM escalations WHERE reference = ? "
            "ORDER BY id DESC LIMIT ?"
        )
        rows = self._rows(sql, (word, word, word, limit))
        return tuple(row[0] for row in reversed(rows))

    def told(self, ids: Sequence[str]) -> Iterator[Told]:
        """Those escalations, in the order of their ids."""
        wanted = sorted(ids)
        for n in range(0, len(wanted), PAGE):
            yield from self._page(wanted[n : n + PAGE])

    def touched(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """Ids of all that anything was recorded of in that time, or sealed; `until` is excluded."""
        between = (instant(since), instant(until))
        return tuple(row[0] for row in self._rows(_TOUCHED, (*between, *between)))

    def policy(self, version: str) -> str | None:
        """The text of a policy that was in force."""
        rows = self._rows("SELECT text FROM policies WHERE version = ?", (version,))
        return rows[0][0] if rows else None

    def known_keys(self) -> tuple[KnownKey, ...]:
        """Public keys of all servers there are and were."""
        return keys_known(self._link)

    def blocks(
        self, since: datetime, until: datetime, ids: Sequence[str]
    ) -> Iterator[tuple[Block, tuple[Head, ...]]]:
        """Blocks of that time, and those that seal the escalations; each with its heads."""
        sql = f"{BLOCKS} WHERE at >= ? AND at < ?"
        numbers = {row[0] for row in self._rows(sql, (instant(since), instant(until)))}
        for n in range(0, len(ids), PAGE):
            numbers |= set(self._sealing(ids[n : n + PAGE]))
        for number in sorted(numbers):
            block, heads = self.block(number)
            if block is not None:
                yield block, heads

    def block(self, number: int) -> tuple[Block | None, tuple[Head, ...]]:
        """A block and the heads in it."""
        rows = self._rows(f"{BLOCKS} WHERE number = ?", (number,))
        heads = self._rows(
            "SELECT escalation_id, seq, hash FROM seals WHERE block = ? ORDER BY position",
            (number,),
        )
        named = tuple(Head(escalation_id=id_, seq=seq, hash=hash_) for id_, seq, hash_ in heads)
        return (block_of(rows[0]) if rows else None), named

    def sealing(self, escalation_id: str) -> tuple[tuple[int, int], ...]:
        """The blocks that seal it, each with how far: (block, seq), in order."""
        sql = "SELECT block, seq FROM seals WHERE escalation_id = ? ORDER BY seq"
        return tuple((row[0], row[1]) for row in self._rows(sql, (escalation_id,)))

    def _sealing(self, ids: Sequence[str]) -> Iterator[int]:
        marks = ", ".join("?" * len(ids))
        sql = f"SELECT DISTINCT block FROM seals WHERE escalation_id IN ({marks})"  # noqa: S608
        yield from (row[0] for row in self._rows(sql, ids))

    def _page(self, ids: Sequence[str]) -> Iterator[Told]:
        marks = ", ".join("?" * len(ids))
        among = f"escalation_id IN ({marks})"
        bodies = self._rows(f"SELECT id, body FROM escalations WHERE id IN ({marks})", ids)  # noqa: S608
        records: dict[str, list[Record]] = {id_: [] for id_, _ in bodies}
        sql = f"{RECORDS} WHERE e.{among} ORDER BY e.escalation_id, e.seq"
        for row in self._rows(sql, ids):
            records[row[0]].append(record_of(row))
        sql = f"SELECT escalation_id, kid, jws FROM grants WHERE {among}"  # noqa: S608
        grants = {
            id_: Issued(escalation_id=id_, kid=kid, jws=jws)
            for id_, kid, jws in self._rows(sql, ids)
        }
        for id_, body in sorted(map(tuple, bodies)):
            yield Told(
                escalation=load_text(body), records=tuple(records[id_]), grant=grants.get(id_)
            )

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._link.rows(sql, values)


@contextmanager
def open_archive(address: str | Path) -> Iterator[Archive]:
    """The archive in a database. Raises what `looking_at` does."""
    # All that is read agrees, whatever a server writes meanwhile.
    with looking_at(address) as link, link.moment():
        yield Archive(link)


async def ended_before(database: Database, at: datetime, after: str, limit: int) -> tuple[str, ...]:
    """Ids of those that ended before that moment and were not erased; the next after an id."""
    rows = await database.reader.rows(
        "SELECT id FROM escalations WHERE decided_at < ? AND title <> ? AND id > ? "
        "ORDER BY id LIMIT ?",
        (instant(at), ERASED, after, limit),
    )
    return tuple(row[0] for row in rows)
