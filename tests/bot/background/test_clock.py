"""The clock: ticks what is overdue in few commits; one that cannot be ticked blocks nobody."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from approvals.commands import Command
from approvals.ports import NotSavedError, Settled
from approvals.words import Status
from bot.background.clock import BATCH, Ticker
from bot.ids import new_id
from storage.memory.store import Alone
from tests.bot.background.building import OfAnother, Office
from tests.building import Clock


class Backlog:
    """Overdue ones, longest first, and a writer that commits what is submitted together."""

    def __init__(self, ids: Sequence[str], poisoned: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.waiting = list(ids)
        self.poisoned = set(poisoned)
        self.commits: list[int] = []
        self.tried = 0
        self.clock = Clock()
        self._together: list[asyncio.Future[None]] = []

    async def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Longest overdue first."""
        return tuple(self.waiting[:limit])

    async def submit(self, command: Command) -> Any:
        """One commit for all that came in the same breath."""
        self.tried += 1
        if command.escalation_id in self.poisoned:
            raise NotSavedError
        if not self._together:
            asyncio.get_running_loop().call_soon(self._commit)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._together.append(future)
        await future
        self.waiting.remove(command.escalation_id)
        return Settled(escalation=None, answer=None)  # type: ignore[arg-type]

    def _commit(self) -> None:
        self.commits.append(len(self._together))
        for future in self._together:
            future.set_result(None)
        self._together.clear()

    def ticker(self) -> Ticker:
        """Under test."""
        return Ticker(self, self, self.clock, new_id, Alone())  # type: ignore[arg-type]


async def test_what_another_replica_ticks_is_left_to_it() -> None:
    backlog = Backlog(["esc_a"])
    ticker = Ticker(backlog, backlog, backlog.clock, new_id, OfAnother())  # type: ignore[arg-type]
    assert not await ticker.once()
    assert backlog.tried == 0


async def test_overdue_ones_expire_although_nobody_reads_them(office: Office) -> None:
    ids = [await office.opened(f"k{n}") for n in range(3)]
    ticker = Ticker(
        office.store.reads, office.store.writer, office.clock, new_id, office.store.leases
    )
    await ticker.once()
    assert len(await office.store.reads.pending()) == 3
    office.clock.pass_(5 * 3600)
    assert await ticker.once() is False
    found = [await office.store.reads.escalation(id_) for id_ in ids]
    assert [e.status for e in found if e] == [Status.EXPIRED] * 3
    assert await office.store.reads.overdue(office.clock.now, 10) == ()


async def test_a_backlog_of_ten_thousand_takes_few_commits() -> None:
    backlog = Backlog([f"esc_{n}" for n in range(10_000)])
    ticker = backlog.ticker()
    while await ticker.once():
        pass
    assert backlog.waiting == []
    assert len(backlog.commits) == 10_000 / BATCH


async def test_one_that_cannot_be_ticked_blocks_no_other() -> None:
    backlog = Backlog([f"esc_{n}" for n in range(5)], {"esc_0", "esc_3"})
    ticker = backlog.ticker()
    assert await ticker.once() is False
    assert backlog.waiting == ["esc_0", "esc_3"]
    assert set(ticker.stuck) == {"esc_0", "esc_3"}


async def test_one_that_cannot_be_ticked_is_tried_less_and_less_often() -> None:
    backlog = Backlog(["esc_0"], {"esc_0"})
    ticker = backlog.ticker()
    for _ in range(600):
        await ticker.once()
        backlog.clock.pass_(1)
    assert backlog.tried < 20


async def test_many_that_cannot_be_ticked_do_not_crowd_out_the_rest() -> None:
    """They are the longest overdue, so they come first for ever."""
    poisoned = {f"esc_{n}" for n in range(BATCH - 1)}
    backlog = Backlog([f"esc_{n}" for n in range(2 * BATCH)], poisoned)
    ticker = backlog.ticker()
    for _ in range(4):
        await ticker.once()
    assert set(backlog.waiting) == poisoned


async def test_one_that_can_be_ticked_again_is_stuck_no_more() -> None:
    backlog = Backlog(["esc_0", "esc_1"], {"esc_0"})
    ticker = backlog.ticker()
    await ticker.once()
    backlog.poisoned.clear()
    backlog.clock.pass_(1)
    await ticker.once()
    assert (backlog.waiting, ticker.stuck) == ([], {})


async def test_while_the_store_is_away_nothing_is_lost_and_nothing_runs_hot() -> None:
    ids = [f"esc_{n}" for n in range(BATCH)]
    backlog = Backlog(ids, set(ids))
    ticker = backlog.ticker()
    assert await ticker.once() is False
    backlog.poisoned.clear()
    backlog.clock.pass_(1)
    await ticker.once()
    assert backlog.waiting == []
