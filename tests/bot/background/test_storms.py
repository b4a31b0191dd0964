"""A storm in Slack: one card, one ring, its news once; and floods of endings in one message."""

import asyncio
from dataclasses import replace

import pytest

from approvals.commands import Acknowledge, Actor, Tick
from bot.background.budget import Ask
from bot.background.floods import MOST
from bot.ids import new_id
from bot.messaging import SlackAwayError, SlackRefusedError, SlackUnsureError
from tests.bot.background.building import CHANNEL, Office, Taken
from tests.building import a_vote, an_open


async def stormed(office: Office, n: int = 9) -> list[str]:
    """So many at once."""
    commands = [an_open(f"k{k}") for k in range(n)]
    await asyncio.gather(*map(office.store.writer.submit, commands))
    return [command.escalation_id for command in commands]


async def posted(office: Office) -> None:
    """All that is to be posted is: a channel takes three in three seconds."""
    for _ in range(3):
        await office.reconcile()
        office.clock.pass_(3)


async def end(office: Office, ids: list[str]) -> None:
    """The deadline of all of them passes."""
    found = await office.store.reads.escalation(ids[-1])
    assert found is not None
    office.clock.now = found.deadline_at
    await asyncio.gather(
        *(office.store.writer.submit(Tick(id=new_id("cmd"), escalation_id=id_)) for id_ in ids)
    )


def waiting(office: Office) -> list[str]:
    """What storms' cards say."""
    return [text for text in office.slack.texts(CHANNEL) if "waiting" in text]


async def test_a_storm_is_one_card_beside_the_first_three(office: Office) -> None:
    ids = await stormed(office, 40)
    await posted(office)
    texts = office.slack.texts(CHANNEL)
    assert set(texts[:3]) == {f"{id_} v1 pending" for id_ in ids[:3]}
    assert len(texts) == 4
    assert texts[3].endswith("37 of 37 waiting")


async def test_each_person_is_rung_for_the_first_three_and_once_for_the_storm(
    office: Office,
) -> None:
    await stormed(office, 40)
    await posted(office)
    await office.speak()
    for person in ("DSAM", "DPRIYA"):
        assert len(office.slack.on(person)) == 4
        assert office.slack.texts(person)[-1] == "storm-opened of 37"


async def test_cards_posted_before_it_was_known_stay(office: Office) -> None:
    for k in range(5):
        await office.opened(f"k{k}")
    await posted(office)
    await office.opened("k5")
    await posted(office)
    assert [t.endswith("pending") for t in office.slack.texts(CHANNEL)] == [True] * 5 + [False]


async def test_a_card_whose_post_had_no_answer_is_still_looked_for(office: Office) -> None:
    """It may be there: nobody may forget it."""
    for k in range(4):
        await office.opened(f"k{k}")
    await office.reconcile()
    office.clock.pass_(3)
    office.slack.script("post", Taken(SlackUnsureError("timeout")))
    await office.reconcile()
    lost = len(office.slack.on(CHANNEL))
    await office.opened("k4")
    await office.opened("k5")
    for _ in range(20):
        office.clock.pass_(5)
        await office.reconcile()
    cards = [t for t in office.slack.texts(CHANNEL) if t.endswith("pending")]
    assert len(cards) == len(set(cards)) == max(4, lost)


async def test_a_storms_card_is_redrawn_at_most_every_ten_seconds(office: Office) -> None:
    await stormed(office)
    await posted(office)
    office.clock.pass_(11)
    for k in range(20):
        await office.opened(f"later{k}")
        await office.reconcile()
        office.clock.pass_(1)
    assert office.slack.count("update") == 2
    office.clock.pass_(10)
    await office.reconcile()
    assert waiting(office)[0].endswith("26 of 26 waiting")


async def test_a_deleted_storms_card_comes_again_while_any_waits(office: Office) -> None:
    ids = await stormed(office)
    await posted(office)
    office.slack.delete(office.slack.on(CHANNEL)[-1])
    await office.store.writer.submit(a_vote(ids[-1], option="leave"))
    for _ in range(3):
        office.clock.pass_(11)
        await office.reconcile()
    assert [text.split(" ", 1)[1] for text in waiting(office)] == ["5 of 6 waiting"]


