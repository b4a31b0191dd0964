"""Storms: gathered in one batch or over many, with one card and one ring, in both stores."""

import asyncio
from dataclasses import replace

import pytest

from approvals.commands import ReplyTo
from approvals.ports import Card, Delivery
from approvals.storms import Storm
from storage.work import REST
from tests.building import a_vote, an_open
from tests.storage.stand import Stand

TEN_S = REST.total_seconds()


async def opened(stand: Stand, n: int, *, at_once: bool = False, key: str = "k") -> list[str]:
    """So many of one stream, in one batch or one after the other."""
    commands = [an_open(f"{key}{k}") for k in range(n)]
    if at_once:
        await asyncio.gather(*map(stand.submit, commands))
    else:
        for command in commands:
            await stand.submit(command)
    return [command.escalation_id for command in commands]


async def the_storm(stand: Stand, ids: list[str]) -> Storm:
    """The storm of the last of them."""
    storm_id = (await stand.read(ids[-1])).storm_id
    assert storm_id is not None
    found = await stand.store.storms.storm(storm_id)
    assert found is not None
    return found


async def the_card(stand: Stand, ids: list[str]) -> Card:
    """The storm's card."""
    (card,) = (c for c in await stand.store.cards.of(ids[-1]) if c.surface == "storm")
    return card


async def due(stand: Stand) -> list[str]:
    """Ids of the cards that are due now."""
    return [card.id for card in await stand.store.cards.due(stand.clock.now, 500)]


async def messages(stand: Stand) -> list[Delivery]:
    """Messages that are due now."""
    return list(await stand.store.deliveries.due(("direct", "thread"), stand.clock.now, 500))


async def endings(stand: Stand) -> list[tuple[str, str]]:
    """Kind and target of messages about endings that are due now."""
    due = await messages(stand)
    return [(d.kind, d.target) for d in due if d.payload["case"] == "storm-decided"]


@pytest.mark.parametrize("at_once", [False, True])
async def test_the_fourth_and_later_ones_gather_with_places_of_their_own(
    stand: Stand, at_once: bool
) -> None:
    ids = await opened(stand, 9, at_once=at_once)
    storm = await the_storm(stand, ids)
    assert [e.id for e in storm.members] == ids[3:]
    assert [e.storm_place for e in storm.members] == [1, 2, 3, 4, 5, 6]
    assert [(await stand.read(id_)).storm_id for id_ in ids[:3]] == [None] * 3
    assert await stand.kinds(ids[3]) == ["escalation:opened", "escalation:gathered"]
    assert await stand.refolded(ids[3]) == await stand.read(ids[3])


async def test_a_storm_goes_on_over_a_restart(stand: Stand) -> None:
    ids = await opened(stand, 5)
    await stand.restart()
    ids += await opened(stand, 2, key="later")
    await stand.restart()
    ids += await opened(stand, 1, key="last")
    assert [e.id for e in (await the_storm(stand, ids)).members] == ids[3:]


async def test_one_that_is_over_is_not_gathered(stand: Stand) -> None:
    ids = await opened(stand, 5)
    await stand.submit(a_vote(ids[3]))
    ids += await opened(stand, 1, key="last")
    assert [e.storm_place for e in (await the_storm(stand, ids)).members] == [2, 3]


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_storm_has_one_card_and_one_ring_a_person(stand: Stand, at_once: bool) -> None:
    ids = await opened(stand, 40, at_once=at_once)
    cards = {card.id: card for id_ in ids for card in await stand.store.cards.of(id_)}
    assert sum(card.surface == "storm" for card in cards.values()) == 1
    assert len({card.escalation_id for card in cards.values()}) == 6
    rung = [(d.kind, d.target, d.payload["case"]) for d in await messages(stand)]
    assert sorted(rung) == [
        ("direct", "person:priya", "storm-opened"),
        ("direct", "person:sam", "storm-opened"),
    ]


