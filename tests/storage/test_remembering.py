"""Remembering beside the write path: what changes while it is read is read again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from approvals.memory.recalling import Count
from storage import Store, known
from storage.links import Database, Link
from storage.locking import MEMORY
from storage.precedents import SqlMemory
from tests.building import START, Clock, a_claim, a_report, a_vote, an_erasure, an_open


class Interrupted:
    """A database on which something happens after the reading and before the writing."""

    def __init__(self, database: Database, happens: Callable[[], Awaitable[Any]]) -> None:
        self._database, self._happens = database, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def beside(self, *rows: str) -> AsyncIterator[Link]:
        """The same, a moment later."""
        await self._happens()
        async with self._database.beside(*rows) as link:
            yield link


async def test_what_is_erased_while_it_is_read_is_not_remembered(
    store: Store, clock: Clock
) -> None:
    opened = await store.writer.submit(an_open())
    assert opened.escalation is not None
    id_ = opened.escalation.id
    await store.writer.submit(a_vote(id_, option="leave"))
    erased = Interrupted(store.database, lambda: store.writer.submit(an_erasure(id_)))
    later: Any = SqlMemory(erased)  # type: ignore[arg-type]
    assert await later.remember(clock.now) == 1
    kept = "SELECT count(*) FROM memories", "SELECT count(*) FROM unremembered"
    reader = store.database.reader
    assert [(await reader.rows(sql))[0][0] for sql in kept] == [0, 1]
    assert await store.memory.remember(clock.now) == 1
    assert [(await reader.rows(sql))[0][0] for sql in kept] == [0, 0]
    assert await store.memory.ended(START.replace(year=2000), clock.now) == ()


async def lived(store: Store, clock: Clock, pick: Random) -> None:
    """Some of two kinds end and change, some are erased, and now and then some are taken up."""
    submit, ran = store.writer.submit, dict[str, str]()
    for n in range(40):
        clock.pass_(60)
        deed = pick.choice(("stopped", "run", "run", "undone", "erased", "taken up"))
        if deed in ("stopped", "run"):
            kind = pick.choice(("production", "staging"))
            opened = await submit(an_open(f"k{pick.random()}", environment=kind))
            assert opened.escalation is not None
            id_ = opened.escalation.id
            await submit(a_vote(id_, option="leave" if deed == "stopped" else "retry"))
            if deed == "run":
                await submit(a_claim(id_, f"c{n}"))
                ran[id_] = pick.choice(("failed", "succeeded"))
                await submit(a_report(id_, ran[id_]))
        elif deed == "undone" and ran:
            id_ = pick.choice(list(ran))
            await submit(a_report(id_, ran[id_], undo="taken back"))
        elif deed == "erased" and ran and pick.random() < 0.3:
            await submit(an_erasure(ran.popitem()[0]))
        else:
            await store.memory.remember(clock.now, pick.randrange(1, 5))


async def summed(store: Store, clock: Clock) -> dict[str, str]:
    """All summaries, once nothing waits."""
    while await store.memory.remember(clock.now):
        pass
    return dict(await store.database.reader.rows("SELECT id, body FROM recollections"))  # type: ignore[arg-type]


async def is_counted_right(store: Store, clock: Clock, seed: int) -> bool:
    """Whether what was counted bit by bit is what is counted over everything."""
    await lived(store, clock, Random(seed))
    before = await summed(store, clock)
    assert before
    async with store.database.beside(MEMORY) as link:
        await link.many("UPDATE recollections SET body = '' WHERE id = ?", [(k,) for k in before])
    return before == await summed(store, clock)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_counted_bit_by_bit_is_what_is_counted_over_all(
    store: Store, clock: Clock, seed: int
) -> None:
    assert await is_counted_right(store, clock, seed)


@pytest.mark.parametrize(
    "bug",
    [lambda count: (count[0], 0, 0, 0), lambda count: (count[0], -1, 0, 0)],
    ids=["what went is counted on", "what failed is counted again when it is undone"],
)
async def test_a_summary_that_counts_wrong_is_found(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, bug: Callable[[Count], Count]
) -> None:
    monkeypatch.setattr(known, "uncounted", bug)
    for seed in range(100, 120):
        if not await is_counted_right(store, clock, seed):
            return
    raise AssertionError("nothing was found")
