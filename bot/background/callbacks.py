"""Deliveries to services: a signed wake-up, at least once, never the authority.

Each receiver has its own lane, so that a slow or dead one holds up nobody else.
"""

import asyncio
import json
from collections import defaultdict
from datetime import datetime
from random import Random
from urllib.parse import urlsplit

import aiohttp
import structlog

from approvals.ports import Clock, Deliveries, Delivery, Reads, Services
from bot.background.webhooks import callback_headers, next_attempt

log = structlog.get_logger(__name__)

KINDS = ("callback",)
BATCH = 40

#: Receivers called at once.
AT_ONCE = 16


class Caller:
    """Calls services back. `session` is the guarded one: it refuses inner addresses itself."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        reads: Reads,
        services: Services,
        session: aiohttp.ClientSession,
        clock: Clock,
        random: Random,
    ) -> None:
        self._deliveries, self._reads, self._services = deliveries, reads, services
        self._session, self._clock, self._random = session, clock, random
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def once(self) -> bool:
        """Call what is due; whether there may be more."""
        due = await self._deliveries.due(KINDS, self._clock(), BATCH)
        lanes: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in due:
            lanes[urlsplit(delivery.target).netloc].append(delivery)
        await asyncio.gather(*(self._lane(lane) for lane in lanes.values()))
        return len(due) == BATCH

    async def _lane(self, lane: list[Delivery]) -> None:
        async with self._gate:
            for delivery in lane:
                await self._attempt(delivery)

    async def _attempt(self, delivery: Delivery) -> None:
        now = self._clock()
        escalation = await self._reads.escalation(delivery.escalation_id)
        if escalation is None:
            await self._deliveries.failed(delivery.id, now, "no such escalation")
            return
        secrets = await self._services.callback_secrets(escalation.service)
        if not secrets:
            await self._deliveries.failed(delivery.id, now, "the service has no whsec_ secret")
            return
        try:
            status, retry_after = await self._call(delivery, secrets, now)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            await self._again(delivery, type(error).__name__, None)
            return
        await self._judge(delivery, status, retry_after)

    async def _call(
        self, delivery: Delivery, secrets: tuple[str, ...], now: datetime
    ) -> tuple[int, float | None]:
        said = delivery.payload
        body = json.dumps(
            {
                "type": said["type"],
                "timestamp": said["at"],
                "data": {
                    "id": delivery.escalation_id,
                    "status": said["status"],
                    "version": said["version"],
                    "head": said["head"],
                },
            },
            separators=(",", ":"),
        ).encode()
        headers = callback_headers(delivery.id, now, body, secrets)
        async with self._session.post(
            delivery.target,
            data=body,
            headers={**headers, "Content-Type": "application/json"},
            allow_redirects=False,
        ) as answer:
            return answer.status, _seconds(answer.headers.get("Retry-After"))

    async def _judge(self, delivery: Delivery, status: int, retry_after: float | None) -> None:
        now = self._clock()
        if 200 <= status < 300:
            await self._deliveries.delivered(delivery.id, now)
        elif status == 410:
            await self._deliveries.failed(delivery.id, now, "410: the receiver wants no more")
        else:
            await self._again(delivery, f"status {status}", retry_after)

    async def _again(self, delivery: Delivery, error: str, retry_after: float | None) -> None:
        now = self._clock()
        at = next_attempt(delivery.attempts, now, retry_after, self._random)
        log.info("callback-failed", delivery=delivery.id, error=error, gives_up=at is None)
        if at is None:
            await self._deliveries.failed(delivery.id, now, error)
        else:
            await self._deliveries.again(delivery.id, at, error)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
