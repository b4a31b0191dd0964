"""Remembering what ended: rows of memory, made anew for every escalation that waits for it.

::

    unremembered -> read, make -> one short transaction: rows, words, summaries; the mark goes

What changed while it was read keeps its mark, and comes again. An erasure takes all of it away in
its own commit (`forgotten`): nobody remembers meanwhile, for both have memory by its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals.codec import instant, load_text
from approvals.memory.codec import dump_remembered
from approvals.memory.recalling import hashes_of
from approvals.memory.values import IssueState
from storage.among import among
from storage.known import Entry, Known, counted, entry_of, keys_in, said
from storage.links import Database, Link, Many, Query, Row
from storage.locking import IN_TURN, MEMORY
from storage.summing import SAYS_NOTHING, STALE, Changes, sum_up

_WAITING = "SELECT escalation_id FROM unremembered ORDER BY since, escalation_id LIMIT ?"
_BODIES = "SELECT id, body FROM escalations WHERE id"
#: What memory knows of an escalation, as `known_in` reads it.
KNOWN = (
    "SELECT escalation_id, place, exact, template, error, answer, failed, undone, words "
    "FROM memories WHERE escalation_id"
)
_LAST_PLACE = "SELECT COALESCE(MAX(place), 0) FROM memories"

_COLUMNS = (
    "place", "escalation_id", "exact", "template", "error", "service", "category", "operation",
    "answer", "failed", "undone", "ended_at", "review_due", "review_owner", "issue_state",
    "issue_owner", "words", "body",
)  # fmt: skip
_CHANGING = _COLUMNS[2:]
_MEMORY = (
    f"INSERT INTO memories ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (escalation_id) DO UPDATE SET "
    f"{', '.join(f'{c} = excluded.{c}' for c in _CHANGING)}"
)
_MEMORY_GONE = "DELETE FROM memories WHERE escalation_id = ?"
_WORDS = "INSERT INTO memory_words (rowid, words) VALUES (?, ?)"
_WORDS_GONE = "DELETE FROM memory_words WHERE rowid = ?"
_SAID = (
    "INSERT INTO memory_terms (id, said) VALUES (?, ?) "
    "ON CONFLICT (id) DO UPDATE SET said = memory_terms.said + excluded.said"
)
_UNSAID = "DELETE FROM memory_terms WHERE id = ? AND said <= 0"
_DONE = "DELETE FROM unremembered WHERE escalation_id = ?"


@dataclass(frozen=True, slots=True)
class _Read:
    """An escalation as it was read, and what is to be known of it."""

    body: str
    entry: Entry | None


async def remember(database: Database, limit: int) -> int:
    """Take up what waits; how many."""
    reader = database.reader
    waiting, stale = await reader.together(Query(_WAITING, (limit,)), Query(STALE, (limit,)))
    if not waiting and not stale:
        return 0
    ids = [id_ for (id_,) in waiting]
    bodies = await reader.rows(*among(_BODIES, ids))
    read = {id_: _Read(body, entry_of(load_text(body))) for id_, body in bodies}
    async with database.beside(MEMORY) as link:
        changed = await _kept(link, ids, read)
        await sum_up(link, changed, [key for (key,) in stale])
    return len(ids) + len(stale)


async def _kept(link: Link, ids: Sequence[str], read: Mapping[str, _Read]) -> Changes:
    """Write what is known of them now, but for those that changed; what summaries count by it."""
    again, rows, ((last,),) = await link.together(
        among(_BODIES, ids, IN_TURN), among(KNOWN, ids), Query(_LAST_PLACE)
    )
    same = {id_ for id_, body in again if id_ in read and read[id_].body == body}
    known = {id_: it for id_, it in known_in(rows).items() if id_ in same}
    entries = {i: e for i in ids if i in same and (e := read[i].entry) is not None}
    new = [id_ for id_ in entries if id_ not in known]
    places = {id_: it.place for id_, it in known.items()} | {
        id_: last + n for n, id_ in enumerate(new, start=1)
    }
    gone = [(id_,) for id_ in known if id_ not in entries]
    await link.together(
        *_gone(known.values()),
        Many(_MEMORY_GONE, gone),
        *taken_up([(places[id_], entry) for id_, entry in entries.items()]),
        *terms(known.values(), entries.values()),
        Many(_DONE, [(id_,) for id_ in sorted(same)]),
    )
    return counted(known.values(), entries.values())


def forgotten(known: Mapping[str, Known], erased: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """All that goes with an erasure, as statements and their rows.

    A summary that counted it says nothing until it is made anew, of what is left.
    """
    gone = {id_: known[id_] for id_ in sorted(set(erased)) if id_ in known}
    keys = {key for it in gone.values() for key in it.keys}
    yield _MEMORY_GONE, [(id_,) for id_ in gone]
    for many in (*_gone(gone.values()), *terms(gone.values(), ())):
        yield many.sql, many.rows
    yield SAYS_NOTHING, [(key,) for key in sorted(keys)]


def known_in(rows: Iterable[Row]) -> dict[str, Known]:
    """By escalation, from rows of `KNOWN`."""
    return {
        id_: Known(place, keys_in(hashes), (answer, 1, int(failed), int(undone)), words)
        for id_, place, *hashes, answer, failed, undone, words in rows
    }


def taken_up(entries: Sequence[tuple[int, Entry]]) -> Iterator[Many]:
    """Entries at their places, and their words."""
    yield Many(_MEMORY, [_row(place, entry) for place, entry in entries])
    yield Many(_WORDS, [(place, entry.words) for place, entry in entries])


def _gone(known: Iterable[Known]) -> Iterator[Many]:
    yield Many(_WORDS_GONE, [(it.place,) for it in known])


def terms(before: Iterable[Known], after: Iterable[Entry]) -> Iterator[Many]:
    """How many say each word now."""
    changed = sorted(said(before, after).items())
    yield Many(_SAID, changed)
    yield Many(_UNSAID, [(mark,) for mark, n in changed if n < 0])


def _row(place: int, entry: Entry) -> tuple[Any, ...]:
    it = entry.remembered
    answer, _, failed, undone = entry.count
    issue, review = it.issue, it.review
    due = review if review is not None and review.findings is None else None
    return (
        place,
        it.id,
        *hashes_of(it.fingerprint),
        it.service,
        it.category,
        it.operation,
        answer,
        failed,
        undone,
        instant(it.ended_at),
        instant(due.due_at) if due else None,
        due.owner if due else None,
        IssueState(issue.state).value if issue else None,
        issue.owner if issue else None,
        entry.words,
        dump_remembered(it),
    )
