"""What people read in Slack: answers at once, thread lines in order, nothing lost in silence."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from approvals.canonical import operation_digest
from approvals.commands import ReplyTo
from bot.messaging import (
    SlackAwayError,
    SlackBusyError,
    SlackRefusedError,
    SlackUnsureError,
)
from storage.memory.store import Alone
from tests.bot.background.building import (
    CHANNEL,
    Crash,
    Held,
    OfAnother,
    Office,
    Taken,
    forget,
    know_nobody,
)
from tests.building import OPERATION, a_claim, a_vote

REPLY = ReplyTo(channel=CHANNEL)


async def told(office: Office, escalation_id: str) -> list[tuple[str, str]]:
    """Kind and state of what was owed besides answers."""
    owed = await office.store.deliveries.of(escalation_id)
    return [(d.kind, d.state) for d in owed if d.kind != "answer"]


async def test_a_decision_is_told_in_the_thread_of_the_channels_card(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved"]
    (card,) = office.slack.on(CHANNEL)
    assert {p.thread_ts for p in office.slack.on(CHANNEL, thread=True)} == {card.ts}


async def test_an_answer_is_told_to_the_clicker_alone_where_they_are(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_, reply=REPLY)
    await office.speak()
    ((channel, account, message),) = office.slack.whispered
    assert (channel, account, message.text) == (CHANNEL, "USAM", "decided")


async def test_a_refused_whisper_becomes_a_direct_message(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_, reply=REPLY)
    office.slack.script("ephemeral", SlackRefusedError("user_not_in_channel"))
    await office.speak()
    assert office.slack.texts("DSAM")[-1] == "decided"


async def test_a_click_without_a_place_is_answered_by_direct_message(office: Office) -> None:
    id_ = await office.opened()
    await office.voted(id_, reply=ReplyTo())
    await office.speak()
    assert office.slack.texts("DSAM") == ["decided"]


async def test_a_thread_in_which_another_replica_speaks_is_left_to_it(office: Office) -> None:
    """It says our lines, too, each after the one before; else they come again with their lease."""
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.leases = OfAnother()
    office.restart()
    await office.speak()
    assert office.slack.on(CHANNEL, thread=True) == []
    office.leases = Alone()
    office.restart()
    office.clock.pass_(31)
    await office.speak()
    said = office.slack.on(CHANNEL, thread=True)
    assert [posted.message.text for posted in said] == ["voted", "decided-approved"]


#: Requests that go to different channels, and who may decide them.
EVERYWHERE = (
    ({"category": "retries_exhausted"}, "USAM"),
    ({"category": "schema_migration"}, "URAVI"),
    ({"category": "large_transaction", "requested_by": {"id": "lena@example.com"}}, "UMIA"),
)


async def test_an_answer_does_not_queue_behind_thread_lines_that_hang(office: Office) -> None:
    office.slack.channels |= {"C0DATABASE", "C0PAYMENTS"}
    opened = [
        (await office.opened(f"{account}{n}", **request), account)
        for n in range(4)
        for request, account in EVERYWHERE
    ]
    for _ in range(4):
        await office.reconcile()
        office.clock.pass_(3)
    for id_, account in opened:
        await office.voted(id_, account, option="leave")
    hanging = [Held() for _ in range(30)]
    office.slack.script("post", *hanging, target=None)
    await office.speaker.once()
    for each in hanging[:8]:  # as many as may be under way at once
        await each.begun.wait()
    last = await office.opened("last")
    await office.voted(last, reply=REPLY)
    await office.speaker.once()
    async with asyncio.timeout(5):
        while not office.slack.whispered:  # noqa: ASYNC110  another task
            await asyncio.sleep(0.001)
    for each in hanging:
        each.go.set()
    await office.speaker.answers.idle()
    await office.speaker.lanes.idle()


async def test_an_answer_goes_out_while_the_channels_budget_is_used_up(office: Office) -> None:
    ids = [await office.opened(f"k{n}") for n in range(6)]
    for _ in range(6):
        await office.reconcile()
        office.clock.pass_(3)
    for id_ in ids:
        await office.voted(id_)
    await office.speak()
    assert len(office.slack.on(CHANNEL, thread=True)) == 3
    another = await office.opened("another")
    await office.voted(another, account="UPRIYA", reply=REPLY)
    await office.speak()
    assert [account for _, account, _ in office.slack.whispered] == ["UPRIYA"]


@pytest.mark.parametrize(
    "error",
    [
        SlackUnsureError("timeout"),
        SlackBusyError("ratelimited", retry_after=7),
        SlackAwayError("unreachable"),
    ],
)
async def test_later_lines_of_a_thread_never_overtake_the_first(
    office: Office, error: Exception
) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("post", error)
    await office.speak()
    await office.store.writer.submit(a_claim(id_))
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == []
    for _ in range(3):
        office.clock.pass_(31)
        await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved", "started"]


async def test_many_lines_of_one_instant_come_in_the_order_they_happened(office: Office) -> None:
    """More than ten, so that ids compared as text would be out of order."""
    options = [
        {"key": "slow", "label": "Slowly", "effect": "release", "arguments": {"argv": ["slow"]}},
        {"key": "fast", "label": "Fast", "effect": "release", "arguments": {"argv": ["fast"]}},
        {"key": "leave", "label": "Leave it", "effect": "abort"},
    ]
    id_ = await office.opened(
        category="large_transaction", requested_by={"id": "lena@example.com"}, options=options
    )
    office.slack.channels.add("C0PAYMENTS")
    await office.reconcile()
    for n in range(12):  # she changes her mind
        option, digest = ("slow", "fast")[n % 2], operation_digest(OPERATION, options)
        await office.voted(id_, "UMIA", option=option, digest=digest, read_whole=True)
    for _ in range(12):
        await office.speak()
        office.clock.pass_(3)
    lines = [d for d in await office.store.deliveries.of(id_) if d.kind == "thread"]
    said = [p.key for p in office.slack.on("C0PAYMENTS", thread=True)]
    numbers = [[int(part) for part in key.split("_")[2:]] for key in said]
    assert len(lines) == len(said) == 12
    assert numbers == sorted(numbers)


async def test_a_line_waits_until_the_card_is_posted(office: Office) -> None:
    id_ = await office.opened()
    await office.voted(id_)
    for _ in range(8):
        await office.speak()
        office.clock.pass_(200)
    assert office.slack.count("post", CHANNEL) == 0
    await office.reconcile()
    office.clock.pass_(600)
    await office.speak()
    office.clock.pass_(31)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved"]
    assert office.slack.count("find") == 0


async def test_a_line_whose_card_was_deleted_goes_to_the_new_card(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    office.slack.delete(office.slack.on(CHANNEL)[0])
    await office.voted(id_)
    await office.speak()
    await office.reconcile()
    office.clock.pass_(31)
    await office.speak()
    (card,) = office.slack.on(CHANNEL)
    lines = office.slack.on(CHANNEL, thread=True)
    assert [(p.message.text, p.thread_ts) for p in lines] == [
        ("voted", card.ts),
        ("decided-approved", card.ts),
    ]


async def test_a_refused_line_is_given_up_and_the_next_is_said(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("post", SlackRefusedError("restricted_action"))
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["decided-approved"]
    assert await told(office, id_) == [("thread", "failed"), ("thread", "delivered")]
    assert office.counts.given_up.labels("thread", "restricted_action")._value.get() == 1


async def test_a_line_without_an_answer_is_found_and_not_said_twice(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("post", Taken(SlackUnsureError("timeout")))
    await office.speak()
    office.clock.pass_(31)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved"]


async def test_a_crash_after_a_line_was_said_does_not_say_it_twice(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    office.slack.script("post", Taken(Crash()))
    await office.speak()
    office.restart()
    office.clock.pass_(31)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved"]


async def test_direct_messages_go_to_people_and_to_bare_accounts(office: Office) -> None:
    id_ = await office.opened(requested_by={"id": "x@example.com", "slack": "UNOBODY"})
    await office.voted(id_, option="leave")
    await office.speak()
    assert office.slack.texts("DNOBODY") == ["decided-rejected"]


async def test_a_message_to_a_person_without_an_account_is_given_up(office: Office) -> None:
    id_ = await office.opened(requested_by={"id": "dana@example.com"})
    await office.voted(id_, option="leave")
    forget(office, "dana")
    await office.speak()
    direct = next(d for d in await office.store.deliveries.of(id_) if d.kind == "direct")
    assert (direct.state, direct.error) == ("failed", "person_without_account")


async def test_until_people_are_known_only_answers_are_said(office: Office) -> None:
    id_ = await office.opened(requested_by={"id": "dana@example.com"})
    await office.reconcile()
    await office.voted(id_, option="leave", reply=REPLY)
    look_up = know_nobody(office)
    await office.speak()
    assert len(office.slack.whispered) == 1
    assert [state for _, state in await told(office, id_)] == ["pending"] * 3
    look_up()
    await office.speak()
    assert [state for _, state in await told(office, id_)] == ["delivered"] * 3


async def test_an_answer_that_comes_too_late_is_dropped_and_says_so(office: Office) -> None:
    id_ = await office.opened()
    await office.voted(id_, reply=REPLY)
    office.clock.pass_(31 * 60)
    await office.speak()
    answer = next(d for d in await office.store.deliveries.of(id_) if d.kind == "answer")
    assert (answer.state, answer.error) == ("failed", "too_late")
    assert office.slack.whispered == []
    assert office.counts.given_up.labels("answer", "too_late")._value.get() == 1


async def test_what_cannot_be_said_for_a_day_is_given_up(office: Office) -> None:
    id_ = await office.opened()
    await office.voted(id_)
    for hours in (0, 1, 12, 25):
        office.clock.now = office.clock.now + timedelta(hours=hours)
        await office.speak()
    owed = await office.store.deliveries.of(id_)
    assert {(d.state, d.error) for d in owed if d.kind == "thread"} == {
        ("failed", "card_not_posted")
    }


async def test_a_message_that_cannot_be_drawn_holds_up_nothing(office: Office) -> None:
    plain = office.artist

    class Clumsy:
        """Cannot draw votes."""

        card = plain.card

        def delivery(self, escalation: Any, delivery: Any, people: Any, now: Any) -> Any:
            """Drawn by the plain one, mostly."""
            if delivery.payload["case"] == "voted":
                raise KeyError("name")
            return plain.delivery(escalation, delivery, people, now)

    office.artist = Clumsy()
    office.restart()
    id_ = await office.opened()
    await office.reconcile()
    await office.voted(id_)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["decided-approved"]


async def test_cards_and_lines_share_the_budget_of_a_channel(office: Office) -> None:
    id_ = await office.opened()
    await office.reconcile()
    await office.opened("two")
    await office.opened("three")
    await office.reconcile()
    await office.voted(id_)
    await office.speak()
    assert len(office.slack.on(CHANNEL)) == 3
    assert office.slack.on(CHANNEL, thread=True) == []
    office.clock.pass_(3)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["voted", "decided-approved"]


async def test_what_a_modal_has_shown_is_not_said_again(office: Office) -> None:
    id_ = await office.opened()
    click = a_vote(id_, reply=ReplyTo(in_modal=True))
    await office.store.writer.submit(click)
    await office.store.deliveries.answered(click.id, office.clock.now)
    office.clock.pass_(10)
    await office.speak()
    assert office.slack.whispered == []
    assert office.slack.texts("DSAM") == []
