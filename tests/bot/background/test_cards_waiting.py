"""Cards that must wait: refused, limited, or without Slack. Each says why, and none is lost."""

from typing import Any

import pytest

from bot.messaging import SlackAwayError, SlackBusyError, SlackRefusedError, SlackUnsureError
from tests.bot.background.building import CHANNEL, Office, Taken, change, forget, know_nobody

PEOPLE_MEND = ["channel_not_found", "not_in_channel", "is_archived", "restricted_action"]
WE_MEND = ["msg_too_long", "msg_blocks_too_long", "invalid_blocks"]


@pytest.mark.parametrize("code", PEOPLE_MEND + WE_MEND)
async def test_a_refused_card_says_why_and_is_not_tried_blindly(office: Office, code: str) -> None:
    id_ = await office.opened()
    office.slack.always("post", CHANNEL, SlackRefusedError(code))
    await office.reconcile()
    office.clock.pass_(120)
    await office.reconcile()
    assert office.slack.count("post", CHANNEL) == 1
    assert (await office.card(id_)).error == code
    assert office.counts.refused.labels(code)._value.get() == 1
    assert sorted(p.channel for p in office.slack.posted) == ["DPRIYA", "DSAM"]


@pytest.mark.parametrize("code", PEOPLE_MEND)
async def test_a_card_is_posted_once_people_have_mended_the_channel(
    office: Office, code: str
) -> None:
    await office.opened()
    office.slack.always("post", CHANNEL, SlackRefusedError(code))
    await office.reconcile()
    office.slack.always("post", CHANNEL, None)
    office.clock.pass_(301)
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 1


@pytest.mark.parametrize("code", WE_MEND)
async def test_a_drawing_that_was_refused_is_tried_when_it_is_another(
    office: Office, code: str
) -> None:
    id_ = await office.opened()
    office.slack.script("post", SlackRefusedError(code))
    await office.reconcile()
    office.clock.pass_(3600)
    await office.reconcile()
    assert office.slack.on(CHANNEL) == []
    await change(office, id_)
    await office.reconcile()
    assert office.slack.texts(CHANNEL) == [f"{id_} v2 pending"]


async def test_a_person_without_an_account_holds_up_nobody(office: Office) -> None:
    id_ = await office.opened()
    forget(office, "priya")
    await office.reconcile()
    assert sorted(p.channel for p in office.slack.posted) == [CHANNEL, "DSAM"]
    assert (await office.card(id_, "priya")).error == "person_without_account"


async def test_after_a_restart_cards_wait_until_people_are_known(office: Office) -> None:
    """Before that nobody has an account, and a card would name nobody."""
    await office.opened()
    look_up = know_nobody(office)
    await office.reconcile()
    assert office.slack.calls == []
    look_up()
    await office.reconcile()
    assert len(office.slack.posted) == 3


async def test_a_rate_limit_holds_for_the_method_and_for_everybody(office: Office) -> None:
    first = await office.opened("one")
    await office.reconcile()
    await office.voted(first)
    office.slack.script("update", SlackBusyError("ratelimited", retry_after=30))
    await office.reconcile()
    await office.opened("two")
    calls = office.slack.count("update")
    await office.reconcile()
    assert len(office.slack.on(CHANNEL)) == 2  # posts go on
    office.clock.pass_(29)
    await office.reconcile()
    assert office.slack.count("update") == calls
    office.clock.pass_(2)
    await office.reconcile()
    assert office.slack.texts(CHANNEL)[0] == f"{first} v3 approved"
    assert office.slack.texts("DSAM")[0] == f"{first} v0 approved"


async def test_a_rate_limited_post_needs_no_look_before_it_is_posted(office: Office) -> None:
    await office.opened()
    office.slack.script("post", SlackBusyError("ratelimited", retry_after=5))
    await office.reconcile()
    office.clock.pass_(31)
    await office.reconcile()
    assert len(office.slack.posted) == 3
    assert office.slack.count("find") == 0


async def test_a_doubt_outlives_a_rate_limit(office: Office) -> None:
    await office.opened()
    office.slack.script("post", Taken(SlackUnsureError("timeout")))
    office.slack.script("find", SlackBusyError("ratelimited", retry_after=5))
    for _ in range(3):
        await office.reconcile()
        office.clock.pass_(31)
    assert len(office.slack.on(CHANNEL)) == 1


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "unreachable"])
async def test_while_slack_is_away_everything_waits_and_nothing_is_lost(
    office: Office, code: str
) -> None:
    for n in range(5):
        await office.opened(f"k{n}")
    for target in (CHANNEL, "USAM", "UPRIYA"):
        office.slack.always("post", target, SlackAwayError(code))
    for _ in range(40):
        await office.reconcile()
        office.clock.pass_(31)
    assert office.line.times_away
    assert len(office.slack.calls) < 200  # a few probes in twenty minutes, not 15 cards each time
    for target in (CHANNEL, "USAM", "UPRIYA"):
        office.slack.always("post", target, None)
    for _ in range(10):
        office.clock.pass_(31)
        await office.reconcile()
    assert len(office.slack.posted) == 15
    assert office.line.times_away == 0


async def test_updates_stay_within_fifty_a_minute_and_endings_come_first(office: Office) -> None:
    ids = await office.spread(25)
    for _ in range(30):
        await office.reconcile()
        office.clock.pass_(3)
    office.clock.pass_(60)
    assert len(office.slack.posted) == 75
    for id_ in ids:
        await change(office, id_)  # 75 redraws
    await office.reconcile()
    assert office.slack.count("update") == 40
    ended = [id_ for id_ in ids if f"{id_} v1 pending" in office.slack.texts(CHANNEL)][:3]
    for id_ in ended:
        await office.voted(id_, option="leave")
    await office.reconcile()
    assert office.slack.count("update") == 49
    assert {f"{id_} v4 rejected" for id_ in ended} < set(office.slack.texts(CHANNEL))
    office.clock.pass_(61)
    await office.reconcile()
    assert office.slack.count("update") == 75  # nine cards were redrawn once for two changes


async def test_posts_to_one_channel_keep_to_one_a_second_with_short_bursts(office: Office) -> None:
    await office.spread(10)
    seen = []
    for _ in range(10):
        await office.reconcile()
        seen.append(len(office.slack.on(CHANNEL)))
        office.clock.pass_(1)
    assert seen == [3, 3, 3, 6, 6, 6, 9, 9, 9, 10]


async def test_a_card_waiting_for_its_budget_writes_nothing(office: Office) -> None:
    """Otherwise a long queue would write its rows over and over."""
    await office.spread(10)
    await office.reconcile()
    waiting = [c for c in await all_cards(office) if c.ts is None]
    assert len(waiting) == 21
    assert {(c.attempts, c.error) for c in waiting} == {(0, None)}


async def all_cards(office: Office) -> list[Any]:
    """Every card there is."""
    pending = await office.store.reads.pending()
    return [c for e in pending for c in await office.store.cards.of(e.id)]
