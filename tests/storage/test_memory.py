"""The store in memory fails when told to, so that doors can be shown to survive it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.ports import (
    Cards,
    Deliveries,
    Health,
    NotSavedError,
    Reads,
    SeenSignatures,
    Services,
    StoreError,
    UnsureError,
    Wanted,
    Writer,
)
from approvals.verdict import Case
from storage import AlreadyRunningError
from storage.memory import Memory, MemoryStore
from tests.building import Clock, a_vote, an_open, store_in_memory


@pytest.fixture
async def store(clock: Clock) -> AsyncIterator[MemoryStore]:
    """A fresh store in memory."""
    async with store_in_memory(clock) as opened:
        yield opened


def test_it_offers_every_port(store: MemoryStore) -> None:
    writer: Writer = store.writer
    reads: Reads = store.reads
    cards: Cards = store.cards
    deliveries: Deliveries = store.deliveries
    services: Services = store.services
    signatures: SeenSignatures = store.signatures
    health: Health = store.health
    assert None not in (writer, reads, cards, deliveries, services, signatures, health)


async def test_a_commit_planned_to_fail_stores_nothing_and_the_next_one_does(
    store: MemoryStore,
) -> None:
    command = an_open("k")
    store.faults.not_saved()
    with pytest.raises(NotSavedError):
        await store.writer.submit(command)
    assert await store.reads.escalation(command.escalation_id) is None
    assert (await store.writer.submit(an_open("k"))).answer.case is Case.OPENED


async def test_a_commit_planned_to_be_unsure_is_stored_and_found_by_asking_again(
    store: MemoryStore,
) -> None:
    command = an_open("k")
    store.faults.unsure()
    with pytest.raises(UnsureError):
        await store.writer.submit(command)
    again = await store.writer.submit(an_open("k"))
    assert again.answer.case is Case.REPEATED
    assert again.escalation is not None
    assert again.escalation.id == command.escalation_id


async def test_faults_are_used_up_in_the_order_they_were_planned(store: MemoryStore) -> None:
    store.faults.not_saved(2)
    store.faults.unsure()
    found = []
    for n in range(4):
        try:
            found.append((await store.writer.submit(an_open(f"k{n}"))).answer.case)
        except StoreError as error:
            found.append(type(error))
    assert found == [NotSavedError, NotSavedError, UnsureError, Case.OPENED]


async def test_a_fault_strikes_the_whole_batch(store: MemoryStore) -> None:
    store.faults.not_saved()
    opens = (store.writer.submit(an_open(f"k{n}")) for n in range(5))
    done = await asyncio.gather(*opens, return_exceptions=True)
    assert [type(error) for error in done] == [NotSavedError] * 5
    assert await store.reads.pending() == ()


async def test_while_it_is_slow_nothing_is_answered_and_nothing_is_there(
    store: MemoryStore,
) -> None:
    command = an_open()
    with store.faults.slow():
        waiting = asyncio.create_task(store.writer.submit(command))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert await store.reads.escalation(command.escalation_id) is None
    assert (await waiting).answer.case is Case.OPENED


async def test_urgent_commands_overtake_what_queued_up_behind_a_slow_commit(
    clock: Clock,
) -> None:
    told: list[str] = []
    async with store_in_memory(clock, committed=lambda es: told.extend(e.id for e in es)) as store:
        asked, slow, late = an_open("asked"), an_open("slow"), an_open("late")
        await store.writer.submit(asked)
        told.clear()
        with store.faults.slow():
            tasks = [asyncio.create_task(store.writer.submit(slow))]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            queued = (late, a_vote(asked.escalation_id))
            tasks += [asyncio.create_task(store.writer.submit(command)) for command in queued]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    assert told == [slow.escalation_id, asked.escalation_id, late.escalation_id]


async def test_while_it_is_down_every_port_says_so_and_then_all_is_as_it_was(
    store: MemoryStore, clock: Clock
) -> None:
    await store.writer.submit(an_open("before"))
    with store.faults.down():
        for asked in (
            store.reads.pending(),
            store.reads.page(Wanted(), None, 10),
            store.cards.due(clock.now, 10),
            store.deliveries.due(("answer",), clock.now, 10),
            store.services.listed(),
            store.signatures.first_time("v0=abc", clock.now),
            store.health.check(clock.now),
            store.writer.submit(an_open("meanwhile")),
        ):
            with pytest.raises(StoreError, match=r"cannot be used|could not be saved"):
                await asked
    assert len(await store.reads.pending()) == 1


async def test_two_stores_never_share_a_memory_at_once(clock: Clock) -> None:
    memory = Memory()
    async with store_in_memory(clock, memory=memory) as store:
        await store.writer.submit(an_open())
        with pytest.raises(AlreadyRunningError, match="Close it first"):
            async with store_in_memory(clock, memory=memory):
                pass
    async with store_in_memory(clock, memory=memory) as store:
        assert len(await store.reads.pending()) == 1


async def test_stores_on_memories_of_their_own_share_nothing(clock: Clock) -> None:
    async with store_in_memory(clock) as one, store_in_memory(clock) as other:
        await one.writer.submit(an_open())
        assert await other.reads.pending() == ()
