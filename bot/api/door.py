"""The door: who calls, with which scope, and how errors leave. Around every handler."""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from approvals.canonical import NotStrictJson, TooLarge, parse_strict
from approvals.memory.accepted import OURSELVES
from approvals.memory.remembering import Remembered
from approvals.ports import (
    Cards,
    Clock,
    FactSource,
    Health,
    Reads,
    ServiceKey,
    Services,
    ServiceSecrets,
    StoreError,
    UnsureError,
    Writer,
)
from approvals.refusals import FieldError
from bot.api.limits import Limiter, Standing, headers_of
from bot.api.problems import HEADERS, ProblemError, problem, slow, stop, too_many
from bot.api.rounds import Rounds
from bot.api.waiters import Waiters
from bot.api.wording import sentence
from bot.arriving import Arriving, TooMuchError
from bot.bounds import BODY_S, MOST_BYTES
from bot.ids import new_id
from bot.redaction import redact_text

log = structlog.get_logger(__name__)

#: Seconds a verified key is believed without asking the store: a revocation takes that long.
KEY_TTL_S = 2.0

TOO_LARGE = "A body has at most 1 MiB. Send a hash and an address instead of large contents."

#: Visible ASCII characters.
_NAME = re.compile(r"[\x21-\x7e]{1,255}")

#: Wrong fields named at once.
MOST_ERRORS = 50

#: Seconds until it is worth asking again where the store did not take something, at least.
STORE_RETRY_S = 2.0

Check = Callable[[], Awaitable[tuple[str, bool]]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=BaseModel)


async def _nothing_known() -> Sequence[Remembered]:
    return ()


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
    jwks_age_s: Callable[[], int] = lambda: 300  #: how long they may be kept; 0: not at all
    metrics_text: Callable[[], Awaitable[bytes]]
    checks: Sequence[Check] = ()
    healths: Mapping[str, Callable[[], dict[str, Any]]] = field(default_factory=dict)  #: in detail
    among_others: bool = False  #: whether other replicas post cards, too
    answered: Callable[[str, int], None] = lambda route, status: None  #: counts answers
    people_due_s: Callable[[], float] = lambda: 60.0  #: until people are looked up again
    store_due_s: Callable[[], float] = lambda: STORE_RETRY_S  #: while the store takes nothing
    new_id: Callable[[str], str] = new_id
    allowed_callbacks: frozenset[str] = frozenset()
    limiter: Limiter = field(default_factory=Limiter)
    keys: dict[str, tuple[float, ServiceKey]] = field(default_factory=dict)
    signing: dict[str | None, tuple[float, tuple[ServiceSecrets, ...]]] = field(
        default_factory=dict
    )
    callbacks: dict[str, tuple[float, int]] = field(default_factory=dict)
    arriving: Arriving = field(default_factory=Arriving)
    rounds: Rounds = field(default_factory=Rounds)
    known_errors: Callable[[], Awaitable[Sequence[Remembered]]] = _nothing_known


API: web.AppKey[Api] = web.AppKey("api", Api)

#: How the service stands with its limits, for the answer.
STANDINGS: web.RequestKey[list[Standing]] = web.RequestKey("standings", list)


#: The status of what passes by itself, where the caller understands another one only.
BUSY: web.RequestKey[int] = web.RequestKey("busy", int)


async def caller(request: web.Request, *scopes: str) -> ServiceKey:
    """The service that calls, if its key is live and has one of the scopes. Raises ProblemError."""
    given = request.headers.getall("Authorization", ())
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not key:
        raise unauthorized(request, "Send `Authorization: Bearer KEY` with a service's key, once.")
    api = request.app[API]
    found = await _by_key(api, key.strip())
    if found is None:
        raise unauthorized(request, "No live key like this. `service add NAME` makes one.")
    within(request, api.limiter.request(found.service))
    if found.scopes.isdisjoint(scopes):
        lacks = f"This key lacks the scope `{scopes[-1]}`."
        raise stop(403, "scope-missing", "Scope missing", lacks)
    return found


async def opener(request: web.Request) -> ServiceKey:
    """The service that calls to open something, by its key. Raises ProblemError."""
    found = await caller(request, "open")
    within(request, request.app[API].limiter.opening(found.service, found.opens_per_minute))
    return found


def within(request: web.Request, standing: Standing) -> None:
    """Note how the service stands, for the answer. Raises ProblemError beyond the limit."""
    request[STANDINGS].append(standing)
    if not standing.taken:
        raise too_many(standing, status=request.get(BUSY, 429))


def unauthorized(request: web.Request, detail: str) -> ProblemError:
    """Nobody we know. An address that goes on like this is told to wait."""
    standing = request.app[API].limiter.stranger(request.remote)
    if not standing.taken:
        return too_many(standing, force_close=True)
    headers = {"WWW-Authenticate": "Bearer"}
    return stop(401, "unauthorized", "Who is calling?", detail, headers=headers)


async def _by_key(api: Api, key: str) -> ServiceKey | None:
    # Bytes of a header that are not UTF-8 come as lone surrogates.
    hashed = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
    now = time.monotonic()
    known = api.keys.get(hashed)
    if known is not None and now - known[0] < KEY_TTL_S:
        return known[1]
    found = await api.services.by_key_hash(hashed)
    if found is None or found.service == OURSELVES:
        api.keys.pop(hashed, None)
        return None
    api.keys[hashed] = (now, found)
    return found


