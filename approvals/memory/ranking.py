"""Which earlier escalation is most like this one: by fingerprint and by words, in one number.

::

    exact > template > error > the same operation of the service > its category
    + how much of what this one says the earlier one says, too (BM25), from 0 to 1
    of two with the same number the later one

A store supplies candidates and how many say each word; the order is made here, so it is the same
whichever store it is.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from approvals.memory.values import Fingerprint, Likeness

#: What is added for being alike, and for being of one service and operation, or category.
ALIKE = {Likeness.EXACT: 1.0, Likeness.TEMPLATE: 0.6, Likeness.ERROR: 0.5}
SAME_OPERATION, SAME_CATEGORY = 0.2, 0.1

#: BM25: how soon a word that is repeated counts no more, how much a long text has to say more, and
#: the length of a usual one.
K, B, USUAL = 1.2, 0.3, 60

#: Of the words that are asked for, so many count: the rarest.
MOST_WORDS = 40

#: Candidates that are looked at for their words' sake: where the rarest words find more, the later
#: ones are taken.
MOST_FOUND = 300

#: Candidates that are looked at because they are alike, or of one operation or category: the last.
MOST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for. An empty field is not compared."""

    marks: Collection[str]
    fingerprint: Fingerprint | None = None
    service: str = ""
    category: str = ""
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier one, as far as the order depends on it."""

    id: str
    ended_at: datetime | str  #: comparable among candidates
    service: str
    category: str
    operation: str | None
    exact: str | None
    template: str | None
    error: str | None
    marks: str  #: with a space between them


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """A candidate's place: the higher the score, the closer."""

    id: str
    score: float
    likeness: Likeness | None = None


def rarest(marks: Iterable[str], said: Mapping[str, int], most: int = MOST_FOUND) -> list[str]:
    """Of the marks that anybody says the rarest, as many as find few enough; at least one."""
    known = sorted((said[mark], mark) for mark in set(marks) if said.get(mark))
    found, wanted = 0, list[str]()
    for times, mark in known:
        found += times
        if wanted and found > most:
            break
        wanted.append(mark)
    return wanted


def ranked(
    asked: Asked, candidates: Iterable[Candidate], said: Mapping[str, int], total: int, limit: int
) -> list[Rank]:
    """The closest, best first; without those that share nothing.

    `said` tells how many of `total` say a mark; each candidate may be named once.
    """
    weights = _weights(asked.marks, said, total)
    most = sum(weights.values()) * (K + 1) or 1.0
    found = []
    for one in candidates:
        likeness = likeness_of(asked.fingerprint, one)
        score = _alike(asked, one, likeness) + _bm25(weights, one.marks) / most
        if score:
            found.append((round(score, 9), one.ended_at, one.id, likeness))
    found.sort(key=lambda f: f[:3], reverse=True)
    return [Rank(id=id_, score=score, likeness=how) for score, _, id_, how in found[:limit]]


def likeness_of(asked: Fingerprint | None, one: Candidate) -> Likeness | None:
    """In what it is like the fingerprint, closest first; None in nothing."""
    if asked is None:
        return None
    if asked.exact == one.exact:
        return Likeness.EXACT
    if asked.template is not None and asked.template == one.template:
        return Likeness.TEMPLATE
    return Likeness.ERROR if asked.error is not None and asked.error == one.error else None


def _alike(asked: Asked, one: Candidate, likeness: Likeness | None) -> float:
    score = ALIKE[likeness] if likeness else 0.0
    if asked.service != one.service:
        return score
    if asked.operation is not None and asked.operation == one.operation:
        score += SAME_OPERATION
    return score + (SAME_CATEGORY if asked.category == one.category else 0.0)


def _weights(marks: Iterable[str], said: Mapping[str, int], total: int) -> dict[str, float]:
    """How much each mark tells, the rarest first; one that nobody says counts as told by one."""
    known = sorted((said.get(mark, 0), mark) for mark in set(marks))[:MOST_WORDS]
    return {
        mark: math.log(1 + max(total - times, 0.5) / (max(times, 1) + 0.5)) for times, mark in known
    }


def _bm25(weights: Mapping[str, float], marks: str) -> float:
    words = marks.split()
    long = K * (1 - B + B * len(words) / USUAL)
    said = sorted(weights.keys() & words)  # in one order, so that the sum is the same everywhere
    times = map(words.count, said)
    return sum(
        weights[mark] * n * (K + 1) / (n + long) for mark, n in zip(said, times, strict=True)
    )
