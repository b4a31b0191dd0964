"""Cards: due when their escalation changed, leased while looked at, ended ones first."""

from datetime import timedelta

from approvals.ports import Card
from tests.building import a_vote
from tests.storage.stand import Stand


async def due(stand: Stand, limit: int = 50) -> tuple[Card, ...]:
    """Take what is due now."""
    return await stand.store.cards.due(stand.clock.now, limit)


async def drawn(stand: Stand, id_: str) -> None:
    """Post and draw every card of the escalation at its version."""
    version = (await stand.read(id_)).version
    for card in await stand.store.cards.of(id_):
        await stand.post(card, f"ts-{card.id}", version)


async def kept(stand: Stand, card: Card) -> Card:
    """The card as it stands now."""
    return next(c for c in await stand.store.cards.of(card.escalation_id) if c.id == card.id)


async def test_an_opening_owes_a_card_in_the_channel_and_one_to_each_approver(
    stand: Stand,
) -> None:
    cards = await stand.store.cards.of(await stand.open())
    assert [(c.surface, c.target, c.ts, c.attempts) for c in cards] == [
        ("channel", "C0OPERATIONS", None, 0),
        ("direct", "priya", None, 0),
        ("direct", "sam", None, 0),
    ]
    assert await stand.store.cards.of("esc_unknown") == ()


async def test_a_leased_card_is_not_taken_twice_until_the_lease_is_over(stand: Stand) -> None:
    await stand.open()
    assert len(await due(stand)) == 3
    stand.clock.pass_(29)
    assert await due(stand) == ()
    stand.clock.pass_(1)
    assert len(await due(stand)) == 3


async def test_a_limit_leaves_the_rest_for_the_next_look(stand: Stand) -> None:
    await stand.open()
    first, second = await due(stand, 2), await due(stand, 2)
    assert (len(first), len(second)) == (2, 1)
    assert not {c.id for c in first} & {c.id for c in second}


async def test_leases_are_kept_over_a_restart(stand: Stand) -> None:
    await stand.open()
    await due(stand)
    await stand.restart()
    assert await due(stand) == ()


async def test_what_has_ended_comes_before_what_waits_longer(stand: Stand) -> None:
    waiting, ended = await stand.fill(2)
    await stand.submit(a_vote(ended, option="leave"))
    found = await due(stand)
    assert [c.escalation_id for c in found] == [ended] * 3 + [waiting] * 3


async def test_among_equals_the_longest_waiting_comes_first(stand: Stand) -> None:
    ids = await stand.fill(3)
    assert [c.escalation_id for c in await due(stand, 7)] == [ids[0]] * 3 + [ids[1]] * 3 + ids[2:]


async def test_a_card_shown_rests_until_its_escalation_changes(stand: Stand) -> None:
    id_ = await stand.open()
    await drawn(stand, id_)
    assert await due(stand) == ()
    stand.clock.pass_(3600)
    assert await due(stand) == ()
    await stand.submit(a_vote(id_))
    assert [c.drawn for c in await due(stand)] == ["drawing"] * 3


async def test_a_card_drawn_from_an_older_version_stays_due(stand: Stand) -> None:
    id_ = await stand.open()
    (card, *_) = await due(stand, 1)
    await stand.submit(a_vote(id_))
    await stand.post(card, version=1)
    assert card.id in {c.id for c in await due(stand)}


async def test_a_card_drawn_from_the_newest_version_rests_though_it_was_read_before(
    stand: Stand,
) -> None:
    id_ = await stand.open()
    await stand.submit(a_vote(id_))
    await drawn(stand, id_)
    assert await due(stand) == ()


async def test_a_card_keeps_where_and_since_when_it_is_shown(stand: Stand) -> None:
    id_ = await stand.open()
    posted_at = stand.clock.now
    await drawn(stand, id_)
    stand.clock.pass_(60)
    await drawn(stand, id_)
    (card, *_) = await stand.store.cards.of(id_)
    assert (card.channel, card.ts, card.posted_at) == ("C1", f"ts-{card.id}", posted_at)


async def test_a_card_is_found_by_its_message(stand: Stand) -> None:
    id_ = await stand.open()
    await drawn(stand, id_)
    (first, *_) = await stand.store.cards.of(id_)
    assert await stand.store.cards.at("C1", f"ts-{first.id}") == first
    assert await stand.store.cards.at("C2", f"ts-{first.id}") is None
    assert await stand.store.cards.at("C1", "ts") is None


async def test_a_lost_card_is_posted_anew(stand: Stand) -> None:
    await stand.open()
    (card, *_) = await due(stand)
    await stand.store.cards.again(card, stand.clock.now, "ratelimited")
    await stand.post(card)
    await stand.store.cards.lost(card)
    (again,) = (c for c in await due(stand) if c.id == card.id)
    assert (again.channel, again.ts, again.drawn, again.attempts) == (None, None, None, 0)
    assert await stand.store.cards.at("C1", "ts") is None


async def test_a_refused_card_waits_as_long_as_was_said_and_counts_its_attempts(
    stand: Stand,
) -> None:
    await stand.open()
    (card, *_) = await due(stand)
    for _ in range(2):
        at = stand.clock.now + timedelta(seconds=120)
        await stand.store.cards.again(card, at, "x" * 500)
    stand.clock.pass_(119)
    assert card.id not in {c.id for c in await due(stand)}
    stand.clock.pass_(1)
    (again,) = await due(stand)
    assert (again.id, again.attempts, again.error) == (card.id, 2, "x" * 200)


async def test_attempts_start_anew_once_it_is_shown(stand: Stand) -> None:
    await stand.open()
    (card, *_) = await due(stand)
    await stand.store.cards.again(card, stand.clock.now, "ratelimited")
    await stand.post(card)
    shown = await kept(stand, card)
    assert (shown.attempts, shown.error) == (0, None)


async def test_a_card_that_was_told_to_wait_is_due_at_once_when_its_escalation_changes(
    stand: Stand,
) -> None:
    id_ = await stand.open()
    for card in await due(stand):
        await stand.store.cards.again(card, stand.clock.now + timedelta(hours=1), "away")
    await stand.submit(a_vote(id_))
    assert len(await due(stand)) == 3


async def test_a_touch_draws_all_cards_of_one_escalation_again(stand: Stand) -> None:
    touched, other = await stand.fill(2)
    for id_ in (touched, other):
        await drawn(stand, id_)
    await stand.store.cards.touch(touched)
    found = await due(stand)
    assert [(c.escalation_id, c.drawn) for c in found] == [(touched, None)] * 3
    assert all(c.ts for c in found)


async def test_a_refusal_alone_makes_the_cards_due_once(stand: Stand) -> None:
    id_ = await stand.open()
    await drawn(stand, id_)
    await stand.submit(a_vote(id_, "UMIA"))
    await drawn(stand, id_)
    await stand.submit(a_vote(id_, "UMIA"))  # only counted
    assert await due(stand) == ()
