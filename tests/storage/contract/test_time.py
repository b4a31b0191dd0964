"""Time: what is overdue is folded first, and a clock set back revives nothing."""

import pytest

from approvals.refusals import Why
from approvals.words import OperationState, Status
from tests.approvals.scene import AFTERWARDS
from tests.building import a_claim, a_vote
from tests.storage.stand import Stand


async def test_a_click_after_the_deadline_finds_it_expired_with_a_dead_clock(
    stand: Stand,
) -> None:
    id_ = await stand.open()
    stand.clock.pass_(4 * 3600)
    late = await stand.submit(a_vote(id_))
    assert late.refusal is not None
    assert late.refusal.why is Why.EXPIRED
    kept = await stand.read(id_)
    assert (kept.status, kept.state) == (Status.EXPIRED, OperationState.ABORTED)


async def test_a_claim_after_its_window_finds_it_lapsed(stand: Stand) -> None:
    id_ = await stand.approved()
    stand.clock.pass_(901)
    late = await stand.submit(a_claim(id_))
    assert late.refusal is not None
    assert late.refusal.why is Why.LAPSED
    assert (await stand.read(id_)).state is OperationState.LAPSED


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_set_back_revives_nothing(stand: Stand, restarted: bool) -> None:
    id_ = await stand.open()
    stand.clock.pass_(4 * 3600)
    await stand.open("another")  # the store has now seen this moment
    stand.clock.pass_(-3 * 3600)
    if restarted:
        await stand.restart()
    late = await stand.submit(a_vote(id_))
    assert late.refusal is not None
    assert late.refusal.why is Why.EXPIRED


async def test_a_tick_before_the_time_changes_nothing(stand: Stand) -> None:
    id_ = await stand.open()
    before = await stand.read(id_)
    await stand.tick(id_)
    assert await stand.read(id_) == before
    assert await stand.kinds(id_) == ["escalation:opened"]


async def test_ticks_are_needed_once(stand: Stand) -> None:
    id_ = await stand.open()
    stand.clock.pass_(4 * 3600)
    for _ in range(3):
        await stand.tick(id_)
    assert await stand.kinds(id_) == ["escalation:opened", "escalation:decided", *AFTERWARDS]
    assert await stand.store.reads.overdue(stand.clock.now, 10) == ()


async def test_overdue_ones_are_named_longest_first(stand: Stand) -> None:
    ids = await stand.fill(3)
    assert await stand.store.reads.overdue(stand.clock.now, 10) == ()
    stand.clock.pass_(4 * 3600)
    assert await stand.store.reads.overdue(stand.clock.now, 10) == tuple(ids)
    assert await stand.store.reads.overdue(stand.clock.now, 2) == tuple(ids[:2])


async def test_what_is_over_is_never_overdue(stand: Stand) -> None:
    rejected = await stand.open("k1")
    await stand.submit(a_vote(rejected, option="leave"))
    lapsing = await stand.approved("k2")
    running = await stand.approved("k3")
    await stand.submit(a_claim(running))
    stand.clock.pass_(24 * 3600)
    assert set(await stand.store.reads.overdue(stand.clock.now, 10)) == {lapsing, running}


async def test_health_says_how_long_the_longest_overdue_one_waits(stand: Stand) -> None:
    assert await stand.store.health.check(stand.clock.now) == {"ok": True, "overdue_s": 0.0}
    await stand.fill(2)
    assert (await stand.store.health.check(stand.clock.now))["overdue_s"] == 0.0
    stand.clock.pass_(3600)
    assert (await stand.store.health.check(stand.clock.now))["overdue_s"] == 26.0
