"""What became of the ways to people, told to the core: what failed, and what arrived late.

A message that arrives as it should is nobody's news. Who has no chain is told of as ever.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from approvals.commands import Arrived, Command, Miss
from approvals.decide.miss import is_late
from approvals.decide.reach import SLACK_AWAY
from approvals.escalation import Escalation
from approvals.ports import Card, Cards, Clock, Deliveries, StoreError, Writer
from bot.background.refusals import is_under_way, was_taken_maybe

log = structlog.get_logger(__name__)

#: Deliveries that reach somebody by themselves.
REACHING = frozenset({"direct", "page"})


class Ways:
    """Tells of ways that failed, once each, and of the first message that came late."""

    def __init__(
        self,
        *,
        writer: Writer,
        cards: Cards,
        deliveries: Deliveries,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._writer, self._cards, self._deliveries = writer, cards, deliveries
        self._clock, self._new_id = clock, new_id

    async def failed(self, escalation: Escalation, ways: Iterable[str], why: str) -> None:
        """These ways to people failed; the next ones are used at once.

        What cannot be saved is told again when the way fails again.
        """
        known = {missed.to for missed in escalation.missed}
        if not _is_awaited(escalation):
            return
        misses = [
            Miss(id=self._new_id("cmd"), escalation_id=escalation.id, to=way, why=why)
            for way in dict.fromkeys(ways)
            if way not in known
        ]
        for done in await asyncio.gather(*map(self._tell, misses), return_exceptions=True):
            if isinstance(done, StoreError):
                log.warning("miss-not-saved", escalation=escalation.id, error=str(done))
            elif isinstance(done, BaseException):
                raise done

    async def slack_is_away(self, escalation: Escalation, card: Card) -> None:
        """A card was not taken; where none ever was, the others cannot be either, just now."""
        if not _is_awaited(escalation):
            return
        cards = await self._cards.of(escalation.id)
        if any(one.posted_at or is_under_way(one.error) for one in cards if one.id != card.id):
            return  # somebody heard of it, or the last of the calls says how they ended
        ways = (way for one in cards if (way := way_of(one)) is not None)
        await self.failed(escalation, ways, SLACK_AWAY)

    async def came(self, escalation: Escalation) -> None:
        """A card of it was taken: told where it is the first message, and comes late.

        Raises StoreError where that could not be saved.
        """
        untold = _is_awaited(escalation) and escalation.delivered_at is None
        if not untold or not (escalation.is_unheard or is_late(escalation, self._clock())):
            return
        if any(card.posted_at for card in await self._cards.of(escalation.id)):
            return
        owed = await self._deliveries.of(escalation.id)
        if all(d.state != "delivered" for d in owed if d.kind in REACHING):
            await self._tell(Arrived(id=self._new_id("cmd"), escalation_id=escalation.id))

    async def _tell(self, command: Command) -> None:
        await self._writer.submit(command)


def way_of(card: Card) -> str | None:
    """The way a card takes, as the core names it; None where it is a card of something else."""
    names = {"channel": "channel", "direct": "person"}
    return f"{names[card.surface]}:{card.target}" if card.surface in names else None


def is_gathered(card: Card, escalation: Escalation) -> bool:
    """Not posted yet, and a storm's card shows it already: nobody is rung for it alone, and it has
    no thread.
    """
    own = card.storm_id is None and card.ts is None and not was_taken_maybe(card.error)
    return own and escalation.storm_id is not None


def _is_awaited(escalation: Escalation) -> bool:
    return not escalation.status.is_terminal and bool(escalation.plan.steps)
