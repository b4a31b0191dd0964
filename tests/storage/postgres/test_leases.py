"""Owed work among replicas: nothing is taken twice, nobody waits for what another takes, and
nothing is forgotten because it went on meanwhile.
"""

import asyncio
import re
from contextlib import nullcontext
from typing import Any

import pytest

import storage.work
from approvals.commands import Command
from approvals.ports import Leases, StoreError
from bot.background.clock import Ticker
from bot.ids import new_id
from storage import sealing, statements
from storage.links import Commit, among_writers
from storage.postgres import connecting, wording
from storage.postgres.database import Database
from storage.postgres.link import Link
from storage.work import LEASE
from tests.building import a_vote
from tests.storage.contract.test_absences import away
from tests.storage.postgres.other import another, holding, until_settled, until_waiting
from tests.storage.postgres.races import Replicas
from tests.storage.postgres.test_hearing import ends

#: What every other replica runs to take what is due.
TAKING = {
    "cards": "SELECT id FROM cards WHERE due_at IS NOT NULL FOR UPDATE",
    "deliveries": "SELECT id FROM deliveries WHERE due_at IS NOT NULL FOR UPDATE",
}


async def due(r: Replicas, table: str) -> list[str]:
    """What a replica takes."""
    if table == "cards":
        return [card.id for card in await r.a.store.cards.due(r.a.clock.now, 500)]
    kinds = ("thread", "answer", "direct")
    return [d.id for d in await r.a.store.deliveries.due(kinds, r.a.clock.now, 500)]


@pytest.mark.parametrize("table", TAKING)
async def test_what_another_takes_just_now_is_left_to_it(
    replicas: Replicas, emptied: str, table: str
) -> None:
    await replicas.a.approved()
    async with holding(emptied, f"{TAKING[table]} LIMIT 1"):
        some = await due(replicas, table)
    rest = await due(replicas, table)
    assert (len(some) > 0, len(rest)) == (True, 1)


