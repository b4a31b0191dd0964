"""Open: take the digest over what was sent, then redact, then ask the core."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from approvals.canonical import DEFAULT_OPTIONS, NotStrictJson, canonical, sha256_of
from approvals.commands import AddContext, AnswerQuestion, Open
from approvals.escalation import Json
from approvals.joining import join_key
from approvals.policy.asking import said_of
from approvals.policy.plan import show_paths
from approvals.ports import NotSavedError, ServiceKey, Settled
from approvals.refusals import FieldError
from approvals.verdict import Case
from approvals.words import Kind
from bot.api.answer import answer, reply
from bot.api.door import (
    API,
    KEY_TTL_S,
    Api,
    body_of,
    caller,
    unprocessable,
    validated,
    value_of,
)
from bot.api.models import OpenIn, TellIn
from bot.api.problems import CROWDED_RETRY_S, of_refusal, stop
from bot.api.signed import opening
from bot.api.taking import told
from bot.callback_urls import refuse_callback
from bot.redaction import Redacted, is_plain, redact, redact_text

#: Names that rules, groups and callbacks go by. Everything else of a request is redacted.
_NAMES = frozenset({"category", "environment", "approvers", "callback_url"})

#: What the digest covers: where something is hidden there, the card says so at the operation.
_DIGESTED = ("/operation/", "/options/")

#: Members of a body to `context` that are no context.
_ANSWER = frozenset({"answer", "question"})


async def open_(request: web.Request) -> web.Response:
    """`POST /v1/escalations`: hold an operation and ask people, or ask for help."""
    api = request.app[API]
    by = await opening(request)
    service, value = by.service, value_of(by.raw)
    asked = validated(OpenIn, value)
    refuse_secret_names(value)
    if asked.callback_url is not None:
        hosts = frozenset(service.callback_hosts) & api.allowed_callbacks
        wrong = refuse_callback(asked.callback_url, hosts)
        if wrong:
            raise unprocessable(FieldError(pointer="/callback_url", detail=wrong))
        await _can_be_called(api, service.service)
    command = command_of(api, service, by.key, value, len(by.raw))
    settled = await api.writer.submit(command)
    if settled.refusal is not None:
        return of_refusal(settled.refusal)
    return await opened(api, settled)


async def _can_be_called(api: Api, service: str) -> None:
    """What is owed to a receiver that takes nothing does not grow without end."""
    now, most = time.monotonic(), api.limiter.bounds.most_callbacks
    known = api.callbacks.get(service)
    if known is None or now - known[0] >= KEY_TTL_S:
        known = api.callbacks[service] = (now, await api.services.callbacks_waiting(service))
    if known[1] >= most:
        detail = (
            f"{known[1]:,} callbacks are owed to {service} already, and {most:,} may be. Mend what "
            "takes them, or open without `callback_url` and poll."
        )
        retry = CROWDED_RETRY_S
        raise stop(429, "too-many-callbacks", "Too many callbacks", detail, retry_after_s=retry)


def command_of(
    api: Api, caller: ServiceKey, key: str, value: Mapping[str, Any], weight: int
) -> Open:
    """Its command. Digest and body hash are over what was sent; all else is the redacted form."""
    service = caller.service
    operation = value.get("operation")
    options = value.get("options", [] if _is_incident(value) else list(DEFAULT_OPTIONS))
    try:
        digest = sha256_of({"operation": operation, "options": options})
        body_hash = hashlib.sha256(canonical(value)).hexdigest()
    except NotStrictJson as error:
        raise stop(400, "not-json", "Not strict JSON", str(error)) from error
    whole = {**value, "options": options}
    told = {name: part for name, part in whole.items() if name not in _NAMES}
    cleaned = redact(told, show=_show(api, service, value))
    shown = {**whole, **cleaned.value}
    return Open(
        id=api.new_id("cmd"),
        escalation_id=api.new_id("esc"),
        group_id=api.new_id("grp"),
        weight=weight,
        service=service,
        idempotency_key=hashlib.sha256(key.encode()).hexdigest(),
        body_hash=body_hash,
        digest=digest,
        request=shown,
        operation_redacted=tuple(
            # Pointers are from the operation, as API.md shows them; options are beside it.
            pointer.removeprefix("/operation")
            for pointer in cleaned.hidden
            if pointer.startswith(_DIGESTED)
        ),
        context_redacted=tuple(p for p in cleaned.hidden if not p.startswith(_DIGESTED)),
        operation_size=_size(operation, options),
        owners=caller.owners,
        join_key=join_key(service, digest, value, shown),
        most_pending=caller.most_pending or api.limiter.bounds.most_pending,
    )


def refuse_secret_names(value: Mapping[str, Any]) -> None:
    """Names are kept as they are, for they are looked up by: so none may hold a secret. An option
    whose key were hidden could not be told from another.
    """
    errors = tuple(
        FieldError(pointer=pointer, detail=f"This looks like a secret; {instead}")
        for pointer, name, instead in _names_in(value)
        if isinstance(name, str) and not is_plain(name)
    )
    if errors:
        raise unprocessable(*errors)


def _names_in(value: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for name in ("category", "environment"):
        yield f"/{name}", value.get(name), "give it a plain name."
    yield "/callback_url", value.get("callback_url"), "callbacks are signed, so leave it out."
    for n, group in enumerate(value.get("approvers") or ()):
        yield f"/approvers/{n}", group, "name a group of the policy."
    for n, option in enumerate(value.get("options") or ()):
        yield f"/options/{n}/key", option.get("key"), "call the option by a plain word."


def _is_incident(value: Mapping[str, Any]) -> bool:
    return value.get("kind") == Kind.INCIDENT


def _show(api: Api, service: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Asked only where there is something to hide."""
    policy = api.facts.facts(api.clock()).policy
    yield from show_paths(policy, said_of(value, service))


