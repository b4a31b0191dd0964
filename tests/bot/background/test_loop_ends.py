"""The end of background work: whatever swallows a cancellation, the server stops."""

import asyncio

import pytest

from bot.background import loop
from bot.background.loop import Loop, ended


async def test_work_that_swallows_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "AGAIN_S", 0.01)
    swallowed = []

    async def stubborn() -> bool:
        while len(swallowed) < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append("cancelled")
        await asyncio.Event().wait()
        return False

    work = Loop("stubborn", stubborn, 1.0)
    work.start()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await work.stop()
    assert len(swallowed) == 2


async def test_where_nothing_is_under_way_the_end_is_at_once() -> None:
    await ended()
