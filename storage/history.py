"""Reading what happened, beside a running server: the store is opened for reading, no more."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from approvals.codec import instant, load_text
from approvals.escalation import Escalation
from approvals.events import Record
from storage.links import Looking
from storage.looking import looking_at
from storage.overseeing import arrived, cards_posted, page_before
from storage.reads import RECORDS, record_of

#: Escalations read in one go; each page is as of one moment.
PAGE = 200

# Ids are ordered by time, so all pages together pass over the table once.
_ESCALATIONS = (
    "SELECT id, body FROM escalations WHERE id > ? AND created_at >= ? ORDER BY id LIMIT ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overseen:
    """An escalation with its records, and when its cards were first posted, by their targets."""

    escalation: Escalation
    records: Sequence[Record]
    arrived: Mapping[str, datetime]


class History:
    """Escalations with their records, and the policies they were opened under."""

    def __init__(self, link: Looking) -> None:
        self._link = link

    def count(self, since: datetime) -> int:
        """How many were opened since then."""
        sql = "SELECT count(*) FROM escalations WHERE created_at >= ?"
        return int(self._link.rows(sql, (instant(since),))[0][0])

    def since(self, since: datetime) -> Iterator[tuple[Escalation, tuple[Record, ...]]]:
        """Those opened since then, oldest first."""
        after = ""
        while page := self._page(after, since):
            for body, records in page.values():
                yield load_text(body), tuple(records)
            after = max(page)

    def overseen(self, since: datetime) -> Iterator[Overseen]:
        """Those opened since then, newest first: what is older is not looked at."""
        last: str | None = None
        while page := self._page_before(last, since):
            yield from page
            last = page[-1].escalation.id

    def policy(self, version: str) -> str | None:
        """The text of a policy that was in force."""
        sql = "SELECT text FROM policies WHERE version = ?"
        found = self._link.rows(sql, (version,))
        return found[0][0] if found else None

    def _page(self, after: str, since: datetime) -> dict[str, tuple[str, list[Record]]]:
        """A page of escalations and their records, read in one transaction so that they agree."""
        with self._link.moment():
            rows = self._link.rows(_ESCALATIONS, (after, instant(since), PAGE))
            records = self._records([id_ for id_, _ in rows])
        return {id_: (body, records[id_]) for id_, body in rows}

    def _page_before(self, last: str | None, since: datetime) -> list[Overseen]:
        with self._link.moment():
            rows = self._link.rows(*page_before(last, PAGE))
            bodies = {id_: body for id_, at, body in rows if at >= instant(since)}
            records = self._records(list(bodies))
            came = arrived(self._link.rows(*cards_posted(bodies))) if bodies else {}
        return [
            Overseen(escalation=load_text(body), records=records[id_], arrived=came.get(id_, {}))
            for id_, body in bodies.items()
        ]

    def _records(self, ids: Sequence[str]) -> dict[str, list[Record]]:
        """The records of these, in order."""
        records: dict[str, list[Record]] = {id_: [] for id_ in ids}
        marks = ", ".join("?" * len(ids))
        sql = f"{RECORDS} WHERE e.escalation_id IN ({marks}) ORDER BY e.escalation_id, e.seq"
        for row in self._link.rows(sql, ids) if ids else ():
            records[row[0]].append(record_of(row))
        return records


@contextmanager
def open_history(address: str | Path) -> Iterator[History]:
    """The history in a database. Raises what `looking_at` does."""
    with looking_at(address) as link:
        yield History(link)
