"""Delivery honesty: the core hears which ways to people failed, and what arrived late."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from approvals import events
from approvals.commands import Tick
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.ports import NotSavedError
from approvals.snapshot import Step
from bot.ids import new_id
from bot.messaging import SlackAwayError, SlackBusyError, SlackRefusedError, SlackUnsureError
from tests.approvals.scene import Planning
from tests.bot.background.building import CHANNEL, Held, Office, Taken

IN_CHANNEL = f"channel:{CHANNEL}"
STAGES = (
    Step(to=("channel", "approvers")),
    Step(to=("route:pager",), after_s=900),
)
AWAY = SlackAwayError("http_503")


def chained(office: Office, steps: tuple[Step, ...] = STAGES, **plan: Any) -> None:
    """From now on plans have a chain, and an hour to decide, and an hour more if need be."""
    before = office.facts.facts
    changes = {
        "steps": steps,
        "decide_within_s": 3600,
        "undelivered_max_s": 3600,
        **plan,
    }

    def facts(now: datetime) -> Facts:
        known = before(now)
        return Planning(people=known.people, policy=known.policy, more=changes)

    office.facts.facts = facts  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _with_a_chain(office: Office) -> None:
    chained(office)


async def now_of(office: Office, id_: str) -> Escalation:
    """The escalation as it stands."""
    found = await office.store.reads.escalation(id_)
    assert found is not None
    return found


async def missed(office: Office, id_: str) -> dict[str, str]:
    """What the core knows to have failed."""
    return {m.to: m.why for m in (await now_of(office, id_)).missed}


async def recorded(office: Office, id_: str, *kinds: str) -> list[str]:
    """The kinds of its records, of those named."""
    return [r.kind for r in await office.store.reads.records(id_) if r.kind in kinds]


async def tick(office: Office, id_: str) -> Escalation:
    """The clock comes by."""
    await office.store.writer.submit(Tick(id=new_id("cmd"), escalation_id=id_))
    return await now_of(office, id_)


def away(office: Office) -> Callable[[], None]:
    """Slack takes nothing, until the answer is called."""
    places = (CHANNEL, "USAM", "UPRIYA")
    for place in places:
        office.slack.always("post", place, AWAY)

    def back() -> None:
        for place in places:
            office.slack.always("post", place, None)

    return back


async def test_what_arrives_as_it_should_is_nobodys_news(office: Office) -> None:
    """No record, and no commit of its own."""
    id_ = await office.opened()
    office.clock.pass_(60)
    await office.reconcile()
    assert len(office.slack.posted) == 3
    assert [r.kind for r in await office.store.reads.records(id_)] == [events.OPENED]


async def test_a_channel_that_refuses_is_missed_with_slacks_word(office: Office) -> None:
    """The others got theirs; the chain keeps its moments."""
    office.slack.channels.clear()
    id_ = await office.opened()
    await office.reconcile()
    assert await missed(office, id_) == {IN_CHANNEL: "channel_not_found"}
    assert (await now_of(office, id_)).chain.taken == 1


async def test_a_refusal_that_stays_is_told_once(office: Office) -> None:
    """However often the card is tried."""
    office.slack.always("post", CHANNEL, SlackRefusedError("is_archived"))
    id_ = await office.opened()
    for _ in range(4):
        await office.reconcile()
        office.clock.pass_(299)
    assert office.slack.count("post", CHANNEL) > 1
    assert await recorded(office, id_, events.MISSED) == [events.MISSED]


async def test_where_everything_is_refused_the_next_stage_is_taken_at_once(
    office: Office,
) -> None:
    """The page does not wait for its quarter of an hour."""
    for place in (CHANNEL, "USAM", "UPRIYA"):
        office.slack.always("post", place, SlackRefusedError("restricted_action"))
    id_ = await office.opened()
    await office.reconcile()
    assert set(await missed(office, id_)) == {IN_CHANNEL, "person:sam", "person:priya"}
    assert (await now_of(office, id_)).chain.taken == 2
    assert [d.target for d in await office.store.deliveries.of(id_) if d.kind == "page"] == [
        "pager"
    ]


async def test_with_slack_away_all_first_messages_are_missed_at_once(office: Office) -> None:
    """After one failed attempt: the others need not be tried to know it."""
    away(office)
    id_ = await office.opened()
    await office.reconcile()
    assert await missed(office, id_) == {
        IN_CHANNEL: "slack_away",
        "person:sam": "slack_away",
        "person:priya": "slack_away",
    }
    assert (await now_of(office, id_)).chain.taken == 2


async def test_what_is_opened_while_slack_is_known_to_be_away_is_missed_at_once(
    office: Office,
) -> None:
    """Its cards wait for the line, and would tell nobody."""
    away(office)
    await office.opened("k1")
    for _ in range(4):
        await office.reconcile()
        office.clock.pass_(10)
    assert not office.line.works
    later = await office.opened("k2")
    await office.reconcile()
    assert set(await missed(office, later)) == {IN_CHANNEL, "person:sam", "person:priya"}


async def test_no_clear_answer_counts_as_none(office: Office) -> None:
    """If it was taken after all, that is found, and told."""
    chained(office, steps=STAGES[:1])
    for place in (CHANNEL, "USAM", "UPRIYA"):
        office.slack.script("post", Taken(SlackUnsureError("timeout")), target=place)
    id_ = await office.opened()
    await office.reconcile()
    assert len(await missed(office, id_)) == 3
    office.clock.pass_(31)
    await office.reconcile()
    assert len(office.slack.posted) == 3
    assert await recorded(office, id_, events.ARRIVED) == [events.ARRIVED]


async def under_way(office: Office) -> tuple[str, dict[str, Held]]:
    """All three cards are being posted; the people's will meet a Slack that is away."""
    held = {CHANNEL: Held(), "USAM": Held(AWAY), "UPRIYA": Held(AWAY)}
    for place, call in held.items():
        office.slack.script("post", call, target=place)
        if call.error is not None:
            office.slack.script("post", *[AWAY] * 9, target=place)
    id_ = await office.opened()
    await office.reconciler.once()
    for call in held.values():
        await call.begun.wait()
    return id_, held


