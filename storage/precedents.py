"""Finding what ended: candidates come from the database, their order from the core."""

from collections.abc import Sequence
from datetime import datetime

from approvals.codec import instant
from approvals.escalation import Escalation
from approvals.memory.asking import asked_like, asked_words
from approvals.memory.codec import load_remembered
from approvals.memory.ranking import MOST_FOUND, MOST_OF_A_KIND, Asked, Candidate, ranked, rarest
from approvals.memory.recalling import hashes_of
from approvals.memory.remembering import Remembered
from approvals.ports import Match
from storage.among import among
from storage.links import Database, Query, Row
from storage.remembering import remember

_TERMS = "SELECT id, said FROM memory_terms WHERE id"
_TOTAL = "SELECT COALESCE(MAX(place), 0) FROM memories"
_CANDIDATES = (
    "SELECT escalation_id, ended_at, service, category, operation, exact, template, error, words, "
    "body FROM memories WHERE "
)
_ENDED = (
    "SELECT body FROM memories WHERE ended_at > ? AND ended_at <= ? "
    "ORDER BY ended_at, escalation_id"
)
_REVIEWS = (
    "SELECT body FROM memories WHERE review_due IS NOT NULL "
    "ORDER BY review_due, escalation_id LIMIT ?"
)
_ISSUES = (
    "SELECT body FROM memories WHERE issue_state <> 'fixed' "
    "ORDER BY ended_at DESC, escalation_id DESC LIMIT ?"
)


class SqlMemory:
    """Implements `approvals.ports.Memory`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, now: datetime, limit: int = 200) -> int:
        """Take up escalations that ended, or changed since; how many. 0: nothing waits."""
        return await remember(self._database, limit)

    async def like(self, escalation: Escalation, limit: int = 10) -> tuple[Match, ...]:
        """Those that ended and are like it, closest first; never itself."""
        return await self._found(asked_like(escalation), limit, escalation.id)

    async def search(self, words: str, limit: int = 20) -> tuple[Match, ...]:
        """Those that say these words, best first; nothing for no words."""
        asked = asked_words(words)
        return await self._found(asked, limit) if asked.marks else ()

    async def ended(self, since: datetime, until: datetime) -> tuple[Remembered, ...]:
        """What ended after `since` and not after `until`, in that order."""
        return await self._all(_ENDED, instant(since), instant(until))

    async def reviews(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With a review that is due and not written, soonest first."""
        return await self._all(_REVIEWS, limit)

    async def issues(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With an issue that is not fixed, newest first."""
        return await self._all(_ISSUES, limit)

    async def _all(self, sql: str, *values: object) -> tuple[Remembered, ...]:
        rows = await self._database.reader.rows(sql, values)
        return tuple(load_remembered(body) for (body,) in rows)

    async def _found(self, asked: Asked, limit: int, but: str = "") -> tuple[Match, ...]:
        reader = self._database.reader
        terms, ((total,),) = await reader.together(among(_TERMS, asked.marks), Query(_TOTAL))
        said = dict(map(tuple, terms))
        wanted = rarest(asked.marks, said)
        of_words = [_saying(self._database, wanted)] if wanted else []
        found = await reader.together(*of_words, *_of_a_kind(asked))
        rows = {row[0]: row for some in found for row in some if row[0] != but}
        best = ranked(asked, map(_candidate, rows.values()), said, total, limit)
        return tuple(
            Match(found=load_remembered(rows[r.id][-1]), score=r.score, likeness=r.likeness)
            for r in best
        )


def _saying(database: Database, marks: Sequence[str]) -> Query:
    """The latest that say one of the words."""
    places = database.saying(marks, MOST_FOUND)
    return Query(f"{_CANDIDATES}place IN ({places.sql})", places.values)


def _of_a_kind(asked: Asked) -> list[Query]:
    """The last few that are alike, or of one operation or category of the service."""
    service = asked.service
    exact, template, error = hashes_of(asked.fingerprint)
    looks: tuple[tuple[str, Sequence[str | None]], ...] = (
        ("exact = ?", (exact,)),
        ("template = ?", (template,)),
        ("error = ?", (error,)),
        ("service = ? AND operation = ?", (service, asked.operation)),
        ("service = ? AND category = ?", (service, asked.category)),
    )
    return [
        Query(
            f"{_CANDIDATES}{where} ORDER BY ended_at DESC, place DESC LIMIT {MOST_OF_A_KIND}",
            values,
        )
        for where, values in looks
        if all(values)
    ]


def _candidate(row: Row) -> Candidate:
    id_, ended_at, service, category, operation, exact, template, error, words, _ = row
    return Candidate(
        id=id_,
        ended_at=ended_at,
        service=service,
        category=category,
        operation=operation,
        exact=exact,
        template=template,
        error=error,
        marks=words,
    )
