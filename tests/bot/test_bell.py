"""The bell: a commit wakes the background it concerns."""

from bot.api import Waiters
from bot.background.loop import Loop
from bot.bell import Bell
from bot.metrics import Metrics
from tests.building import Clock, an_open, store_in_memory


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
    bell = Bell(Waiters(), Metrics(Clock()))
    bell.loops = [cards, callbacks]
    bell.concerns = {"callbacks": lambda escalation: escalation.callback_url is not None}
    async with store_in_memory(Clock(), committed=bell.committed) as store:
        await store.writer.submit(an_open("k1"))
        assert (cards.woken, callbacks.woken) == (1, 0)
        await store.writer.submit(an_open("k2", callback_url="https://service.example/x"))
        assert (cards.woken, callbacks.woken) == (2, 1)
    bell.wake()
    assert (cards.woken, callbacks.woken) == (3, 2)
