"""The line to the app: what goes over it, what comes back, and HTTP as one kind of it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

#: Why an interaction was not even sent: the manifest does not switch interactivity on, or the
#: app is not installed any more.
NOT_CONFIGURED = "not_configured"


#: Statuses that acknowledge an interaction or a command, and those that acknowledge an event.
_TAKEN, _TAKEN_EVENT = (200,), range(200, 300)


class Sort(StrEnum):
    """What is sent, in the words of Socket Mode."""

    INTERACTIVE = "interactive"
    COMMAND = "slash_commands"
    EVENT = "events_api"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One delivery to the app. `retry` is its number and reason where it is not the first."""

    sort: Sort
    payload: Mapping[str, Any]
    retry: tuple[int, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the app made of it. `failure` is None when it acknowledged in time.

    Failures are those Slack names in `x-slack-retry-reason`: http_timeout, http_error,
    connection_failed.
    """

    failure: str | None
    status: int | None = None
    body: Any = None  #: parsed JSON, or text, or None
    headers: Mapping[str, str] = field(default_factory=dict)
    elapsed: float = 0.0  #: seconds on the workspace's clock

    @property
    def acked(self) -> bool:
        """Acknowledged, well and in time."""
        return self.failure is None


class Line(Protocol):
    """A way to the app."""

    async def send(self, sending: Sending) -> Answer:
        """Deliver once and wait for the acknowledgement. Never raises for the app's faults."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an acknowledgement is waited for: on the wall, and on the workspace's clock."""

    clock: Callable[[], float]
    seconds: float

    async def wait(self, answer: "asyncio.Future[Answer] | asyncio.Task[Answer]") -> Answer:
        """The answer with its time taken, or a timeout."""
        began = self.clock()
        try:
            got = await asyncio.wait_for(answer, self.seconds)
        except TimeoutError:
            return Answer(failure="http_timeout", elapsed=self.clock() - began)
        elapsed = self.clock() - began
        failure = "http_timeout" if elapsed > self.seconds else got.failure
        return Answer(**{**vars(got), "failure": failure, "elapsed": elapsed})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's `x-slack-signature`, version 0."""
    basis = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), basis, hashlib.sha256).hexdigest()


def encoded(sending: Sending) -> tuple[bytes, str]:
    """Body and content type, as Slack sends each sort."""
    if sending.sort is Sort.EVENT:
        return json.dumps(sending.payload).encode(), "application/json"
    fields = (
        {"payload": json.dumps(sending.payload)}
        if sending.sort is Sort.INTERACTIVE
        else sending.payload
    )
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


class HttpLine:
    """Signed POSTs, all to one request URL."""

    def __init__(self, *, secret: str, patience: Patience) -> None:
        self._secret, self._patience = secret, patience
        self.url: str | None = None
        self.session: aiohttp.ClientSession | None = None

    async def send(self, sending: Sending) -> Answer:
        """Deliver once."""
        body, content_type = encoded(sending)
        headers = {}
        if sending.retry is not None:
            number, reason = sending.retry
            headers = {"x-slack-retry-num": str(number), "x-slack-retry-reason": reason}
        taken = _TAKEN_EVENT if sending.sort is Sort.EVENT else _TAKEN
        return await self.post(body, content_type, headers, taken=taken)

    async def post(
        self,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        sign: bool = True,
        timestamp: str | None = None,
        taken: Container[int] = _TAKEN,
    ) -> Answer:
        """Post raw bytes, signed or not, dated now or otherwise."""
        stamp = timestamp if timestamp is not None else str(int(self._patience.clock()))
        signed = {"x-slack-signature": signature(self._secret, stamp, body)} if sign else {}
        sent = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": stamp,
            **signed,
            **(headers or {}),
        }
        return await self._patience.wait(asyncio.ensure_future(self._post(body, sent, taken)))

    async def _post(self, body: bytes, headers: Mapping[str, str], taken: Container[int]) -> Answer:
        if self.session is None or self.url is None:
            return Answer(failure="connection_failed")
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return await _answer(response, taken)
        except aiohttp.ClientError:
            return Answer(failure="connection_failed")


async def _answer(response: aiohttp.ClientResponse, taken: Container[int]) -> Answer:
    raw = await response.read()
    body: Any = raw.decode(errors="replace") or None
    if body and response.content_type == "application/json":
        try:
            body = json.loads(body)
        except ValueError:
            return Answer(failure="http_error", status=response.status, body=body)
    return Answer(
        failure=None if response.status in taken else "http_error",
        status=response.status,
        body=body,
        headers={name.lower(): value for name, value in response.headers.items()},
    )
