"""The card reconciler: posts what is missing, redraws what differs, and nothing else."""

from typing import Any

import pytest

from bot.messaging import (
    SlackAwayError,
    SlackError,
    SlackRefusedError,
    SlackUnsureError,
)
from bot.slack.artist import Drawings
from tests.bot.background.building import CHANNEL, Crash, Held, Office, Taken, change
from tests.building import a_claim

#: A request that wants two people.
PAIR: dict[str, Any] = {
    "category": "large_transaction",
    "requested_by": {"id": "lena@example.com"},
}


async def test_an_opening_is_posted_in_the_channel_and_to_each_approver(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    assert sorted((p.channel, p.message.text) for p in office.slack.posted) == [
        (CHANNEL, f"{id_} v1 pending"),
        ("DPRIYA", f"{id_} v0 pending"),
        ("DSAM", f"{id_} v0 pending"),
    ]


async def test_a_card_is_redrawn_when_its_drawing_differs(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v3 approved"]
    assert office.slack.texts("DSAM") == [f"{id_} v0 approved"]


async def test_an_equal_drawing_needs_no_call(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    calls = list(office.slack.calls)
    await office.store.cards.touch(id_)  # what they show is not known: drawn once more
    await office.reconcile()
    assert office.slack.count("update") == 3
    office.clock.pass_(60)
    await office.reconcile()
    assert len(office.slack.calls) == len(calls) + 3


async def test_changes_while_an_update_is_under_way_are_drawn_together(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    held = Held()
    office.slack.script("update", held)
    await change(office, id_)
    await office.reconciler.once()
    await held.begun.wait()
    for _ in range(10):
        await change(office, id_)
        await office.reconciler.once()
    held.go.set()
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v12 pending"]
    assert office.slack.count("update", CHANNEL) == 2


async def test_a_direct_message_is_redrawn_only_for_what_is_judged_and_at_the_end(
    office: Office,
) -> None:
    """With the real drawings: counts live in the channel's card."""
    office.artist = Drawings()
    office.slack.channels.add("C0PAYMENTS")
    office.restart()
    id_ = await office.opened(**PAIR)
    await office.reconcile()
    await office.voted(id_, "UMIA", read_whole=True)
    await office.reconcile()
    assert redraws(office, "C0PAYMENTS", "DMIA", "DTOM", "DOMAR") == [1, 0, 0, 0]
    await change(office, id_)
    await office.reconcile()
    assert redraws(office, "C0PAYMENTS", "DMIA", "DTOM", "DOMAR") == [2, 1, 1, 1]
    await office.voted(id_, "UTOM", option="leave", shown=1)
    await office.reconcile()
    assert redraws(office, "C0PAYMENTS", "DMIA", "DTOM", "DOMAR") == [3, 2, 2, 2]


def redraws(office: Office, *channels: str) -> list[int]:
    """How often each was redrawn."""
    return [office.slack.count("update", channel) for channel in channels]


async def test_a_post_without_an_answer_is_found_and_not_posted_twice(office: Office) -> None:
    id_ = await office.opened()
    office.slack.script("post", Taken(SlackUnsureError("timeout")))
    await office.reconcile()
    assert (await office.card(id_)).error == "no answer yet (timeout)"
    office.clock.pass_(5)
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 1
    assert (await office.card(id_)).ts == office.slack.on(CHANNEL)[0].ts


async def test_a_post_that_was_not_taken_is_posted(office: Office) -> None:
    await office.opened()
    office.slack.script("post", SlackUnsureError("timeout"))
    await office.reconcile()
    office.clock.pass_(5)
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 1


async def test_a_found_card_is_drawn_as_it_should_be_now(office: Office) -> None:
    id_ = await office.opened()
    office.slack.script("post", Taken(SlackUnsureError("timeout")))
    await office.reconcile()
    await office.voted(id_)
    office.clock.pass_(5)
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v3 approved"]


async def test_a_crash_after_the_post_leaves_one_card(office: Office) -> None:
    id_ = await office.opened()
    office.slack.script("post", Taken(Crash()))
    await office.reconcile()
    office.restart()
    assert (await office.card(id_)).ts is None
    office.clock.pass_(31)
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 1
    assert (await office.card(id_)).ts == office.slack.on(CHANNEL)[0].ts


async def test_a_crash_after_the_redraw_is_drawn_once_more(office: Office) -> None:
    """Even if by then the card should look as its row remembers it."""
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("update", Taken(Crash()))
    await office.reconcile()
    office.restart()
    assert (await office.card(id_)).drawn is None
    office.clock.pass_(31)
    await office.reconcile()
    assert office.slack.count("update", CHANNEL) == 2


async def test_what_a_dead_process_drew_may_come_late_and_is_drawn_over(office: Office) -> None:
    """Its call was on its way when another drew what came next."""
    id_ = await office.opened()
    await office.reconcile()
    before = office.slack.on(CHANNEL)[0].message
    await change(office, id_)
    office.slack.script("update", Crash())
    await office.reconcile()
    office.restart()
    await change(office, id_)
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v3 pending"]
    office.slack.on(CHANNEL)[0].message = before
    office.clock.pass_(31)
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v3 pending"]
    office.clock.pass_(31)
    await office.reconcile()
    assert office.slack.count("update", CHANNEL) == 3


async def test_where_the_bot_may_not_look_a_second_card_is_better_than_none(
    office: Office,
) -> None:
    await office.opened()
    office.slack.script("post", SlackUnsureError("timeout"))
    office.slack.always("find", CHANNEL, SlackRefusedError("missing_scope"))
    await office.reconcile()
    office.clock.pass_(5)
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 1


async def test_an_update_without_an_answer_is_drawn_again(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("update", Taken(SlackUnsureError("timeout")))
    await office.reconcile()
    office.clock.pass_(5)
    await office.reconcile()
    assert office.slack.on(CHANNEL)[0].redrawn == 2


@pytest.mark.parametrize("approved", [False, True])
async def test_a_deleted_card_is_posted_anew_while_it_can_be_pressed(
    office: Office, approved: bool
) -> None:
    """An approved operation can still be stopped."""
    id_ = await office.opened()
    await office.reconcile()
    if approved:
        await office.voted(id_)
        await office.reconcile()
    office.slack.delete(office.slack.on(CHANNEL)[0])
    await office.store.cards.touch(id_)
    await office.reconcile()
    (again,) = office.slack.on(CHANNEL)
    assert (await office.card(id_)).ts == again.ts


async def test_a_deleted_card_stays_deleted_when_it_is_over(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    office.slack.delete(office.slack.on(CHANNEL)[0])
    await office.voted(id_, option="leave")
    await office.reconcile()
    office.clock.pass_(600)
    await office.reconcile()
    assert office.slack.on(CHANNEL) == []
    assert office.slack.count("update", CHANNEL) == 1


async def test_one_that_cannot_be_drawn_does_not_stop_the_others(office: Office) -> None:
    class Clumsy:
        """Fails for one escalation."""

        delivery = office.artist.delivery

        def card(self, escalation: Any, card: Any, seen: Any) -> Any:
            """Drawn by the plain one, mostly."""
            if escalation.id == bad:
                raise ValueError("cannot draw")
            return plain.card(escalation, card, seen)

    plain, bad = office.artist, await office.opened("bad")
    office.artist = Clumsy()
    office.restart()
    good = await office.opened("good")
    await office.reconcile()
    assert {p.message.text.split()[0] for p in office.slack.posted} == {good}
    assert (await office.card(bad)).error == "failed"
    assert office.reconciler.lanes.failures == 0


async def test_two_reconcilers_on_the_same_rows_never_post_twice(office: Office) -> None:
    for n in range(4):
        await office.opened(f"k{n}")
    both = (office.reconciler, office.a_reconciler())
    for _ in range(10):
        for each in both:
            await each.once()
        for each in both:
            await each.lanes.idle()
        office.clock.pass_(31)
    assert len(office.slack.posted) == 12
    assert len({p.key for p in office.slack.posted}) == 12


async def test_what_was_taken_long_ago_is_left_to_whoever_takes_it_now(office: Office) -> None:
    """A call that begins after its lease could meet the call of another."""
    await office.opened()
    held = [Held() for _ in range(8)]
    office.slack.script("post", *held, target=None)
    for n in range(3):
        await office.opened(f"k{n}")
    await office.reconciler.once()  # twelve looks, eight at once
    for each in held:
        await each.begun.wait()
    office.clock.pass_(26)
    for each in held:
        each.go.set()
    await office.reconciler.lanes.idle()
    assert len(office.slack.posted) == 8
    office.clock.pass_(31)
    await office.reconcile()
    assert len(office.slack.posted) == 12


async def test_a_slow_card_holds_up_only_itself(office: Office) -> None:
    await office.opened("slow")
    held = Held()
    office.slack.script("post", held)
    await office.reconciler.once()
    await held.begun.wait()
    other = await office.opened("other")
    await office.reconciler.once()
    while not office.slack.on(CHANNEL):
        await settled_but_for(office)
    assert office.slack.texts(CHANNEL) == [f"{other} v1 pending"]
    held.go.set()
    await office.reconciler.lanes.idle()


async def settled_but_for(office: Office) -> None:
    """Let others go on."""
    await office.store.reads.pending()


@pytest.mark.parametrize("error", [SlackError("odd"), SlackUnsureError(), SlackAwayError()])
async def test_every_failure_is_tried_again_later(office: Office, error: SlackError) -> None:
    await office.opened()
    office.slack.script("post", error)
    await office.reconcile()
    office.clock.pass_(31)
    await office.reconcile()
    assert len(office.slack.posted) == 3


async def test_the_card_shows_the_service_taking_the_release(office: Office) -> None:
    id_ = await office.opened()
    await office.voted(id_)
    await office.store.writer.submit(a_claim(id_))
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v4 approved"]
