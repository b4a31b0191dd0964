"""What the store in memory remembers of what ended, and the summaries made of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from approvals.escalation import Json
from approvals.memory.ranking import Candidate
from approvals.memory.recalling import (
    count_of,
    dump_summary,
    hashes_of,
    keys_of,
    summary,
)
from approvals.memory.remembering import Remembered
from storage.known import Entry


@dataclass(frozen=True, slots=True)
class Place:
    """An entry, and where it stands among all."""

    place: int
    entry: Entry

    @property
    def candidate(self) -> Candidate:
        """As far as the order depends on it."""
        it = self.entry.remembered
        exact, template, error = hashes_of(it.fingerprint)
        return Candidate(
            id=it.id,
            ended_at=it.ended_at,
            service=it.service,
            category=it.category,
            operation=it.operation,
            exact=exact,
            template=template,
            error=error,
            marks=self.entry.words,
        )


@dataclass
class Memories:
    """What is remembered, and the summaries made of it."""

    places: dict[str, Place] = field(default_factory=dict)
    recollections: dict[str, Json] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)  #: summaries to be made anew

    def take(self, id_: str, entry: Entry | None) -> set[str]:
        """Know that of it, or nothing more; the summaries it concerns."""
        before = self.places.pop(id_, None)
        touched = set(before.entry.keys) if before else set()
        if entry is None:
            return touched
        last = max((it.place for it in self.places.values()), default=0)
        self.places[id_] = Place(before.place if before else last + 1, entry)
        return touched | set(entry.keys)

    def forget(self, id_: str) -> None:
        """All of it is gone; summaries that counted it say nothing until they are made anew."""
        for key in self.take(id_, None):
            self.recollections.pop(key, None)
            self.stale.add(key)

    def sum_up(self, keys: Iterable[str]) -> None:
        """Make these summaries anew."""
        for key in keys:
            self.recollections.pop(key, None)
            mine = [it for it in self.all() if key in keys_of(it.fingerprint)]
            last = sorted(mine, key=lambda it: (it.ended_at, it.id), reverse=True)
            likeness = next((keys_of(it.fingerprint)[key] for it in mine), None)
            made = likeness and summary(likeness, map(count_of, mine), last)
            if made:
                self.recollections[key] = orjson.loads(dump_summary(made))

    def all(self) -> Iterator[Remembered]:
        """All that is remembered."""
        return (it.entry.remembered for it in self.places.values())
