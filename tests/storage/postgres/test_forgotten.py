"""A connection that was forgotten on its way: the server learns it late, and what it had locked
must not keep others waiting for as long.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from approvals.ports import StoreError
from storage.postgres import database, hearing
from storage.postgres.connecting import connect
from storage.postgres.link import Link
from tests.storage.postgres.other import another
from tests.storage.postgres.races import Replicas
from tests.storage.stand import Stand


class Forgotten:
    """The near end of a connection is gone, and the far end does not know. `ends` closes it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def is_closed(self) -> bool:
        """As the link sees it."""
        return True

    def terminate(self) -> None:
        """It is gone already."""

    async def fetch(self, *given: object) -> Any:
        """Nothing passes any more."""
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")

    async def ends(self) -> None:
        """The far end, too."""
        with suppress(Exception):
            await self._connection.close(timeout=2)


def forget(link: Link) -> Forgotten:
    """What was said on it last stays said."""
    link._connection = Forgotten(link._connection)
    return link._connection


def database_of(stand: Stand) -> Any:
    """A replica's."""
    return stand.store.database  # type: ignore[union-attr]


async def locks_and_is_forgotten(stand: Stand, id_: str) -> Forgotten:
    """In the middle of something beside the write path."""
    lost = []

    async def begun() -> None:
        async with database_of(stand).beside() as side:
            await side.rows("SELECT 1 FROM escalations WHERE id = ? FOR UPDATE", (id_,))
            lost.append(forget(side._link))
            await side.rows("SELECT 1")

    with pytest.raises(StoreError):
        await begun()
    return lost[0]


async def is_free(url: str, id_: str) -> bool:
    """Whether nobody has its row."""
    async with another(url) as somebody:
        try:
            await somebody.execute(
                f"SELECT 1 FROM escalations WHERE id = '{id_}' FOR UPDATE NOWAIT"
            )
        except asyncpg.LockNotAvailableError:
            return False
    return True


async def test_what_it_had_locked_is_free_at_once(replicas: Replicas, emptied: str) -> None:
    id_ = await replicas.a.open()
    lost = await locks_and_is_forgotten(replicas.a, id_)
    assert await is_free(emptied, id_)
    await lost.ends()


async def test_without_another_connection_it_would_stay_locked(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the next one who needs a connection makes it."""

    async def nothing(side: object) -> None:
        pass

    monkeypatch.setattr(database, "_let_go", nothing)
    id_ = await replicas.a.open()
    lost = await locks_and_is_forgotten(replicas.a, id_)
    assert not await is_free(emptied, id_)
    await lost.ends()


async def leased_to_b(replicas: Replicas) -> bool:
    """Whether the other has the clock's lease soon after the first was forgotten with it."""
    first = database_of(replicas.a)
    async with first.leased("clock") as is_ours:
        assert is_ours
        lost = forget(first._hearing._link)
        first._hearing._lost.set()
        await until(lambda: first._hearing._link._connection is not lost)
        async with database_of(replicas.b).leased("clock") as is_ours:
            await lost.ends()
            return is_ours


async def until(is_so: Callable[[], bool]) -> None:
    """Until it is so."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_was_leased_to_it_is_free_once_it_listens_again(replicas: Replicas) -> None:
    assert await leased_to_b(replicas)


async def test_without_an_end_to_the_one_before_the_lease_would_stay(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: it listens on another connection, and the one before goes on."""

    async def beside(url: str, lock: int, **more: Any) -> Any:
        return await connect(url, **more)

    monkeypatch.setattr(hearing, "connect_after", beside)
    assert not await leased_to_b(replicas)
