"""Remembering beside the write path: what changes while it is read is read again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from storage import Store
from storage.links import Database, Link
from storage.precedents import SqlMemory
from tests.building import START, Clock, a_vote, an_erasure, an_open


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
