"""When replicas cross or the server is gone: nobody is told a lie, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from approvals.ports import NotSavedError, StoreError, UnsureError
from approvals.verdict import Case
from storage import Store
from storage.postgres import connecting
from storage.postgres.link import Link
from storage.postgres.reasons import FAILURES
from storage.writer import TRIES
from tests.building import a_vote, an_open
from tests.postgres import Running
from tests.storage.postgres.other import another, holding, until_waiting
from tests.storage.postgres.races import Replicas
from tests.storage.stand import Stand, on


@pytest.fixture
async def stand(emptied: str) -> AsyncIterator[Stand]:
    """One replica."""
    async with Stand(on(emptied)).opened() as stand:
        yield stand


def link_of(stand: Stand) -> Any:
    """Its writer's link."""
    assert isinstance(stand.store, Store)
    return stand.store.database.writer


def outcome(settled: Any) -> object:
    """A case, or an error's type."""
    return type(settled) if isinstance(settled, BaseException) else settled.answer.case


async def sent(stand: Stand, *commands: Any) -> list[object]:
    """What becomes of each, sent at once."""
    done = await asyncio.gather(*map(stand.submit, commands), return_exceptions=True)
    return [outcome(settled) for settled in done]


async def test_a_batch_that_crosses_another_transaction_is_done_command_by_command(
    stand: Stand, emptied: str
) -> None:
    """PostgreSQL ends one of two that wait for one another: ours, as it waited first."""
    first, second = sorted(await stand.fill(2))
    async with holding(
        emptied, f"SELECT 1 FROM escalations WHERE id = '{second}' FOR UPDATE"
    ) as it:
        await it.execute("SET LOCAL deadlock_timeout = '60s'")
        votes = asyncio.create_task(sent(stand, a_vote(first), a_vote(second)))
        async with another(emptied) as looking:
            await until_waiting(looking)
        await it.execute(f"SELECT 1 FROM escalations WHERE id = '{first}' FOR UPDATE")
        await it.execute("ROLLBACK")
        assert await votes == [Case.DECIDED] * 2


async def test_who_waits_for_a_row_that_hangs_is_told_and_nobody_else(
    stand: Stand, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connecting._SETTINGS, "lock_timeout", "50")
    await stand.restart()
    held, free = await stand.fill(2)
    async with holding(emptied, f"SELECT 1 FROM escalations WHERE id = '{held}' FOR UPDATE"):
        found = await sent(stand, a_vote(held), a_vote(free))
    assert found == [NotSavedError, Case.DECIDED]
    assert await sent(stand, a_vote(held)) == [Case.DECIDED]
    assert stand.store.writer.failing is None  # type: ignore[union-attr]


