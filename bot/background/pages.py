"""Pages: deliveries to people outside Slack, by the routes of the policy.

A page is a delivery like any other: recorded in the commit that owed it, tried again with one id,
given up in the end, seen in metrics and Details. A page that fails is reported to the core, so that
the chain uses its next way at once.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog

from approvals.escalation import Escalation
from approvals.ports import Clock, Deliveries, Delivery, FactSource, Reads, StoreError
from bot.background.addresses import AddressError, Secret, filled
from bot.background.counts import Counts
from bot.background.lanes import Lanes
from bot.background.outside import AT_ONCE, Notify, PageError
from bot.background.page_text import Text, is_an_end, page_text
from bot.background.ways import Ways

log = structlog.get_logger(__name__)

#: The address of a route, or None where the policy knows no such route.
Routes = Callable[[str], str | None]

KINDS = ("page",)
BATCH = 40

#: Seconds since a delivery was leased within which its call may begin; a lease lasts 30.
FRESH_S = 10.0

#: Seconds until each attempt after the one before it failed: half an hour in all.
BACKOFF_S = (5, 15, 30, 60, 120, 300, 600, 900)


class Needless(Exception):  # noqa: N818  nothing failed
    """Nobody is to be called any more."""


class Pager:
    """Sends pages. Each route has lanes of its own, so that a dead one holds up nobody else."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        reads: Reads,
        facts: FactSource,
        ways: Ways,
        routes: Routes,
        secret: Secret,
        notify: Notify,
        redacted: Callable[[str], str],
        clock: Clock,
        counts: Counts,
        slack: bool,
    ) -> None:
        self._deliveries, self._reads, self._facts = deliveries, reads, facts
        self._ways, self._routes, self._secret = ways, routes, secret
        self._notify, self._redacted, self._slack = notify, redacted, slack
        self._clock, self._counts = clock, counts
        self._by_route: dict[str, Lanes] = {}
        self.wake: Callable[[], None] = lambda: None  #: called when a route is free again

    @property
    def failures(self) -> int:
        """In a row, where it is worst: of our own work, not of the routes."""
        return max((lanes.failures for lanes in self._by_route.values()), default=0)

    async def once(self) -> bool:
        """Begin sending what is due; whether there may be more."""
        due = await self._deliveries.due(KINDS, self._clock(), BATCH)
        for delivery in due:
            self._lanes(delivery.target).start(delivery.id, partial(self._attempt, delivery))
        return len(due) == BATCH

    def _lanes(self, route: str) -> Lanes:
        if route not in self._by_route:
            lanes = Lanes(self._clock, at_once=AT_ONCE, fresh_s=FRESH_S)
            lanes.wake = self.wake
            self._by_route[route] = lanes
        return self._by_route[route]

    async def idle(self) -> None:
        """Return when nothing is under way."""
        await asyncio.gather(*(lanes.idle() for lanes in self._by_route.values()))

    async def close(self) -> None:
        """Let what is under way end, for a moment; the rest stays owed."""
        await asyncio.gather(*(lanes.close() for lanes in self._by_route.values()))

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            escalation = await self._of(delivery)
        except Needless as reason:
            await self._deliveries.failed(delivery.id, self._clock(), str(reason))
            return
        try:
            await self._send(delivery, escalation)
        except AddressError as error:
            await self._missed(delivery, escalation, str(error))
            await self._give_up(delivery, "refused", str(error))
        except PageError as error:
            await self._missed(delivery, escalation, str(error))
            await self._again(delivery, str(error))
        except Exception as error:
            log.exception("page-not-sent", delivery=delivery.id)
            await self._missed(delivery, escalation, type(error).__name__)
            await self._again(delivery, type(error).__name__)
        else:
            await self._came(delivery, escalation)
            await self._deliveries.delivered(delivery.id, self._clock())

    async def _of(self, delivery: Delivery) -> Escalation:
        """What it is about. Raises Needless where nobody has to come any more."""
        escalation = await self._reads.escalation(delivery.escalation_id)
        if escalation is None:
            raise Needless("no such escalation")
        if is_an_end(str(delivery.payload["case"])):
            return escalation
        if escalation.status.is_terminal:
            raise Needless(f"not sent: it is {escalation.status} already")
        looks, owed = escalation.acknowledged, delivery.created_at
        if looks is not None and owed is not None and looks.at > owed:
            raise Needless(f"not sent: {looks.person} is looking")
        return escalation

    async def _send(self, delivery: Delivery, escalation: Escalation) -> None:
        """Raises AddressError or PageError."""
        route = delivery.target
        address = self._routes(route)
        if address is None:
            raise AddressError(f"The policy has no route {route} any more.")
        called = filled(address, self._secret, id_=escalation.id, page=delivery.id)
        await self._notify(route, called, self._text(escalation, delivery))

    def _text(self, escalation: Escalation, delivery: Delivery) -> Text:
        said = delivery.payload
        return page_text(
            escalation,
            str(said["case"]),
            said["values"],
            self._facts.facts(self._clock()).people,
            reason=str(said.get("reason") or ""),
            slack=self._slack,
        )

    async def _missed(self, delivery: Delivery, escalation: Escalation, why: str) -> None:
        """The chain goes on another way; what only tells how it ended is no way to anybody."""
        if not is_an_end(str(delivery.payload["case"])):
            way = f"route:{delivery.target}"
            await self._ways.failed(escalation, [way], self._redacted(why))

    async def _came(self, delivery: Delivery, escalation: Escalation) -> None:
        """Somebody has it now; a page sent twice would be worse than a core that is not told."""
        if is_an_end(str(delivery.payload["case"])):
            return
        try:
            await self._ways.came(escalation)
        except StoreError as error:
            log.warning("arrival-not-saved", escalation=escalation.id, error=str(error))

    async def _again(self, delivery: Delivery, error: str) -> None:
        if delivery.attempts >= len(BACKOFF_S):
            await self._give_up(delivery, "schedule", error)
            return
        at = self._clock() + timedelta(seconds=BACKOFF_S[delivery.attempts])
        said = self._redacted(error)
        log.info("page-failed", delivery=delivery.id, route=delivery.target, error=said)
        await self._deliveries.again(delivery.id, at, said)

    async def _give_up(self, delivery: Delivery, sort: str, why: str) -> None:
        self._counts.given_up.labels("page", sort).inc()
        said = self._redacted(why)
        log.warning("page-given-up", delivery=delivery.id, route=delivery.target, why=said)
        await self._deliveries.failed(delivery.id, self._clock(), said)
