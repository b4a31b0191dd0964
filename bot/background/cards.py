"""The card reconciler: what a card shows is made to equal what it should show.

Nothing sends a card. Each has a row with the hash of what it last showed; a card whose escalation
changed is drawn again, and Slack is called only if the drawing differs. Crashes, lost responses,
bursts of clicks and deleted messages all heal by this loop.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from approvals.escalation import Escalation
from approvals.ports import Card, Cards, Clock, FactSource, Reads
from bot.background.budget import Budgets
from bot.messaging import (
    Artist,
    Message,
    Seen,
    Slack,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
    SlackUnsureError,
)

log = structlog.get_logger(__name__)

#: Cards looked at in one go, and calls under way at once.
BATCH, AT_ONCE = 40, 4

#: Seconds until the next look after Slack did not take a card: by attempt, then the last.
BACKOFF_S = (1, 2, 5, 15, 30, 60)

#: After a refusal that only people can mend (not in the channel, archived), look again this late.
REFUSED_S = 300


class Reconciler:
    """Posts missing cards and redraws differing ones, within Slack's budgets."""

    def __init__(
        self,
        *,
        cards: Cards,
        reads: Reads,
        facts: FactSource,
        slack: Slack,
        artist: Artist,
        clock: Clock,
    ) -> None:
        self._cards, self._reads, self._facts = cards, reads, facts
        self._slack, self._artist, self._clock = slack, artist, clock
        self._budgets = Budgets()
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def once(self) -> bool:
        """Look at what is due; whether there may be more."""
        due = await self._cards.due(self._clock(), BATCH)
        await asyncio.gather(*(self._look(card) for card in due))
        return len(due) == BATCH

    async def _look(self, card: Card) -> None:
        async with self._gate:
            try:
                await self._reconcile(card)
            except SlackBusyError as error:
                self._budget(card).close(self._clock(), error.retry_after)
                await self._later(card, error, error.retry_after)
            except SlackRefusedError as error:
                await self._refused(card, error)
            except SlackUnsureError as error:
                await self._settle(card, error)
            except SlackError as error:
                await self._later(card, error, _backoff(card.attempts))

    async def _reconcile(self, card: Card) -> None:
        escalation = await self._reads.escalation(card.escalation_id)
        if escalation is None:
            return
        message = await self._draw(escalation, card)
        if card.ts is not None and card.channel is not None and message.drawn == card.drawn:
            await self._keep(card, escalation, (card.channel, card.ts), message)
        elif not self._budget(card).take(self._clock()):
            await self._cards.again(card, self._budget(card).next_at(self._clock()), "budget")
        elif card.ts is None or card.channel is None:
            await self._post(card, escalation, message)
        else:
            await self._slack.update(card.channel, card.ts, message, key=card.id)
            await self._keep(card, escalation, (card.channel, card.ts), message)

    async def _draw(self, escalation: Escalation, card: Card) -> Message:
        now = self._clock()
        cards: Sequence[Card] = await self._cards.of(escalation.id)
        seen = Seen(people=self._facts.facts(now).people, now=now, cards=tuple(cards))
        return self._artist.card(escalation, card, seen)

    async def _post(self, card: Card, escalation: Escalation, message: Message) -> None:
        target = self._target(card)
        if target is None:
            raise SlackRefusedError("person_without_account")
        # An earlier attempt may have been taken although its answer was lost.
        found = await self._slack.find(target, card.id) if card.attempts else None
        where = found or await self._slack.post(target, message, key=card.id)
        if found is not None:
            await self._slack.update(*found, message, key=card.id)
        await self._keep(card, escalation, where, message)

    async def _keep(
        self, card: Card, escalation: Escalation, where: tuple[str, str], message: Message
    ) -> None:
        await self._cards.shown(card, *where, message.drawn, escalation.version)

    def _target(self, card: Card) -> str | None:
        if card.surface == "channel":
            return card.target
        person = self._facts.facts(self._clock()).people.persons.get(card.target)
        return person.accounts[0] if person and person.accounts else None

    def _budget(self, card: Card):  # type: ignore[no-untyped-def]
        return self._budgets.posts(card.target) if card.ts is None else self._budgets.updates

    async def _refused(self, card: Card, error: SlackRefusedError) -> None:
        if error.code in ("message_not_found", "cant_update_message"):
            await self._gone(card)
            return
        log.warning("card-refused", card=card.id, code=error.code)
        await self._later(card, error, REFUSED_S)

    async def _gone(self, card: Card) -> None:
        """A deleted card is posted anew while people still need it; else it stays deleted."""
        escalation = await self._reads.escalation(card.escalation_id)
        if escalation is not None and escalation.due_at is not None:
            await self._cards.lost(card)
        elif escalation is not None and card.channel is not None and card.ts is not None:
            message = await self._draw(escalation, card)
            await self._keep(card, escalation, (card.channel, card.ts), message)

    async def _settle(self, card: Card, error: SlackUnsureError) -> None:
        """No clear answer: what the message shows is unknown, so it is drawn once more."""
        await self._later(card, error, _backoff(card.attempts))

    async def _later(self, card: Card, error: SlackError, seconds: float) -> None:
        at: datetime = self._clock() + timedelta(seconds=max(1.0, seconds))
        await self._cards.again(card, at, error.code or type(error).__name__)


def _backoff(attempts: int) -> float:
    return BACKOFF_S[min(attempts, len(BACKOFF_S) - 1)]
