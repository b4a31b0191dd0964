"""Finding what ended: candidates come from the database, their order from the core."""

from collections.abc import Collection, Sequence
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
from storage.links import NOTHING, Database, Link, Query, Row
from storage.remembering import remember

_TERMS = "SELECT id, said FROM memory_terms WHERE id"
_TOTAL = "SELECT COALESCE(MAX(place), 0) FROM memories"
_CANDIDATES = (
    "SELECT escalation_id, ended_at, service, category, operation, exact, template, error, words "
    "FROM memories WHERE place"
)
_BODIES = "SELECT escalation_id, body FROM memories WHERE escalation_id"
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
        of_words = self._database.saying(wanted, MOST_FOUND) if wanted else NOTHING
        found = await reader.together(of_words, *_of_a_kind(asked))
        rows = await _those(reader, {place for places in found for (place,) in places})
        candidates = [one for one in map(_candidate, rows) if one.id != but]
        best = ranked(asked, candidates, said, total, limit)
        bodies = dict(map(tuple, await reader.rows(*among(_BODIES, (rank.id for rank in best)))))
        return tuple(
            Match(found=load_remembered(bodies[r.id]), score=r.score, likeness=r.likeness)
            for r in best
            if r.id in bodies  # it may be erased just now
        )


async def _those(reader: Link, places: Collection[int]) -> list[Row]:
    """The candidates at these places."""
    return await reader.rows(*among(_CANDIDATES, places))


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
            f"SELECT place FROM memories WHERE {where} "  # noqa: S608
            f"ORDER BY ended_at DESC, place DESC LIMIT {MOST_OF_A_KIND}",
            values,
        )
        for where, values in looks
        if all(values)
    ]


def _candidate(row: Row) -> Candidate:
    id_, ended_at, service, category, operation, exact, template, error, words = row
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
