"""An office on a fresh file; the file is migrated once and copied."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.background.building import Office
from tests.building import Clock, FileFacts, store_at


@pytest.fixture
def clock() -> Clock:
    """Time under control."""
    return Clock()


@pytest.fixture
def facts() -> FileFacts:
    """People and policy as the sample says."""
    return FileFacts()


@pytest.fixture
async def office(
    migrated: Path, tmp_path: Path, clock: Clock, facts: FileFacts
) -> AsyncIterator[Office]:
    """A store, a Slack and who works on it."""
    path = tmp_path / "andon.db"
    shutil.copy(migrated, path)
    async with store_at(path, clock, facts=facts) as store:
        yield Office(store, clock, facts)
