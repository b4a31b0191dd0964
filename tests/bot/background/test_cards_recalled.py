"""A card quotes earlier ones as they read now, and is drawn anew for nothing else of theirs."""

from bot.slack.artist import Drawings
from tests.bot.background.building import CHANNEL, Office
from tests.building import a_claim, a_report, an_erasure

WHY = "the firewall rule is gone"
LINE = "Seen once: 1 Try 3 more times. Last: Sam, {day}"


async def line(office: Office, id_: str, target: str = CHANNEL) -> str:
    """What a card says of earlier ones."""
    card = await office.card(id_, target)
    posted = next(p for p in office.slack.posted if p.key == card.id)
    found = [b for b in posted.message.blocks if b["block_id"] == "recalled"]
    parts = [e for block in found for part in block["elements"] for e in part["elements"]]
    return "".join(e.get("text") or "{day}" for e in parts)


async def ended(office: Office, key: str) -> str:
    """One that ran and was reported, and is remembered."""
    id_ = await office.opened(key)
    await office.voted(id_)
    await office.store.writer.submit(a_claim(id_))
    await office.store.writer.submit(a_report(id_))
    assert await office.store.memory.remember(office.clock())
    return id_


async def test_every_conversation_says_how_earlier_ones_ended(office: Office) -> None:
    office.artist = Drawings()
    office.restart()
    await ended(office, "before")
    id_ = await office.opened("now")
    await office.reconcile()
    for target in (CHANNEL, "sam", "priya"):
        assert await line(office, id_, target) == f"{LINE}, «{WHY}»."


async def test_only_what_people_wrote_is_drawn_anew(office: Office) -> None:
    office.artist = Drawings()
    office.restart()
    before = await ended(office, "before")
    id_ = await office.opened("now")
    await office.reconcile()
    drawn = (await office.card(id_)).drawn
    await ended(office, "meanwhile")
    await office.store.cards.touch(id_)
    await office.reconcile()
    assert (await office.card(id_)).drawn == drawn
    await office.store.writer.submit(an_erasure(before))
    await office.store.cards.touch(id_)
    await office.reconcile()
    assert (await office.card(id_)).drawn != drawn
    assert await line(office, id_) == f"{LINE}."
