"""Known errors: what a review confirmed is found again, as the review says it last."""

from approvals.commands import Actor, WriteReview
from approvals.memory.known_errors import known_errors
from approvals.memory.values import KnownError
from approvals.policy.entries import AutomationEntry
from approvals.words import Recovery
from bot.ids import new_id
from tests.building import a_resolution, an_erasure, an_incident
from tests.storage.stand import Stand

CONTEXT = {"error": {"type": "ConnectTimeout", "message": "warehouse-db:5432 after 10 s"}}


async def reviewed(stand: Stand, key: str, *, known: bool = True, **said: object) -> str:
    """The id of an incident that is over, and whose review is written."""
    asked = an_incident(key, severity="high", context=CONTEXT, dedup_key=key)
    settled = await stand.submit(asked)
    assert settled.escalation is not None
    id_ = settled.escalation.id
    await stand.submit(a_resolution(id_, root_cause="the firewall", by_hand="opened the port"))
    await written(stand, id_, known=known, **said)
    stand.clock.pass_(600)
    return id_


async def written(stand: Stand, id_: str, *, known: bool = True, **said: object) -> None:
    """Sam writes its review, perhaps again."""
    command = WriteReview(
        id=new_id("cmd"),
        escalation_id=id_,
        actor=Actor(account="USAM"),
        root_cause="the firewall",
        resolved_by="opened the port",
        known_error=known,
        **said,  # type: ignore[arg-type]
    )
    settled = await stand.submit(command)
    assert settled.refusal is None, settled.refusal


async def known(stand: Stand, limit: int = 500) -> list[str]:
    """Ids of those that confirmed one, once all is remembered."""
    while await stand.store.memory.remember(stand.clock.now):
        pass
    return [found.id for found in await stand.store.memory.known(limit)]


async def test_what_a_review_confirmed_is_found_and_nothing_else(stand: Stand) -> None:
    assert await known(stand) == []
    first = await reviewed(stand, "i1", recovery=Recovery.RESTART, steps="Look at the firewall.")
    await reviewed(stand, "i2", known=False)
    third = await reviewed(stand, "i3")
    assert await known(stand) == [third, first]
    assert await known(stand, 1) == [third]
    rows = await stand.store.memory.known()
    assert rows[1].known_error == KnownError(
        error_type="ConnectTimeout",
        message="warehouse-db:<n> after <n> s",
        recovery=Recovery.RESTART,
        steps="Look at the firewall.",
    )
    (in_force,) = known_errors(rows, AutomationEntry())
    assert (in_force.escalation, in_force.recovery, in_force.steps) == (third, None, None)


async def test_a_review_that_is_written_again_may_take_it_back(stand: Stand) -> None:
    id_ = await reviewed(stand, "i1")
    assert await known(stand) == [id_]
    await written(stand, id_, known=False)
    assert await known(stand) == []


async def test_an_erasure_takes_it_away_at_once(stand: Stand) -> None:
    id_ = await reviewed(stand, "i1")
    assert await known(stand) == [id_]
    await stand.submit(an_erasure(id_))
    assert await stand.store.memory.known() == ()


async def test_no_word_finds_it_but_its_own(stand: Stand) -> None:
    """It is kept with the words, under a mark that none has."""
    await reviewed(stand, "i1")
    await known(stand)
    assert await stand.store.memory.search("knownerror known_error KNOWNERROR") == ()
    assert len(await stand.store.memory.search("firewall")) == 1
