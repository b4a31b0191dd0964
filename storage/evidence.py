"""Reading what an audit looks at, row for row, beside a running server: nothing is believed yet.

Each page is read in one transaction, so that its rows are of one moment; what grew between two
pages is no contradiction.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from approvals.auditing import Entry, Finding, Kept, KeptBlock, Sealed
from approvals.escalation import Escalation
from approvals.sealing import Head
from approvals.sharing import KnownKey
from storage import statements
from storage.keys import keys_known
from storage.links import Looking
from storage.looking import looking_at
from storage.statements import COLUMNS

#: Escalations, or blocks, read in one go.
PAGE = 100

#: How many strays of a sort are named.
NAMED = 20

_RECORD = (
    "escalation_id", "seq", "kind", "at", "by", "core", "prev", "hash", "body_hash", "command_id",
    "text",
)  # fmt: skip
_ENTRIES = (
    f"SELECT {', '.join(f'e.{name}' for name in _RECORD[:-1])}, b.text "  # noqa: S608
    "FROM events e LEFT JOIN event_bodies b "
    "ON b.escalation_id = e.escalation_id AND b.seq = e.seq "
    "WHERE e.escalation_id IN ({marks}) ORDER BY e.escalation_id, e.seq"
)

#: What else a page holds, each row beginning with its escalation.
_BESIDE = {
    "votes": "SELECT escalation_id, seq, person, option, effective, at FROM votes",
    "decisions": 'SELECT escalation_id, seq, status, option, "by", at FROM decisions',
    "grants": "SELECT escalation_id, id, kid, jws FROM grants",
}
_CALLBACKS = (
    "SELECT escalation_id, id, payload FROM deliveries "
    "WHERE escalation_id IN ({marks}) AND kind = 'callback' ORDER BY id"
)
_SEALED = (
    "SELECT escalation_id, MAX(seq) FROM seals WHERE escalation_id IN ({marks}) "
    "GROUP BY escalation_id"
)
_BLOCKS = (
    "SELECT number, prev, root, count, at, hash FROM blocks WHERE number > ? ORDER BY number "
    "LIMIT ?"
)
_HEADS = (
    "SELECT s.block, s.position, s.escalation_id, s.seq, s.hash, e.hash FROM seals s "
    "LEFT JOIN events e ON e.escalation_id = s.escalation_id AND e.seq = s.seq "
    "WHERE s.block BETWEEN ? AND ? ORDER BY s.block, s.position"
)

#: Rows that belong to nothing: what they are, and how they are found.
_OF_AN_ESCALATION = (
    "events", "votes", "decisions", "grants", "cards", "deliveries", "idempotency", "money_moves",
    "refusals", "unsealed", "unremembered", "memories",
)  # fmt: skip


class Evidence:
    """The store, open for reading."""

    def __init__(self, link: Looking) -> None:
        self._link = link

    def count(self) -> int:
        """How many escalations there are."""
        return int(self._link.rows("SELECT count(*) FROM escalations")[0][0])

    def escalations(self) -> Iterator[Kept]:
        """Every escalation with all that belongs to it, oldest first."""
        after = ""
        while page := self._page("WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)):
            yield from page
            after = page[-1].id

    def escalation(self, escalation_id: str) -> Kept | None:
        """One escalation with all that belongs to it."""
        page = self._page("WHERE id = ?", (escalation_id,))
        return page[0] if page else None

    def waiting(self, most: int) -> list[Kept]:
        """Those that time will change, what is due first."""
        return self._page("WHERE due_at IS NOT NULL ORDER BY due_at LIMIT ?", (most,))

    def blocks(self) -> Iterator[KeptBlock]:
        """Every block with its heads, in order."""
        after = 0
        while page := self._block_page(after):
            yield from page
            after = page[-1].number

    def policies(self) -> Iterator[tuple[str, str]]:
        """Every version of the policy that was in force, and its text."""
        rows = self._link.rows("SELECT version, text FROM policies ORDER BY version")
        yield from ((version, text) for version, text in rows)

    def known_keys(self) -> tuple[KnownKey, ...]:
        """Public keys of all servers there are and were."""
        return keys_known(self._link)

    def strays(self) -> Iterator[Finding]:
        """Rows that belong to no escalation, record or block."""
        for table in _OF_AN_ESCALATION:
            sql = (
                f"SELECT DISTINCT escalation_id FROM {table} t WHERE NOT EXISTS "  # noqa: S608
                "(SELECT 1 FROM escalations WHERE id = t.escalation_id) LIMIT ?"
            )
            for (id_,) in self._link.rows(sql, (NAMED,)):
                yield Finding(where=f"escalation {id_}", what=f"it is gone, and {table} are left")
        for id_, seq in self._link.rows(
            "SELECT escalation_id, seq FROM event_bodies b WHERE NOT EXISTS (SELECT 1 FROM events "
            "WHERE escalation_id = b.escalation_id AND seq = b.seq) LIMIT ?",
            (NAMED,),
        ):
            what = "it is gone, and its body is left"
            yield Finding(where=f"escalation {id_} record {seq}", what=what)
        for (number,) in self._link.rows(
            "SELECT DISTINCT block FROM seals s WHERE NOT EXISTS "
            "(SELECT 1 FROM blocks WHERE number = s.block) LIMIT ?",
            (NAMED,),
        ):
            yield Finding(where=f"block {number}", what="it is gone, and its heads are left")

    def _page(self, clause: str, values: Sequence[Any]) -> list[Kept]:
        with self._link.moment():
            sql = f"SELECT {COLUMNS} FROM escalations {clause}"  # noqa: S608  our own
            rows = {row[0]: row for row in self._link.rows(sql, values)}
            entries = self._of(_ENTRIES, rows)
            callbacks, sealed = self._of(_CALLBACKS, rows), self._of(_SEALED, rows)
            beside = {
                name: self._of(f"{sql} WHERE escalation_id IN ({{marks}}) ORDER BY 1, 2", rows)
                for name, sql in _BESIDE.items()
            }
        return [
            Kept(
                id=id_,
                body=row[-1],
                columns=dict(zip(_NAMES, row, strict=False)),
                entries=tuple(_entry((id_, *rest)) for rest in entries.get(id_, ())),
                callbacks=tuple((r[0], r[1]) for r in callbacks.get(id_, ())),
                sealed=sealed[id_][0][0] if id_ in sealed else 0,
                **{name: tuple(found.get(id_, ())) for name, found in beside.items()},
            )
            for id_, row in rows.items()
        ]

    def _of(self, sql: str, ids: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
        """Rows by the escalation they begin with, the rest of each."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        marked = sql.format(marks=", ".join("?" * len(ids)))
        for id_, *rest in self._link.rows(marked, tuple(ids)) if ids else ():
            found.setdefault(id_, []).append(tuple(rest))
        return found

    def _block_page(self, after: int) -> list[KeptBlock]:
        with self._link.moment():
            blocks = self._link.rows(_BLOCKS, (after, PAGE))
            if not blocks:
                return []
            heads: dict[int, list[Sealed]] = {}
            for row in self._link.rows(_HEADS, (blocks[0][0], blocks[-1][0])):
                block, position, id_, seq, hash_, record = row
                head = Head(escalation_id=id_, seq=seq, hash=hash_)
                sealed = Sealed(position=position, head=head, record=record)
                heads.setdefault(block, []).append(sealed)
        return [
            KeptBlock(
                number=number,
                prev=prev,
                root=root,
                count=count,
                at=at,
                hash=hash_,
                heads=tuple(heads.get(number, ())),
            )
            for number, prev, root, count, at, hash_ in blocks
        ]


#: The columns beside the document.
_NAMES = COLUMNS.split(", ")[:-1]


def columns_of(escalation: Escalation) -> dict[str, Any]:
    """The columns beside the document, as the write path writes them."""
    return dict(zip(_NAMES, statements.columns_of(escalation), strict=True))


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(**dict(zip(_RECORD, row, strict=True)))


@contextmanager
def open_evidence(address: str | Path) -> Iterator[Evidence]:
    """What lies in a database. Raises what `looking_at` does."""
    with looking_at(address, lenient=True) as link:
        yield Evidence(link)
