"""Deliveries: owed in the commit that owes them, in order, settled once."""

import asyncio
from datetime import timedelta

import pytest

from approvals.commands import ReplyTo
from approvals.ports import Delivery
from tests.building import a_claim, a_vote
from tests.storage.stand import Stand

CALLBACK = "https://service.example/hook"


async def due(stand: Stand, *kinds: str, limit: int = 50) -> tuple[Delivery, ...]:
    """Take what is due now of these kinds."""
    return await stand.store.deliveries.due(kinds, stand.clock.now, limit)


async def kept(stand: Stand, delivery: Delivery) -> Delivery:
    """The delivery as it stands now."""
    found = await stand.store.deliveries.of(delivery.escalation_id)
    return next(d for d in found if d.id == delivery.id)


async def test_a_click_owes_one_answer_however_often_it_is_delivered(stand: Stand) -> None:
    click = a_vote(await stand.open())
    for _ in range(11):
        await stand.submit(click)
    found = await due(stand, "answer")
    assert [(d.id, d.target, d.payload["case"]) for d in found] == [
        (f"ans_{click.id}", "USAM", "decided")
    ]


async def test_a_click_delivered_eleven_times_at_once_owes_one_answer(stand: Stand) -> None:
    click = a_vote(await stand.open())
    await asyncio.gather(*(stand.submit(click) for _ in range(11)))
    assert [d.payload["case"] for d in await due(stand, "answer")] == ["decided"]


async def test_a_decision_owes_a_line_a_callback_and_an_answer(stand: Stand) -> None:
    id_ = await stand.open(callback_url=CALLBACK)
    await stand.submit(a_vote(id_, option="leave"))
    owed = await stand.store.deliveries.of(id_)
    assert sorted((d.kind, d.target, d.payload.get("case")) for d in owed) == [
        ("answer", "USAM", "aborted"),
        ("callback", CALLBACK, None),
        ("thread", "", "decided-rejected"),
        ("thread", "", "voted"),
    ]
    assert {d.state for d in owed} == {"pending"}
    assert {d.created_at for d in owed} == {stand.clock.now}


async def test_a_callback_says_what_the_decision_says(stand: Stand) -> None:
    id_ = await stand.open(callback_url=CALLBACK)
    await stand.submit(a_vote(id_))
    (callback,) = await due(stand, "callback")
    decided = await stand.read(id_)
    assert decided.decision is not None
    assert (callback.payload["type"], callback.payload["head"], callback.payload["version"]) == (
        "escalation.approved",
        decided.decision.head,
        decided.version,
    )


async def test_only_the_kinds_asked_for_are_taken(stand: Stand) -> None:
    id_ = await stand.open(callback_url=CALLBACK)
    await stand.submit(a_vote(id_))
    assert {d.kind for d in await due(stand, "callback")} == {"callback"}
    assert {d.kind for d in await due(stand, "thread", "answer")} == {"thread", "answer"}
    assert await due(stand, "thread", "answer", "callback") == ()


async def test_the_lines_of_a_thread_come_in_the_order_of_the_events(stand: Stand) -> None:
    id_ = await stand.open()
    for account in ("UMIA", "UTOM", "UOMAR", "URAVI", "UINES", "UDANA", "ULENA"):
        await stand.submit(a_vote(id_, account))  # nine records before the vote that counts
    await stand.submit(a_vote(id_))
    await stand.submit(a_claim(id_))
    lines = [d.payload["case"] for d in await due(stand, "thread")]
    assert lines == ["voted", "decided-approved", "started"]
    assert [
        d.payload["case"] for d in await stand.store.deliveries.of(id_) if d.kind == "thread"
    ] == lines


async def test_lines_keep_their_order_in_a_batch_of_many(stand: Stand) -> None:
    ids = await stand.fill(12)
    await asyncio.gather(*(stand.submit(a_vote(id_)) for id_ in ids))
    found = await due(stand, "thread")
    for id_ in ids:
        lines = [d.payload["case"] for d in found if d.escalation_id == id_]
        assert lines == ["voted", "decided-approved"]


async def test_the_longest_owed_comes_first(stand: Stand) -> None:
    ids = await stand.fill(3)
    for id_ in (ids[1], ids[2], ids[0]):
        await stand.submit(a_vote(id_))
        stand.clock.pass_(1)
    found = await due(stand, "answer", limit=2)
    assert [d.escalation_id for d in found] == [ids[1], ids[2]]


