"""One replica remembers while others erase and report: nothing erased is kept, all is counted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from storage import remembering
from storage.among import among
from storage.links import Link
from storage.locking import MEMORY
from tests.building import a_claim, a_report, a_vote, an_erasure, an_open
from tests.storage.postgres.races import Replicas
from tests.storage.stand import Stand

ROUNDS = 8

LEFT = "SELECT count(*) FROM memories", "SELECT count(*) FROM memory_words"


async def ended(stand: Stand, key: str) -> str:
    """One that ran, and is not remembered yet."""
    opened = await stand.submit(an_open(key))
    assert opened.escalation is not None
    id_ = opened.escalation.id
    await stand.submit(a_vote(id_))
    await stand.submit(a_claim(id_, f"c{key}"))
    await stand.submit(a_report(id_))
    return id_


async def summed(stand: Stand) -> dict[str, str]:
    """All summaries, once nothing waits."""
    while await stand.store.memory.remember(stand.clock.now):
        pass
    rows = await stand.store.database.reader.rows("SELECT id, body FROM recollections")
    return {str(id_): str(body) for id_, body in rows}


async def is_kept_right(replicas: Replicas) -> bool:
    """Whether nothing of what was erased is left, and the rest is counted once each."""
    a, b = replicas.a, replicas.b
    for n in range(ROUNDS):
        kept, gone = await ended(a, f"kept{n}"), await ended(a, f"gone{n}")
        if n % 2:
            await b.store.memory.remember(b.clock.now)
        await asyncio.gather(
            b.store.memory.remember(b.clock.now),
            a.submit(an_erasure(gone)),
            b.submit(a_report(kept, undo="taken back")),
            a.store.memory.remember(a.clock.now),
        )
    before = await summed(b)
    reader = b.store.database.reader
    left = [(await reader.rows(sql))[0][0] for sql in LEFT]
    async with b.store.database.beside(MEMORY) as side:
        await side.many("UPDATE recollections SET body = '' WHERE id = ?", [(k,) for k in before])
    counted = all(f'"times":{ROUNDS},' in body for body in before.values())
    return left == [ROUNDS, ROUNDS] and counted and before == await summed(b)


async def test_what_one_replica_erases_the_other_never_keeps(replicas: Replicas) -> None:
    assert await is_kept_right(replicas)


async def test_what_is_written_down_without_a_second_look_is_found(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed while it was read is taken as it was."""
    kept = remembering._kept

    async def hasty(link: Link, ids: Sequence[str], read: Mapping[str, Any]) -> Any:
        again = dict(await link.rows(*among(remembering._BODIES, ids)))
        stale = {id_: replace(it, body=again[id_]) for id_, it in read.items()}
        return await kept(link, ids, stale)

    monkeypatch.setattr(remembering, "_kept", hasty)
    assert not await is_kept_right(replicas)
