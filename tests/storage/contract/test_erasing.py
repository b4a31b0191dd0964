"""Erasing: the store keeps what is left, and no body of what was before."""

import pytest

from approvals.erasing import ERASED
from approvals.evolve import evolve
from approvals.ports import Wanted
from approvals.refusals import Why
from approvals.verdict import Case
from tests.building import a_claim, a_report, an_erasure
from tests.storage.stand import Stand


async def over(stand: Stand) -> str:
    """The id of an escalation that ran."""
    id_ = await stand.approved()
    await stand.submit(a_claim(id_))
    await stand.submit(a_report(id_, detail="Lena's"))
    return id_


async def test_the_bodies_go_and_the_chain_stays(stand: Stand) -> None:
    id_ = await over(stand)
    before = await stand.store.reads.records(id_)
    await stand.submit(an_erasure(id_))
    *gone, last = await stand.store.reads.records(id_)
    assert [(r.seq, r.prev, r.hash, r.body_hash) for r in gone] == [
        (r.seq, r.prev, r.hash, r.body_hash) for r in before
    ]
    assert {(r.text, len(r.body), len(r.command), len(r.facts)) for r in gone} == {("", 0, 0, 0)}
    assert (last.kind, last.body["reason"]) == ("record:erased", "asked to")


async def test_what_is_left_is_what_the_record_says(stand: Stand) -> None:
    id_ = await over(stand)
    await stand.submit(an_erasure(id_))
    read = await stand.read(id_)
    *_, last = await stand.store.reads.records(id_)
    assert evolve(None, last) == read
    assert (read.title, read.status) == (ERASED, "approved")


async def test_nobody_is_told_of_it_any_more(stand: Stand) -> None:
    """Messages that wait would tell what is gone."""
    id_ = await over(stand)
    assert {d.state for d in await stand.store.deliveries.of(id_)} == {"pending"}
    await stand.submit(an_erasure(id_))
    told = await stand.store.deliveries.of(id_)
    assert {(d.state, d.error, str(d.payload)) for d in told} == {("failed", "erased", "{}")}
    kinds = ("thread", "direct", "page", "answer")
    assert await stand.store.deliveries.due(kinds, stand.clock.now, 100) == ()


async def test_a_callback_under_way_still_wakes_its_service(stand: Stand) -> None:
    """It says nothing but that there is news."""
    id_ = await stand.open(callback_url="https://svc.example/andon")
    stand.clock.pass_(100_000)
    await stand.tick(id_)
    await stand.submit(an_erasure(id_))
    (owed,) = [d for d in await stand.store.deliveries.of(id_) if d.kind == "callback"]
    assert (owed.state, owed.target) == ("pending", "https://svc.example/andon")
    assert owed.payload["type"] == "escalation.expired"


async def test_it_is_found_by_its_id_and_not_by_what_it_was_called(stand: Stand) -> None:
    id_ = await over(stand)
    await stand.submit(an_erasure(id_))
    named = await stand.store.reads.page(Wanted(q="Data sync"), None, 10)
    listed = await stand.store.reads.page(Wanted(status="approved"), None, 10)
    assert ([], [id_]) == ([e.id for e in named.items], [e.id for e in listed.items])


async def test_its_cards_come_after_all_others(stand: Stand) -> None:
    """Thousands may be erased at once; what waits for people goes first."""
    old = await over(stand)
    await stand.submit(an_erasure(old))
    new = await stand.open("k2")
    stand.clock.pass_(1)
    due = await stand.store.cards.due(stand.clock.now, 100)
    order = [card.escalation_id for card in due]
    assert order == sorted(order, key=[new, old].index)
    assert set(order) == {new, old}


@pytest.mark.parametrize("story", ["pending", "approved"])
async def test_what_may_still_go_on_is_not_erased(stand: Stand, story: str) -> None:
    id_ = await (stand.open() if story == "pending" else stand.approved())
    refused = (await stand.submit(an_erasure(id_))).refusal
    assert refused is not None
    assert refused.why is Why.NOT_OVER


async def test_a_second_time_changes_nothing(stand: Stand) -> None:
    id_ = await over(stand)
    await stand.submit(an_erasure(id_))
    before = await stand.read(id_)
    assert (await stand.submit(an_erasure(id_))).answer.case is Case.REPEATED
    assert await stand.read(id_) == before
