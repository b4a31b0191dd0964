"""Bugs to plant in a server process, so that the proofs can show that they find them.

Each makes a promise a little too early, or forgets a little too much: what a hurried hand would
write, and no ordinary test would see.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import storage.sqlite.database
import storage.statements
import storage.work
import storage.writer
from approvals.commands import Claim
from approvals.ports import Delivery
from bot.background.callbacks import Caller
from bot.background.spoken import Speaker
from bot.messaging import Message
from storage.batch import Batch, Pending
from storage.links import COMMIT, Many, Query
from storage.sqlite.database import Link
from storage.work import SqlDeliveries
from storage.writer import GroupCommitWriter

#: How long what was promised is ahead of its commit: a very slow disk, so that a kill upon the
#: promise comes before it on any machine.
SLOW_S = 1.0


def ack_before_commit() -> None:
    """Everyone is answered once the batch is folded, before it is saved."""
    _answering_early(lambda pending: True)


def claim_before_commit() -> None:
    """A claim is answered before it is saved."""
    _answering_early(lambda pending: isinstance(pending.command, Claim))


def _answering_early(early: Callable[[Pending], bool]) -> None:
    load, ahead = storage.writer.load, list[Pending]()

    async def loaded(*given: Any) -> Batch:
        batch = await load(*given)
        fold = batch.fold

        def folded(pending: Pending, now: Any) -> None:
            fold(pending, now)
            if early(pending):
                pending.answer()
                ahead.append(pending)

        batch.fold = folded  # type: ignore[method-assign]
        return batch

    storage.writer.load = loaded
    together = Link.together

    async def slowly(link: Link, *statements: Query | Many) -> Any:
        if ahead and statements[-1] == COMMIT:
            ahead.clear()
            await asyncio.sleep(SLOW_S)
        return await together(link, *statements)

    Link.together = slowly  # type: ignore[method-assign]


def callback_after_commit() -> None:
    """Callbacks are noted once the decision is saved, in a commit of their own."""
    rows, commit = storage.statements.delivery_rows, GroupCommitWriter._commit
    late: list[tuple[Any, ...]] = []

    def kept(batch: Batch, now: Any) -> Iterator[tuple[Any, ...]]:
        for row in rows(batch, now):
            if row[2] == "callback":
                late.append(row)
            else:
                yield row

    async def committed(writer: GroupCommitWriter, commands: list[Pending]) -> Batch:
        batch = await commit(writer, commands)
        if late:
            asyncio.get_running_loop().call_later(
                SLOW_S, writer.alongside, Many(storage.statements._DELIVERY, tuple(late))
            )
            late.clear()
        return batch

    storage.statements.delivery_rows = kept
    GroupCommitWriter._commit = committed  # type: ignore[method-assign]


def lease_for_ever() -> None:
    """What was taken by a server that died is never taken again."""
    storage.work.LEASE = timedelta(days=365)

    async def nothing(deliveries: SqlDeliveries, now: Any) -> None:
        return None

    SqlDeliveries.take_over = nothing  # type: ignore[method-assign]


def synchronous_normal() -> None:
    """The setting of many a copied recipe: quick, and durable until the power fails."""
    connect = storage.sqlite.database._connect

    async def hasty(*given: Any) -> Link:
        link = await connect(*given)
        await link.rows("PRAGMA synchronous=NORMAL")
        return link

    storage.sqlite.database._connect = hasty


def descriptors_left_open() -> None:
    """Each commit forgets to close something."""
    _at_each_commit(lambda: os.dup(0))


def memory_kept() -> None:
    """Each commit keeps something that nobody asks for again."""
    kept: list[bytes] = []
    _at_each_commit(lambda: kept.append(os.urandom(1 << 20)))


def _at_each_commit(deed: Callable[[], object]) -> None:
    commit = GroupCommitWriter._commit

    async def committed(writer: GroupCommitWriter, commands: list[Pending]) -> Batch:
        deed()
        return await commit(writer, commands)

    GroupCommitWriter._commit = committed  # type: ignore[method-assign]


def failed_callbacks_forgotten() -> None:
    """A callback whose connection was cut counts as delivered."""

    async def forgotten(caller: Caller, delivery: Delivery, error: str, wait: float) -> None:
        await caller._deliveries.delivered(delivery.id, caller._clock())

    Caller._again = forgotten  # type: ignore[method-assign]


def answers_said_twice() -> None:
    """Whoever clicked is answered once more, to be sure."""
    answer = Speaker._answer

    async def twice(speaker: Speaker, delivery: Delivery, message: Message) -> None:
        await answer(speaker, delivery, message)
        await answer(speaker, delivery, message)

    Speaker._answer = twice  # type: ignore[method-assign]


#: By name, for a process that is told which.
BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        ack_before_commit,
        claim_before_commit,
        callback_after_commit,
        lease_for_ever,
        synchronous_normal,
        descriptors_left_open,
        memory_kept,
        failed_callbacks_forgotten,
        answers_said_twice,
    )
}
