"""Reading what happened, beside a running server: the file is opened for reading, no more."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from approvals.codec import instant, load_text
from approvals.escalation import Escalation
from approvals.events import Record
from storage.reads import RECORDS, record_of
from storage.sqlite.looking import looking_at

#: Escalations read in one go; each page is as of one moment.
PAGE = 200

# Ids are ordered by time, so all pages together pass over the table once.
_ESCALATIONS = (
    "SELECT id, body FROM escalations WHERE id > ? AND created_at >= ? ORDER BY id LIMIT ?"
)


class History:
    """Escalations with their records, oldest first, and the policies they were opened under."""

    def __init__(self, link: sqlite3.Connection) -> None:
        self._link = link

    def count(self, since: datetime) -> int:
        """How many were opened since then."""
        sql = "SELECT count(*) FROM escalations WHERE created_at >= ?"
        return int(self._link.execute(sql, (instant(since),)).fetchone()[0])

    def since(self, since: datetime) -> Iterator[tuple[Escalation, tuple[Record, ...]]]:
        """Those opened since then."""
        after = ""
        while page := self._page(after, since):
            for body, records in page.values():
                yield load_text(body), tuple(records)
            after = max(page)

    def policy(self, version: str) -> str | None:
        """The text of a policy that was in force."""
        sql = "SELECT text FROM policies WHERE version = ?"
        found = self._link.execute(sql, (version,)).fetchone()
        return found[0] if found else None

    def _page(self, after: str, since: datetime) -> dict[str, tuple[str, list[Record]]]:
        """A page of escalations and their records, read in one transaction so that they agree."""
        self._link.execute("BEGIN")
        try:
            rows = self._link.execute(_ESCALATIONS, (after, instant(since), PAGE)).fetchall()
            page: dict[str, tuple[str, list[Record]]] = {id_: (body, []) for id_, body in rows}
            marks = ", ".join("?" * len(page))
            sql = f"{RECORDS} WHERE e.escalation_id IN ({marks}) ORDER BY e.escalation_id, e.seq"
            for row in self._link.execute(sql, tuple(page)):
                page[row[0]][1].append(record_of(row))
        finally:
            self._link.execute("COMMIT")
        return page


@contextmanager
def open_history(path: Path) -> Iterator[History]:
    """The history in a file. Raises OSError where there is none, sqlite3.Error otherwise."""
    with looking_at(path) as link:
        yield History(link)
