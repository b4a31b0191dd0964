"""Signed intake: a service that opens by signing its request, per Standard Webhooks, without a key.

::

    webhook-id         names the request: it is the idempotency key
    webhook-timestamp  seconds since 1970, at most five minutes off
    webhook-signature  v1,BASE64 over id.timestamp.body; several, space-separated, in a rotation
    Andon-Service      NAME; may be left out while trying every live secret costs little

A signature covers neither method nor path, so it is taken where it opens and nowhere else: sent
again, it is the same request by the same id. Every secret is compared, so that time tells nothing.
"""

import asyncio
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from approvals.memory.accepted import OURSELVES
from approvals.ports import ServiceKey, ServiceSecrets
from bot.api.door import (
    API,
    KEY_TTL_S,
    Api,
    bytes_of,
    idempotency_key,
    is_name,
    opener,
    unauthorized,
    within,
)
from bot.api.problems import stop

ID, STAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
HEADERS = (ID, STAMP, SIGNATURE)

#: Names the service whose secrets are to be tried.
SERVICE = "Andon-Service"

#: Seconds that a timestamp may be off.
TOLERANCE_S = 300

#: Signatures one request may bring: two secrets in a rotation, and some to spare.
MOST_SIGNATURES = 8

#: Bytes hashed for a request that does not say whose it is: with more secrets it has to.
MOST_HASHED = 16 << 20

#: Bytes hashed in the loop; what takes longer is done in a thread.
HASHED_HERE = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Who opens, by which idempotency key, with which body."""

    service: ServiceKey
    key: str
    raw: bytes


async def opening(request: web.Request) -> Opening:
    """Who opens: by a key, or by a signature. Raises ProblemError."""
    if request.headers.keys().isdisjoint(HEADERS):
        service = await opener(request)
        key = idempotency_key(request)
        return Opening(service=service, key=key, raw=await bytes_of(request))
    if "Authorization" in request.headers or "Idempotency-Key" in request.headers:
        detail = "Send a key with `Idempotency-Key`, or sign with the `webhook-` headers; not both."
        raise stop(400, "two-credentials", "Two credentials", detail)
    sent = _sent(request)
    raw = await bytes_of(request, request.app[API].arriving)
    service = await _signer(request, sent, raw)
    api = request.app[API]
    within(request, api.limiter.request(service.service))
    within(request, api.limiter.opening(service.service, service.opens_per_minute))
    return Opening(service=service, key=sent.id, raw=raw)


@dataclass(frozen=True, slots=True)
class _Sent:
    """The three headers, well formed and of now."""

    id: str
    at: datetime
    signatures: tuple[str, ...]


def _sent(request: web.Request) -> _Sent:
    """What was sent, if it could be good. Raises ProblemError."""
    if any(len(request.headers.getall(name, ())) != 1 for name in HEADERS):
        raise unauthorized(request, f"Send each of `{'`, `'.join(HEADERS)}` once.")
    id_, stamp, signatures = (request.headers[name] for name in HEADERS)
    if not is_name(id_) or "." in id_:
        # With a dot it could be split from the timestamp in two ways.
        said = (
            "`webhook-id` has 1 to 255 visible ASCII characters and no dot; the same for retries."
        )
        raise unauthorized(request, said)
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and stamp == _plain(stamp)):
        raise unauthorized(request, "`webhook-timestamp` is in whole seconds since 1970.")
    at = datetime.fromtimestamp(int(stamp), UTC)
    if abs((request.app[API].clock() - at).total_seconds()) > TOLERANCE_S:
        raise unauthorized(request, "`webhook-timestamp` is more than five minutes off; sign anew.")
    given = tuple(one for one in signatures.split(" ") if one.startswith("v1,") and one.isascii())
    if not 1 <= len(given) <= MOST_SIGNATURES:
        raise unauthorized(request, "`webhook-signature` is `v1,` and the base64 of an HMAC.")
    return _Sent(id_, at, given)


def _plain(stamp: str) -> str:
    return str(int(stamp))


async def _signer(request: web.Request, sent: _Sent, raw: bytes) -> ServiceKey:
    """Whose signature it is. Raises ProblemError where it is nobody's."""
    names = request.headers.getall(SERVICE, ())
    if len(names) > 1:
        raise unauthorized(request, f"Send `{SERVICE}` once.")
    api, name = request.app[API], names[0] if names else None
    known = await _known(api, name)
    found = await _tried(request, known, sent, raw)
    if found is None and (anew := await _known(api, name, anew=True)) != known:
        found = await _tried(request, anew, sent, raw)  # a secret may have been made just now
    if found is None:
        raise unauthorized(
            request, "No live secret signs this like that. `service secret NAME` makes one."
        )
    return found


async def _tried(
    request: web.Request, known: Sequence[ServiceSecrets], sent: _Sent, raw: bytes
) -> ServiceKey | None:
    """Whose signature it is, of these. Raises ProblemError where they are too many to try."""
    weight = len(raw) * sum(len(one.secrets) for one in known)
    if SERVICE not in request.headers and weight > MOST_HASHED:
        raise unauthorized(request, f"Send `{SERVICE}: NAME`: too many secrets to try them all.")
    if weight > HASHED_HERE:
        return await asyncio.to_thread(signed_by, known, sent.id, sent.at, raw, sent.signatures)
    return signed_by(known, sent.id, sent.at, raw, sent.signatures)


async def _known(api: Api, name: str | None, *, anew: bool = False) -> tuple[ServiceSecrets, ...]:
    """Services and their secrets, believed for as long as a key is, unless asked for anew."""
    now = time.monotonic()
    kept = api.signing.get(name)
    if not anew and kept is not None and now - kept[0] < KEY_TTL_S:
        return kept[1]
    found = await api.services.signing(name)
    found = tuple(one for one in found if one.service.service != OURSELVES)
    if found:
        api.signing[name] = (now, found)
    else:
        api.signing.pop(name, None)
    return found


def signed_by(
    known: Sequence[ServiceSecrets],
    id_: str,
    at: datetime,
    raw: bytes,
    signatures: Sequence[str],
) -> ServiceKey | None:
    """The service one of whose secrets made one of the signatures."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    found: ServiceKey | None = None
    for one in known:
        for secret in one.secrets:
            made = Webhook(secret).sign(id_, at, text)
            if sum(hmac.compare_digest(made, given) for given in signatures):
                found = found or one.service
    return found
