"""Memory: what ended is remembered, found again, shown to the next one, and forgotten at once."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.memory.fingerprint import fingerprint
from approvals.memory.ports import Memory
from approvals.memory.values import Likeness, Precedent, Recollection
from approvals.words import Result, Status
from tests.building import (
    BODY,
    OPERATION,
    a_claim,
    a_report,
    a_resolution,
    a_vote,
    an_erasure,
    an_incident,
)
from tests.storage.stand import Stand

PRINT = fingerprint(BODY, "data-sync")


def batch(number: int) -> dict[str, Any]:
    """The operation of another occurrence."""
    return {**OPERATION, "arguments": {"argv": ["sync", "--batch", str(number)]}}


async def ended(stand: Stand, key: str, option: str = "retry", **changes: Any) -> str:
    """The id of one that Sam has decided."""
    id_ = await stand.open(key, **changes)
    digest = (await stand.read(id_)).digest
    await stand.submit(a_vote(id_, option=option, digest=digest))
    stand.clock.pass_(600)
    return id_


async def ran(stand: Stand, key: str, result: str, **more: Any) -> str:
    """The id of one that was approved and ran."""
    id_ = await ended(stand, key)
    await stand.submit(a_claim(id_))
    await stand.submit(a_report(id_, result, **more))
    return id_


async def recalled(stand: Stand) -> None:
    """Remember all that waits."""
    memory: Memory = stand.store.memory
    while await memory.remember(stand.clock.now, 2):
        pass


async def found(stand: Stand, id_: str) -> list[tuple[str, Likeness | None]]:
    """What is like that one, closest first."""
    matches = await stand.store.memory.like(await stand.read(id_))
    return [(match.found.id, match.likeness) for match in matches]


async def said(stand: Stand, words: str) -> list[str]:
    """Ids of those that say these words, best first."""
    return [match.found.id for match in await stand.store.memory.search(words)]


async def test_what_ended_is_remembered_once_and_what_waits_is_not(stand: Stand) -> None:
    id_ = await ended(stand, "k1")
    await stand.open("k2")
    assert await stand.store.memory.remember(stand.clock.now) == 1
    assert await stand.store.memory.remember(stand.clock.now) == 0
    (kept,) = await stand.store.memory.ended(
        stand.clock.now.min.replace(tzinfo=stand.clock.now.tzinfo), stand.clock.now
    )
    assert (kept.id, kept.status, kept.option, kept.people, kept.fingerprint) == (
        id_,
        Status.APPROVED,
        "retry",
        ("sam",),
        PRINT,
    )


async def test_the_next_one_is_shown_how_those_before_it_ended(stand: Stand) -> None:
    failed = await ran(stand, "k1", "failed", undo="restored a backup")
    left = await ended(stand, "k2", "leave", operation=batch(9921))
    (at, later) = [(await stand.read(id_)).ended_at for id_ in (failed, left)]
    await recalled(stand)
    third = await stand.read(await stand.open("k3", operation=batch(7777)))
    assert at is not None
    assert later is not None
    assert third.recalled == Recollection(
        likeness=Likeness.EXACT,
        times=2,
        ended={"leave": 1, "retry": 1},
        failed=1,
        undone=1,
        precedents=(
            Precedent(id=left, at=later, option="leave", person="sam"),
            Precedent(id=failed, at=at, option="retry", outcome="failed", person="sam"),
        ),
    )


async def test_it_stays_as_it_was_when_it_was_opened(stand: Stand) -> None:
    await ended(stand, "k1")
    await recalled(stand)
    second = await stand.open("k2", operation=batch(1111))
    third = await ended(stand, "k3", operation=batch(2222))
    await recalled(stand)
    shown = (await stand.read(second)).recalled
    assert shown is not None
    assert (shown.times, third in {p.id for p in shown.precedents}) == (1, False)
    assert await stand.refolded(second) == await stand.read(second)


async def test_without_one_like_it_nothing_is_shown(stand: Stand) -> None:
    await ended(stand, "k1")
    await recalled(stand)
    other = await stand.open("k2", operation={**OPERATION, "name": "drop_data"})
    assert (await stand.read(other)).recalled is None


async def test_of_another_environment_it_is_another_one_of_the_same_template(stand: Stand) -> None:
    await ended(stand, "k1")
    await recalled(stand)
    shown = (await stand.read(await stand.open("k2", environment="staging"))).recalled
    assert shown is not None
    assert (shown.likeness, shown.times) == (Likeness.TEMPLATE, 1)


async def test_the_same_error_of_the_service_is_shown_where_nothing_is_closer(stand: Stand) -> None:
    context = {"error": {"type": "Timeout", "message": "no answer after 10 s"}}
    await ended(stand, "k1", context=context)
    await recalled(stand)
    context = {"error": {"type": "Timeout", "message": "no answer after 12 s"}}
    settled = await stand.submit(an_incident("k2", context=context))
    assert settled.escalation is not None
    shown = settled.escalation.recalled
    assert shown is not None
    assert (shown.likeness, shown.times) == (Likeness.ERROR, 1)


async def test_what_is_reported_later_is_remembered_again(stand: Stand) -> None:
    id_ = await ended(stand, "k1")
    await stand.submit(a_claim(id_))
    await recalled(stand)
    await stand.submit(a_report(id_, "failed"))
    await recalled(stand)
    shown = (await stand.read(await stand.open("k2", operation=batch(1111)))).recalled
    assert shown is not None
    assert (shown.times, shown.failed) == (1, 1)
    (match,) = await stand.store.memory.search("sync")
    assert match.found.outcome is Result.FAILED


async def test_the_closest_comes_first(stand: Stand) -> None:
    other = await ended(stand, "k1", title="Cache is cold", operation={"name": "warm_cache"})
    staging = await ended(stand, "k2", environment="staging")
    exact = await ended(stand, "k3")
    await recalled(stand)
    new = await stand.open("k4", operation=batch(1111))
    assert await found(stand, new) == [
        (exact, Likeness.EXACT),
        (staging, Likeness.TEMPLATE),
        (other, None),
    ]


async def test_of_two_that_are_alike_the_later_comes_first_and_itself_never(stand: Stand) -> None:
    first, second = await ended(stand, "k1"), await ended(stand, "k2", operation=batch(1111))
    await recalled(stand)
    assert await found(stand, first) == [(second, Likeness.EXACT)]
    third = await stand.open("k3", operation=batch(2222))
    assert [id_ for id_, _ in await found(stand, third)] == [second, first]


async def test_people_find_it_by_what_was_said_and_learned(stand: Stand) -> None:
    settled = await stand.submit(an_incident("i1", title="Größe of the queue grows"))
    assert settled.escalation is not None
    id_ = settled.escalation.id
    await stand.submit(a_resolution(id_, root_cause="a poisoned message", by_hand="purged it"))
    await ended(stand, "k1")
    await recalled(stand)
    assert await said(stand, "POISON messages") == [id_]
    assert await said(stand, "grosse") == [id_]
    assert await said(stand, "elephant") == []
    assert await said(stand, "  ' \" * OR (") == []


async def test_an_erasure_is_forgotten_in_its_own_commit(stand: Stand) -> None:
    id_ = await ended(stand, "k1", "leave")
    other = await ended(stand, "k2", operation=batch(1111))
    await recalled(stand)
    await stand.submit(an_erasure(id_))
    assert await said(stand, "sync") == [other]
    assert await found(stand, other) == []
    blank = await stand.read(await stand.open("k3", operation=batch(2222)))
    assert blank.recalled is None
    await recalled(stand)
    shown = (await stand.read(await stand.open("k4", operation=batch(3333)))).recalled
    assert shown is not None
    assert (shown.times, [p.id for p in shown.precedents]) == (1, [other])


async def test_an_erasure_that_comes_first_is_never_remembered(stand: Stand) -> None:
    id_ = await ended(stand, "k1", "leave")
    await stand.submit(an_erasure(id_))
    await recalled(stand)
    assert await said(stand, "sync") == []


async def test_reviews_that_are_due_and_issues_that_are_not_fixed_are_listed(stand: Stand) -> None:
    assert await stand.store.memory.reviews() == ()
    assert await stand.store.memory.issues() == ()


@pytest.mark.parametrize("known", [True, False])
async def test_memory_changes_nothing_of_what_is_decided(stand: Stand, known: bool) -> None:
    await ran(stand, "k1", "failed")
    if known:
        await recalled(stand)
    new = await stand.read(await stand.open("k2", operation=batch(1111)))
    assert (new.recalled is not None) == known
    blank = replace(new, recalled=None)
    assert (blank.plan, blank.severity, blank.options, blank.deadline_at - blank.created_at) == (
        new.plan,
        new.severity,
        new.options,
        new.deadline_at - new.created_at,
    )
