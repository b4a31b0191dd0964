"""The card reconciler: what a card shows is made to equal what it should show.

Nothing sends a card. Each has a row with the hash of what it last showed; a card whose escalation
changed is drawn again, and Slack is called only if the drawing differs. Before a call the row says
that no answer is known yet, so a crash, a lost response, a burst of clicks or a deleted message all
heal by this loop: what is not known is looked up or drawn once more.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from approvals.escalation import Escalation
from approvals.ports import Card, Cards, Clock, FactSource, Reads, StoreError, Storms
from bot.background.budget import Ask, WaitError
from bot.background.counts import Counts
from bot.background.lanes import Lanes
from bot.background.line import Line, wait_of
from bot.background.refusals import (
    MENDED_BY_PEOPLE_S,
    OVERLAPPED,
    UNANSWERED,
    is_under_way,
    mended_by,
    said,
    was_taken_maybe,
)
from bot.background.ways import Ways, is_gathered, way_of
from bot.messaging import (
    Artist,
    Message,
    Seen,
    Slack,
    SlackAwayError,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
    SlackUnsureError,
)
from bot.recalling import earlier_of

log = structlog.get_logger(__name__)

#: Cards looked at in one go, and calls under way at once.
BATCH, AT_ONCE = 40, 8

#: Seconds since a card was leased within which its work may begin: a lease lasts 30, and a look for
#: what was taken before 10. A call puts the card off by its own 30 first.
FRESH_S = 20.0

#: How long a call is given before its card is looked at again; longer than the calls' own limits.
ANSWER_WITHIN = timedelta(seconds=30)

#: Seconds until the next look after Slack did not take a card: by attempt, then the last.
BACKOFF_S = (1, 2, 5, 15, 30, 60)

#: The message is gone, or is not ours any more.
GONE = frozenset({"message_not_found", "cant_update_message"})


class Reconciler:
    """Posts missing cards and redraws differing ones, within Slack's budgets."""

    def __init__(
        self,
        *,
        cards: Cards,
        reads: Reads,
        storms: Storms,
        facts: FactSource,
        slack: Slack,
        line: Line,
        artist: Artist,
        clock: Clock,
        counts: Counts,
        ways: Ways,
    ) -> None:
        self._cards, self._reads, self._facts = cards, reads, facts
        self._storms = storms
        self._slack, self._line, self._artist = slack, line, artist
        self._clock, self._counts, self._ways = clock, counts, ways
        self.lanes = Lanes(clock, at_once=AT_ONCE, fresh_s=FRESH_S)

    async def once(self) -> bool:
        """Begin looking at what is due; whether there may be more."""
        if self._facts.facts(self._clock()).people.as_of is None:
            return False  # just started: nobody has a name or an account yet
        self.lanes.resume(self._line.left)
        due = await self._cards.due(self._clock(), BATCH)
        for card in due:
            self.lanes.start(card.id, partial(self._look, card.escalation_id, card.id))
        return len(due) == BATCH

    async def _look(self, escalation_id: str, card_id: str) -> None:
        """Read everything anew: while the card waited, changes may have come together."""
        cards = await self._cards.of(escalation_id)
        escalation = await self._reads.escalation(escalation_id)
        card = next((one for one in cards if one.id == card_id), None)
        if card is None or escalation is None:
            return
        if is_gathered(card, escalation):
            await self._cards.unneeded(card)
            return
        storm = await self._storms.storm(card.storm_id) if card.storm_id else None
        escalation = storm.for_all if storm else escalation
        try:
            await self._reconcile(card, escalation, cards)
        except WaitError:
            if not self._line.works:
                await self._ways.slack_is_away(escalation, card)
            raise
        except SlackBusyError as error:
            wait = wait_of(error.retry_after)
            await self._later(card, said(card.error, error), wait.total_seconds())
        except SlackRefusedError as error:
            await self._refused(card, error, escalation)
        except SlackError as error:
            await self._later(card, said(card.error, error), _backoff(card.attempts))
            if isinstance(error, SlackAwayError | SlackUnsureError):
                await self._ways.slack_is_away(escalation, card)
        except StoreError as error:
            # The row says that no answer is known: the message is looked up, and this told, anew.
            log.warning("arrival-not-saved", card=card.id, error=str(error))
        except Exception:
            # Whatever is wrong with this card, it is wrong with this card alone.
            log.exception("card-failed", card=card.id)
            await self._later(card, "failed", MENDED_BY_PEOPLE_S)
            await self._missed(card, escalation, "failed")

    async def _reconcile(self, card: Card, escalation: Escalation, cards: Sequence[Card]) -> None:
        message = await self._draw(card, escalation, cards)
        if card.channel is None or card.ts is None:
            await self._post(card, escalation, message)
        elif message.drawn == card.drawn:
            await self._keep(card, escalation, (card.channel, card.ts), message)
        else:
            await self._update(card, escalation, (card.channel, card.ts), message)

    async def _draw(self, card: Card, escalation: Escalation, cards: Sequence[Card]) -> Message:
        storm = await self._storms.storm(card.storm_id) if card.storm_id else None
        if storm is not None:
            return self._artist.storm(storm)
        earlier, now = await earlier_of(self._reads, escalation), self._clock()
        people = self._facts.facts(now).people
        seen = Seen(people=people, now=now, cards=tuple(cards), earlier=earlier)
        return self._artist.card(escalation, card, seen)

    async def _post(self, card: Card, escalation: Escalation, message: Message) -> None:
        target = self._target(card)
        found = await self._taken_before(card, target)
        if found is not None:
            await self._ways.came(escalation)
            await self._cards.shown(card, *found, "", 0)  # the next look draws what it shows
            return
        ask = Ask("post", target, escalation.status.is_terminal)
        self._line.take(ask)
        await self._cards.again(card, self._clock() + ANSWER_WITHIN, UNANSWERED)
        with self._line.call(ask):
            where = await self._slack.post(target, message, key=card.id)
        await self._ways.came(escalation)
        await self._keep(card, escalation, where, message)

    async def _taken_before(self, card: Card, target: str) -> tuple[str, str] | None:
        """Where an earlier attempt was taken after all."""
        if not was_taken_maybe(card.error):
            return None
        ask = Ask("find", target)
        self._line.take(ask)
        try:
            with self._line.call(ask):
                return await self._slack.find(target, card.id)
        except SlackRefusedError as error:
            # A second card is better than none: both show one state.
            log.warning("card-not-looked-up", card=card.id, code=error.code)
            return None

    async def _update(
        self, card: Card, escalation: Escalation, where: tuple[str, str], message: Message
    ) -> None:
        ask = Ask("update", urgent=escalation.status.is_terminal)
        self._line.take(ask)
        await self._cards.again(card, self._clock() + ANSWER_WITHIN, UNANSWERED)
        with self._line.call(ask):
            await self._slack.update(*where, message, key=card.id)
        await self._keep(card, escalation, where, message)
        if is_under_way(card.error):
            # Nobody noted how the call before ended. If it is another process's, what that drew
            # may come after this, and if it is dead nobody else looks again: so we do, when the
            # call is over.
            await self._cards.again(card, self._clock() + ANSWER_WITHIN, OVERLAPPED)

    async def _keep(
        self, card: Card, escalation: Escalation, where: tuple[str, str], message: Message
    ) -> None:
        await self._cards.shown(card, *where, message.drawn, escalation.version)

    def _target(self, card: Card) -> str:
        if card.surface in ("channel", "storm"):
            return card.target
        person = self._facts.facts(self._clock()).people.persons.get(card.target)
        if person is None or not person.accounts:
            raise SlackRefusedError("person_without_account")
        return person.accounts[0]

    async def _refused(self, card: Card, error: SlackRefusedError, escalation: Escalation) -> None:
        if error.code in GONE and card.channel is not None and card.ts is not None:
            await self._gone(card, escalation, (card.channel, card.ts))
            return
        self._counts.refused.labels(error.code).inc()
        log.warning("card-refused", card=card.id, target=card.target, code=error.code)
        await self._later(card, error.code, mended_by(error.code, card.attempts))
        await self._missed(card, escalation, error.code)

    async def _missed(self, card: Card, escalation: Escalation, code: str) -> None:
        """A card that was never posted reaches nobody."""
        way = way_of(card)
        if way is not None and card.posted_at is None:
            await self._ways.failed(escalation, (way,), code)

    async def _gone(self, card: Card, escalation: Escalation, where: tuple[str, str]) -> None:
        """A deleted card is posted anew while people may still press it; else it stays deleted."""
        if not escalation.status.is_terminal or escalation.can_be_stopped:
            await self._cards.lost(card)
            return
        cards = await self._cards.of(escalation.id)
        message = await self._draw(card, escalation, cards)
        await self._keep(card, escalation, where, message)

    async def _later(self, card: Card, error: str, seconds: float) -> None:
        await self._cards.again(card, self._clock() + timedelta(seconds=seconds), error)


def _backoff(attempts: int) -> float:
    return BACKOFF_S[min(attempts, len(BACKOFF_S) - 1)]