async def test_a_command_is_tried_a_few_times_and_not_for_ever(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def crosses(*given: object) -> Any:
        nonlocal tried
        tried += 1
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    monkeypatch.setattr(link_of(stand), "together", crosses)
    assert await sent(stand, an_open("k")) == [NotSavedError]
    monkeypatch.undo()
    assert tried == 1 + TRIES
    assert await sent(stand, an_open("k")) == [Case.OPENED]


async def test_for_a_batch_that_waits_on_and_on_there_is_an_end(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.TRY_FOR_S", -1.0)

    async def crosses(*given: object) -> Any:
        raise asyncpg.LockNotAvailableError("canceling statement due to lock timeout")

    monkeypatch.setattr(link_of(stand), "together", crosses)
    assert await sent(stand, *(an_open(f"k{n}") for n in range(9))) == [NotSavedError] * 9


async def ended(url: str) -> None:
    """All connections of ours are ended by the server."""
    async with another(url) as link:
        await link.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'andon' AND datname = current_database()"
        )


async def test_a_connection_lost_between_two_batches_is_replaced_without_a_word(
    stand: Stand, emptied: str
) -> None:
    id_ = await stand.open()
    await ended(emptied)
    while not link_of(stand)._connection.is_closed():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert await sent(stand, a_vote(id_)) == [Case.DECIDED]
    assert (await stand.read(id_)).status.is_terminal


async def test_a_connection_lost_in_a_batch_leaves_nothing_of_it(
    stand: Stand, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be written after it must not be written each by itself on another connection."""
    link, together, lost = link_of(stand), Link.together, []

    async def losing(self: Link, *given: Any) -> Any:
        found = await together(self, *given)
        if self is link and not lost:
            lost.append(True)
            await ended(emptied)
        return found

    monkeypatch.setattr(Link, "together", losing)
    assert await sent(stand, an_open("k1"), an_open("k2")) == [NotSavedError] * 2
    async with another(emptied) as looking:
        assert await looking.fetchval("SELECT count(*) FROM escalations") == 0
        assert await looking.fetchval("SELECT count(*) FROM event_bodies") == 0
    assert await sent(stand, an_open("k1")) == [Case.OPENED]


class Cut:
    """A connection that is gone at a COMMIT: once it has landed, or before it is sent."""

    def __init__(self, connection: Any, *, lands: bool, stays: bool = False) -> None:
        self._connection, self._lands, self._stays = connection, lands, stays
        self._is_cut = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def is_closed(self) -> bool:
        """As the link sees it."""
        return self._is_cut or self._connection.is_closed()

    async def execute(self, sql: str, *values: Any) -> Any:
        """Passed on, but for a COMMIT."""
        if not sql.endswith("COMMIT"):
            return await self._connection.execute(sql, *values)
        if self._lands:
            await self._connection.execute(sql)
        self._is_cut = True
        if not self._stays:
            self._connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError(
            "connection was closed in the middle of operation"
        )


def cut(stand: Stand, **how: bool) -> Any:
    """Let the writer's connection be cut; what it was."""
    link = link_of(stand)
    was = link._connection
    link._connection = Cut(was, **how)
    return was


async def test_a_commit_whose_answer_is_lost_is_told_as_unsure_and_not_done_again(
    stand: Stand,
) -> None:
    id_ = await stand.open("before")
    cut(stand, lands=True)
    assert await sent(stand, a_vote(id_), an_open("k")) == [UnsureError] * 2
    assert await sent(stand, an_open("k")) == [Case.REPEATED]
    assert await stand.kinds(id_) == ["escalation:opened", "vote:cast", "escalation:decided"]


async def test_a_commit_that_never_came_is_told_as_not_saved(stand: Stand) -> None:
    id_ = await stand.open("before")
    cut(stand, lands=False)
    assert await sent(stand, a_vote(id_), an_open("k")) == [NotSavedError] * 2
    assert await sent(stand, a_vote(id_), an_open("k")) == [Case.DECIDED, Case.OPENED]


async def test_a_commit_still_on_its_way_is_over_before_the_log_is_asked(stand: Stand) -> None:
    """Else it would land after all were told that nothing was stored."""
    await stand.open("before")
    before = cut(stand, lands=False, stays=True)
    assert await sent(stand, an_open("k")) == [NotSavedError]
    with pytest.raises(FAILURES):
        await before.execute("COMMIT")
    assert await sent(stand, an_open("k")) == [Case.OPENED]


async def test_while_the_server_is_away_it_is_said_and_afterwards_all_is_as_before(
    stand: Stand, emptied: str, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.TRY_AGAIN_S", 0.05)
    monkeypatch.setattr("storage.postgres.link.LAST_PAUSE_S", 0.05)
    id_ = await stand.open()
    door = Path(server.folder) / ".s.PGSQL.5432"
    await ended(emptied)
    away = door.rename(door.with_name("away"))
    try:
        assert await sent(stand, a_vote(id_)) == [UnsureError]
        failing = stand.store.writer.failing  # type: ignore[union-attr]
        assert str(failing).startswith("The database server cannot be reached")
        with pytest.raises(StoreError, match="cannot be reached"):
            await stand.store.reads.escalation(id_)
    finally:
        away.rename(door)
    async with asyncio.timeout(10):
        while stand.store.writer.failing:  # type: ignore[union-attr]  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await sent(stand, a_vote(id_)) == [Case.DECIDED]


async def test_a_replica_whose_clock_is_behind_takes_no_escalation_back_in_time(
    replicas: Replicas,
) -> None:
    replicas.b.clock = type(replicas.a.clock)(replicas.a.clock.now - timedelta(seconds=5))
    await replicas.b.restart()
    id_ = await replicas.a.open()
    await replicas.a.store.seals.seal(replicas.a.clock.now)
    await replicas.b.submit(a_vote(id_))
    block = await replicas.b.store.seals.seal(replicas.b.clock.now)
    times = [record.at for record in await replicas.a.store.reads.records(id_)]
    assert times == [replicas.a.clock.now] * 3
    assert block is not None
    assert block.at == replicas.a.clock.now
