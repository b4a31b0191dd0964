"""What the digest tells, and how far it has come: a note over restarts."""

import json
from datetime import datetime

from approvals.categories import POLICY_CHANGE
from approvals.codec import instant, load_text, parse_instant
from approvals.digests import UNDECIDED, Digested, Quiet, quiet_of
from approvals.memory.accepted import OURSELVES
from approvals.memory.observing import Observed, observed
from approvals.memory.oversight import Oversight
from storage.links import Database
from storage.overseeing import arrived, cards_posted, page_before

#: Escalations of each sort that are read for one digest, the newest.
MOST = 2000

#: Escalations decoded for the oversight before others get their turn.
AT_ONCE = 50

_LOW = (
    "SELECT body FROM escalations WHERE severity = 'low' AND created_at > ? AND created_at <= ? "
    "ORDER BY created_at DESC, id DESC LIMIT ?"
)
_ENDS = ", ".join(f"'{status.value}'" for status in UNDECIDED)
_ENDED = (
    "SELECT body FROM escalations WHERE decided_at IS NOT NULL AND decided_at > ? "  # noqa: S608
    f"AND decided_at <= ? AND status IN ({_ENDS}) "
    "ORDER BY decided_at DESC, id DESC LIMIT ?"
)
_RULED = (
    "SELECT body FROM escalations WHERE by_rule IS NOT NULL AND decided_at > ? "
    "AND decided_at <= ? ORDER BY decided_at DESC, id DESC LIMIT ?"
)
#: There are few of them: what ended which rule stands in the document alone.
_PROPOSALS = (
    "SELECT body FROM escalations WHERE service = ? AND category = ? AND status = 'approved' "
    "ORDER BY created_at DESC, id DESC LIMIT ?"
)
_NOTE = (
    "INSERT INTO notes (name, value) VALUES ('digest', ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class SqlDigests:
    """Implements `approvals.ports.Digests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self) -> Digested | None:
        """How far digests have come."""
        rows = await self._database.reader.rows("SELECT value FROM notes WHERE name = 'digest'")
        if not rows:
            return None
        upto, trying = json.loads(rows[0][0])
        return Digested(upto=parse_instant(upto), trying=parse_instant(trying) if trying else None)

    async def note(self, digested: Digested) -> None:
        """Keep how far they have come."""
        trying = instant(digested.trying) if digested.trying else None
        async with self._database.beside() as link:
            await link.run(_NOTE, (json.dumps([instant(digested.upto), trying]),))

    async def quiet(self, since: datetime, until: datetime) -> Quiet:
        """What rang nobody in that time."""
        found = []
        asked: list[tuple[str, tuple[str | int, ...]]] = [
            *((sql, (instant(since), instant(until), MOST)) for sql in (_LOW, _ENDED, _RULED)),
            (_PROPOSALS, (OURSELVES, POLICY_CHANGE, MOST)),
        ]
        for sql, values in asked:
            rows = await self._database.reader.rows(sql, values)
            found += [load_text(row[0]) for row in reversed(rows)]
        return quiet_of({e.id: e for e in found}.values(), since, until)

    async def oversight(self, since: datetime, until: datetime, zone: str) -> Oversight:
        """What was asked in that time, added up."""
        found, last = Oversight(since=since, now=until, zone=zone), None
        while page := await self._page_before(last, since, until):
            for one in page:
                if one.at <= until:
                    found.add(one)
            last = page[-1].id
        return found

    async def _page_before(
        self, last: str | None, since: datetime, until: datetime
    ) -> list[Observed]:
        link = self._database.reader
        rows = await link.rows(*page_before(last, AT_ONCE))
        bodies = {id_: body for id_, at, body in rows if at > instant(since)}
        came = arrived(await link.rows(*cards_posted(bodies))) if bodies else {}
        return [
            observed(load_text(body), until, arrived=came.get(id_)) for id_, body in bodies.items()
        ]