async def test_while_another_call_is_under_way_nothing_is_missed(office: Office) -> None:
    """It may be taken: then somebody has heard of it."""
    id_, held = await under_way(office)
    for place in ("USAM", "UPRIYA"):
        held[place].go.set()
    for _ in range(20):
        await asyncio.sleep(0)
    held[CHANNEL].go.set()
    await office.reconciler.lanes.idle()
    assert await missed(office, id_) == {}
    assert len(office.slack.on(CHANNEL)) == 1


async def test_a_rate_limit_misses_nobody(office: Office) -> None:
    """It passes in a moment."""
    office.slack.script("post", SlackBusyError("ratelimited", 5))
    id_ = await office.opened()
    await office.reconcile()
    assert await missed(office, id_) == {}


async def test_slack_away_after_a_card_was_taken_misses_nobody(office: Office) -> None:
    """Somebody has heard of it; the others' cards come when Slack is back."""
    id_, held = await under_way(office)
    held[CHANNEL].go.set()
    while not any(card.posted_at for card in await office.store.cards.of(id_)):
        continue
    for place in ("USAM", "UPRIYA"):
        held[place].go.set()
    await office.reconcile()
    posted = [c for c in await office.store.cards.of(id_) if c.posted_at]
    assert len(posted) == 1
    office.clock.pass_(40)
    await office.reconcile()
    assert await missed(office, id_) == {}


async def test_somebody_whom_the_policy_names_no_more_is_missed(office: Office) -> None:
    """Their card has nowhere to go."""
    id_ = await office.opened()
    before = office.facts.facts

    def without(now: datetime) -> Facts:
        known = before(now)
        persons = {k: v for k, v in known.people.persons.items() if k != "sam"}
        return replace(known, people=replace(known.people, persons=persons))

    office.facts.facts = without  # type: ignore[method-assign]
    await office.reconcile()
    assert await missed(office, id_) == {"person:sam": "person_without_account"}


async def test_without_a_chain_nothing_is_told(office: Office) -> None:
    """As before."""
    chained(office, steps=())
    away(office)
    id_ = await office.opened()
    await office.reconcile()
    assert [r.kind for r in await office.store.reads.records(id_)] == [events.OPENED]


# -- back again -----------------------------------------------------------------------------------


async def test_slack_away_and_back_moves_the_deadline(office: Office) -> None:
    """By what was lost: the whole time begins with the first card."""
    back = away(office)
    chained(office, steps=STAGES[:1])
    id_ = await office.opened()
    opened = office.clock.now
    await office.reconcile()
    office.clock.pass_(1200)
    back()
    await office.reconcile()
    found = await now_of(office, id_)
    assert found.delivered_at == office.clock.now
    assert (found.deadline_at - opened).total_seconds() == 1200 + 3600
    assert await recorded(office, id_, events.ARRIVED) == [events.ARRIVED]


async def test_slack_back_after_the_deadline_finds_it_still_pending(office: Office) -> None:
    """It was held meanwhile, and moves with the arrival, up to the bound."""
    back = away(office)
    chained(office, steps=STAGES[:1])
    id_ = await office.opened()
    opened = office.clock.now
    await office.reconcile()
    office.clock.pass_(3600)
    held = await tick(office, id_)
    assert (held.status, (held.deadline_at - opened).total_seconds()) == ("pending", 7200)
    office.clock.pass_(100)
    back()
    await office.reconcile()
    assert ((await now_of(office, id_)).deadline_at - opened).total_seconds() == 7200


