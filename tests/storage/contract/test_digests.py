"""What the digest tells, and the note of how far it has come, in both stores."""

from datetime import timedelta

from approvals.digests import Digested
from approvals.memory.observing import Fact, Wait
from approvals.memory.oversight import Spread
from tests.building import START, a_vote, an_automation
from tests.storage.stand import Stand

DAY = timedelta(days=1)
LOW = {
    "kind": "incident",
    "category": "other",
    "severity": "low",
    "options": [],
    "operation": None,
}


async def test_before_the_first_digest_there_is_no_note(stand: Stand) -> None:
    assert await stand.store.digests.last() is None


async def test_how_far_it_has_come_is_kept_over_a_restart(stand: Stand) -> None:
    for noted in (Digested(upto=START), Digested(upto=START, trying=START + DAY)):
        await stand.store.digests.note(noted)
        await stand.restart()
        assert await stand.store.digests.last() == noted


async def test_what_nobody_decided_is_found_in_the_time_it_ended(stand: Stand) -> None:
    ids = await stand.fill(3)
    stand.clock.now = (await stand.read(ids[2])).deadline_at
    for id_ in ids:
        await stand.tick(id_)
    digests = stand.store.digests
    quiet = await digests.quiet(START, stand.clock.now)
    assert [e.id for e in quiet.undecided] == ids
    assert not await digests.quiet(stand.clock.now, stand.clock.now + DAY)
    assert not await digests.quiet(START, stand.clock.now - timedelta(hours=1))


async def test_what_ran_by_itself_is_told_apart_from_what_is_low(stand: Stand) -> None:
    """In the time it began, however it ended."""
    settled = await stand.submit(an_automation())
    assert settled.escalation is not None
    stand.clock.pass_(1)
    quiet = await stand.store.digests.quiet(START - DAY, stand.clock.now)
    assert ([e.id for e in quiet.automatic], quiet.low) == ([settled.escalation.id], ())
    assert not await stand.store.digests.quiet(stand.clock.now, stand.clock.now + DAY)


async def test_the_oversight_of_a_time_is_added_up(stand: Stand) -> None:
    """What was asked before it or after it is not in it; cards say when it was delivered."""
    ids = await stand.fill(60)
    stand.clock.pass_(20)
    card, *others = await stand.store.cards.of(ids[30])
    await stand.post(card)
    stand.clock.pass_(40)
    for other in others:
        await stand.post(other)
    await stand.submit(a_vote(ids[30], option="leave"))
    begin = (await stand.read(ids[9])).created_at
    end = (await stand.read(ids[55])).created_at
    found = await stand.store.digests.oversight(begin, end, "Europe/Berlin")
    assert (found.all.n(Fact.ASKED), found.all.n(Fact.REJECTED)) == (46, 1)
    assert [one.id for one in found.all.of(Fact.WAITING).newest][-1] == ids[55]
    asked = (await stand.read(ids[30])).created_at
    took = (stand.clock.now - asked).total_seconds()
    assert found.all.spread(Wait.DELIVERED) == Spread(
        n=1, median=took - 40, p90=took - 40, longest=took - 40, untold=45
    )
    assert found.all.spread(Wait.DECIDED).median == took
    assert {day.isoformat() for day in found.days} == {"2026-11-12"}


async def test_of_an_empty_store_there_is_no_oversight(stand: Stand) -> None:
    found = await stand.store.digests.oversight(START, START + DAY, "UTC")
    assert found.asked_people == 0