def _size(operation: Json, options: Json) -> int:
    """Characters that people would have to read."""
    held = len(str((operation or {}).get("arguments") or ""))
    return held + sum(len(str(o.get("arguments") or "")) for o in options)


async def opened(api: Api, settled: Settled) -> web.Response:
    """What was opened, or what it joined or repeats. Raises NotSavedError."""
    escalation = settled.escalation
    if escalation is None:
        raise NotSavedError
    fresh = settled.answer.case is Case.OPENED
    headers = {"ETag": f'"{escalation.version}"'}
    if fresh:
        headers["Location"] = f"/v1/escalations/{escalation.id}"
    return reply(answer(escalation), status=201 if fresh else 200, headers=headers)


async def add_context(request: web.Request) -> web.Response:
    """`POST /v1/escalations/{id}/context`: tell more, or answer; the operation never changes."""
    api = request.app[API]
    service = await caller(request, "open")
    _, value = await body_of(request)
    asked = validated(TellIn, value)
    cleaned = redact({k: v for k, v in value.items() if k not in _ANSWER}, base="/context")
    command = _told(api, request.match_info["id"], service.service, asked, cleaned)
    return told(await api.writer.submit(command))


def _told(
    api: Api, escalation_id: str, service: str, asked: TellIn, cleaned: Redacted
) -> AddContext | AnswerQuestion:
    """Context alone; or an answer with the context beside it, in one commit."""
    if asked.answer is None:
        return AddContext(
            id=api.new_id("cmd"),
            escalation_id=escalation_id,
            service=service,
            context=cleaned.value,
            redacted=cleaned.hidden,
        )
    return AnswerQuestion(
        id=api.new_id("cmd"),
        escalation_id=escalation_id,
        service=service,
        text=redact_text(asked.answer),
        question_id=asked.question,
        context=cleaned.value,
        redacted=cleaned.hidden,
    )
