"""Our own guard in front of Bolt: nothing unsigned is ever parsed, nothing forged ever runs.

::

    size -> signature over the raw bytes -> parse -> team, app, person -> replay -> Bolt

Bolt parses before it verifies and runs a replayed or foreign payload; so it never sees one. What
is remembered against replays is a write, so only what would run is.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from approvals.ports import Clock, SeenSignatures, StoreError
from bot.arriving import Arriving, TooMuchError
from bot.bounds import BODY_S, MOST_BYTES
from bot.slack.shapes import is_shaped

log = structlog.get_logger(__name__)

#: How old a request may be, in seconds.
OLDEST_S = 300

#: How accounts are written.
_ACCOUNT = re.compile(r"[A-Z0-9]{1,40}")

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in which workspace, from `auth.test` and `bots.info`."""

    team_id: str
    app_id: str
    bot_user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why a request goes no further."""

    status: int
    reason: str


def signed(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Whether Slack sent exactly these bytes within five minutes, by any of our secrets."""
    stamp, given = (
        headers.get("X-Slack-Request-Timestamp", ""),
        headers.get("X-Slack-Signature", ""),
    )
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12 or not given.isascii():
        return False
    if abs(now.timestamp() - int(stamp)) > OLDEST_S:
        return False
    base = b"v0:" + stamp.encode() + b":" + raw
    made = (
        "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest() for secret in secrets
    )
    # Every secret is compared, so that time tells nothing.
    return sum(hmac.compare_digest(one, given) for one in made) > 0


def parsed(content_type: str, raw: bytes) -> Payload | None:
    """The payload of a signed body, or None."""
    try:
        text = raw.decode()
        if content_type == "application/json":
            found = json.loads(text)
        else:
            form = dict(parse_qsl(text, keep_blank_values=True))
            found = json.loads(form["payload"]) if "payload" in form else form
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def identified(payload: Mapping[str, Any], me: Identity) -> Rejected | bool:
    """Whether the person is foreign to the workspace; or why nobody of it can have sent this."""
    if not is_shaped(payload):
        return Rejected(status=400, reason="not a payload")
    if payload.get("type") in ("url_verification", "app_rate_limited"):
        return False
    if me.app_id and payload.get("api_app_id", me.app_id) != me.app_id:
        return Rejected(status=403, reason="another app")
    event = payload.get("event") or {}
    team = payload.get("team_id") or (payload.get("team") or {}).get("id") or event.get("team")
    if event:
        return False if team == me.team_id else Rejected(status=403, reason="another workspace")
    user, account = _user(payload), account_of(payload)
    if (
        not _ACCOUNT.fullmatch(account)
        or account == me.bot_user_id
        or account == "USLACKBOT"
        or user.get("is_bot")
    ):
        return Rejected(status=403, reason="no person")
    home = user.get("team_id") or team
    if team != me.team_id:
        return Rejected(status=403, reason="another workspace")
    return bool(home != me.team_id)


def account_of(payload: Mapping[str, Any]) -> str:
    """The account that clicked or typed; empty for an event."""
    return str(_user(payload).get("id") or payload.get("user_id") or "")


def _user(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    said = payload.get("user")
    return said if isinstance(said, dict) else {}


#: Takes what was signed, parsed, and whether the person is foreign to the workspace.
Inner = Callable[[Payload, bool], Awaitable[web.StreamResponse]]


class Guard:
    """The handler of `POST /slack/events`."""

    def __init__(
        self,
        inner: Inner,
        *,
        secrets: Sequence[str],
        me: Callable[[], Identity | None],
        seen: SeenSignatures,
        clock: Clock,
    ) -> None:
        self._inner, self._me = inner, me
        self.secrets = secrets  #: several, while one is replaced
        self._seen, self._clock = seen, clock
        self._arriving = Arriving()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take it, or say no without a word about why."""
        if (request.content_length or 0) > MOST_BYTES:
            return web.Response(status=413)
        try:
            async with asyncio.timeout(BODY_S):
                raw = await self._arriving.body(request)
        except TimeoutError:
            return web.Response(status=408)
        except TooMuchError:
            return self._no(Rejected(status=503, reason="too much arrives"))
        except web.HTTPRequestEntityTooLarge:  # sent in chunks, it said no length
            return web.Response(status=413)
        except web.RequestPayloadError:
            return self._no(Rejected(status=400, reason="broken off"))
        now = self._clock()
        if not signed(request.headers, raw, self.secrets, now):
            return self._no(Rejected(status=401, reason="signature"))
        me = self._me()
        if me is None:
            return web.Response(status=503)
        payload = parsed(request.content_type, raw)
        if payload is None:
            return self._no(Rejected(status=400, reason="not a payload"))
        found = identified(payload, me)
        if isinstance(found, Rejected):
            return self._no(found)
        try:
            fresh = await self._seen.first_time(request.headers["X-Slack-Signature"], now)
        except StoreError:
            # What cannot be noted could come again: not taken, and Slack shows its error.
            return self._no(Rejected(status=503, reason="store away"))
        if not fresh:
            # The same delivery again: it was taken, and its answer is owed already.
            return web.Response(status=200)
        return await self._inner(payload, found)

    def _no(self, rejected: Rejected) -> web.Response:
        log.warning("slack-request-rejected", status=rejected.status, reason=rejected.reason)
        return web.Response(status=rejected.status)
