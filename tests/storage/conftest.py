"""Stores under test: each of them in turn, or the one on SQLite."""

import shutil
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage import Store
from storage.memory import Memory
from storage.sqlite.bringing_up import upgrade
from tests.building import Clock, store_at
from tests.storage.stand import Stand, in_memory, on_file


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


@pytest.fixture(params=["memory", "sqlite"])
async def stand(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Path
) -> AsyncIterator[Stand]:
    """A fresh store of each kind."""
    path = tmp_path / "andon.db"
    if request.param == "sqlite":
        shutil.copy(migrated, path)
    opening = in_memory(Memory()) if request.param == "memory" else on_file(path)
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
