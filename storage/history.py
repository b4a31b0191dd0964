"""Reading what happened, beside a running server: the store is opened for reading, no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from approvals.codec import instant, load_text
from approvals.escalation import Escalation
from approvals.events import Record
from storage.links import Looking
from storage.looking import looking_at
from storage.reads import RECORDS, record_of

#: Escalations read in one go; each page is as of one moment.
PAGE = 200

# Ids are ordered by time, so all pages together pass over the table once.
_ESCALATIONS = (
    "SELECT id, body FROM escalations WHERE id > ? AND created_at >= ? ORDER BY id LIMIT ?"
)


class History:
    """Escalations with their records, oldest first, and the policies they were opened under."""

    def __init__(self, link: Looking) -> None:
        self._link = link

    def count(self, since: datetime) -> int:
        """How many were opened since then."""
        sql = "SELECT count(*) FROM escalations WHERE created_at >= ?"
        return int(self._link.rows(sql, (instant(since),))[0][0])

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
        found = self._link.rows(sql, (version,))
        return found[0][0] if found else None

    def _page(self, after: str, since: datetime) -> dict[str, tuple[str, list[Record]]]:
        """A page of escalations and their records, read in one transaction so that they agree."""
        with self._link.moment():
            rows = self._link.rows(_ESCALATIONS, (after, instant(since), PAGE))
            page: dict[str, tuple[str, list[Record]]] = {id_: (body, []) for id_, body in rows}
            marks = ", ".join("?" * len(page))
            sql = f"{RECORDS} WHERE e.escalation_id IN ({marks}) ORDER BY e.escalation_id, e.seq"
            for row in self._link.rows(sql, tuple(page)) if page else ():
                page[row[0]][1].append(record_of(row))
        return page


@contextmanager
def open_history(address: str | Path) -> Iterator[History]:
    """The history in a database. Raises what `looking_at` does."""
    with looking_at(address) as link:
        yield History(link)
