"""What earlier escalations show the next one: summaries by fingerprint, and the closest of them.

::

    exact -> template -> error     the first by which any has ended; none: nothing is said

A summary says counts, ids and keys, so that what people wrote is read where it stands.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from approvals.escalation import Json
from approvals.memory.fingerprint import fingerprint
from approvals.memory.remembering import Remembered
from approvals.memory.values import Fingerprint, Likeness, Precedent, Recollection
from approvals.sparse import sparse
from approvals.words import Result

#: Precedents that a summary names.
NAMED = 5

#: How many ended alike: the answer (option key, or status without one), how many, failed, undone.
Count = tuple[str, int, int, int]


def keys_of(of: Fingerprint | None) -> dict[str, Likeness]:
    """What summaries of that fingerprint are kept by, and what each is of, closest first."""
    pairs = zip(Likeness, hashes_of(of), strict=True)
    return {key_of(likeness, hash_): likeness for likeness, hash_ in pairs if hash_ is not None}


def hashes_of(of: Fingerprint | None) -> tuple[str | None, str | None, str | None]:
    """The hashes by likeness, closest first; None where there is nothing to go by."""
    return (of.exact, of.template, of.error) if of else (None, None, None)


def key_of(likeness: Likeness, hash_: str) -> str:
    """What a summary is kept by."""
    return f"{likeness}:{hash_}"


def recalled(
    fields: Mapping[str, Json], known: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """What an opening event says for memory: the fingerprint, and of the summaries that are known
    the closest; none where nothing of the kind has ended.
    """
    made = fingerprint(fields)
    found: dict[str, Json] = {"fingerprint": sparse(made)}
    closest = next((known[key] for key in keys_of(made) if key in known), None)
    return found if closest is None else found | {"recalled": closest}


def answer_of(remembered: Remembered) -> str:
    """What it is counted by: the key of what was chosen, or how it ended without a choice."""
    return remembered.option or remembered.status.value


def is_failed(remembered: Remembered) -> bool:
    """Whether it was approved, and then failed."""
    return remembered.outcome is Result.FAILED


def count_of(remembered: Remembered) -> Count:
    """It alone, counted."""
    return answer_of(remembered), 1, int(is_failed(remembered)), int(remembered.is_reversed)


def uncounted(count: Count) -> Count:
    """What takes a count away again."""
    answer, times, failed, undone = count
    return answer, -times, -failed, -undone


def counts_in(kept: Mapping[str, Any]) -> Iterator[Count]:
    """What a summary had counted, as `dump_summary` wrote it; what failed stands by no answer."""
    yield from ((answer, times, 0, 0) for answer, times in kept["ended"].items())
    yield "", 0, kept.get("failed", 0), kept.get("undone", 0)


def summary(
    likeness: Likeness, counts: Iterable[Count], last: Sequence[Remembered]
) -> Recollection | None:
    """Made of how many ended how, and of the last few, newest first; None of none.

    Answers stand in the order of their names, as in a record: so the state that an opening makes of
    it is to the byte the one that is refolded from the record.
    """
    total: Counter[str] = Counter()
    failed = undone = 0
    for answer, times, badly, taken_back in counts:
        total[answer] += times
        failed, undone = failed + badly, undone + taken_back
    ended = {answer: times for answer, times in sorted(total.items()) if times}
    if not ended:
        return None
    return Recollection(
        likeness=likeness,
        times=sum(ended.values()),
        ended=ended,
        failed=failed,
        undone=undone,
        precedents=tuple(map(_precedent, last[:NAMED])),
    )


def _precedent(of: Remembered) -> Precedent:
    return Precedent(
        id=of.id,
        at=of.ended_at,
        option=of.option,
        outcome=of.outcome and of.outcome.value,
        person=of.people[-1] if of.people else None,
    )


def dump_summary(recollection: Recollection) -> str:
    """As JSON text: what a store keeps, and what an opening event says."""
    written = orjson.dumps(recollection, default=sparse, option=_SPARSELY)
    return written.decode()


_SPARSELY = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z
