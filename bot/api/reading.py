"""Read: one escalation (waiting if asked to), lists, audit events."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from approvals.codec import instant
from approvals.commands import Tick
from approvals.escalation import Escalation
from approvals.ports import ServiceKey, Wanted
from approvals.refusals import Refusal, Why
from bot.api.answer import answer, reply
from bot.api.door import API, Api, caller, validated
from bot.api.models import ListQuery
from bot.api.problems import ProblemError, of_refusal, stop

#: Seconds a request may be parked.
LONGEST_WAIT = 60.0


async def read(request: web.Request) -> web.Response:
    """`GET /v1/escalations/{id}`: as it stands, or after it changed."""
    api, service = request.app[API], await _reader(request)
    wait = _wait(request)
    known = request.headers.get("If-None-Match", "").strip().removeprefix("W/").strip('"')
    escalation = await _current(api, request.match_info["id"], service)
    if wait:
        escalation = await _parked(api, escalation, known, wait)
    headers = {"ETag": f'"{escalation.version}"'}
    if wait:
        headers["Preference-Applied"] = f"wait={wait:g}"
    if known and known == str(escalation.version):
        return web.Response(status=304, headers=headers)
    cards = await api.cards.of(escalation.id)
    return reply(answer(escalation, cards), headers=headers)


async def _reader(request: web.Request) -> ServiceKey:
    """A key that may read its own, or an auditor's that may read all."""
    try:
        return await caller(request, "audit")
    except ProblemError as error:
        if error.response.status != 403:
            raise
    return await caller(request, "read")


async def _current(api: Api, escalation_id: str, service: ServiceKey) -> Escalation:
    """The escalation, ticked if it is overdue, so nobody reads a pending one that is over."""
    found = await api.reads.escalation(escalation_id)
    mine = found is not None and ("audit" in service.scopes or found.service == service.service)
    if found is None or not mine:
        raise ProblemError(of_refusal(Refusal(why=Why.NOT_FOUND)))
    return await _ticked(api, found, api.clock())


async def _ticked(api: Api, escalation: Escalation, now: datetime) -> Escalation:
    if escalation.due_at is None or now < escalation.due_at:
        return escalation
    command = Tick(id=api.new_id("cmd"), escalation_id=escalation.id)
    settled = await api.writer.submit(command)
    return settled.escalation or escalation


async def _parked(api: Api, escalation: Escalation, known: str, wait: float) -> Escalation:
    """Wait until it is decided, or (with a known version) until the version changes.

    Time alone can change it too: parked no longer than until it is due, then ticked.
    """
    until = asyncio.get_running_loop().time() + wait
    while not (_is_news(escalation, known) or api.waiters.closing):
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            break
        due = escalation.due_at
        if due is not None:
            left = min(left, max(0.0, (due - api.clock()) / timedelta(seconds=1)) + 0.001)
        changed = await api.waiters.changed(escalation.id, left)
        escalation = changed or await _ticked(api, escalation, api.clock())
    return escalation


def _is_news(escalation: Escalation, known: str) -> bool:
    return str(escalation.version) != known if known else escalation.status.is_terminal


def _wait(request: web.Request) -> float:
    """Seconds asked for by `Prefer: wait=N` or `?wait=N`, at most 60."""
    asked = request.query.get("wait")
    for part in request.headers.get("Prefer", "").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "wait":
            asked = value.strip()
    if asked is None:
        return 0.0
    if not asked.isdecimal():
        raise stop(400, "wait", "Not a number of seconds", "`wait` is 0 to 60 seconds.")
    return min(float(asked), LONGEST_WAIT)


async def page(request: web.Request) -> web.Response:
    """`GET /v1/escalations`: a list, page by page."""
    api, service = request.app[API], await _reader(request)
    query = validated(ListQuery, dict(request.query))
    only = None if "audit" in service.scopes else service.service
    wanted = Wanted(service=only, **query.model_dump(exclude={"cursor", "limit"}))
    try:
        found = await api.reads.page(wanted, query.cursor, query.limit)
    except ValueError as error:
        raise stop(422, "cursor", "Not a cursor", str(error)) from error
    headers = {}
    if found.next_cursor is not None:
        args = {**request.query, "cursor": found.next_cursor}
        headers["Link"] = f'<{request.path}?{urlencode(args)}>; rel="next"'
    now = api.clock()
    items = [answer(await _ticked(api, e, now)) for e in found.items]
    return reply({"items": items}, headers=headers)


async def events(request: web.Request) -> web.Response:
    """`GET /v1/escalations/{id}/events`: its audit log."""
    api, service = request.app[API], await _reader(request)
    escalation = await _current(api, request.match_info["id"], service)
    records = await api.reads.records(escalation.id)
    items = [
        {
            "seq": r.seq,
            "kind": r.kind,
            "at": instant(r.at),
            "by": r.by,
            "core": r.core,
            "prev": r.prev,
            "hash": r.hash,
            "text": r.text,
        }
        for r in records
    ]
    return reply({"items": items})
