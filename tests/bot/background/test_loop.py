"""The loop: no signal is lost, no failure runs hot, and it ends at once."""

import asyncio
from collections.abc import Callable

import pytest

from bot.background.loop import FAILING, LONGEST_S, Loop


class Scripted:
    """Answers of `once`, one by one; then it finds nothing."""

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = list(answers)
        self.runs = 0
        self.idle = asyncio.Event()

    async def once(self) -> bool:
        """The next answer."""
        self.runs += 1
        if not self._answers:
            self.idle.set()
            return False
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_it_goes_on_at_once_while_there_is_more() -> None:
    work = Scripted(True, True, True)
    loop = Loop("test", work.once, 3600)
    loop.start()
    async with asyncio.timeout(5):
        await work.idle.wait()
    await loop.stop()
    assert work.runs == 4


async def test_a_signal_wakes_it() -> None:
    work = Scripted()
    loop = Loop("test", work.once, 3600)
    loop.start()
    async with asyncio.timeout(5):
        await work.idle.wait()
        work.idle.clear()
        loop.wake()
        await work.idle.wait()
    await loop.stop()
    assert work.runs == 2


async def test_a_signal_during_a_look_leads_to_another_look() -> None:
    looks, again = 0, asyncio.Event()

    async def once() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            loop.wake()
            await asyncio.sleep(0)
        else:
            again.set()
        return False

    loop = Loop("test", once, 3600)
    loop.start()
    async with asyncio.timeout(5):
        await again.wait()
    await loop.stop()
    assert looks == 2


async def test_it_looks_by_itself_after_its_period() -> None:
    work = Scripted()
    loop = Loop("test", work.once, 0.001)
    loop.start()
    async with asyncio.timeout(5):
        while work.runs < 3:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    await loop.stop()


async def test_signals_do_not_make_a_failing_loop_run_hot() -> None:
    work = Scripted(*[RuntimeError("store away")] * 1000)
    loop = Loop("test", work.once, 3600)
    loop.start()
    for _ in range(200):
        loop.wake()
        await asyncio.sleep(0)
    await loop.stop()
    assert work.runs == 1


@pytest.mark.parametrize(
    ("failed", "period_s", "waits"),
    [(1, 2, 2), (2, 2, 4), (3, 2, 8), (50, 2, LONGEST_S), (1, 300, 300)],
)
def test_each_failure_in_a_row_doubles_the_wait(failed: int, period_s: float, waits: float) -> None:
    loop = Loop("test", Scripted().once, period_s)
    loop._failed = failed
    assert loop._backoff() == waits


async def test_health_tells_of_failures_in_a_row_until_one_look_works() -> None:
    work = Scripted(*[RuntimeError("no")] * FAILING)
    loop = Loop("test", work.once, 0.001)
    assert loop.works
    for n in range(1, FAILING + 1):
        await loop._guarded()
        assert (loop.failures, loop.works) == (n, n < FAILING)
    await loop._guarded()
    assert loop.works


async def test_it_ends_at_once_even_in_the_middle_of_a_look() -> None:
    async def hangs() -> bool:
        await asyncio.Event().wait()
        return False

    loop = Loop("test", hangs, 1)
    loop.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await loop.stop()


async def test_stopping_what_never_started_is_fine() -> None:
    await Loop("test", Scripted().once, 1).stop()


class Begun:
    """Work that a look began and did not wait for."""

    def __init__(self) -> None:
        self.wake: Callable[[], None] = lambda: None
        self.failures = 0
        self.closed = False

    async def close(self) -> None:
        """It ends."""
        self.closed = True


async def test_what_it_began_wakes_it_tells_its_failures_and_ends_with_it() -> None:
    work, begun = Scripted(), Begun()
    loop = Loop("test", work.once, 3600, begun)
    loop.start()
    async with asyncio.timeout(5):
        await work.idle.wait()
        work.idle.clear()
        begun.wake()
        await work.idle.wait()
    begun.failures = FAILING
    assert (loop.failures, loop.works) == (FAILING, False)
    await loop.stop()
    assert begun.closed
