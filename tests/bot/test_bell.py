"""The bell: after a commit whoever waits comes first, then the counting, then the background it
concerns, then whoever sent the command.
"""

import asyncio

from bot.api import Waiters
from bot.background.loop import Loop
from bot.bell import Bell
from bot.metrics import Metrics
from tests.building import Clock, a_vote, an_open, store_in_memory


async def _nothing() -> bool:
    return False


class Counting(Loop):
    """A loop that counts how often it is woken."""

    def __init__(self, name: str) -> None:
        super().__init__(name, _nothing, 1.0)
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


async def test_a_commit_wakes_the_loops_it_concerns_and_whoever_asks_wakes_all() -> None:
    cards, callbacks = Counting("cards"), Counting("callbacks")
    bell = Bell(Waiters(), Metrics())
    bell.loops = [cards, callbacks]
    bell.concerns = {"callbacks": lambda escalation: escalation.callback_url is not None}
    async with store_in_memory(Clock(), committed=bell.committed) as store:
        await store.writer.submit(an_open("k1"))
        await asyncio.sleep(0)
        assert (cards.woken, callbacks.woken) == (1, 0)
        await store.writer.submit(an_open("k2", callback_url="https://service.example/x"))
        await asyncio.sleep(0)
        assert (cards.woken, callbacks.woken) == (2, 1)
    bell.wake()
    assert (cards.woken, callbacks.woken) == (3, 2)


class Noted(Metrics):
    """Metrics that note when they count."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self._notes = notes

    def committed(self, escalations: object) -> None:
        """As metrics, but counting nothing."""
        self._notes.append("counted")


async def test_who_waits_is_woken_before_anything_is_counted() -> None:
    notes, waiters = list[str](), Waiters()
    bell = Bell(waiters, Noted(notes))
    async with store_in_memory(Clock(), committed=bell.committed) as store:
        made = (await store.writer.submit(an_open())).escalation
        assert made is not None
        notes.clear()

        async def waits() -> None:
            with waiters.listening(made.id) as listener:
                assert await listener.changed(60) is not None
                notes.append("woken")

        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0)
        await store.writer.submit(a_vote(made.id))
        notes.append("answered")
        await waiting
    assert notes == ["woken", "counted", "answered"]
