"""Reading what an audit looks at, row for row, beside a running server: nothing is believed yet."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from errno import ENOENT
from pathlib import Path
from urllib.parse import quote

from approvals.auditing import Entry

#: Escalations read in one go; each page is as of one moment.
PAGE = 200

_ENTRIES = (
    "SELECT e.escalation_id, e.seq, e.kind, e.at, e.by, e.core, e.prev, e.hash, e.body_hash, "
    "e.command_id, b.text FROM events e LEFT JOIN event_bodies b "
    "ON b.escalation_id = e.escalation_id AND b.seq = e.seq"
)


class Evidence:
    """The file, open for reading."""

    def __init__(self, link: sqlite3.Connection) -> None:
        self._link = link

    def chains(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Every escalation with its records."""
        after = ""
        while page := self._page(after):
            yield from ((id_, tuple(entries)) for id_, entries in page.items())
            after = max(page)

    def _page(self, after: str) -> dict[str, list[Entry]]:
        """A page of escalations and their records, read in one transaction so that they agree."""
        self._link.execute("BEGIN")
        try:
            rows = self._link.execute(
                "SELECT id FROM escalations WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)
            )
            page: dict[str, list[Entry]] = {id_: [] for (id_,) in rows}
            marks = ", ".join("?" * len(page))
            sql = f"{_ENTRIES} WHERE e.escalation_id IN ({marks}) ORDER BY e.escalation_id, e.seq"
            for row in self._link.execute(sql, tuple(page)):
                page[row[0]].append(_entry(row))
        finally:
            self._link.execute("COMMIT")
        return page


def _entry(row: tuple[str, int, str, str, str, int, str, str, str, str, str | None]) -> Entry:
    names = ("escalation_id", "seq", "kind", "at", "by", "core", "prev", "hash", "body_hash")
    return Entry(**dict(zip((*names, "command_id", "text"), row, strict=True)))  # type: ignore[arg-type]


@contextmanager
def open_evidence(path: Path) -> Iterator[Evidence]:
    """What lies in a file. Raises OSError where there is none, sqlite3.Error otherwise."""
    if not path.exists():
        raise FileNotFoundError(
            ENOENT, "there is no such file; ANDON_DATABASE_URL says which one", str(path)
        )
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)) as link:
        yield Evidence(link)
