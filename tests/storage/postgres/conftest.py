"""Two replicas on one database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import storage.writer
from storage.postgres.wording import worded
from tests.postgres import Running
from tests.storage.postgres.histories import a_rich_history, copied
from tests.storage.postgres.moving import a_database, empty
from tests.storage.postgres.races import Meetings, Replicas
from tests.storage.stand import Stand, on
from tests.trust.past import Past


@pytest.fixture
async def replicas(emptied: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Replicas]:
    """Two stores, with one clock."""
    meetings = Meetings(storage.writer.load)
    monkeypatch.setattr("storage.writer.load", meetings.load)
    a = Stand(on(emptied))
    b = Stand(on(emptied), clock=a.clock)
    async with a.opened(), b.opened():
        yield Replicas(a, b, meetings)


@pytest.fixture
def other_wording() -> Iterator[None]:
    """What was worded is forgotten before and after."""
    worded.cache_clear()
    yield
    worded.cache_clear()


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A history with something of everything in it; nobody changes it."""
    return a_rich_history(tmp_path_factory.mktemp("rich"))


@pytest.fixture
def past(rich: Past, tmp_path: Path) -> Past:
    """A copy of it, to be tampered with."""
    return copied(rich, tmp_path)


@pytest.fixture(scope="session")
def moved_into(server: Running) -> Iterator[str]:
    """The name of the database histories move into."""
    with a_database(server, "untouched") as name:
        yield name


@pytest.fixture
def target(server: Running, moved_into: str) -> str:
    """It has the schema, and nothing in it."""
    empty(server, moved_into)
    return moved_into


@pytest.fixture
def own(server: Running) -> Iterator[str]:
    """The same, of one's own: its tables may be changed."""
    with a_database(server, "untouched") as name:
        yield name
