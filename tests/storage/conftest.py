"""Stores under test: each of them in turn, or the one on SQLite."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage import Store
from storage.memory import Memory
from storage.sqlite.bringing_up import upgrade
from storage.store import open_database
from tests.building import Clock, store_at
from tests.postgres import Running, started
from tests.storage.stand import Opening, Stand, in_memory, on, on_file

#: A disk of memory, where there is one: our server keeps `fsync` on, as ours has to.
QUICK = Path("/dev/shm")  # noqa: S108


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged; drawing tracebacks would take longer than the tests."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the newest schema to copy: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "andon.db"
    upgrade(path)
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """A PostgreSQL server for all tests of a run; `andon` has the newest schema, and so has
    `untouched`, to be copied.

    It runs as a user of its own, and pytest closes its folders to others whenever it starts.
    """
    quick = QUICK if QUICK.is_dir() else None
    with (
        TemporaryDirectory(prefix="andon-", dir=quick) as folder,
        started(Path(folder) / "pg") as server,
    ):
        for statement in (
            "ALTER SYSTEM SET deadlock_timeout = '300ms'",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE andon",
        ):
            server.run("postgres", statement)
        asyncio.run(_opened(server.url("andon")))
        server.run("postgres", "CREATE DATABASE untouched TEMPLATE andon")
        yield server


async def _opened(url: str) -> None:
    async with open_database(url, server=True):
        pass


@pytest.fixture
def emptied(server: Running) -> str:
    """The address of the database on the server, with nothing left of the test before."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    server.run(
        "andon",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = 'andon' AND pid <> pg_backend_pid()",
        "SET session_replication_role = replica",  # no fence, and no foreign key
        f"DO $$ DECLARE t text; BEGIN FOR t IN {tables} AND tablename <> 'alembic_version' LOOP "
        "EXECUTE 'DELETE FROM ' || t; END LOOP; END $$",
    )
    return server.url("andon")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """How a fresh store of each kind is opened."""
    if request.param == "memory":
        return in_memory(Memory())
    if request.param == "postgresql":
        return on(request.getfixturevalue("emptied"))
    path = tmp_path / "andon.db"
    shutil.copy(request.getfixturevalue("migrated"), path)
    return on_file(path)


@pytest.fixture
async def stand(opening: Opening) -> AsyncIterator[Stand]:
    """A fresh store of each kind."""
    async with Stand(opening).opened() as stand:
        yield stand


@pytest.fixture
def clock() -> Clock:
    """Time under control."""
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store on a fresh SQLite file."""
    async with store_at(tmp_path / "andon.db", clock) as opened:
        yield opened
