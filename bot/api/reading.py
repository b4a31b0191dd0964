"""Read: one escalation (waiting if asked to), lists, audit events."""

import asyncio
import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from approvals.codec import instant
from approvals.commands import Tick
from approvals.escalation import Escalation
from approvals.ports import Wanted
from approvals.refusals import FieldError, Refusal, Why
from bot.api.answer import answer, reply
from bot.api.door import API, Api, caller, query_of, unprocessable
from bot.api.models import ListQuery, WaitQuery
from bot.api.problems import ProblemError, of_refusal
from bot.api.waiters import Listener
from bot.redaction import redact_text

#: Seconds a request may be parked.
LONGEST_WAIT = 60

#: Seconds until a parked request asks again for what is due and could not be done just now.
PAUSE_S = 1.0

#: Overdue escalations ended before a list is read; the clock sees to the rest.
MOST_TICKED = 200

_PREFERRED = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(?P<seconds>[0-9]{1,9})"?\s*(?:[,;]|$)', re.I)


async def read(request: web.Request) -> web.Response:
    """`GET /v1/escalations/{id}`: as it stands, or after it changed."""
    api, service = request.app[API], await whose(request)
    wait, known, id_ = _wait(request), tags_of(request), request.match_info["id"]
    with api.waiters.listening(id_) as listener:
        delivered_at = await _delivered_at(api, id_)
        escalation = await _parked(api, listener, service, known, wait)
    headers = {"ETag": f'"{escalation.version}"'}
    if wait:
        headers["Preference-Applied"] = f"wait={wait}"
    if known is not None and not _is_new(escalation, known):
        return web.Response(status=304, headers=headers)
    # Nothing is read between a commit and the answer of those who waited for it.
    delivered_at = delivered_at or api.cards.delivered_lately(escalation.id)
    if delivered_at is None and wait and api.among_others:
        delivered_at = await _delivered_at(api, id_)  # another replica posted it meanwhile, if any
    return reply(answer(escalation, delivered_at), headers=headers)


async def _delivered_at(api: Api, escalation_id: str) -> datetime | None:
    cards = await api.cards.of(escalation_id)
    return min((card.posted_at for card in cards if card.posted_at), default=None)


async def whose(request: web.Request) -> str | None:
    """The service whose escalations may be read; None for an auditor's key: all may."""
    found = await caller(request, "audit", "read")
    return None if "audit" in found.scopes else found.service


async def _current(api: Api, escalation_id: str, whose: str | None) -> Escalation:
    """The escalation, ticked if it is overdue, so nobody reads a pending one that is over."""
    found = await api.reads.escalation(escalation_id)
    if found is None or whose not in (None, found.service):
        raise ProblemError(of_refusal(Refusal(why=Why.NOT_FOUND)))
    return await _ticked(api, found, api.clock())


async def _ticked(api: Api, escalation: Escalation, now: datetime) -> Escalation:
    if escalation.due_at is None or now < escalation.due_at:
        return escalation
    command = Tick(id=api.new_id("cmd"), escalation_id=escalation.id)
    settled = await api.writer.submit(command)
    return settled.escalation or escalation


async def _parked(
    api: Api,
    listener: Listener,
    whose: str | None,
    known: frozenset[str] | None,
    wait: float,
) -> Escalation:
    """Wait until it is decided, or (with known versions) until the version is another.

    Time alone can change it too: parked no longer than until it is due, then ticked. A parked
    request keeps neither an escalation nor a key: thousands may wait.
    """
    until, pause = asyncio.get_running_loop().time() + wait, 0.0
    id_ = listener.escalation_id
    found = await _current(api, id_, whose)
    while not (_is_news(found, known) or api.waiters.closing):
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            break
        due, version = found.due_at, found.version
        if due is not None:
            left = min(left, max(pause, (due - api.clock()) / timedelta(seconds=1)) + 0.001)
        del found
        listener.knows = version
        changed = await listener.changed(left)
        if changed is not None and changed.version >= version:
            found = changed
        else:  # nothing came in time, or what came was read already
            found = await _current(api, id_, whose)
            pause = PAUSE_S if found.due_at == due else 0.0
    return found


def _is_news(escalation: Escalation, known: frozenset[str] | None) -> bool:
    return escalation.status.is_terminal if known is None else _is_new(escalation, known)


def _is_new(escalation: Escalation, known: frozenset[str]) -> bool:
    return "*" not in known and str(escalation.version) not in known


def tags_of(request: web.Request) -> frozenset[str] | None:
    """What the caller has, from `If-None-Match`; None without one."""
    sent = request.headers.get("If-None-Match", "")
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in sent.split(","))
    return frozenset(tag for tag in tags if tag) or None


def _wait(request: web.Request) -> int:
    """Seconds asked for by `Prefer: wait=N` or `?wait=N`, at most 60.

    A preference that cannot be read is passed over, as RFC 7240 wants; a query is ours, and strict.
    """
    query = query_of(request, WaitQuery)
    preferred = _PREFERRED.search(request.headers.get("Prefer", ""))
    asked = int(preferred["seconds"]) if preferred else query.wait or 0
    return min(asked, LONGEST_WAIT)


async def page(request: web.Request) -> web.Response:
    """`GET /v1/escalations`: a list, page by page."""
    api, service = request.app[API], await whose(request)
    query = query_of(request, ListQuery)
    wanted = Wanted(service=service, **_filters(query))
    await _let_time_pass(api)
    try:
        found = await api.reads.page(wanted, query.cursor, query.limit)
    except ValueError as error:
        raise unprocessable(FieldError(pointer="/cursor", detail=str(error))) from error
    headers = {}
    if found.next_cursor is not None:
        args = {**request.query, "cursor": found.next_cursor}
        headers["Link"] = f'<{request.path}?{urlencode(args)}>; rel="next"'
    now = api.clock()
    standing = [await _ticked(api, e, now) for e in found.items]
    items = [answer(e) for e in standing if query.status in (None, e.status)]
    return reply({"items": items}, headers=headers)


def _filters(query: ListQuery) -> dict[str, str | None]:
    """What to look for, as it is stored: a secret in it was hidden there too."""
    asked = query.model_dump(exclude={"cursor", "limit"})
    hidden = ("reference", "dedup_key", "q")
    return asked | {name: asked[name] and redact_text(asked[name]) for name in hidden}


async def _let_time_pass(api: Api) -> None:
    """What is over is ended before it is listed, so that a filter by status is true."""
    due = await api.reads.overdue(api.clock(), MOST_TICKED)
    ticks = (Tick(id=api.new_id("cmd"), escalation_id=each) for each in due)
    await asyncio.gather(*(api.writer.submit(tick) for tick in ticks))


async def events(request: web.Request) -> web.Response:
    """`GET /v1/escalations/{id}/events`: its audit log."""
    api, service = request.app[API], await whose(request)
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
            "body_hash": r.body_hash,
            "text": r.text or None,
        }
        for r in records
    ]
    return reply({"items": items})
