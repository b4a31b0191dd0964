"""Lanes: one at a time in each, side by side, and a failure is nobody else's."""

import asyncio

from bot.background.budget import Ask, WaitError
from bot.background.lanes import Lanes
from tests.building import Clock

POST, ENDING = Ask("post", "C1"), Ask("post", "C1", urgent=True)


def lanes(clock: Clock, at_once: int = 4) -> Lanes:
    """Under test."""
    return Lanes(clock, at_once=at_once, fresh_s=25)


async def test_a_lane_does_one_thing_at_a_time() -> None:
    made, gate, seen = lanes(Clock()), asyncio.Event(), []

    async def work() -> None:
        seen.append("begun")
        await gate.wait()

    made.start("a", work)
    made.start("a", work)
    made.start("b", work)
    await asyncio.sleep(0)
    gate.set()
    await made.idle()
    assert seen == ["begun", "begun"]


async def test_a_lane_that_fails_is_counted_and_stops_no_other() -> None:
    made, done, woken = lanes(Clock()), [], []
    made.wake = lambda: woken.append(True)

    async def fails() -> None:
        raise RuntimeError("no")

    async def works() -> None:
        done.append(True)

    made.start("a", fails)
    await made.idle()
    assert made.failures == 1
    made.start("b", works)
    await made.idle()
    assert (made.failures, done, len(woken)) == (0, [True], 2)


async def test_what_waits_for_a_budget_begins_again_endings_first() -> None:
    made, begun, open_ = lanes(Clock()), [], False

    def work(name: str, ask: Ask):  # type: ignore[no-untyped-def]
        async def run() -> None:
            if not open_:
                raise WaitError(ask)
            begun.append(name)

        return run

    for name, ask in (("a", POST), ("b", POST), ("the end", ENDING)):
        made.start(name, work(name, ask))
    await made.idle()
    made.resume(lambda ask: 0)
    await made.idle()
    assert begun == []
    open_ = True
    made.resume(lambda ask: 1)
    await made.idle()
    assert begun == ["the end", "a"]
    made.resume(lambda ask: 1)
    await made.idle()
    assert begun == ["the end", "a", "b"]


async def test_what_waited_longer_than_its_lease_is_let_go() -> None:
    clock, begun = Clock(), []
    made = lanes(clock)

    async def waits() -> None:
        begun.append(True)
        raise WaitError(POST)

    made.start("a", waits)
    await made.idle()
    clock.pass_(26)
    for _ in range(2):
        made.resume(lambda ask: 1)
        await made.idle()
    assert begun == [True]


async def test_what_waits_for_one_call_is_asked_for_once_however_much_it_is() -> None:
    """A thousand answers owed after a thousand clicks are no work until they can be said."""
    clock, asked = Clock(), []
    made = lanes(clock, at_once=1000)

    def work(ask: Ask):  # type: ignore[no-untyped-def]
        async def run() -> None:
            raise WaitError(ask)

        return run

    def left(ask: Ask) -> int:
        asked.append(ask)
        return 0

    for n in range(300):
        made.start(f"answer {n}", work(POST))
    made.start("the end", work(ENDING))
    await made.idle()
    made.resume(left)
    assert asked == [ENDING, POST]
    clock.pass_(26)
    made.resume(left)  # all of it is too old now, and gone
    made.resume(left)
    assert asked == [ENDING, POST] * 2


async def test_what_may_be_called_again_begins_as_it_came_and_the_rest_goes_on_waiting() -> None:
    made, begun, open_ = lanes(Clock()), [], False

    def work(name: str):  # type: ignore[no-untyped-def]
        async def run() -> None:
            if not open_:
                raise WaitError(POST)
            begun.append(name)

        return run

    for name in "abcde":
        made.start(name, work(name))
    await made.idle()
    open_ = True
    for room, expected in ((2, "ab"), (0, "ab"), (2, "abcd"), (2, "abcde"), (2, "abcde")):
        made.resume(lambda ask, room=room: room)
        await made.idle()
        assert begun == list(expected)


async def test_closing_lets_what_is_under_way_end() -> None:
    made, done = lanes(Clock()), []

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.append(True)

    made.start("a", work)
    await made.close()
    assert done == [True]


async def test_closing_does_not_wait_for_what_hangs() -> None:
    made = lanes(Clock())
    made.grace_s = 0.01

    async def hangs() -> None:
        await asyncio.Event().wait()

    made.start("a", hangs)
    async with asyncio.timeout(5):
        await made.close()
        await made.idle()
