"""Sealing: every chain that grew gives its head to the next block, once, in both stores."""

from approvals.events import GENESIS
from approvals.sealing import Block, Head, merkle_root, sealed
from tests.building import START, a_vote
from tests.storage.stand import Stand


async def head(stand: Stand, id_: str) -> Head:
    """How far a chain has come."""
    last = (await stand.store.reads.records(id_))[-1]
    return Head(escalation_id=id_, seq=last.seq, hash=last.hash)


async def seal(stand: Stand, limit: int = 1000) -> Block | None:
    return await stand.store.seals.seal(stand.clock.now, limit)


async def test_with_nothing_new_there_is_no_block(stand: Stand) -> None:
    assert await seal(stand) is None
    assert await stand.store.seals.unsealed_since() is None
    assert await stand.store.seals.block(1) is None


async def test_a_block_seals_the_last_record_of_each_chain_that_grew(stand: Stand) -> None:
    ids = await stand.fill(3)
    await stand.submit(a_vote(ids[1]))
    heads = [await head(stand, id_) for id_ in sorted(ids)]
    assert await seal(stand) == sealed(heads, number=1, prev=GENESIS, at=stand.clock.now)
    assert await seal(stand) is None


async def test_a_chain_that_grew_again_is_sealed_again(stand: Stand) -> None:
    _, voted = await stand.fill(2)
    first = await seal(stand)
    await stand.submit(a_vote(voted))
    second = await seal(stand)
    assert first is not None
    assert second is not None
    assert (second.number, second.prev, second.count) == (2, first.hash, 1)
    assert second.root == merkle_root([await head(stand, voted)])


async def test_what_does_not_fit_waits_for_the_next_block(stand: Stand) -> None:
    await stand.fill(5)
    counts = [block.count for block in [await seal(stand, 2) for _ in range(3)] if block]
    assert (counts, await seal(stand)) == ([2, 2, 1], None)


async def test_the_oldest_that_waits_says_how_long(stand: Stand) -> None:
    (first,) = await stand.fill(1)
    stand.clock.pass_(7)
    await stand.submit(a_vote(first))
    assert await stand.store.seals.unsealed_since() == START


async def test_blocks_are_read_by_number_and_onwards_over_a_restart(stand: Stand) -> None:
    blocks = []
    for n in range(4):
        await stand.open(f"k{n}", title=f"Sync {n}")
        blocks.append(await seal(stand))
    await stand.restart()
    seals = stand.store.seals
    assert [await seals.block(n) for n in range(6)] == [None, *blocks, None]
    assert list(await seals.after(0)) == blocks
    assert list(await seals.after(1, limit=2)) == blocks[1:3]
    assert await seals.after(4) == ()


async def test_there_is_nothing_to_heal_where_all_went_well(stand: Stand) -> None:
    await stand.fill(2)
    await seal(stand)
    await stand.open("another")
    assert await stand.store.seals.heal(stand.clock.now) == 0
    block = await seal(stand)
    assert block is not None
    assert block.count == 1
