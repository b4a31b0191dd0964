"""A server that was made once, to be copied, and replicas that start at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.store import open_database
from tests.building import ROOT
from tests.forging import Forge, forge
from tests.trust.machines.fleet import NAME
from tests.trust.machines.postgres import Postgres, its_folder


@pytest.fixture(scope="session")
def quick() -> Iterator[Forge]:
    """Replicas that start at once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with forge("tests.trust.machines.forked", environment) as made:
        yield made


@pytest.fixture(scope="session")
def untouched() -> Iterator[Postgres]:
    """A server with a database of the newest schema; it does not run."""
    with its_folder() as folder:
        made = Postgres.made(folder / "made")
        made.start()
        try:
            made.rows("postgres", f"CREATE DATABASE {NAME}")
            asyncio.run(_brought_up(made.url(NAME)))
            made.stop()
            yield made
        finally:
            made.kill()


async def _brought_up(url: str) -> None:
    async with open_database(url, server=True):
        pass


@pytest.fixture
async def servers(untouched: Postgres) -> AsyncIterator[Path]:
    """A folder for the servers of one proof."""
    with its_folder() as folder:
        yield folder


@pytest.fixture
def postgres(untouched: Postgres, servers: Path) -> Iterator[Postgres]:
    """A server of one's own, running."""
    made = untouched.copied(servers / "primary")
    made.start()
    yield made
    made.kill()