async def test_a_leased_delivery_is_not_taken_twice_until_the_lease_is_over(stand: Stand) -> None:
    await stand.approved()
    assert len(await due(stand, "answer")) == 1
    stand.clock.pass_(29)
    assert await due(stand, "answer") == ()
    stand.clock.pass_(1)
    assert len(await due(stand, "answer")) == 1


async def test_after_a_restart_answers_are_due_at_once_and_all_else_with_its_lease(
    stand: Stand,
) -> None:
    """Who leased them is gone, and a person waits for each answer; unless it was another replica
    that took them, which may be about to tell.
    """
    await stand.approved()
    assert len(await due(stand, "answer")) == 1
    assert len(await due(stand, "thread")) == 2
    await stand.restart()
    assert len(await due(stand, "answer")) == (1 if stand.is_alone else 0)
    assert await due(stand, "thread") == ()
    stand.clock.pass_(30)
    assert len(await due(stand, "answer")) == 1
    assert len(await due(stand, "thread")) == 2


async def test_a_delivery_tried_again_waits_and_remembers_its_attempts(stand: Stand) -> None:
    await stand.approved()
    (first,) = await due(stand, "answer")
    for _ in range(2):
        at = stand.clock.now + timedelta(seconds=120)
        await stand.store.deliveries.again(first.id, at, "x" * 500)
    stand.clock.pass_(119)
    assert await due(stand, "answer") == ()
    stand.clock.pass_(1)
    (again,) = await due(stand, "answer")
    assert (again.id, again.attempts, again.error) == (first.id, 2, "x" * 200)
    assert again.payload == first.payload


async def test_what_arrived_is_never_taken_again(stand: Stand) -> None:
    await stand.approved()
    (first,) = await due(stand, "answer")
    await stand.store.deliveries.delivered(first.id, stand.clock.now)
    stand.clock.pass_(3600)
    assert await due(stand, "answer") == ()
    done = await kept(stand, first)
    assert (done.state, done.attempts, done.error) == ("delivered", 1, None)


async def test_what_failed_for_good_says_why(stand: Stand) -> None:
    await stand.approved()
    (first,) = await due(stand, "answer")
    await stand.store.deliveries.failed(first.id, stand.clock.now, "channel_not_found")
    assert await due(stand, "answer") == ()
    done = await kept(stand, first)
    assert (done.state, done.error) == ("failed", "channel_not_found")


@pytest.mark.parametrize("late", ["failed", "delivered", "again"])
async def test_what_is_settled_stays_settled(stand: Stand, late: str) -> None:
    await stand.approved()
    (first,) = await due(stand, "answer")
    deliveries, now = stand.store.deliveries, stand.clock.now
    await deliveries.delivered(first.id, now)
    settled = await kept(stand, first)
    if late == "delivered":
        await deliveries.delivered(first.id, now)
    else:
        await (deliveries.again if late == "again" else deliveries.failed)(first.id, now, "late")
    stand.clock.pass_(3600)
    assert await due(stand, "answer") == ()
    assert await kept(stand, first) == settled


async def test_an_answer_the_door_has_shown_is_not_said_again(stand: Stand) -> None:
    click = a_vote(await stand.open())
    await stand.submit(click)
    await stand.store.deliveries.answered(click.id, stand.clock.now)
    await stand.store.deliveries.answered("cmd_unknown", stand.clock.now)
    assert await due(stand, "answer") == ()


async def test_an_answer_in_a_modal_is_left_to_the_door_for_a_while(stand: Stand) -> None:
    id_ = await stand.open()
    await stand.submit(a_vote(id_, reply=ReplyTo(in_modal=True)))
    assert await due(stand, "answer") == ()
    stand.clock.pass_(5)
    assert len(await due(stand, "answer")) == 1


async def test_what_a_reader_does_to_a_payload_is_its_own_affair(stand: Stand) -> None:
    id_ = await stand.approved()
    (first,) = await due(stand, "answer")
    dict.clear(first.payload)  # type: ignore[arg-type]
    assert (await kept(stand, first)).payload["case"] == "decided"
    assert await stand.store.deliveries.of(id_) != ()


async def test_nothing_is_owed_for_what_is_not_there(stand: Stand) -> None:
    assert await stand.store.deliveries.of("esc_unknown") == ()
    await stand.store.deliveries.again("msg_unknown", stand.clock.now, "?")
    assert await due(stand, "answer", "thread", "direct", "callback") == ()
