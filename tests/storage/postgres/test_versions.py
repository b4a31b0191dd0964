"""Versions side by side on a server: nobody works with what they do not know, and all go on."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any

import pytest
from alembic import command

import storage.postgres.bringing_up
import storage.postgres.database
from approvals.ports import StoreError
from storage import NewerDatabaseError
from storage.errors import AlreadyRunningError
from storage.links import COMMIT, Begin, Query
from storage.migrate import newest
from storage.postgres.connecting import connect
from storage.postgres.link import Link
from storage.scripts import alembic_config
from storage.store import open_database
from tests.postgres import Running
from tests.storage.postgres.moving import a_database
from tests.storage.postgres.test_schema import connected, opened
from tests.storage.stand import Stand, on
from tests.trust.doors import until

SCHEMA = "SELECT version_num, oldest FROM alembic_version"


@pytest.fixture
def own(server: Running) -> Iterator[str]:
    """A database of one's own, of the newest schema."""
    with a_database(server, "untouched") as name:
        yield name


def as_of(server: Running, name: str, oldest: str) -> None:
    """A later version has been there, and takes programs that know this schema."""
    server.run(name, f"UPDATE alembic_version SET version_num = '9999', oldest = '{oldest}'")


@pytest.mark.parametrize("as_server", [True, False])
async def test_a_schema_of_a_later_version_that_takes_us_is_used_as_it_is(
    server: Running, own: str, as_server: bool
) -> None:
    as_of(server, own, newest())
    await opened(server.url(own), server=as_server)
    assert server.run(own, SCHEMA) == [("9999", newest())]


async def test_whoever_was_away_while_a_schema_came_that_takes_them_no_more_saves_nothing(
    server: Running, own: str
) -> None:
    """Its connection was lost: nobody could see that it runs."""
    async with Stand(on(server.url(own))).opened() as stand:
        await stand.open("before")
        ((oldest,),) = server.run(own, "SELECT oldest FROM alembic_version")
        as_of(server, own, "9998")
        gone = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
        server.run("postgres", f"{gone}'{own}'")
        assert await comes_to(stand, lambda: "schema 9999" in writer_of(stand).failing)
        back = f"SET version_num = '{newest()}', oldest = '{oldest}'"
        server.run(own, f"UPDATE alembic_version {back}")
        assert await comes_to(stand, lambda: writer_of(stand).failing is None)


def writer_of(stand: Stand) -> Any:
    """Its write path."""
    return stand.store.writer


async def comes_to(stand: Stand, state: Callable[[], bool]) -> bool:
    """Whether it does so while something is opened, again and again."""
    for _ in range(20):
        with suppress(StoreError):
            await stand.open("after")
        if state():
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_schema_that_takes_programs_no_more_waits_until_none_of_them_runs(
    server: Running, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url(own)
    with monkeypatch.context() as older:
        older.setattr(storage.postgres.database, "newest", lambda: "0006")
        running = open_database(url, server=True)
        await running.__aenter__()
    with connected(server, own) as connection:
        command.downgrade(alembic_config(connection), "0006")
    monkeypatch.setattr(storage.postgres.bringing_up, "shut_out", lambda: ("0005", "0006"))
    try:
        with pytest.raises(AlreadyRunningError, match=r"which brings schema 0006, runs on"):
            await opened(url)
        assert server.run(own, "SELECT version_num FROM alembic_version") == [("0006",)]
    finally:
        await running.__aexit__(None, None, None)
    await opened(url)
    assert server.run(own, "SELECT version_num FROM alembic_version") == [(newest(),)]


async def test_who_works_with_a_table_does_not_wait_for_a_migration_that_waits_for_it(
    server: Running, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `pg_dump`, say, reads for minutes, and whoever comes after waits behind the migration."""
    monkeypatch.setattr(storage.postgres.bringing_up, "LOCK_MS", 100)
    monkeypatch.setattr(storage.postgres.bringing_up, "PAUSE_S", 0.05)
    with connected(server, own) as connection:
        command.downgrade(alembic_config(connection), "0003")
    waits = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
    with closing(server.connect(own, autocommit=False)) as dump:
        dump.execute("SELECT * FROM services")
        bringing = asyncio.create_task(opened(server.url(own)))
        assert await until(lambda: server.run(own, waits), 20)
        assert await asyncio.to_thread(server.run, own, "SELECT * FROM services") == []
        assert not bringing.done()
        dump.rollback()
        await bringing
    assert server.run(own, "SELECT version_num FROM alembic_version") == [(newest(),)]


async def test_a_migration_waits_for_who_writes_before_it_holds_a_table(
    server: Running, own: str
) -> None:
    """Else each could hold what the other one waits for."""
    with connected(server, own) as connection:
        command.downgrade(alembic_config(connection), "0003")
    writer = Link(partial(connect, server.url(own)))
    await writer.together(Begin(()), Query("SELECT name FROM services"))
    bringing = asyncio.create_task(opened(server.url(own)))
    waits = "SELECT locktype FROM pg_locks WHERE NOT granted"
    assert await until(lambda: server.run(own, waits) == [("advisory",)], 20)
    held = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"
    assert server.run(own, held) == []
    await writer.together(Query("SELECT id FROM escalations"), COMMIT)
    await bringing
    assert server.run(own, "SELECT version_num FROM alembic_version") == [(newest(),)]
    await writer.close()


async def test_a_table_that_is_never_free_is_told(
    server: Running, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.postgres.bringing_up, "LOCK_MS", 50)
    monkeypatch.setattr(storage.postgres.bringing_up, "PATIENCE_S", 0.0)
    with connected(server, own) as connection:
        command.downgrade(alembic_config(connection), "0003")
    with closing(server.connect(own, autocommit=False)) as dump:
        dump.execute("SELECT * FROM services")
        with pytest.raises(Exception, match="lock timeout"):
            await opened(server.url(own))
        dump.rollback()
    assert server.run(own, "SELECT version_num FROM alembic_version") == [("0003",)]


async def test_a_program_that_a_schema_takes_no_more_does_not_start(
    server: Running, own: str
) -> None:
    as_of(server, own, "9998")
    with pytest.raises(NewerDatabaseError, match="knows schema 9998 or a later one"):
        await opened(server.url(own))
