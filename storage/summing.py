"""Summaries of what ended alike, kept up to date.

::

    what it counted + what came - what went -> what it counts      the same effort however many
    one that says nothing (an erasure)      -> counted over all of its rows

So a question that is asked a hundred thousand times costs memory no more than one asked twice.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import orjson

from approvals.memory.codec import load_remembered
from approvals.memory.recalling import (
    NAMED,
    Count,
    counts_in,
    dump_summary,
    key_of,
    summary,
)
from approvals.memory.values import Likeness
from storage.among import among
from storage.links import Link, Many, Query

#: Those that say nothing until they are counted anew; and what makes one say nothing.
STALE = "SELECT id FROM recollections WHERE body = '' ORDER BY id LIMIT ?"
SAYS_NOTHING = "UPDATE recollections SET body = '' WHERE id = ?"

_KEPT = "SELECT id, body FROM recollections WHERE id"
_SUMMARY = (
    "INSERT INTO recollections (id, body) VALUES (?, ?) "
    "ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)
_GONE = "DELETE FROM recollections WHERE id = ?"

#: By summary, what it counts from now on, and what it counts no more.
Changes = Mapping[str, Sequence[Count]]


async def sum_up(link: Link, changed: Changes, stale: Collection[str]) -> None:
    """Bring these up to what changed; those that say nothing are counted over all of their rows."""
    keys = sorted({*changed, *stale})
    said, *lasts = await link.together(among(_KEPT, keys), *map(_last, keys))
    kept: dict[str, str] = {str(key): str(body) for key, body in said}
    counts = {key: [*_counted(kept.get(key)), *changed.get(key, ())] for key in keys}
    counts |= await _anew(link, [key for key, body in kept.items() if not body])
    made = {
        key: summary(_parts(key)[0], counts[key], [load_remembered(body) for (body,) in last])
        for key, last in zip(keys, lasts, strict=True)
    }
    await link.together(
        Many(_SUMMARY, [(key, dump_summary(it)) for key, it in made.items() if it]),
        Many(_GONE, [(key,) for key, it in made.items() if it is None]),
    )


def _parts(key: str) -> tuple[Likeness, str]:
    likeness, _, hash_ = key.partition(":")
    return Likeness(likeness), hash_


def _last(key: str) -> Query:
    column, hash_ = _parts(key)
    return Query(
        f"SELECT body FROM memories WHERE {column.value} = ? "  # noqa: S608
        f"ORDER BY ended_at DESC, escalation_id DESC LIMIT {NAMED}",
        (hash_,),
    )


def _counted(body: str | None) -> Iterator[Count]:
    return counts_in(orjson.loads(body)) if body else iter(())


async def _anew(link: Link, keys: Sequence[str]) -> dict[str, list[Count]]:
    """What these count, by all that is remembered."""
    found: dict[str, list[Count]] = {key: [] for key in keys}
    if not keys:
        return found
    counted = await link.together(*(_count(likeness, keys) for likeness in Likeness))
    for likeness, rows in zip(Likeness, counted, strict=True):
        for hash_, answer, *numbers in rows:
            times, failed, undone = map(int, numbers)
            found[key_of(likeness, hash_)].append((answer, times, failed, undone))
    return found


def _count(likeness: Likeness, keys: Sequence[str]) -> Query:
    column = likeness.value
    return among(
        f"SELECT {column}, answer, COUNT(*), SUM(failed), SUM(undone) "  # noqa: S608
        f"FROM memories WHERE {column}",
        [hash_ for of, hash_ in map(_parts, keys) if of is likeness],
        f" GROUP BY {column}, answer",
    )
