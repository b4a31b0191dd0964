"""What the digest tells, and the note of how far it has come, in both stores."""

from datetime import timedelta

from approvals.digests import Digested
from tests.building import START, an_automation
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
