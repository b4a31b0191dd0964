"""The rememberer: what ended is taken up by whoever has the lease, until nothing waits."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bot.background.remembering import AT_ONCE, Rememberer
from bot.memory_side import MemorySide
from storage.memory import open_memory_store
from tests.building import START, Clock, FileFacts, PlainSigner, a_vote, an_open


class Taken:
    """Another replica has all leases."""

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Never ours."""
        return _nobody()


@asynccontextmanager
async def _nobody() -> AsyncIterator[bool]:
    yield False


async def test_what_ended_is_taken_up_bit_by_bit_by_whoever_has_the_lease() -> None:
    clock = Clock()
    async with open_memory_store(
        facts=FileFacts(), signer=PlainSigner(), clock=clock, committed=lambda _: None
    ) as store:
        for n in range(AT_ONCE + 1):
            clock.pass_(60)
            opened = await store.writer.submit(an_open(f"k{n}"))
            assert opened.escalation is not None
            await store.writer.submit(a_vote(opened.escalation.id, option="leave"))
        assert await Rememberer(store.memory, Taken(), clock).once() is False
        rememberer = Rememberer(store.memory, store.leases, clock)
        assert [await rememberer.once() for _ in range(3)] == [True, True, False]
        assert len(await store.memory.ended(START, clock.now)) == AT_ONCE + 1
        (loop,) = MemorySide(store, clock).loops
        assert (loop.name, loop.works) == ("memory", True)
