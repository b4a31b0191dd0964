"""Reads and lists: every filter, both orders, pages that lose nothing and repeat nothing."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from approvals.commands import Actor, Look, Stop
from approvals.escalation import Escalation
from approvals.ports import Wanted
from approvals.words import Status
from bot.ids import new_id
from tests.building import a_claim, a_vote
from tests.storage.stand import TWO_PEOPLE, Stand


async def paged(stand: Stand, wanted: Wanted, limit: int) -> list[str]:
    """The ids of all pages, one after the other."""
    cursor, seen = None, []
    while True:
        page = await stand.store.reads.page(wanted, cursor, limit)
        assert len(page.items) <= limit
        seen += [e.id for e in page.items]
        if page.next_cursor is None:
            return seen
        cursor = page.next_cursor


def ids_of(found: Sequence[Escalation]) -> list[str]:
    """Their ids, in order."""
    return [e.id for e in found]


async def test_what_is_not_there_is_none(stand: Stand) -> None:
    assert await stand.store.reads.escalation("esc_unknown") is None
    assert await stand.store.reads.ending_in("abcdef") == ()
    assert (await stand.store.reads.page(Wanted(), None, 10)).items == ()
    assert await stand.store.reads.pending() == ()
    assert await stand.store.reads.last_decided() == ()


async def test_many_are_read_by_their_ids_at_once(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.reads.AT_ONCE", 2)
    ids = [*await stand.fill(5), "esc_unknown"]
    await stand.submit(a_vote(ids[1]))
    assert await stand.store.reads.versions(ids) == dict.fromkeys(ids[:5], 1) | {ids[1]: 3}
    assert sorted(ids_of(await stand.store.reads.these(ids[1:]))) == sorted(ids[1:5])
    assert (await stand.store.reads.these([]), await stand.store.reads.versions([])) == ((), {})


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
async def test_pages_of_pending_follow_the_deadline_and_lose_nothing(
    stand: Stand, limit: int
) -> None:
    ids = await stand.fill(7)
    assert await paged(stand, Wanted(status="pending"), limit) == ids


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
async def test_pages_of_everything_are_newest_first_and_lose_nothing(
    stand: Stand, limit: int
) -> None:
    ids = await stand.fill(7)
    assert await paged(stand, Wanted(service="data-sync"), limit) == ids[::-1]


@pytest.mark.parametrize("status", ["pending", None])
async def test_pages_lose_nothing_when_all_came_in_the_same_instant(
    stand: Stand, status: str | None
) -> None:
    ids = sorted([await stand.open(f"k{n}") for n in range(7)], reverse=status is None)
    assert await paged(stand, Wanted(status=status), 2) == ids


async def test_pages_of_what_few_share_are_newest_first_and_lose_nothing(stand: Stand) -> None:
    ids = await stand.fill(5, reference="CHG-1042")
    await stand.open("other")
    assert await paged(stand, Wanted(reference="CHG-1042"), 2) == ids[::-1]


async def test_a_page_that_was_read_before_shows_what_changed_since(stand: Stand) -> None:
    first, second = await stand.fill(2)
    wanted = Wanted(status="pending")
    before = await stand.store.reads.page(wanted, None, 10)
    assert before == await stand.store.reads.page(wanted, None, 10)
    await stand.submit(Look(id=new_id("cmd"), escalation_id=second, actor=Actor(account="USAM")))
    after = await stand.store.reads.page(wanted, None, 10)
    assert ids_of(after.items) == [first, second]
    assert after.items[0] == before.items[0]
    assert after.items[1] == await stand.read(second) != before.items[1]


async def test_the_sooner_deadline_comes_first_among_pending(stand: Stand) -> None:
    late = await stand.open("late", decide_within_s=7200)
    soon = await stand.open("soon", decide_within_s=600)
    assert await paged(stand, Wanted(status="pending"), 1) == [soon, late]
    assert ids_of(await stand.store.reads.pending()) == [soon, late]
    assert ids_of(await stand.store.reads.pending(1)) == [soon]


async def test_a_page_goes_on_where_it_was_though_the_last_one_was_decided(stand: Stand) -> None:
    ids = await stand.fill(4)
    page = await stand.store.reads.page(Wanted(status="pending"), None, 2)
    await stand.submit(a_vote(ids[1]))
    await stand.submit(a_vote(ids[2]))
    rest = await stand.store.reads.page(Wanted(status="pending"), page.next_cursor, 2)
    assert ids_of(rest.items) == [ids[3]]


async def test_a_page_is_not_shifted_by_what_comes_in_meanwhile(stand: Stand) -> None:
    ids = await stand.fill(4)
    page = await stand.store.reads.page(Wanted(), None, 2)
    await stand.open("new")
    rest = await stand.store.reads.page(Wanted(), page.next_cursor, 2)
    assert ids_of(page.items) + ids_of(rest.items) == ids[::-1]


@pytest.mark.parametrize("cursor", ["", "bm9uc2Vuc2U=", "x", "é", "WzEsMl0=", "bnVsbA==", "e30="])
async def test_a_foreign_cursor_is_refused(stand: Stand, cursor: str) -> None:
    await stand.fill(2)
    with pytest.raises(ValueError, match="not a cursor"):
        await stand.store.reads.page(Wanted(), cursor, 10)


#: What the one to be found has, and others have not.
DISTINCT: dict[str, Any] = {
    "category": "service_health",
    "severity": "critical",
    "reference": "INC-1",
    "dedup_key": "sync",
    "title": "Überweisung 100% of a_b \\ done",
}


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(category="service_health"),
        Wanted(severity="critical"),
        Wanted(reference="INC-1"),
        Wanted(dedup_key="sync"),
        Wanted(status="approved"),
        Wanted(q="überweisung"),
        Wanted(q="Überweisung"),
        Wanted(q="100%"),
        Wanted(q="A_B"),
        Wanted(q="\\ DONE"),
        Wanted(kind="approval", status="approved", category="service_health", q="done"),
    ],
    ids=lambda wanted: ",".join(f"{k}={v}" for k, v in asdict(wanted).items() if v),
)
async def test_each_filter_finds_what_it_names_and_nothing_else(
    stand: Stand, wanted: Wanted
) -> None:
    await stand.fill(2, title="Sync", reference="INC-2")
    id_ = await stand.open("this", **DISTINCT)
    await stand.submit(a_vote(id_, typed="sync_data"))
    await stand.open("axb", title="100 % of axb / done", dedup_key="other")
    assert (await stand.read(id_)).status is Status.APPROVED
    assert await paged(stand, wanted, 10) == [id_]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(service="payments"),
        Wanted(kind="incident"),
        Wanted(status="expired"),
        Wanted(severity="low"),
        Wanted(category="sync"),
        Wanted(reference="inc"),
        Wanted(q="sync_0"),
        Wanted(q="%sync"),
        Wanted(status="pending", service="payments"),
        Wanted(status="pending'; --"),
    ],
    ids=lambda wanted: ",".join(f"{k}={v}" for k, v in asdict(wanted).items() if v),
)
async def test_a_filter_that_nothing_fits_finds_nothing(stand: Stand, wanted: Wanted) -> None:
    await stand.fill(2, reference="INC-2")
    assert await paged(stand, wanted, 10) == []


async def test_filters_hold_across_pages(stand: Stand) -> None:
    ids = await stand.fill(6)
    for id_ in ids[::2]:
        await stand.submit(a_vote(id_))
    assert await paged(stand, Wanted(status="approved"), 1) == ids[::2][::-1]
    assert await paged(stand, Wanted(status="pending"), 1) == ids[1::2]
    assert ids_of(await stand.store.reads.pending()) == ids[1::2]


async def test_an_escalation_is_found_by_the_end_of_its_id(stand: Stand) -> None:
    id_, other = await stand.fill(2)
    assert ids_of(await stand.store.reads.ending_in(id_[-6:])) == [id_]
    assert ids_of(await stand.store.reads.ending_in(other[-6:])) == [other]
    assert await stand.store.reads.ending_in("") == ()
    assert await stand.store.reads.ending_in(id_[-5:]) == ()


async def test_unclaimed_ones_are_approved_held_and_soonest_to_lapse_first(stand: Stand) -> None:
    ids = await stand.fill(5)
    for id_ in ids[:4]:
        await stand.submit(a_vote(id_))
        stand.clock.pass_(1)
    await stand.submit(a_claim(ids[1]))
    actor = Actor(account="UPRIYA")
    await stand.submit(Stop(id=new_id("cmd"), escalation_id=ids[2], actor=actor))
    assert ids_of(await stand.store.reads.unclaimed()) == [ids[0], ids[3]]
    assert ids_of(await stand.store.reads.unclaimed(1)) == [ids[0]]


async def test_the_last_decided_come_newest_first(stand: Stand) -> None:
    ids = await stand.fill(4)
    for id_ in (ids[2], ids[0], ids[1]):
        await stand.submit(a_vote(id_, option="leave"))
        stand.clock.pass_(1)
    assert ids_of(await stand.store.reads.last_decided()) == [ids[1], ids[0], ids[2]]
    assert ids_of(await stand.store.reads.last_decided(2)) == [ids[1], ids[0]]


async def test_lists_are_the_same_after_a_restart(stand: Stand) -> None:
    await stand.fill(3)
    before = await stand.store.reads.pending()
    await stand.restart()
    assert await stand.store.reads.pending() == before


async def test_outlines_are_all_that_is_pending_without_what_it_would_run(stand: Stand) -> None:
    ids = await stand.fill(3, context={"error": {"type": "E", "message": "m"}})
    await stand.submit(a_vote(ids[1]))
    found = await stand.store.reads.outlines()
    assert [e.id for e in found] == [ids[0], ids[2]]
    whole = await stand.read(ids[0])
    assert whole.operation is not None
    bare = replace(whole.operation, arguments={})
    assert found[0] == replace(whole, operation=bare, context={})


async def test_an_outline_is_as_new_as_the_last_commit(stand: Stand) -> None:
    (id_,) = await stand.fill(1)
    assert (await stand.store.reads.outlines())[0].votes == ()
    stand.facts.policy = TWO_PEOPLE
    other = await stand.open("k9")
    await stand.submit(a_vote(other))
    assert [len(e.votes) for e in await stand.store.reads.outlines()] == [0, 1]
    await stand.submit(a_vote(id_))
    assert [e.id for e in await stand.store.reads.outlines()] == [other]
    await stand.restart()
    assert [len(e.votes) for e in await stand.store.reads.outlines()] == [1]
