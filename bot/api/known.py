"""Known errors: what reviews confirmed, for services that recover by themselves."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from approvals.codec import instant
from approvals.memory.known_errors import InForce, known_errors
from approvals.memory.ports import Memory
from approvals.memory.remembering import Remembered
from bot.api.door import API
from bot.api.reading import tags_of, whose

#: Seconds that what was read is kept here, and that a caller may keep an answer.
KEPT_S, MAX_AGE_S = 10.0, 60


class KnownErrorOut(BaseModel):
    """An error that a review confirmed, and what to do about it."""

    service: str
    error_type: str | None
    message: str
    recovery: str | None
    steps: str | None
    escalation: str
    reviewed_at: str


class KnownErrorList(BaseModel):
    """Those in force."""

    items: list[KnownErrorOut]


class Confirmed:
    """What was confirmed, as it was read at most `KEPT_S` ago: many services ask for it."""

    def __init__(self, memory: Memory, now: Callable[[], float] = time.monotonic) -> None:
        self._memory, self._now = memory, now
        self._one_at_a_time = asyncio.Lock()
        self._read_at: float | None = None
        self._rows: Sequence[Remembered] = ()

    async def __call__(self) -> Sequence[Remembered]:
        """The rows. Raises StoreError."""
        async with self._one_at_a_time:
            if self._read_at is None or self._now() - self._read_at >= KEPT_S:
                self._rows = await self._memory.known()
                self._read_at = self._now()
            return self._rows


async def known(request: web.Request) -> web.Response:
    """`GET /v1/known-errors`: those of the service; of all for an auditor's key."""
    api, service = request.app[API], await whose(request)
    automation = api.facts.facts(api.clock()).policy.automation
    found = known_errors(await api.known_errors(), automation)
    items = [_said(one) for one in found if service in (None, one.service)]
    body = orjson.dumps({"items": items})
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": f"private, max-age={MAX_AGE_S}"}
    if (tags_of(request) or frozenset()) & {tag, "*"}:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers, content_type="application/json")


def _said(one: InForce) -> dict[str, Any]:
    return {
        "service": one.service,
        "error_type": one.error_type,
        "message": one.message,
        "recovery": one.recovery,
        "steps": one.steps,
        "escalation": one.escalation,
        "reviewed_at": instant(one.reviewed_at),
    }
