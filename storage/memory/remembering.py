"""Memory in memory: the same candidates, and the same order."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from approvals.escalation import Escalation
from approvals.memory.asking import asked_like, asked_words
from approvals.memory.ports import Match
from approvals.memory.ranking import MOST_FOUND, MOST_OF_A_KIND, Asked, Candidate, ranked, rarest
from approvals.memory.remembering import Remembered
from approvals.memory.values import IssueState
from approvals.memory.words import CONFIRMED
from storage.known import entry_of
from storage.memory.remembered import Place
from storage.memory.rows import Memory


class MemoryMemory:
    """Implements `approvals.memory.ports.Memory`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def remember(self, now: datetime, limit: int = 200) -> int:
        """Take up escalations that ended, or changed since; how many."""
        rows = self._memory.rows
        known, waits = rows.memories, rows.unremembered
        ids = sorted(waits, key=lambda id_: (waits[id_], id_))[:limit]
        stale = sorted(known.stale)[:limit]
        touched = set(stale)
        for id_ in ids:
            touched |= known.take(id_, entry_of(rows.escalations[id_]))
            del waits[id_]
        known.sum_up(touched)
        known.stale -= touched
        return len(ids) + len(stale)

    async def like(self, escalation: Escalation, limit: int = 10) -> tuple[Match, ...]:
        """Those that ended and are like it, closest first; never itself."""
        return self._found(asked_like(escalation), limit, escalation.id)

    async def search(self, words: str, limit: int = 20) -> tuple[Match, ...]:
        """Those that say these words, best first; nothing for no words."""
        asked = asked_words(words)
        return self._found(asked, limit) if asked.marks else ()

    async def ended(self, since: datetime, until: datetime) -> tuple[Remembered, ...]:
        """What ended after `since` and not after `until`, in that order."""
        found = [it for it in self._all() if since < it.ended_at <= until]
        return tuple(sorted(found, key=lambda it: (it.ended_at, it.id)))

    async def reviews(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With a review that is due and not written, soonest first."""
        due = [
            (it.review.due_at, it.id, it)
            for it in self._all()
            if it.review is not None and it.review.findings is None
        ]
        return tuple(it for _, _, it in sorted(due, key=lambda d: d[:2])[:limit])

    async def issues(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With an issue that is not fixed, newest first."""
        found = [it for it in self._all() if it.issue and it.issue.state != IssueState.FIXED]
        return tuple(sorted(found, key=lambda it: (it.ended_at, it.id), reverse=True)[:limit])

    async def known(self, limit: int = 500) -> tuple[Remembered, ...]:
        """With a review that confirmed a known error; what ended last first."""
        places = self._memory.rows.memories.places.values()
        those = sorted((it for it in places if CONFIRMED in it.entry.words.split()), key=_place)
        found = (it.entry.remembered for it in those[-limit:])
        return tuple(sorted(found, key=lambda it: (it.ended_at, it.id), reverse=True))

    def _all(self) -> Iterator[Remembered]:
        return self._memory.rows.memories.all()

    def _found(self, asked: Asked, limit: int, but: str = "") -> tuple[Match, ...]:
        places = self._memory.rows.memories.places
        said = Counter(m for it in places.values() for m in set(it.entry.words.split()))
        total = max((it.place for it in places.values()), default=0)
        wanted = set(rarest(asked.marks, said))
        last_first = sorted(places.values(), key=lambda it: it.place, reverse=True)
        found = [it for it in last_first if wanted.intersection(it.entry.words.split())]
        chosen = {it.place: it.candidate for it in found[:MOST_FOUND]}
        by_end = sorted(
            last_first, key=lambda it: (it.entry.remembered.ended_at, it.place), reverse=True
        )
        for is_one in _of_a_kind(asked):
            alike = [it for it in by_end if is_one(it.candidate)]
            chosen |= {it.place: it.candidate for it in alike[:MOST_OF_A_KIND]}
        candidates = [one for one in chosen.values() if one.id != but]
        return tuple(
            Match(found=places[rank.id].entry.remembered, score=rank.score, likeness=rank.likeness)
            for rank in ranked(asked, candidates, said, total, limit)
        )


def _place(it: Place) -> int:
    return it.place


def _of_a_kind(asked: Asked) -> Iterator[Callable[[Candidate], bool]]:
    """What the last few candidates are taken by."""
    print_ = asked.fingerprint
    if print_ is not None:
        yield lambda one: one.exact == print_.exact
        yield lambda one: print_.template is not None and one.template == print_.template
        yield lambda one: print_.error is not None and one.error == print_.error
    service = asked.service
    if service and asked.operation:
        yield lambda one: (one.service, one.operation) == (service, asked.operation)
    if service:
        yield lambda one: (one.service, one.category) == (service, asked.category)
