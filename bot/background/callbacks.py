"""Deliveries to services: a signed wake-up, at least once, never the authority.

Each receiver has lanes of its own, so that a slow or dead one holds up nobody else. How many
receivers there can be is bounded by the hosts the settings allow.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from random import Random
from urllib.parse import urlsplit

import aiohttp
import structlog

from approvals.ports import Clock, Deliveries, Delivery, Reads, Services
from bot.background.counts import Counts
from bot.background.lanes import Lanes
from bot.background.webhooks import callback_headers, next_attempt, retry_after
from bot.callback_urls import refuse_callback

log = structlog.get_logger(__name__)

KINDS = ("callback",)
BATCH = 40

#: Calls under way at once to one receiver.
AT_ONCE = 2

#: Seconds since a delivery was leased within which its call may begin. With the limit of the call
#: itself it ends before the lease of 30 does.
FRESH_S = 10.0

#: The receiver wants no more of it.
GONE = 410


class Unsendable(Exception):  # noqa: N818  not an error of the receiver's
    """It may not be sent, and another try changes nothing."""


class Caller:
    """Calls services back. `session` is the guarded one: it refuses inner addresses itself."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        reads: Reads,
        services: Services,
        session: aiohttp.ClientSession,
        allowed: frozenset[str],
        clock: Clock,
        wall: Clock,
        random: Random,
        counts: Counts,
    ) -> None:
        self._deliveries, self._reads, self._services = deliveries, reads, services
        self._session, self._allowed = session, allowed
        self._clock, self._wall = clock, wall  # receivers date what we send by theirs
        self._random, self._counts = random, counts
        self._receivers: dict[str, Lanes] = {}
        self.wake: Callable[[], None] = lambda: None  #: called when a receiver is free again

    @property
    def failures(self) -> int:
        """In a row, where it is worst: of our own work, not of the receivers."""
        return max((lanes.failures for lanes in self._receivers.values()), default=0)

    async def once(self) -> bool:
        """Begin calling what is due; whether there may be more."""
        due = await self._deliveries.due(KINDS, self._clock(), BATCH)
        for delivery in due:
            lanes = self._lanes(urlsplit(delivery.target).netloc)
            lanes.start(delivery.id, partial(self._attempt, delivery))
        return len(due) == BATCH

    def _lanes(self, receiver: str) -> Lanes:
        if receiver not in self._receivers:
            lanes = Lanes(self._clock, at_once=AT_ONCE, fresh_s=FRESH_S)
            lanes.wake = self.wake
            self._receivers[receiver] = lanes
        return self._receivers[receiver]

    async def idle(self) -> None:
        """Return when nothing is under way."""
        await asyncio.gather(*(lanes.idle() for lanes in self._receivers.values()))

    async def close(self) -> None:
        """Let what is under way end, for a moment; the rest stays owed."""
        await asyncio.gather(*(lanes.close() for lanes in self._receivers.values()))

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            secrets = await self._secrets(delivery)
            status, wait = await self._call(delivery, secrets, self._wall())
        except Unsendable as error:
            await self._give_up(delivery, "refused", str(error))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            await self._again(delivery, type(error).__name__, 0.0)
        except Exception as error:
            log.exception("callback-not-sent", delivery=delivery.id)
            await self._again(delivery, type(error).__name__, 0.0)
        else:
            await self._judge(delivery, status, wait)

    async def _secrets(self, delivery: Delivery) -> tuple[str, ...]:
        """What to sign with, if it may still be sent. Raises Unsendable."""
        escalation = await self._reads.escalation(delivery.escalation_id)
        if escalation is None:
            raise Unsendable("no such escalation")
        # Judged again: a host may have been taken back since the escalation was opened.
        hosts = await self._services.callback_hosts(escalation.service)
        wrong = refuse_callback(delivery.target, frozenset(hosts) & self._allowed)
        if wrong:
            raise Unsendable(wrong)
        secrets = await self._services.callback_secrets(escalation.service)
        if not secrets:
            name = escalation.service
            raise Unsendable(f"no secret to sign with: `service secret {name}`")
        return secrets

    async def _call(
        self, delivery: Delivery, secrets: tuple[str, ...], now: datetime
    ) -> tuple[int, float]:
        """Status, and the seconds it asks us to wait. The answer's body is never read."""
        body = _body(delivery)
        headers = callback_headers(delivery.id, now, body, secrets)
        async with self._session.post(
            delivery.target,
            data=body,
            headers={**headers, "Content-Type": "application/json"},
            allow_redirects=False,
        ) as answer:
            return answer.status, retry_after(answer.headers.get("Retry-After"), now)

    async def _judge(self, delivery: Delivery, status: int, wait: float) -> None:
        if 200 <= status < 300:
            await self._deliveries.delivered(delivery.id, self._clock())
        elif status == GONE:
            await self._give_up(delivery, "gone", "410: the receiver wants no more")
        else:
            await self._again(delivery, f"status {status}", wait)

    async def _again(self, delivery: Delivery, error: str, wait: float) -> None:
        at = next_attempt(delivery.attempts, self._clock(), wait, self._random)
        if at is None:
            await self._give_up(delivery, "schedule", error)
            return
        log.info("callback-failed", delivery=delivery.id, error=error, again_at=at.isoformat())
        await self._deliveries.again(delivery.id, at, error)

    async def _give_up(self, delivery: Delivery, sort: str, why: str) -> None:
        self._counts.given_up.labels("callback", sort).inc()
        log.warning("callback-given-up", delivery=delivery.id, why=why)
        await self._deliveries.failed(delivery.id, self._clock(), why)


def _body(delivery: Delivery) -> bytes:
    said = delivery.payload
    about = {
        "id": delivery.escalation_id,
        "status": said["status"],
        "version": said["version"],
        "head": said["head"],
    }
    body = {"type": said["type"], "timestamp": said["at"], "data": about}
    return json.dumps(body, separators=(",", ":")).encode()
