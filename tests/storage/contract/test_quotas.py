"""Quotas: how many of a service may wait for people is counted where opens are decided."""

import asyncio
from dataclasses import replace

import pytest

from approvals.commands import Open
from approvals.ports import StoreError
from approvals.refusals import Why
from approvals.verdict import Case
from tests.building import a_vote, an_incident, an_open
from tests.storage.stand import Stand


def bounded(key: str, most: int = 2, **changes: object) -> Open:
    """An open of a service that may have so many waiting."""
    return replace(an_open(key, **changes), most_pending=most)


async def cases(stand: Stand, *commands: Open) -> list[str]:
    """What became of each, sent at once."""
    settled = await asyncio.gather(*(stand.submit(c) for c in commands))
    return [s.refusal.why.value if s.refusal else s.answer.case.value for s in settled]


async def test_one_more_than_may_wait_is_refused_and_says_what_to_do(stand: Stand) -> None:
    for key in "ab":
        await stand.open(key)
    settled = await stand.submit(bounded("c"))
    assert settled.refusal is not None
    assert settled.refusal.why is Why.TOO_MANY_PENDING
    assert settled.refusal.detail.startswith("2 escalations of data-sync wait for people")
    assert (await stand.submit(an_open("c"))).answer.case is Case.OPENED  # the key is free


async def test_opens_of_one_batch_count_one_another(stand: Stand) -> None:
    await stand.submit(bounded("warm", 9))
    got = await cases(stand, *(bounded(f"k{n}", 4) for n in range(6)))
    assert sorted(got) == ["opened"] * 3 + ["too-many-pending"] * 3


async def test_a_first_batch_counts_what_is_stored_and_itself(stand: Stand) -> None:
    await stand.open("before")
    await stand.restart()
    got = await cases(stand, *(bounded(f"k{n}", 3) for n in range(4)))
    assert sorted(got) == ["opened"] * 2 + ["too-many-pending"] * 2


async def test_what_is_decided_or_expires_makes_room(stand: Stand) -> None:
    first = (await stand.submit(bounded("a"))).escalation
    await stand.submit(bounded("b"))
    assert first is not None
    assert await cases(stand, bounded("c")) == ["too-many-pending"]
    await stand.submit(a_vote(first.id))
    assert await cases(stand, bounded("c"), bounded("d")) == ["opened", "too-many-pending"]
    stand.clock.pass_(5 * 3600)
    for one in await stand.store.reads.pending():
        await stand.tick(one.id)
    assert await cases(stand, bounded("e"), bounded("f")) == ["opened", "opened"]


async def test_joins_and_repeats_need_no_room(stand: Stand) -> None:
    await stand.submit(bounded("a", 1, dedup_key="same"))
    joining = [bounded(key, 1, dedup_key="same") for key in ("a", "b", "c")]
    assert await cases(stand, *joining) == ["repeated", "joined", "joined"]


async def test_each_service_has_room_of_its_own(stand: Stand) -> None:
    await stand.submit(bounded("a", 1))
    other = replace(bounded("a", 1), service="payments")
    assert await cases(stand, other, bounded("b", 1)) == ["opened", "too-many-pending"]


async def test_incidents_wait_for_people_too(stand: Stand) -> None:
    incident = replace(an_incident("i", title="one"), most_pending=1)
    another = replace(an_incident("j", title="quite another"), most_pending=1)
    assert await cases(stand, incident) == ["opened"]
    assert await cases(stand, another) == ["too-many-pending"]


async def test_the_count_holds_when_a_batch_fails(stand: Stand) -> None:
    """What is known of the last commit is forgotten with a failure, and counted anew."""
    await stand.submit(bounded("a", 3))
    policy, stand.facts.policy = stand.facts.policy, None
    with pytest.raises(StoreError):
        await stand.submit(bounded("b", 2))
    stand.facts.policy = policy
    got = await cases(stand, *(bounded(key, 2) for key in "cd"))
    assert got == ["opened", "too-many-pending"]


@pytest.mark.parametrize("seconds", [1, 61])
async def test_the_count_is_right_after_a_minute_too(stand: Stand, seconds: int) -> None:
    await stand.submit(bounded("a"))
    stand.clock.pass_(seconds)
    assert await cases(stand, bounded("b")) == ["opened"]
    stand.clock.pass_(seconds)
    assert await cases(stand, bounded("c")) == ["too-many-pending"]


async def test_callbacks_owed_are_counted_for_each_service(stand: Stand) -> None:
    services = stand.store.services
    id_ = await stand.open("k", callback_url="https://service.example/hook")
    assert await services.callbacks_waiting("data-sync") == 0
    await stand.submit(a_vote(id_))
    owed = await stand.store.deliveries.of(id_)
    callback = next(one for one in owed if one.kind == "callback")
    assert await services.callbacks_waiting("data-sync") == 1
    assert await services.callbacks_waiting("payments") == 0
    await stand.store.deliveries.delivered(callback.id, stand.clock.now)
    assert await services.callbacks_waiting("data-sync") == 0
