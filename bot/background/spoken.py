"""Deliveries that people read in Slack: thread lines, direct messages, answers to clicks."""

import asyncio
from datetime import timedelta

import structlog

from approvals.escalation import Escalation
from approvals.ports import Cards, Clock, Deliveries, Delivery, FactSource, Reads
from bot.background.budget import Budgets
from bot.messaging import (
    Artist,
    Message,
    Slack,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
)

log = structlog.get_logger(__name__)

KINDS = ("answer", "direct", "thread")
BATCH = 40

#: Seconds until the next try, by attempt; after the last the message is given up and says so.
SCHEDULE_S = (2, 5, 15, 30, 60, 120, 300, 600, 1800, 3600)

#: An answer to a click that comes later than this confuses more than it tells.
STALE_ANSWER = timedelta(minutes=30)


class Speaker:
    """Says what is owed, at least once, and once only where Slack lets us look."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        cards: Cards,
        reads: Reads,
        facts: FactSource,
        slack: Slack,
        artist: Artist,
        clock: Clock,
    ) -> None:
        self._deliveries, self._cards, self._reads = deliveries, cards, reads
        self._facts, self._slack, self._artist, self._clock = facts, slack, artist, clock
        self._budgets = Budgets()

    async def once(self) -> bool:
        """Say what is due; whether there may be more."""
        due = await self._deliveries.due(KINDS, self._clock(), BATCH)
        by_escalation: dict[tuple[str, str], list[Delivery]] = {}
        for delivery in due:
            lane = (delivery.escalation_id, delivery.kind if delivery.kind == "thread" else "")
            by_escalation.setdefault(lane, []).append(delivery)
        await asyncio.gather(*(self._in_order(lane) for lane in by_escalation.values()))
        return len(due) == BATCH

    async def _in_order(self, lane: list[Delivery]) -> None:
        for delivery in lane:
            await self._attempt(delivery)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            await self._say(delivery)
        except SlackBusyError as error:
            await self._later(delivery, error, error.retry_after)
        except SlackRefusedError as error:
            log.warning("message-refused", delivery=delivery.id, code=error.code)
            await self._deliveries.failed(delivery.id, self._clock(), error.code)
        except SlackError as error:
            await self._later(delivery, error, None)
        else:
            await self._deliveries.delivered(delivery.id, self._clock())

    async def _say(self, delivery: Delivery) -> None:
        escalation = await self._reads.escalation(delivery.escalation_id)
        now = self._clock()
        if escalation is None or (delivery.kind == "answer" and self._is_stale(delivery)):
            raise SlackRefusedError("too_late")
        people = self._facts.facts(now).people
        message = self._artist.delivery(escalation, delivery, people, now)
        if delivery.kind == "thread":
            await self._thread(escalation, delivery, message)
        elif delivery.kind == "answer":
            await self._answer(delivery, message)
        else:
            await self._post(self._account(delivery.target), delivery, message)

    async def _thread(self, escalation: Escalation, delivery: Delivery, message: Message) -> None:
        cards = await self._cards.of(escalation.id)
        card = next((c for c in cards if c.surface == "channel"), None)
        if card is None:
            return  # a policy without a channel has no thread
        if card.channel is None or card.ts is None:
            raise SlackError("card_not_posted")
        await self._post(card.channel, delivery, message, card.ts)

    async def _answer(self, delivery: Delivery, message: Message) -> None:
        reply, account = delivery.payload.get("reply") or {}, delivery.target
        if reply.get("channel"):
            try:
                thread = reply.get("thread_ts")
                await self._slack.ephemeral(reply["channel"], account, message, thread)
                return
            except SlackRefusedError as error:
                log.info("ephemeral-refused", code=error.code)
        await self._post(account, delivery, message)

    async def _post(
        self, target: str, delivery: Delivery, message: Message, thread_ts: str | None = None
    ) -> None:
        now, budget = self._clock(), self._budgets.posts(target)
        if not budget.take(now):
            raise SlackBusyError("budget", retry_after=(budget.next_at(now) - now).total_seconds())
        if delivery.attempts and await self._slack.find(target, delivery.id, thread_ts):
            return
        await self._slack.post(target, message, key=delivery.id, thread_ts=thread_ts)

    def _account(self, to: str) -> str:
        """`person:ravi` or `account:U123` as a Slack account."""
        kind, _, name = to.partition(":")
        if kind == "account":
            return name
        person = self._facts.facts(self._clock()).people.persons.get(name)
        if person is None or not person.accounts:
            raise SlackRefusedError("person_without_account")
        return person.accounts[0]

    def _is_stale(self, delivery: Delivery) -> bool:
        made = delivery.created_at
        return made is not None and self._clock() - made > STALE_ANSWER

    async def _later(self, delivery: Delivery, error: SlackError, seconds: float | None) -> None:
        code, now = error.code or type(error).__name__, self._clock()
        if seconds is None and delivery.attempts >= len(SCHEDULE_S):
            await self._deliveries.failed(delivery.id, now, code)
            return
        wait = SCHEDULE_S[delivery.attempts] if seconds is None else max(1.0, seconds)
        await self._deliveries.again(delivery.id, now + timedelta(seconds=wait), code)
