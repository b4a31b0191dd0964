"""Deliveries that people read in Slack: answers to clicks, direct messages, thread lines.

Answers have lanes of their own and never queue behind anything else. The lines of one thread are
said in order: while the first must wait, the later ones do too.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from approvals.escalation import Escalation
from approvals.ports import (
    Card,
    Cards,
    Clock,
    Deliveries,
    Delivery,
    FactSource,
    Leases,
    Reads,
    Storms,
)
from approvals.storms import Storm
from bot.background.budget import Ask, WaitError
from bot.background.counts import Counts
from bot.background.floods import MOST, WHOLE, floods, is_ending
from bot.background.lanes import Lanes
from bot.background.line import Line, wait_of
from bot.background.refusals import UNANSWERED, said, was_taken_maybe
from bot.background.ways import Ways, is_gathered
from bot.messaging import (
    Artist,
    Message,
    Slack,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
)

log = structlog.get_logger(__name__)

#: Deliveries taken in one go of each sort; calls under way at once.
BATCH, AT_ONCE, ANSWERS_AT_ONCE = 40, 8, 16

#: Seconds since a delivery was leased within which its work may begin: a lease lasts 30, and a call
#: 10. What is posted is put off by its own 30 before it is called.
FRESH_S = 20.0

#: How long a post is given before it is looked for; longer than the calls' own limits.
ANSWER_WITHIN = timedelta(seconds=30)

#: Seconds until the next try: by attempt, then the last.
BACKOFF_S = (2, 5, 15, 30, 60, 120, 300, 600)

#: What could not be said for so long is given up, and says so.
GIVE_UP = timedelta(hours=24)

#: An answer to a click that comes later than this confuses more than it tells.
STALE_ANSWER = timedelta(minutes=30)

#: The card a thread hangs on is being posted anew.
_NO_THREAD = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})


class Speaker:
    """Says what is owed, at least once, and once only where Slack lets us look."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
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
        leases: Leases,
    ) -> None:
        self._deliveries, self._cards, self._reads = deliveries, cards, reads
        self._storms, self._leases = storms, leases
        self._facts, self._slack, self._line = facts, slack, line
        self._artist, self._clock, self._counts, self._ways = artist, clock, counts, ways
        self.answers = Lanes(clock, at_once=ANSWERS_AT_ONCE, fresh_s=FRESH_S)
        self.lanes = Lanes(clock, at_once=AT_ONCE, fresh_s=FRESH_S)
        #: Lines leased while the lane of their thread was under way.
        self._more: dict[str, frozenset[str]] = {}

    async def once(self) -> bool:
        """Begin saying what is due, answers first; whether there may be more."""
        more = await self._begin_answers()
        if self._facts.facts(self._clock()).people.as_of is None:
            return more  # just started: nobody has a name or an account yet
        return await self._begin_others() or more

    async def _begin_answers(self) -> bool:
        self.answers.resume(self._line.left)
        due = await self._deliveries.due(("answer",), self._clock(), BATCH)
        for delivery in due:
            self.answers.start(delivery.id, partial(self._one, delivery))
        return len(due) == BATCH

    async def _begin_others(self) -> bool:
        self.lanes.resume(self._line.left)
        due = await self._deliveries.due(("direct", "thread"), self._clock(), BATCH)
        more = len(due) == BATCH
        if more and any(map(is_ending, due)):
            due = (*due, *await self._deliveries.due(("direct",), self._clock(), WHOLE))
        together = floods(due)
        for flood in together:
            lane = f"flood {flood[0].target} {flood[0].payload['case']}"
            self.lanes.start(lane, partial(self._together, list(flood)))
        shared = {delivery.id for flood in together for delivery in flood}
        for delivery in due:
            if delivery.kind == "direct" and delivery.id not in shared:
                self.lanes.start(delivery.id, partial(self._one, delivery))
        self._start_threads([d for d in due if d.kind == "thread"])
        return more

    def _start_threads(self, lines: Sequence[Delivery]) -> None:
        taken = frozenset(line.id for line in lines)
        for escalation_id in dict.fromkeys(line.escalation_id for line in lines):
            work = partial(self._thread, escalation_id, taken)
            if not self.lanes.start(f"thread {escalation_id}", work):
                self._more[escalation_id] = self._more.get(escalation_id, frozenset()) | taken

    async def _one(self, delivery: Delivery) -> None:
        await self._attempt(delivery)

    async def _together(self, left: list[Delivery]) -> None:
        """Say a flood: one message for those of one service, if they are many. What is settled is
        taken out of `left`, for this work may have to wait and begin again.
        """
        left.sort(key=lambda d: not was_taken_maybe(d.error))  # it is looked for by its own mark
        while left:
            ended = await self._of_one_service(left)
            first, others = left[0], [d for d in left[1:] if d.escalation_id in ended]
            many = tuple(ended.values()) if len(ended) > MOST else ()
            settled = await self._attempt(first, many)
            for other in others if many else ():
                if settled:
                    await self._deliveries.delivered(other.id, self._clock())
                else:  # they come again together
                    at = self._clock() + _backoff(first)
                    await self._deliveries.again(other.id, at, other.error or "")
                left.remove(other)
            left.remove(first)

    async def _of_one_service(self, left: Sequence[Delivery]) -> dict[str, Escalation]:
        """Those of the service of the first, by id, the first first."""
        found = [await self._reads.escalation(d.escalation_id) for d in left]
        known = [e for e in found if e is not None]
        return {e.id: e for e in known if e.service == known[0].service}

    async def _thread(self, escalation_id: str, taken: frozenset[str]) -> None:
        """Say the lines of a thread, unless another replica does, which then says these too."""
        async with self._leases.leased(f"thread:{escalation_id}") as is_ours:
            if is_ours:
                await self._lines(escalation_id, taken)

    async def _lines(self, escalation_id: str, taken: frozenset[str]) -> None:
        """Say them in order, from the first; stop where one must wait.

        Lines leased while this lane was under way are said too: after the last look at what is
        owed nobody else would, until their lease is over.
        """
        begun = False
        while True:
            line = await self._first_line(escalation_id)
            more = self._more.pop(escalation_id, frozenset())
            taken |= more
            if line is None and not more:
                return
            if line is not None:
                if not begun and line.id not in taken:
                    return  # the first waits for its next try, and all others with it
                try:
                    settled = await self._attempt(line)
                except WaitError:
                    # This work is parked, and goes on with this line when the budget allows.
                    self._more[escalation_id] = taken | {line.id}
                    raise
                if not settled:
                    return
                begun = True

    async def _first_line(self, escalation_id: str) -> Delivery | None:
        owed = await self._deliveries.of(escalation_id)
        return next((d for d in owed if d.kind == "thread" and d.state == "pending"), None)

    async def _attempt(self, delivery: Delivery, ended: Sequence[Escalation] = ()) -> bool:
        """Try once; whether it is settled. Raises WaitError when a budget is used up.

        With `ended` it is said of all of these.
        """
        try:
            await self._say(delivery, ended)
        except WaitError:
            raise
        except SlackBusyError as error:
            at = self._clock() + wait_of(error.retry_after)
            await self._deliveries.again(delivery.id, at, said(delivery.error, error))
            return False
        except SlackRefusedError as error:
            await self._give_up(delivery, error.code)
            return True
        except SlackError as error:
            return await self._later(delivery, error)
        await self._deliveries.delivered(delivery.id, self._clock())
        return True

    async def _say(self, delivery: Delivery, ended: Sequence[Escalation]) -> None:
        escalation = await self._reads.escalation(delivery.escalation_id)
        if escalation is None or (delivery.kind == "answer" and self._is_stale(delivery)):
            raise SlackRefusedError("too_late")
        storm_id = _storm_of(delivery)
        storm = await self._storms.storm(storm_id) if storm_id else None
        message = self._draw(escalation, delivery, storm, ended)
        if delivery.kind == "thread":
            await self._reply(delivery, message, escalation)
        elif delivery.kind == "answer":
            await self._answer(delivery, message)
        else:
            await self._post(self._account(delivery.target), delivery, message)

    def _draw(
        self,
        escalation: Escalation,
        delivery: Delivery,
        storm: Storm | None,
        ended: Sequence[Escalation],
    ) -> Message:
        now = self._clock()
        people = self._facts.facts(now).people
        try:
            if storm is not None:
                return self._artist.of_storm(storm, delivery, people)
            if ended:
                return self._artist.many(ended, delivery)
            return self._artist.delivery(escalation, delivery, people, now)
        except Exception:
            # Drawings are pure: another try would fail alike and hold up the thread.
            log.exception("message-not-drawn", delivery=delivery.id)
            raise SlackRefusedError("not_drawn") from None

    async def _reply(self, delivery: Delivery, message: Message, escalation: Escalation) -> None:
        """A line in the thread of the channel's card, once that is posted."""
        cards = await self._cards.of(delivery.escalation_id)
        if _storm_of(delivery):
            card = next((c for c in cards if c.surface == "storm"), None)
        else:
            card = _thread_of(cards, escalation)
        if card is None or is_gathered(card, escalation):
            return  # a policy without a channel has no thread, nor what a storm's card shows
        if card.channel is None or card.ts is None:
            raise SlackError("card_not_posted")
        try:
            await self._post(card.channel, delivery, message, card.ts)
        except SlackRefusedError as error:
            if error.code in _NO_THREAD:
                raise SlackError(error.code) from error
            raise

    async def _answer(self, delivery: Delivery, message: Message) -> None:
        reply, account = delivery.payload.get("reply") or {}, delivery.target
        channel = str(reply.get("channel") or "")
        if channel:
            ask = Ask("ephemeral")
            self._line.take(ask)
            try:
                with self._line.call(ask):
                    thread = reply.get("thread_ts")
                    await self._slack.ephemeral(channel, account, message, thread)
                return
            except SlackRefusedError as error:
                log.info("ephemeral-refused", code=error.code)
        await self._post(account, delivery, message)

    async def _post(
        self, target: str, delivery: Delivery, message: Message, thread_ts: str | None = None
    ) -> None:
        if was_taken_maybe(delivery.error) and await self._is_said(target, delivery, thread_ts):
            return
        ask = Ask("post", target)
        self._line.take(ask)
        await self._deliveries.again(delivery.id, self._clock() + ANSWER_WITHIN, UNANSWERED)
        with self._line.call(ask):
            await self._slack.post(target, message, key=delivery.id, thread_ts=thread_ts)

    async def _is_said(self, target: str, delivery: Delivery, thread_ts: str | None) -> bool:
        """Whether an earlier attempt was taken after all; not known where we may not look."""
        ask = Ask("find", target)
        self._line.take(ask)
        try:
            with self._line.call(ask):
                return await self._slack.find(target, delivery.id, thread_ts) is not None
        except SlackRefusedError as error:
            log.warning("message-not-looked-up", delivery=delivery.id, code=error.code)
            return False

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
        return self._age(delivery) > STALE_ANSWER

    def _age(self, delivery: Delivery) -> timedelta:
        made = delivery.created_at
        return self._clock() - made if made is not None else timedelta()

    async def _later(self, delivery: Delivery, error: SlackError) -> bool:
        """Try again later, or give it up; whether it is settled."""
        code = said(delivery.error, error)
        if self._age(delivery) > GIVE_UP:
            await self._give_up(delivery, code)
            return True
        await self._deliveries.again(delivery.id, self._clock() + _backoff(delivery), code)
        return False

    async def _give_up(self, delivery: Delivery, code: str) -> None:
        self._counts.given_up.labels(delivery.kind, code).inc()
        log.warning("message-given-up", delivery=delivery.id, kind=delivery.kind, code=code)
        await self._deliveries.failed(delivery.id, self._clock(), code)
        if delivery.kind == "direct":
            await self._missed(delivery, code)

    async def _missed(self, delivery: Delivery, code: str) -> None:
        """Whoever was called and could not be told is reached in another way."""
        escalation = await self._reads.escalation(delivery.escalation_id)
        if escalation is not None and delivery.target in escalation.chain.ways:
            await self._ways.failed(escalation, (delivery.target,), code)


def _thread_of(cards: Sequence[Card], escalation: Escalation) -> Card | None:
    """The card whose thread it is: in the escalation's own channel, else in the first there is."""
    found = [card for card in cards if card.surface == "channel"]
    own = (card for card in found if card.target == escalation.plan.channel)
    return next(own, found[0] if found else None)


def _backoff(delivery: Delivery) -> timedelta:
    return timedelta(seconds=BACKOFF_S[min(delivery.attempts, len(BACKOFF_S) - 1)])


def _storm_of(delivery: Delivery) -> str:
    """The storm it is about, where it is about all of one."""
    return str((delivery.payload.get("values") or {}).get("storm") or "")