@pytest.mark.usefixtures("other_wording")
@pytest.mark.parametrize("table", TAKING)
async def test_without_skipping_a_replica_would_wait_for_it(
    replicas: Replicas, emptied: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: SKIP LOCKED is left out."""
    skipping = re.compile(r"/\*among writers: (.*?)(?: SKIP LOCKED)?\*/")
    monkeypatch.setattr(wording, "_AMONG_WRITERS", skipping)
    monkeypatch.setitem(connecting._SETTINGS, "lock_timeout", "100")
    await replicas.a.restart()
    await replicas.a.approved()
    async with holding(emptied, f"{TAKING[table]} LIMIT 1"):
        with pytest.raises(StoreError, match="lock timeout"):
            await due(replicas, table)


@pytest.mark.parametrize("table", TAKING)
async def test_two_that_look_at_once_share_what_is_due(replicas: Replicas, table: str) -> None:
    for n in range(4):
        await replicas.a.approved(f"k{n}")
    turned = Replicas(replicas.b, replicas.a, replicas.meetings)
    both = [*await asyncio.gather(due(replicas, table), due(turned, table))]
    both += [await due(replicas, table), await due(turned, table)]
    taken = [id_ for some in both for id_ in some]
    ((there,),) = await replicas.a.store.database.reader.rows(f"SELECT count(*) FROM {table}")
    assert (len(taken), len(set(taken))) == (there, there)


class SlowCommit:
    """A writer's link whose commits wait until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, link: object) -> None:
        self.has_written, self.go = asyncio.Event(), asyncio.Event()
        together = Link.together

        async def slowly(self_: Link, *given: object) -> object:
            if self_ is not link or not isinstance(given[-1], Commit):
                return await together(self_, *given)  # type: ignore[arg-type]
            await together(self_, *given[:-1])  # type: ignore[arg-type]
            self.has_written.set()
            await self.go.wait()
            return await together(self_, given[-1])

        monkeypatch.setattr(Link, "together", slowly)


async def both_at_once(r: Replicas) -> list[bool]:
    """Whether each may do the same, one beside the other."""
    a, b = r.a.store.leases, r.b.store.leases
    async with a.leased("clock") as first, b.leased("clock") as second:
        return [first, second]


async def test_what_one_does_at_a_time_is_free_when_it_is_done(replicas: Replicas) -> None:
    for _ in range(2):
        assert await both_at_once(replicas) == [True, False]
    async with (
        replicas.a.store.leases.leased("clock"),
        replicas.b.store.leases.leased("digest") as other,
    ):
        assert other


async def test_without_its_lease_both_would_do_it(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: everybody has every lease."""
    monkeypatch.setattr(Database, "leased", lambda self, name: nullcontext(True))
    assert await both_at_once(replicas) == [True, True]


async def ticks_beside_another(r: Replicas, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many ticks a replica sends off while the other is about to commit the same."""
    await r.a.fill(2)
    r.a.clock.pass_(86_400)
    slow, sent = SlowCommit(monkeypatch, r.a.store.database.writer), list[Command]()  # type: ignore[union-attr]

    class Counting:
        async def submit(self, command: Command) -> Any:
            sent.append(command)

    here, there = (
        Ticker(of.store.reads, writer, of.clock, new_id, of.store.leases)
        for of, writer in ((r.a, r.a.store.writer), (r.b, Counting()))
    )
    ticking = asyncio.create_task(here.once())
    await slow.has_written.wait()
    await there.once()
    slow.go.set()
    await ticking
    return len(sent)


async def test_what_one_replica_ticks_the_other_leaves_to_it(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ticks_beside_another(replicas, monkeypatch) == 0


async def test_without_its_lease_the_clock_would_tick_twice(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: everybody has every lease. The second would find nothing to do, and wait for it."""
    monkeypatch.setattr(Database, "leased", lambda self, name: nullcontext(True))
    assert await ticks_beside_another(replicas, monkeypatch) == 2


async def test_what_a_killed_replica_did_another_takes_over(
    replicas: Replicas, emptied: str
) -> None:
    b = replicas.b.store.leases
    async with replicas.a.store.leases.leased("clock") as first:
        assert first
        await ends(emptied, replicas.a)
        async with asyncio.timeout(20):
            while not await had(b):  # noqa: ASYNC110  the server ends it a moment later
                await asyncio.sleep(0.005)
    assert await had(b)


async def test_what_a_killed_replica_had_leased_comes_when_the_lease_is_over(
    replicas: Replicas,
) -> None:
    await replicas.a.approved()
    turned = Replicas(replicas.b, replicas.a, replicas.meetings)
    for table in TAKING:
        assert await due(replicas, table)  # and then it is killed
        assert not await due(turned, table)
    replicas.a.clock.pass_(LEASE.total_seconds())
    for table in TAKING:
        assert await due(turned, table)


async def had(leases: Leases) -> bool:
    """Whether it can be had now."""
    async with leases.leased("clock") as ours:
        return ours


async def unsealed(r: Replicas) -> int:
    """How many chains no block would ever seal, once all that waits is sealed."""
    while await r.a.store.seals.seal(r.a.clock.now):
        pass
    return await r.a.store.seals.heal(r.a.clock.now)


async def grows_while_it_is_sealed(
    r: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> int:
    """One replica seals a chain while the other has written to it, and not committed yet."""
    id_ = await r.a.open()
    slow = SlowCommit(monkeypatch, r.b.store.database.writer)
    vote = asyncio.create_task(r.b.submit(a_vote(id_)))
    await slow.has_written.wait()
    sealing_ = asyncio.create_task(r.a.store.seals.seal(r.a.clock.now))
    await until_settled(emptied, sealing_)
    slow.go.set()
    await asyncio.gather(vote, sealing_)
    return await unsealed(r)


async def test_a_chain_that_grows_just_now_is_left_to_the_next_block(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await grows_while_it_is_sealed(replicas, emptied, monkeypatch) == 0


@pytest.mark.usefixtures("other_wording")
async def test_without_its_row_such_a_record_would_be_forgotten(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the sealer does not lock what it takes."""
    monkeypatch.setattr(
        sealing, "_GREW", sealing._GREW.replace(among_writers("FOR UPDATE SKIP LOCKED"), "")
    )
    assert await grows_while_it_is_sealed(replicas, emptied, monkeypatch) == 1


async def is_sealed_while_it_grows(
    r: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> int:
    """One replica has read how far a chain has come, and the other lets it grow."""
    id_ = await r.a.open()
    together, has_read, go = Link.together, asyncio.Event(), asyncio.Event()

    async def slowly(self: Link, *given: object) -> object:
        found = await together(self, *given)  # type: ignore[arg-type]
        if "e.escalation_id, e.seq, e.hash" in repr(given[0]):
            has_read.set()
            await go.wait()
        return found

    monkeypatch.setattr(Link, "together", slowly)
    sealing_ = asyncio.create_task(r.a.store.seals.seal(r.a.clock.now))
    await has_read.wait()
    vote = asyncio.create_task(r.b.submit(a_vote(id_)))
    await until_settled(emptied, vote)
    go.set()
    await asyncio.gather(vote, sealing_)
    return await unsealed(r)


async def test_a_chain_that_is_sealed_just_now_waits_for_the_next_block_anew(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await is_sealed_while_it_grows(replicas, emptied, monkeypatch) == 0


async def test_without_waiting_for_the_sealer_it_would_be_forgotten(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a row that is there already is left alone."""
    sql = statements._UNSEALED.partition("DO UPDATE")[0] + "DO NOTHING"
    monkeypatch.setattr(statements, "_UNSEALED", sql)
    assert await is_sealed_while_it_grows(replicas, emptied, monkeypatch) == 1


async def test_replicas_that_seal_at_once_make_one_block_after_the_other(
    replicas: Replicas,
) -> None:
    for n in range(6):
        await replicas.a.open(f"k{n}", title=f"Sync {n}")
    seals = [replicas.a.store.seals, replicas.b.store.seals]
    await asyncio.gather(*(seals[n % 2].seal(replicas.a.clock.now, 2) for n in range(6)))
    blocks = await replicas.b.store.seals.after(0)
    assert [(block.number, block.count) for block in blocks] == [(1, 2), (2, 2), (3, 2)]


async def shown_while_it_goes_on(r: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A card was drawn as it stood, while the other replica writes a decision."""
    id_ = await r.a.open()
    (card,) = (c for c in await r.a.store.cards.due(r.a.clock.now, 9) if c.surface == "channel")
    slow = SlowCommit(monkeypatch, r.b.store.database.writer)
    vote = asyncio.create_task(r.b.submit(a_vote(id_)))
    await slow.has_written.wait()
    shown = asyncio.create_task(r.a.post(card))
    await until_settled(emptied, shown)
    slow.go.set()
    await asyncio.gather(vote, shown)
    due = await r.a.store.cards.due(r.a.clock.now, 9)
    return [c.id for c in due].count(card.id)


async def test_a_card_that_was_drawn_too_early_is_drawn_again(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await shown_while_it_goes_on(replicas, emptied, monkeypatch) == 1


@pytest.mark.usefixtures("other_wording")
async def test_without_its_row_an_old_card_would_stay(
    replicas: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what a card shows is looked at before the card is had."""
    monkeypatch.setattr(storage.work, "_CARD_ALONE", "SELECT 1 FROM cards WHERE id = ?")
    assert await shown_while_it_goes_on(replicas, emptied, monkeypatch) == 0


async def test_one_absence_a_person_also_where_two_set_it_at_once(
    replicas: Replicas, emptied: str
) -> None:
    now = replicas.a.clock.now
    async with another(emptied) as link:
        await asyncio.gather(
            *(
                r.store.absences.set(away(), "person:ravi", now)
                for r in (replicas.a, replicas.b) * 5
            )
        )
        standing = await link.fetchval("SELECT count(*) FROM absences WHERE ended_at IS NULL")
    assert standing == 1


async def test_a_vote_waits_for_the_replica_that_has_the_escalation(
    replicas: Replicas, emptied: str
) -> None:
    id_ = await replicas.a.open()
    async with holding(emptied, f"SELECT 1 FROM escalations WHERE id = '{id_}' FOR UPDATE") as link:
        vote = asyncio.create_task(replicas.a.submit(a_vote(id_)))
        await until_waiting(link)
        assert not vote.done()
    assert str((await vote).answer.case) == "decided"
