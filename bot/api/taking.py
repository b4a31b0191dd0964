"""Take the release, report what became of it, take the question back, resolve an incident."""

import hashlib

from aiohttp import web

from approvals.codec import instant
from approvals.commands import Claim, Report, Resolve, Withdraw
from approvals.ports import NotSavedError, Settled
from bot.api.answer import answer, reply
from bot.api.door import API, body_of, caller, idempotency_key, validated
from bot.api.models import ClaimIn, OutcomeIn, ResolveIn, WithdrawIn
from bot.api.problems import of_refusal
from bot.redaction import redact_text


async def claim(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/claim`: the release, once, for exactly what was shown."""
    api, service = request.app[API], await caller(request, "claim")
    key = idempotency_key(request)
    _, value = await body_of(request)
    asked = validated(ClaimIn, value)
    settled = await api.writer.submit(
        Claim(
            id=api.new_id("cmd"),
            escalation_id=request.match_info["id"],
            service=service.service,
            key=hashlib.sha256(key.encode()).hexdigest(),
            digest=asked.digest,
            nonce=asked.nonce,
            grant_id=api.new_id("gnt"),
        )
    )
    if settled.refusal is not None:
        return of_refusal(settled.refusal, api.people_due_s())
    return _granted(settled)


def _granted(settled: Settled) -> web.Response:
    escalation = settled.escalation
    if escalation is None or escalation.claim is None or settled.grant is None:
        raise NotSavedError
    return reply(
        {
            "grant": settled.grant,
            "option": escalation.decision.option if escalation.decision else None,
            "claimed_at": instant(escalation.claim.at),
            "expires_at": instant(escalation.claim.expires_at),
        }
    )


async def outcome(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/outcome`: what became of it; once."""
    api, service = request.app[API], await caller(request, "claim")
    _, value = await body_of(request)
    asked = validated(OutcomeIn, value)
    command = Report(
        id=api.new_id("cmd"),
        escalation_id=request.match_info["id"],
        service=service.service,
        result=asked.result,
        detail=asked.detail and redact_text(asked.detail),
        undo=asked.undo and redact_text(asked.undo),
    )
    return told(await api.writer.submit(command))


async def withdraw(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/withdraw`: take it back."""
    api, service = request.app[API], await caller(request, "open")
    _, value = await body_of(request)
    asked = validated(WithdrawIn, value)
    command = Withdraw(
        id=api.new_id("cmd"),
        escalation_id=request.match_info["id"],
        service=service.service,
        reason=asked.reason and redact_text(asked.reason),
    )
    return told(await api.writer.submit(command))


async def resolve(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/resolve`: an incident is over, and what it was."""
    api, service = request.app[API], await caller(request, "open")
    _, value = await body_of(request)
    asked = validated(ResolveIn, value)
    command = Resolve(
        id=api.new_id("cmd"),
        escalation_id=request.match_info["id"],
        service=service.service,
        root_cause=redact_text(asked.root_cause),
        by_hand=asked.by_hand and redact_text(asked.by_hand),
        automatable=asked.automatable,
    )
    return told(await api.writer.submit(command))


def told(settled: Settled) -> web.Response:
    """The escalation as it stands after a command, with its version as the tag."""
    if settled.refusal is not None:
        return of_refusal(settled.refusal)
    if settled.escalation is None:
        raise NotSavedError
    headers = {"ETag": f'"{settled.escalation.version}"'}
    return reply(answer(settled.escalation), headers=headers)