async def test_what_never_arrives_expires_at_the_bound(office: Office) -> None:
    """Nobody could be asked: aborted."""
    away(office)
    chained(office, steps=STAGES[:1])
    id_ = await office.opened()
    await office.reconcile()
    office.clock.pass_(3600)
    await tick(office, id_)
    office.clock.pass_(3600)
    found = await tick(office, id_)
    assert (found.status, found.state) == ("expired", "aborted")
    assert await recorded(office, id_, events.DEADLINE_HELD) == [events.DEADLINE_HELD]


async def test_back_within_a_minute_moves_nothing(office: Office) -> None:
    """But the core knows that it arrived."""
    back = away(office)
    id_ = await office.opened()
    opened = office.clock.now
    await office.reconcile()
    office.clock.pass_(30)
    back()
    await office.reconcile()
    found = await now_of(office, id_)
    assert ((found.deadline_at - opened).total_seconds(), found.is_unheard) == (3600, False)


async def test_a_page_that_was_taken_before_is_the_first_message(office: Office) -> None:
    """The card that comes later moves no deadline."""
    back = away(office)
    id_ = await office.opened()
    await office.reconcile()
    (page,) = await office.store.deliveries.due(("page",), office.clock.now, 10)
    await office.store.deliveries.delivered(page.id, office.clock.now)
    office.clock.pass_(600)
    back()
    await office.reconcile()
    assert await recorded(office, id_, events.ARRIVED) == []


async def test_an_arrival_that_could_not_be_saved_is_told_with_the_next_look(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is found again, and posted once."""
    back = away(office)
    id_ = await office.opened()
    await office.reconcile()
    office.clock.pass_(600)
    back()
    real, refused = office.store.writer.submit, [True]

    async def submit(command: Any) -> Any:
        if refused and type(command).__name__ == "Arrived":
            raise NotSavedError
        return await real(command)

    monkeypatch.setattr(office.store.writer, "submit", submit)
    await office.reconcile()
    assert await recorded(office, id_, events.ARRIVED) == []
    refused.clear()
    office.clock.pass_(31)
    await office.reconcile()
    assert await recorded(office, id_, events.ARRIVED) == [events.ARRIVED]
    assert len(office.slack.on(CHANNEL)) == 1


async def test_a_miss_that_could_not_be_saved_is_told_with_the_next_failure(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else stops for it."""
    office.slack.channels.clear()
    id_ = await office.opened()
    real, refused = office.store.writer.submit, [True]

    async def submit(command: Any) -> Any:
        if refused and type(command).__name__ == "Miss":
            raise NotSavedError
        return await real(command)

    monkeypatch.setattr(office.store.writer, "submit", submit)
    await office.reconcile()
    assert await missed(office, id_) == {}
    refused.clear()
    office.clock.pass_(300)
    await office.reconcile()
    assert await missed(office, id_) == {IN_CHANNEL: "channel_not_found"}


# -- messages besides the cards -------------------------------------------------------------------

AGAIN = (Step(to=("channel", "approvers")), Step(to=("approvers",), after_s=900))


async def test_a_message_that_is_refused_is_a_miss(office: Office) -> None:
    """The second stage writes to sam, whom Slack does not know any more."""
    chained(office, steps=AGAIN)
    id_ = await office.opened()
    await office.reconcile()
    office.clock.pass_(900)
    await tick(office, id_)
    office.slack.always("post", "USAM", SlackRefusedError("user_not_found"))
    await office.speak()
    assert await missed(office, id_) == {"person:sam": "user_not_found"}


async def test_a_refused_message_to_the_requester_is_no_miss(office: Office) -> None:
    """They were not called to decide."""
    chained(office, steps=AGAIN)
    id_ = await office.opened(requested_by={"id": "dana@example.com"})
    await office.reconcile()
    office.slack.always("post", "UDANA", SlackRefusedError("user_not_found"))
    office.clock.pass_(3600)
    await tick(office, id_)
    await office.speak()
    assert "person:dana" not in await missed(office, id_)


async def test_lines_hang_on_the_card_of_the_own_channel(office: Office) -> None:
    """A stage may post another card elsewhere."""
    steps = (Step(to=("channel:C0AAA", "channel", "approvers")), *AGAIN[1:])
    chained(office, steps=steps)
    office.slack.channels.add("C0AAA")
    id_ = await office.opened()
    await office.reconcile()
    office.clock.pass_(900)
    await tick(office, id_)
    await office.speak()
    assert office.slack.texts(CHANNEL, thread=True) == ["step"]
    assert office.slack.texts("C0AAA", thread=True) == []
