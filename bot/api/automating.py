"""Automate: what runs by itself is put on the record before it runs, or left to people."""

from aiohttp import web

from approvals.automatic import breaker_of
from approvals.words import Kind
from bot.api.door import API, body_of, idempotency_key, opener, validated
from bot.api.models import AutomationIn
from bot.api.opening import command_of, opened, refuse_secret_names
from bot.api.problems import of_refusal


async def automate(request: web.Request) -> web.Response:
    """`POST /v1/automations`: whether a recovery may run by itself; when it may, it is recorded."""
    api, service = request.app[API], await opener(request)
    key = idempotency_key(request)
    raw, value = await body_of(request)
    asked = validated(AutomationIn, value)
    refuse_secret_names(value)
    whole = {
        **value,
        "kind": Kind.AUTOMATION.value,
        "options": [],
        "dedup_key": breaker_of(asked.recovery),
    }
    settled = await api.writer.submit(command_of(api, service, key, whole, len(raw)))
    if settled.refusal is not None:
        return of_refusal(settled.refusal)
    return await opened(api, settled)
