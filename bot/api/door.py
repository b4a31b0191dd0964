"""The door: who calls, with which scope, and how errors leave. Around every handler."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from approvals.canonical import NotStrictJson, TooLarge, parse_strict
from approvals.ports import (
    Cards,
    Clock,
    FactSource,
    Health,
    Reads,
    ServiceKey,
    Services,
    StoreError,
    UnsureError,
    Writer,
)
from approvals.refusals import FieldError
from bot.api.problems import ProblemError, problem, stop
from bot.api.waiters import Waiters
from bot.ids import new_id

log = structlog.get_logger(__name__)

#: Seconds a verified key is believed without asking the store: a revocation takes that long.
KEY_TTL_S = 2.0

#: Bytes a body may have.
MOST_BYTES = 1 << 20

Check = Callable[[], Awaitable[tuple[str, bool]]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Api:
    """What the handlers need from outside."""

    writer: Writer
    reads: Reads
    cards: Cards
    services: Services
    facts: FactSource
    health: Health
    clock: Clock
    waiters: Waiters
    jwks: Callable[[], dict[str, Any]]
    metrics_text: Callable[[], bytes]
    checks: Sequence[Check] = ()
    new_id: Callable[[str], str] = new_id
    allowed_callbacks: frozenset[str] = frozenset()
    keys: dict[str, tuple[float, ServiceKey]] = field(default_factory=dict)


API: web.AppKey[Api] = web.AppKey("api", Api)


async def caller(request: web.Request, scope: str) -> ServiceKey:
    """The service that calls, if its key is live and has the scope. Raises ProblemError."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise _unauthorized("Send `Authorization: Bearer KEY` with a service's key.")
    found = await _by_key(request.app[API], key.strip())
    if found is None:
        raise _unauthorized("No live key like this. `andon-server service add` makes one.")
    if scope not in found.scopes:
        raise stop(403, "scope-missing", "Scope missing", f"This key lacks the scope `{scope}`.")
    return found


def _unauthorized(detail: str) -> ProblemError:
    headers = {"WWW-Authenticate": "Bearer"}
    return stop(401, "unauthorized", "Who is calling?", detail, headers=headers)


async def _by_key(api: Api, key: str) -> ServiceKey | None:
    hashed, now = hashlib.sha256(key.encode()).hexdigest(), time.monotonic()
    known = api.keys.get(hashed)
    if known is not None and now - known[0] < KEY_TTL_S:
        return known[1]
    found = await api.services.by_key_hash(hashed)
    if found is None:
        api.keys.pop(hashed, None)
    else:
        api.keys[hashed] = (now, found)
    return found


async def body_of(request: web.Request) -> tuple[bytes, Any]:
    """The body's bytes and its strict JSON value. Raises ProblemError."""
    if request.content_type != "application/json":
        raise stop(415, "not-json", "Not JSON", "Send `Content-Type: application/json`.")
    try:
        raw = await request.read()
        return raw, parse_strict(raw, max_bytes=MOST_BYTES)
    except (TooLarge, web.HTTPRequestEntityTooLarge) as error:
        raise stop(413, "too-large", "Too large", str(error) or "At most 1 MiB.") from error
    except NotStrictJson as error:
        raise stop(400, "not-json", "Not strict JSON", str(error)) from error


def validated(model: type[M], value: Any) -> M:
    """The value as a request. Raises ProblemError naming every field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise stop(
            422,
            "unprocessable",
            "The request cannot be taken",
            "Mend what `errors` names.",
            errors=_field_errors(error),
        ) from error


def _field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(
        FieldError(
            pointer="".join(f"/{_escaped(p)}" for p in e["loc"]),
            detail=e["msg"].removeprefix("Value error, "),
        )
        for e in found[:50]
    )


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:100]


def idempotency_key(request: web.Request) -> str:
    """The required header. Raises ProblemError without a usable one."""
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 255 or any(not "\x21" <= c <= "\x7e" for c in key):
        raise stop(
            400,
            "idempotency-key-missing",
            "Idempotency key missing",
            "Send `Idempotency-Key` with 1 to 255 visible ASCII characters, the same for retries.",
        )
    return key


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error leaves as a problem; nothing is cached; nothing tells how we are built."""
    try:
        response = await handler(request)
    except ProblemError as error:
        response = error.response
    except web.HTTPException as error:
        response = _of_http(error)
    except UnsureError as error:
        response = problem(503, "unsure", "Not confirmed", str(error))
    except StoreError as error:
        response = problem(503, "not-saved", "Not saved", str(error))
    except Exception:
        err = new_id("err")[-8:]
        log.exception("request-failed", err=err, path=request.path)
        response = problem(500, "internal", "Andon failed", f"Tell the operators `err {err}`.")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


_HTTP: Mapping[int, str] = {
    404: "There is nothing here. /docs lists what there is.",
    405: "This method does nothing here; `Allow` lists those that do.",
    413: "At most 1 MiB.",
}


def _of_http(error: web.HTTPException) -> web.Response:
    if error.status < 400:
        raise error
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    detail = _HTTP.get(error.status, "The request cannot be understood.")
    return problem(error.status, "http", error.reason, detail, headers=allow)