async def body_of(request: web.Request) -> tuple[bytes, Any]:
    """The body's bytes and its strict JSON value. Raises ProblemError."""
    raw = await bytes_of(request)
    return raw, value_of(raw)


async def bytes_of(request: web.Request, arriving: Arriving | None = None) -> bytes:
    """The body's bytes, of which there are not too many, and which came in time.

    `arriving` is what strangers may hold together, where it is not known yet who sends it.
    """
    if request.content_type != "application/json":
        raise stop(415, "not-json", "Not JSON", "Send `Content-Type: application/json`.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise stop(415, "encoded", "Encoded", "Send the body as it is, without Content-Encoding.")
    if (request.content_length or 0) > MOST_BYTES:
        raise stop(413, "too-large", "Too large", TOO_LARGE)
    try:
        if arriving is None and request.content.is_eof():  # it came with its head, as most do
            return request.content.read_nowait()
        async with asyncio.timeout(BODY_S):
            return await (arriving.body(request) if arriving else request.read())
    except TimeoutError as error:
        raise ProblemError(slow()) from error
    except TooMuchError as error:
        said, retry = str(error), STORE_RETRY_S
        raise stop(503, "too-busy", "Too busy", said, retry_after_s=retry) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise stop(413, "too-large", "Too large", TOO_LARGE) from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise stop(400, "broken-off", "Broken off", "The body ended too early.") from error


def value_of(raw: bytes) -> Any:
    """What they say. Raises ProblemError for what is not strict JSON."""
    try:
        return parse_strict(raw, max_bytes=MOST_BYTES)
    except TooLarge as error:
        raise stop(413, "too-large", "Too large", TOO_LARGE) from error
    except NotStrictJson as error:
        # The place may be named by a key that holds a secret.
        said = redact_text(str(error))
        raise stop(400, "not-strict-json", "Not strict JSON", said) from error


def validated(model: type[M], value: Any) -> M:
    """The value as a request. Raises ProblemError naming every field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise unprocessable(*_field_errors(error)) from error


def _field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    found = error.errors(include_url=False, include_input=False)
    return tuple(
        FieldError(pointer=_pointer(e["loc"]), detail=sentence(e)) for e in found[:MOST_ERRORS]
    )


def _pointer(place: tuple[str | int, ...]) -> str:
    """RFC 6901. What was sent as a key may be a secret."""
    parts = (redact_text(str(part))[:100] for part in place)
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def query_of(request: web.Request, model: type[M]) -> M:
    """The query as a request. Raises ProblemError; a name given twice is refused too."""
    twice = {name for name in request.query if len(request.query.getall(name)) > 1}
    if twice:
        errors = tuple(
            FieldError(pointer=_pointer((name,)), detail="It is given twice; give it once.")
            for name in sorted(twice)
        )
        raise unprocessable(*errors)
    return validated(model, dict(request.query))


def unprocessable(*errors: FieldError) -> ProblemError:
    """What is wrong with a request, place by place."""
    return stop(
        422,
        "unprocessable",
        "The request cannot be taken",
        "Mend what `errors` names.",
        errors=errors,
    )


def idempotency_key(request: web.Request) -> str:
    """The required header. Raises ProblemError without a usable one."""
    given = request.headers.getall("Idempotency-Key", ())
    key = given[0] if len(given) == 1 else ""
    if not is_name(key):
        raise stop(
            400,
            "idempotency-key-missing",
            "Idempotency key missing",
            "Send `Idempotency-Key` with 1 to 255 visible ASCII characters, the same for retries.",
        )
    return key


def is_name(key: str) -> bool:
    """Whether it can be told apart from any other, wherever it is written."""
    return _NAME.fullmatch(key) is not None


def _not_now(request: web.Request, name: str, title: str, error: StoreError) -> web.Response:
    due_s = request.app[API].store_due_s()
    return problem(503, name, title, str(error), retry_after_s=due_s)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error leaves as a problem; nothing is cached; nothing tells how we are built."""
    standings: list[Standing] = []
    request[STANDINGS] = standings
    try:
        response = await handler(request)
    except ProblemError as error:
        response = error.response
    except web.HTTPException as error:
        response = of_http(error)
    except UnsureError as error:
        response = _not_now(request, "unsure", "Not confirmed", error)
    except StoreError as error:
        response = _not_now(request, "not-saved", "Not saved", error)
    except Exception:
        err = new_id("err")[-8:]
        log.exception("request-failed", err=err, path=request.path)
        response = problem(500, "internal", "Andon failed", f"Tell the operators `err {err}`.")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if standings:
        response.headers.update(headers_of(standings))
    request.app[API].answered(_route(request), response.status)
    return response


def _route(request: web.Request) -> str:
    """The route as declared: no id, nothing that was sent."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource is not None else "none"


#: Name and detail of what aiohttp itself refuses.
_HTTP: Mapping[int, tuple[str, str]] = {
    404: ("no-such-address", "There is nothing here. /docs lists what there is."),
    405: ("method-not-allowed", "This method does nothing here; `Allow` lists those that do."),
    413: ("too-large", TOO_LARGE),
    417: ("expectation-failed", "`Expect` may say 100-continue, nothing else."),
}


def of_http(error: web.HTTPException) -> web.Response:
    """What aiohttp refuses by itself, as a problem."""
    if error.status < 400:
        raise error
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    name, detail = _HTTP.get(error.status, ("malformed", "The request cannot be understood."))
    return problem(error.status, name, error.reason, detail, headers=allow)