async def test_every_member_is_shown_by_the_storms_card(stand: Stand) -> None:
    ids = await opened(stand, 8)
    assert (await the_card(stand, ids)).storm_id == (await the_storm(stand, ids)).id
    assert [c.surface for c in await stand.store.cards.of(ids[7])] == ["storm"]
    assert "storm" in [c.surface for c in await stand.store.cards.of(ids[4])]
    assert "storm" not in [c.surface for c in await stand.store.cards.of(ids[0])]


async def test_a_storms_card_rests_between_two_drawings(stand: Stand) -> None:
    ids = await opened(stand, 6)
    card = await the_card(stand, ids)
    assert card.id in await due(stand)
    await stand.post(card, version=(await the_storm(stand, ids)).version)
    ids += await opened(stand, 3, key="later")
    assert card.id not in await due(stand)
    stand.clock.pass_(TEN_S)
    assert card.id in await due(stand)


async def test_after_a_rest_a_change_is_drawn_at_once(stand: Stand) -> None:
    ids = await opened(stand, 6)
    card = await the_card(stand, ids)
    await due(stand)
    await stand.post(card, version=(await the_storm(stand, ids)).version)
    stand.clock.pass_(TEN_S + 1)
    assert card.id not in await due(stand)
    await stand.submit(a_vote(ids[5], option="leave"))
    assert card.id in await due(stand)


async def test_what_changed_while_a_storm_was_drawn_is_drawn_after_the_rest(stand: Stand) -> None:
    ids = await opened(stand, 6)
    card, version = await the_card(stand, ids), (await the_storm(stand, ids)).version
    await due(stand)
    await stand.submit(a_vote(ids[5], option="leave"))
    await stand.post(card, version=version)
    assert card.id not in await due(stand)
    stand.clock.pass_(TEN_S)
    assert card.id in await due(stand)


async def test_each_change_of_a_member_makes_another_version_of_the_storm(stand: Stand) -> None:
    ids = await opened(stand, 6)
    before = (await the_storm(stand, ids)).version
    await stand.submit(a_vote(ids[0]))
    assert (await the_storm(stand, ids)).version == before
    await stand.submit(a_vote(ids[4]))
    assert (await the_storm(stand, ids)).version == before + 1


async def test_endings_of_many_are_one_line_and_one_message_a_person(stand: Stand) -> None:
    ids = await opened(stand, 12, at_once=True)
    await messages(stand)
    stand.clock.now = (await stand.read(ids[0])).deadline_at
    await asyncio.gather(*(stand.tick(id_) for id_ in ids[3:]))
    assert await endings(stand) == []
    stand.clock.pass_(60)
    told = await endings(stand)
    assert sorted(told) == [
        ("direct", "person:priya"),
        ("direct", "person:sam"),
        ("thread", ""),
    ]


async def test_a_card_that_a_storm_shows_is_not_due_until_its_escalation_changes(
    stand: Stand,
) -> None:
    ids = await opened(stand, 6)
    await due(stand)
    own = next(c for c in await stand.store.cards.of(ids[3]) if c.surface == "channel")
    await stand.store.cards.unneeded(own)
    stand.clock.pass_(60)
    assert own.id not in await due(stand)
    await stand.submit(a_vote(ids[3]))
    assert own.id in await due(stand)


async def test_there_is_no_storm_of_an_unknown_name(stand: Stand) -> None:
    assert await stand.store.storms.storm("stm_none") is None


async def test_many_votes_of_one_click_are_owed_one_answer(stand: Stand) -> None:
    ids = await opened(stand, 8)
    reply = ReplyTo(in_modal=True, batch="bat_1")
    votes = [replace(a_vote(id_, option="leave"), reply=reply) for id_ in ids]
    await asyncio.gather(*map(stand.submit, votes))
    stand.clock.pass_(59)
    assert await stand.store.deliveries.due(("answer",), stand.clock.now, 50) == ()
    stand.clock.pass_(1)
    (answer,) = await stand.store.deliveries.due(("answer",), stand.clock.now, 50)
    assert (answer.id, answer.payload["case"]) == ("ans_bat_1", "batch")
    await stand.store.deliveries.answered("bat_1", stand.clock.now)
    stand.clock.pass_(60)
    assert await stand.store.deliveries.due(("answer",), stand.clock.now, 50) == ()
