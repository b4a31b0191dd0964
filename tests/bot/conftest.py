"""What several tests of the server's parts stand on."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import Store
from storage.sqlite.bringing_up import upgrade
from tests.building import Clock, store_at


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the newest schema to copy: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "andon.db"
    upgrade(path)
    return path


@pytest.fixture
async def store(tmp_path: Path, migrated: Path) -> AsyncIterator[Store]:
    """A store in which nothing ever happened."""
    shutil.copy(migrated, tmp_path / "andon.db")
    async with store_at(tmp_path / "andon.db", Clock()) as opened:
        yield opened
