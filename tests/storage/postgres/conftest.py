"""Two replicas on one database."""

from collections.abc import AsyncIterator, Iterator

import pytest

import storage.writer
from storage.postgres.wording import worded
from tests.storage.postgres.races import Meetings, Replicas
from tests.storage.stand import Stand, on


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
