"""What memory knows of an escalation, as its rows say it; and what changes when it learns anew."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from approvals.escalation import Escalation
from approvals.memory.recalling import Count, count_of, key_of, keys_of, uncounted
from approvals.memory.remembering import Remembered, remembered, searchable
from approvals.memory.values import Likeness
from approvals.memory.words import CONFIRMED, marks_of


@dataclass(frozen=True, slots=True)
class Known:
    """Where it stands, the summaries it counts in, and the marks of its words."""

    place: int
    keys: tuple[str, ...]
    count: Count  #: what it counts for in each of them
    words: str  #: marks, with a space between them

    @property
    def marks(self) -> set[str]:
        """Each mark once."""
        return set(self.words.split())


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be known of one that ended."""

    remembered: Remembered
    words: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The summaries it counts in."""
        return tuple(keys_of(self.remembered.fingerprint))

    @property
    def count(self) -> Count:
        """What it counts for in each of them."""
        return count_of(self.remembered)


def entry_of(escalation: Escalation) -> Entry | None:
    """What is remembered of it; None while it is pending, and once it is erased."""
    found = remembered(escalation)
    if found is None:
        return None
    confirmed = (CONFIRMED,) if found.known_error is not None else ()
    return Entry(found, " ".join((*marks_of(searchable(escalation)), *confirmed)))


def keys_in(hashes: Iterable[str | None]) -> tuple[str, ...]:
    """The summaries of an exact hash, a template's and an error's; None is none."""
    pairs = zip(Likeness, hashes, strict=True)
    return tuple(key_of(likeness, hash_) for likeness, hash_ in pairs if hash_ is not None)


def said(before: Iterable[Known], after: Iterable[Entry]) -> Counter[str]:
    """How many more say each mark; fewer where it is below zero."""
    more: Counter[str] = Counter()
    for entry in after:
        more.update(set(entry.words.split()))
    for known in before:
        more.subtract(known.marks)
    return Counter({mark: n for mark, n in more.items() if n})


def counted(before: Iterable[Known], after: Iterable[Entry]) -> Mapping[str, Sequence[Count]]:
    """By summary, what it counts from now on, and what it counts no more."""
    found: defaultdict[str, list[Count]] = defaultdict(list)
    for entry in after:
        for key in entry.keys:
            found[key].append(entry.count)
    for known in before:
        for key in known.keys:
            found[key].append(uncounted(known.count))
    return found
