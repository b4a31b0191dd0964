"""Hooks: other programs that call in their own words.

`POST /v1/hooks/alertmanager` takes Alertmanager's notifications. Each alert is an incident of its
own: it opens with the first notification, is counted with each repeat, and is withdrawn when
Alertmanager says that it resolved. What is answered decides what Alertmanager does: 2xx is taken,
5xx is sent again, 4xx is given up and stands in its log and metrics.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from approvals.commands import Withdraw
from approvals.ports import ServiceKey, Wanted
from approvals.refusals import FieldError, Refusal, Why
from approvals.verdict import Case
from approvals.words import Kind, Status
from bot.api.alerts import (
    RESOLVED,
    AlertIn,
    AlertmanagerIn,
    HookQuery,
    dedup_key,
    idempotency_key,
    incident,
)
from bot.api.answer import reply
from bot.api.door import API, BUSY, Api, body_of, opener, query_of, unprocessable, validated
from bot.api.opening import command_of
from bot.api.problems import CROWDED_RETRY_S, of_refusal, sentence

log = structlog.get_logger(__name__)

#: Incidents of one alert that may be pending at once, as far as we look: usually one.
MOST_PENDING = 20


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of an alert; or why it could not be taken."""

    did: str = "nothing"
    id: str | None = None
    refusal: Refusal | None = None


async def alertmanager(request: web.Request) -> web.Response:
    """`POST /v1/hooks/alertmanager`: open, count and withdraw the incidents of a group."""
    request[BUSY] = 503  # Alertmanager sends again what was answered so, and nothing else
    api, service = request.app[API], await opener(request)
    environment = query_of(request, HookQuery).environment
    raw, value = await body_of(request)
    told = validated(AlertmanagerIn, value)
    if told.truncated:
        log.warning("alerts-truncated", service=service.service, left_out=told.truncated)
    about = f"{service.service}\n{environment or ''}\n".encode()
    body_hash = hashlib.sha256(about + raw).hexdigest()
    taking = _Taking(api, service, told, environment, api.rounds.of(body_hash, api.new_id))
    done = await _all_of(taking)
    refusals = [(n, one.refusal) for n, one in enumerate(done) if one.refusal is not None]
    if refusals:
        return _refused(api, refusals)
    if _is_there(request):
        api.rounds.answered(body_hash)
    named = zip(told.alerts, done, strict=True)
    incidents = [{"fingerprint": a.fingerprint, "did": d.did, "id": d.id} for a, d in named]
    return reply({"incidents": incidents})


def _is_there(request: web.Request) -> bool:
    """Whether the caller still waits; one that went away will send it again."""
    return request.transport is not None and not request.transport.is_closing()


@dataclass(frozen=True)
class _Taking:
    """One notification on its way in."""

    api: Api
    service: ServiceKey
    told: AlertmanagerIn
    environment: str | None
    round_: str

    async def alert(self, alert: AlertIn) -> Told:
        """Open or join; or withdraw."""
        return await (self._firing(alert) if alert.status == "firing" else self._resolved(alert))

    async def _firing(self, alert: AlertIn) -> Told:
        service, told = self.service, self.told
        key = idempotency_key(told.group_key, alert, self.round_)
        value = incident(told, alert, self.environment)
        command = command_of(self.api, service, key, value, len(str(value)))
        settled = await self.api.writer.submit(command)
        if settled.refusal is not None:
            return Told(refusal=settled.refusal)
        did = "opened" if settled.answer.case is Case.OPENED else "joined"
        return Told(did=did, id=settled.escalation.id if settled.escalation else None)

    async def _resolved(self, alert: AlertIn) -> Told:
        wanted = Wanted(
            service=self.service.service,
            status=Status.PENDING,
            kind=Kind.INCIDENT,
            dedup_key=dedup_key(self.told.group_key, alert),
        )
        pending = await self.api.reads.page(wanted, None, MOST_PENDING)
        ended = [e.id for e in pending.items if await self._withdrawn(e.id)]
        return Told(did="withdrawn", id=ended[0]) if ended else Told()

    async def _withdrawn(self, escalation_id: str) -> bool:
        settled = await self.api.writer.submit(
            Withdraw(
                id=self.api.new_id("cmd"),
                escalation_id=escalation_id,
                service=self.service.service,
                reason=RESOLVED,
            )
        )
        return settled.refusal is None  # refused: somebody resolved it a moment before


async def _all_of(taking: _Taking) -> list[Told]:
    """Every alert, side by side, so that a commit takes many. Raises StoreError, after the last."""
    begun: list[asyncio.Task[Told]] = []
    for alert in taking.told.alerts:
        begun.append(asyncio.create_task(taking.alert(alert)))
        await asyncio.sleep(0)  # a click that waits meanwhile has its turn
    await asyncio.gather(*begun, return_exceptions=True)
    return [one.result() for one in begun]


def _refused(api: Api, refusals: Sequence[tuple[int, Refusal]]) -> web.Response:
    """What passes by itself is asked for again; the rest names its alerts."""
    for _, refusal in refusals:
        if refusal.why is Why.PEOPLE_UNKNOWN:
            return of_refusal(refusal, api.people_due_s())
        if refusal.why is Why.TOO_MANY_PENDING:
            return of_refusal(refusal, CROWDED_RETRY_S, status=503)
    errors = tuple(
        FieldError(pointer=f"/alerts/{n}", detail=detail)
        for n, refusal in refusals
        for detail in [e.detail for e in refusal.errors] or [sentence(refusal)]
    )
    raise unprocessable(*errors)