async def test_a_storms_card_that_slack_refused_is_tried_again(office: Office) -> None:
    office.slack.always("post", CHANNEL, SlackRefusedError("channel_not_found"))
    await stormed(office)
    await office.reconcile()
    assert waiting(office) == []
    office.slack.always("post", CHANNEL, None)
    for _ in range(8):
        office.clock.pass_(400)
        await office.reconcile()
    assert len(waiting(office)) == 1


async def test_endings_of_a_storm_are_one_line_and_one_message_a_person(office: Office) -> None:
    ids = await stormed(office, 40)
    await posted(office)
    await office.speak()
    await end(office, ids[3:])
    for _ in range(4):
        office.clock.pass_(30)
        await office.reconcile()
        await office.speak()
    assert office.slack.texts(CHANNEL, thread=True).count("storm-decided of 37") == 1
    assert office.slack.texts("DSAM").count("storm-decided of 37") == 1


async def test_what_a_storm_took_before_its_card_was_posted_has_no_thread(office: Office) -> None:
    """Slack was away as it was asked; nothing of it is tried for ever."""
    early = [await office.opened(f"e{n}") for n in range(4)]
    actor = Actor(account="USAM")
    await office.store.writer.submit(
        Acknowledge(id=new_id("cmd"), escalation_id=early[3], actor=actor)
    )
    await stormed(office)
    await posted(office)
    assert (await office.card(early[3])).ts is None
    await office.speak()
    owed = await office.store.deliveries.of(early[3])
    assert {d.state for d in owed if d.kind == "thread"} == {"delivered"}
    assert office.slack.texts(CHANNEL, thread=True) == []


# -- floods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [MOST, MOST + 1, 60])
async def test_a_flood_of_endings_is_one_message_a_person(office: Office, n: int) -> None:
    """A few are told one by one."""
    ids = await office.spread(n)
    await office.reconcile()
    await end(office, ids)
    for _ in range(n + 5):
        await office.speak()
        office.clock.pass_(3)
    told = [t for t in office.slack.texts("DSAM") if t.startswith("decided-expired")]
    assert told == (["decided-expired"] * n if n <= MOST else [f"decided-expired of {n}"])


async def test_a_flood_is_of_one_service(office: Office) -> None:
    """Two services are two messages."""
    ids = await office.spread(MOST + 1)
    for k in range(MOST + 1):
        other = replace(an_open(f"o{k}", environment=f"region-{k}"), service="payments")
        await office.store.writer.submit(other)
        ids.append(other.escalation_id)
    await end(office, ids)
    for _ in range(10):
        await office.speak()
        office.clock.pass_(3)
    told = [t for t in office.slack.texts("DSAM") if t.startswith("decided-expired")]
    assert told == [f"decided-expired of {MOST + 1}"] * 2


async def test_a_flood_that_slack_did_not_take_comes_again_as_one(office: Office) -> None:
    ids = await office.spread(10)
    await end(office, ids)
    office.slack.script("post", SlackAwayError("unreachable"), target="USAM")
    for _ in range(40):
        await office.speak()
        office.clock.pass_(3)
    told = [t for t in office.slack.texts("DSAM") if t.startswith("decided-expired")]
    assert told == ["decided-expired of 10"]
    left = [d for id_ in ids for d in await office.store.deliveries.of(id_)]
    assert {d.state for d in left if d.kind == "direct"} == {"delivered"}


async def test_a_flood_waits_for_its_budget_and_is_said_once(office: Office) -> None:
    ids = await office.spread(8)
    await end(office, ids)
    for _ in range(3):
        office.line.take(Ask("post", "USAM"))
    await office.speak()
    assert "decided-expired of 8" not in office.slack.texts("DSAM")
    for _ in range(10):
        office.clock.pass_(3)
        await office.speak()
    told = [t for t in office.slack.texts("DSAM") if t.startswith("decided-expired")]
    assert told == ["decided-expired of 8"]
