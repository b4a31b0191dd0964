"""Open: take the digest over what was sent, then redact, then ask the core."""

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from approvals.canonical import DEFAULT_OPTIONS, NotStrictJson, canonical, sha256_of
from approvals.commands import AddContext, Open
from approvals.escalation import Json, Money
from approvals.joining import join_key
from approvals.policy.plan import show_paths
from approvals.ports import NotSavedError, Settled
from approvals.refusals import FieldError
from approvals.verdict import Case
from approvals.words import Kind, Severity
from bot.api.answer import answer, reply
from bot.api.door import API, Api, body_of, caller, idempotency_key, unprocessable, validated
from bot.api.models import ContextIn, OpenIn
from bot.api.problems import of_refusal, stop
from bot.api.redaction import redact
from bot.api.taking import told
from bot.callback_urls import refuse_callback

#: Names that rules, groups and callbacks go by. Everything else of a request is redacted.
_NAMES = frozenset({"category", "environment", "approvers", "callback_url"})

#: What the digest covers: where something is hidden there, the card says so at the operation.
_DIGESTED = ("/operation/", "/options/")


async def open_(request: web.Request) -> web.Response:
    """`POST /v1/escalations`: hold an operation and ask people."""
    api = request.app[API]
    service = await caller(request, "open")
    key = idempotency_key(request)
    raw, value = await body_of(request)
    asked = validated(OpenIn, value)
    if asked.kind is Kind.INCIDENT:
        not_yet = "Incidents are not taken yet; send an approval."
        raise unprocessable(FieldError(pointer="/kind", detail=not_yet))
    if asked.callback_url is not None:
        hosts = frozenset(service.callback_hosts) & api.allowed_callbacks
        wrong = refuse_callback(asked.callback_url, hosts)
        if wrong:
            raise unprocessable(FieldError(pointer="/callback_url", detail=wrong))
    command = _command(api, service.service, service.owners, key, value, len(raw))
    settled = await api.writer.submit(command)
    if settled.refusal is not None:
        return of_refusal(settled.refusal)
    return await _opened(api, settled)


def _command(
    api: Api, service: str, owners: tuple[str, ...], key: str, value: Mapping[str, Any], weight: int
) -> Open:
    """Digest and body hash are over what was sent; everything else is the redacted form."""
    operation = value.get("operation")
    options = value.get("options") or list(DEFAULT_OPTIONS)
    try:
        digest = sha256_of({"operation": operation, "options": options})
        body_hash = hashlib.sha256(canonical(value)).hexdigest()
    except NotStrictJson as error:
        raise stop(400, "not-json", "Not strict JSON", str(error)) from error
    whole = {**value, "options": options}
    told = {name: part for name, part in whole.items() if name not in _NAMES}
    cleaned = redact(told, show=_show(api, service, value))
    return Open(
        id=api.new_id("cmd"),
        escalation_id=api.new_id("esc"),
        group_id=api.new_id("grp"),
        weight=weight,
        service=service,
        idempotency_key=hashlib.sha256(key.encode()).hexdigest(),
        body_hash=body_hash,
        digest=digest,
        request={**whole, **cleaned.value},
        operation_redacted=tuple(
            # Pointers are from the operation, as API.md shows them; options are beside it.
            pointer.removeprefix("/operation")
            for pointer in cleaned.hidden
            if pointer.startswith(_DIGESTED)
        ),
        context_redacted=tuple(p for p in cleaned.hidden if not p.startswith(_DIGESTED)),
        operation_size=_size(operation, options),
        owners=owners,
        join_key=join_key(service, digest, value),
    )


def _show(api: Api, service: str, value: Mapping[str, Any]) -> tuple[str, ...]:
    severity, operation = value.get("severity"), value.get("operation") or {}
    money = operation.get("money")
    return show_paths(
        api.facts.facts(api.clock()).policy,
        service=service,
        category=value["category"],
        environment=value["environment"],
        operation_name=operation.get("name", ""),
        severity=Severity(severity) if severity else None,
        kind=Kind(value.get("kind", Kind.APPROVAL)),
        money=Money(**money) if money else None,
    )


def _size(operation: Json, options: Json) -> int:
    """Characters that people would have to read."""
    held = len(str((operation or {}).get("arguments") or ""))
    return held + sum(len(str(o.get("arguments") or "")) for o in options)


async def _opened(api: Api, settled: Settled) -> web.Response:
    escalation = settled.escalation
    if escalation is None:
        raise NotSavedError
    fresh = settled.answer.case is Case.OPENED
    headers = {"ETag": f'"{escalation.version}"'}
    if fresh:
        headers["Location"] = f"/v1/escalations/{escalation.id}"
    return reply(answer(escalation), status=201 if fresh else 200, headers=headers)


async def add_context(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/context`: tell more; the operation never changes."""
    api = request.app[API]
    service = await caller(request, "open")
    _, value = await body_of(request)
    validated(ContextIn, value)
    cleaned = redact(value, base="/context")
    settled = await api.writer.submit(
        AddContext(
            id=api.new_id("cmd"),
            escalation_id=request.match_info["id"],
            service=service.service,
            context=cleaned.value,
            redacted=cleaned.hidden,
        )
    )
    return told(settled)
