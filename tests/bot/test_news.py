"""What other replicas committed reaches whoever waits for it here, read once and never too late."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

import pytest

from approvals.escalation import Escalation
from approvals.ports import StoreError
from bot.api import Waiters
from bot.news import News
from tests.building import Clock, a_vote, an_open, store_in_memory


class Read:
    """Reads of a store, which are counted and may fail."""

    def __init__(self, reads: Any) -> None:
        self._reads, self.asked, self.is_away = reads, list[list[str]](), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reads, name)

    async def these(self, ids: Collection[str]) -> tuple[Escalation, ...]:
        """As the store's."""
        if self.is_away:
            raise StoreError
        self.asked.append(sorted(ids))
        return tuple(await self._reads.these(ids))

    async def versions(self, ids: Collection[str]) -> Mapping[str, int]:
        """As the store's."""
        if self.is_away:
            raise StoreError
        return dict(await self._reads.versions(ids))


class Here:
    """A replica on a store that another writes to."""

    def __init__(self, store: Any) -> None:
        self.store, self.reads = store, Read(store.reads)
        self.waiters, self.woken = Waiters(), 0
        self.news, self.asked_who_is_away = News(self.waiters), 0
        self.news.wake = self._wake

    def _wake(self) -> None:
        self.woken += 1

    async def open(self) -> str:
        """The id of a new escalation."""
        return str((await self.store.writer.submit(an_open())).escalation.id)

    async def once(self) -> None:
        """Read the news."""
        await self.news.once(self.reads, self._who_is_away)  # type: ignore[arg-type]

    async def _who_is_away(self) -> None:
        self.asked_who_is_away += 1


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    """A replica whose own waiters hear of no commit."""
    async with store_in_memory(Clock()) as store:
        yield Here(store)


async def test_who_waits_is_told_what_was_committed_elsewhere(here: Here) -> None:
    id_ = await here.open()
    with here.waiters.listening(id_) as first, here.waiters.listening(id_) as second:
        await here.store.writer.submit(a_vote(id_))
        here.news.elsewhere([id_])
        await here.once()
        heard = [await one.changed(0) for one in (first, second)]
    assert [str(e and e.status) for e in heard] == ["approved", "approved"]
    assert (here.woken, here.reads.asked) == (1, [[id_]])


async def test_what_nobody_waits_for_is_not_even_read(here: Here) -> None:
    here.news.elsewhere([await here.open()])
    await here.once()
    assert (here.woken, here.reads.asked) == (0, [])


async def test_what_nobody_told_is_found_by_its_version(here: Here) -> None:
    old, new = await here.open(), "esc_of_another"
    with here.waiters.listening(old) as waits, here.waiters.listening(new) as reads_just_now:
        waits.knows = 1
        here.news.elsewhere(None)
        await here.once()
        assert here.reads.asked == []
        await here.store.writer.submit(a_vote(old))
        here.news.elsewhere(None)
        await here.once()
        heard = await waits.changed(0)
        assert await reads_just_now.changed(0) is None
    assert str(heard and heard.status) == "approved"


async def test_who_is_away_is_asked_when_anything_may_have_been_missed(here: Here) -> None:
    here.news.elsewhere(["esc_of_another"])
    await here.once()
    assert here.asked_who_is_away == 0
    here.news.elsewhere(None)
    await here.once()
    assert here.asked_who_is_away == 1


async def test_where_several_wait_the_one_who_knows_least_counts(here: Here) -> None:
    id_ = await here.open()
    with here.waiters.listening(id_) as first, here.waiters.listening(id_) as second:
        first.knows, second.knows = 3, 2
        assert here.waiters.known() == {id_: 2}


async def test_news_that_cannot_be_read_now_are_read_later(here: Here) -> None:
    id_ = await here.open()
    with here.waiters.listening(id_) as waits:
        waits.knows = 1
        await here.store.writer.submit(a_vote(id_))
        here.news.elsewhere([id_])
        here.reads.is_away = True
        await here.once()
        here.reads.is_away = False
        await here.once()
        assert await waits.changed(0) is not None


async def test_what_was_read_too_late_hides_nothing_newer(here: Here) -> None:
    """It was read, then this replica itself committed something, then it is told."""
    id_ = await here.open()
    (old,) = await here.store.reads.these([id_])
    with here.waiters.listening(id_) as waits:
        here.waiters.committed([(await here.store.writer.submit(a_vote(id_))).escalation])
        here.waiters.committed([old])
        heard = await waits.changed(0)
    assert str(heard and heard.status) == "approved"
