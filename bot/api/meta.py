"""Routes about the server itself: health, metrics, keys, documents."""

from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel

from bot.api.answer import Answer
from bot.api.door import API
from bot.api.page import page

log = structlog.get_logger(__name__)

DOCUMENT: web.AppKey[dict[str, Any]] = web.AppKey("openapi", dict)

#: A clock this many seconds behind is not doing its work.
CLOCK_LATE_S = 60.0


class AnswerList(BaseModel):
    """One page of a list."""

    items: list[Answer]


class AuditEvent(BaseModel):
    """A record of the audit log; `text` is the body that `hash` covers."""

    seq: int
    kind: str
    at: str
    by: str
    core: int
    prev: str
    hash: str
    text: str


class EventList(BaseModel):
    """The audit log of one escalation."""

    items: list[AuditEvent]


class Granted(BaseModel):
    """The release."""

    grant: str
    option: str | None
    claimed_at: str
    expires_at: str


class KeySet(BaseModel):
    """A JSON Web Key Set: the public keys that verify grants."""

    keys: list[dict[str, Any]]


class Health(BaseModel):
    """Whether it works, and what does not."""

    ok: bool
    checks: dict[str, Any]


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"ok": True, "checks": {}})


async def readyz(request: web.Request) -> web.Response:
    """Store, clock and the other parts; 503 while one of them does not work."""
    api = request.app[API]
    try:
        store = dict(await api.health.check(api.clock()))
    except Exception:
        log.exception("store-not-ready")
        store = {"ok": False}
    checks: dict[str, Any] = {"store": store}
    late = store.get("overdue_s", 0.0)  # how long the oldest thing due has waited
    checks["clock"] = {"ok": late < CLOCK_LATE_S, "overdue_s": late}
    for check in api.checks:
        name, works = await check()
        checks[name] = {"ok": works}
    checks |= {name: health() for name, health in api.healths.items()}
    works = all(found["ok"] for found in checks.values())
    return web.json_response({"ok": works, "checks": checks}, status=200 if works else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text."""
    text = await request.app[API].metrics_text()
    return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})


async def jwks(request: web.Request) -> web.Response:
    """Public keys, to be pinned or fetched by those who verify grants."""
    api, kept = request.app[API], request.app[API].jwks_age_s()
    headers = {"Cache-Control": f"max-age={kept}" if kept else "no-store"}
    return web.json_response(api.jwks(), headers=headers)


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI document."""
    return web.json_response(request.app[DOCUMENT])


async def docs(request: web.Request) -> web.Response:
    """The document as a plain page, without any outside asset."""
    document = request.app[DOCUMENT]
    return web.Response(text=page(document), content_type="text/html")
