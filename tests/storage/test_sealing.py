"""Sealing on the file: nothing that waits is forgotten, whatever befell the rows."""

import pytest

from approvals.ports import StoreError
from storage import Store
from tests.building import START, a_vote, an_open

FULL = "CREATE TRIGGER full BEFORE INSERT ON blocks BEGIN SELECT RAISE(ABORT, 'no room'); END"


async def an_escalation(store: Store, key: str = "k1") -> str:
    """The id of a new one."""
    settled = await store.writer.submit(an_open(key))
    assert settled.escalation is not None
    return settled.escalation.id


async def test_a_chain_whose_row_was_lost_is_found_again(store: Store) -> None:
    lost = await an_escalation(store, "a")
    await an_escalation(store, "b")
    await store.seals.seal(START)
    await store.writer.submit(a_vote(lost))
    await store.database.writer.run("DELETE FROM unsealed")
    assert await store.seals.seal(START) is None
    assert await store.seals.heal(START) == 1
    block = await store.seals.seal(START)
    assert block is not None
    assert block.count == 1


@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 5])
async def test_lost_rows_are_found_however_many_are_looked_at_in_one_go(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("storage.sealing.AT_ONCE", at_once)
    ids = [await an_escalation(store, key) for key in "abcd"]
    await store.seals.seal(START)
    for lost in (ids[0], ids[3]):
        await store.writer.submit(a_vote(lost))
    await store.database.writer.run("DELETE FROM unsealed")
    assert await store.seals.heal(START) == 2
    block = await store.seals.seal(START)
    assert block is not None
    assert block.count == 2


async def test_a_row_whose_chain_is_sealed_stops_nothing(store: Store) -> None:
    id_ = await an_escalation(store)
    await store.seals.seal(START)
    rows = [(id_, "2026-11-12T21:30:00.000000Z"), ("esc_gone", "2026-11-12T21:30:00.000000Z")]
    await store.database.writer.many("INSERT INTO unsealed VALUES (?, ?)", rows)
    assert await store.seals.seal(START) is None
    await an_escalation(store, "b")
    block = await store.seals.seal(START)
    assert block is not None
    assert block.count == 1
    await store.seals.heal(START)
    assert await store.seals.unsealed_since() is None


async def test_a_block_that_cannot_be_written_leaves_its_heads_waiting(store: Store) -> None:
    await an_escalation(store)
    await store.database.writer.run(FULL)
    with pytest.raises(StoreError, match="no room"):
        await store.seals.seal(START)
    await store.database.writer.run("DROP TRIGGER full")
    assert await store.database.reader.rows("SELECT count(*) FROM seals") == [(0,)]
    block = await store.seals.seal(START)
    assert block is not None
    assert (block.number, block.count) == (1, 1)
