"""The same migrations on a server: they end in the same schema, by one replica at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Inspector, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from storage import NewerDatabaseError
from storage.derived import WORDS
from storage.errors import OlderDatabaseError, UnreachableError
from storage.migrate import newest
from storage.scripts import alembic_config
from storage.store import open_database
from tests.postgres import Running


@pytest.fixture
def empty(server: Running) -> Iterator[str]:
    """The name of a database in which there is nothing."""
    name = server.copied("template1")
    yield name
    server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected(server: Running, name: str) -> Iterator[Connection]:
    """SQLAlchemy's connection to it, for Alembic."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: server.connect(name, autocommit=False),
        poolclass=NullPool,
    )
    with engine.begin() as connection:
        yield connection
    engine.dispose()


async def opened(url: str, *, server: bool = True) -> None:
    """As a server, or a command, opens it."""
    async with open_database(url, server=server):
        pass


def test_the_migrations_make_what_the_tables_say(server: Running, emptied: str) -> None:
    with connected(server, "andon") as connection:
        command.check(alembic_config(connection))


def shape(found: Inspector, table: str) -> dict[str, Any]:
    """All that both databases can say of a table."""
    columns = {c["name"]: (c["nullable"], c["type"].python_type) for c in found.get_columns(table)}
    indexes = {(i["name"], tuple(i["column_names"]), bool(i["unique"])) for i in _own(found, table)}
    foreign = {
        (tuple(f["constrained_columns"]), f["referred_table"])
        for f in found.get_foreign_keys(table)
    }
    unique = {tuple(u["column_names"]) for u in found.get_unique_constraints(table)}
    key = found.get_pk_constraint(table)["constrained_columns"]
    names = "columns", "indexes", "foreign", "unique", "key"
    return dict(zip(names, (columns, indexes, foreign, unique, key), strict=True))


def _own(found: Inspector, table: str) -> list[Any]:
    """Indexes that were made as such."""
    return [i for i in found.get_indexes(table) if not i.get("duplicates_constraint")]


def test_a_file_and_a_server_end_up_alike(server: Running, emptied: str, migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as file, connected(server, "andon") as there:
        ours, theirs = inspect(file), inspect(there)
        tables = {name for name in ours.get_table_names() if not name.startswith(WORDS)}
        assert tables == set(theirs.get_table_names()) - {WORDS}
        for table in tables:
            assert shape(theirs, table) == shape(ours, table), table
        conditions = "SELECT name, sql FROM sqlite_master WHERE sql LIKE '%INDEX%WHERE%'"
        partial = {name: sql.partition("WHERE ")[2] for name, sql in file.execute(text(conditions))}
        for name, condition in partial.items():
            asked = text("SELECT indexdef FROM pg_indexes WHERE indexname = :name")
            found = there.execute(asked, {"name": name}).scalar_one().partition("WHERE ")[2]
            assert _plain(found) == _plain(condition), name
    engine.dispose()


def _plain(condition: str) -> str:
    """A condition as both would write it."""
    for extra in ("(", ")", "::text"):
        condition = condition.replace(extra, "")
    return condition


def test_every_text_sorts_by_its_bytes(server: Running, emptied: str) -> None:
    """Pages by key and what Python sorts would disagree with a dictionary's order."""
    found = server.run(
        "andon",
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name <> 'alembic_version' "
        "AND data_type IN ('text', 'character varying') "
        "AND collation_name IS DISTINCT FROM 'C'",
    )
    assert found == []


async def test_replicas_that_start_together_bring_the_schema_once(
    server: Running, empty: str
) -> None:
    await asyncio.gather(*(opened(server.url(empty)) for _ in range(4)))
    found = server.run(empty, "SELECT version_num FROM alembic_version")
    assert found == [(newest(),)]


async def test_a_command_brings_a_schema_only_where_there_is_none(
    server: Running, empty: str
) -> None:
    """Servers of an older version may run, and would not know what they find."""
    await opened(server.url(empty), server=False)
    with connected(server, empty) as connection:
        command.downgrade(alembic_config(connection), "0003")
    with pytest.raises(OlderDatabaseError, match=r"has schema 0003.*Start a server"):
        await opened(server.url(empty), server=False)
    await opened(server.url(empty))
    await opened(server.url(empty), server=False)


def test_the_way_down_leaves_nothing_and_the_way_up_is_open_again(
    server: Running, empty: str
) -> None:
    asyncio.run(opened(server.url(empty)))
    with connected(server, empty) as connection:
        command.downgrade(alembic_config(connection), "base")
    left = (
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'S') UNION SELECT proname FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace"
    )
    assert server.run(empty, left) == [("alembic_version",)]
    asyncio.run(opened(server.url(empty)))


@pytest.mark.parametrize("as_server", [True, False])
async def test_a_schema_of_a_newer_version_is_refused_and_left_alone(
    server: Running, empty: str, as_server: bool
) -> None:
    await opened(server.url(empty))
    server.run(empty, "UPDATE alembic_version SET version_num = '9999', oldest = '9998'")
    with pytest.raises(NewerDatabaseError, match=r"schema 9999.*Start the newer version"):
        await opened(server.url(empty), server=as_server)
    assert server.run(empty, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_a_migration_that_fails_halfway_leaves_nothing(server: Running, empty: str) -> None:
    server.run(empty, "CREATE TABLE votes (x int)")
    with pytest.raises(UnreachableError, match='relation "votes" already exists'):
        await opened(server.url(empty))
    tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    assert server.run(empty, tables) == [("votes",)]
    server.run(empty, "DROP TABLE votes")
    await opened(server.url(empty))


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("synchronous_commit = off", "synchronous_commit is off. Set it to on or remote_apply"),
        ("synchronous_commit = local", "synchronous_commit is local"),
    ],
)
async def test_a_server_that_would_lose_commits_is_refused(
    server: Running, empty: str, setting: str, says: str
) -> None:
    server.run("postgres", f"ALTER DATABASE {empty} SET {setting}")
    with pytest.raises(UnreachableError, match=says):
        await opened(server.url(empty))


async def test_a_database_in_another_encoding_is_refused(server: Running) -> None:
    name = "latin"
    server.run(
        "postgres",
        f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    try:
        with pytest.raises(UnreachableError, match=r"server_encoding is LATIN1. Set it to UTF8"):
            await opened(server.url(name))
    finally:
        server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_database_that_is_not_there_is_said_with_what_to_do(server: Running) -> None:
    with pytest.raises(UnreachableError, match="There is no such database: make it with"):
        await opened(server.url("nowhere"))


async def test_an_address_at_which_nobody_listens_is_said() -> None:
    with pytest.raises(UnreachableError, match="look whether it runs"):
        await opened("postgresql://127.0.0.1:1/andon")
