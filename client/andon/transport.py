"""Drivers of flows over httpx2: no redirects, no proxies unless asked, answers bounded, TLS
verified.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from inspect import isawaitable
from typing import Any, TypeVar

import httpcore2
import httpx2

from andon.bounded import KEPT, Bounded
from andon.flow.steps import Answer, Call, Do, Flow, Lost, Pause, Step
from andon.settings import Settings

T = TypeVar("T")

AGENT = "andon-client"


def _headers(settings: Settings) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {settings.key}",
        "Accept": "application/json, application/problem+json",
        "Accept-Encoding": "identity",
        "User-Agent": AGENT,
    }


def _options(settings: Settings, trust_env: bool) -> dict[str, Any]:
    """What both clients are made with; certificates are always checked."""
    return {
        "headers": _headers(settings),
        "follow_redirects": False,
        "trust_env": trust_env,
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=KEPT),
    }


class Driver:
    """Runs flows, blocking."""

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], Any] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
        trust_env: bool = False,
    ) -> None:
        self._url, self._sleep = settings.url, sleep
        self._bounded = Bounded() if transport is None and not trust_env else None
        self._http = httpx2.Client(
            transport=transport or self._bounded, **_options(settings, trust_env)
        )

    def run(self, flow: Flow[T]) -> T:
        """What the flow ends in."""
        came, error = None, None
        try:
            while True:
                try:
                    step = flow.send(came) if error is None else flow.throw(error)
                except StopIteration as done:
                    return done.value  # type: ignore[no-any-return]
                came, error = None, None
                try:
                    came = self._do(step)
                except Exception as raised:
                    error = raised
        finally:
            flow.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _do(self, step: Step) -> Any:
        if isinstance(step, Call):
            return self._call(step)
        if isinstance(step, Pause):
            return self._sleep(step.seconds)
        return step.act() if isinstance(step, Do) else step.callback(step.value)

    def _call(self, call: Call) -> Answer | Lost:
        started = time.monotonic()
        try:
            with (
                self._within(call.timeout_s),
                self._http.stream(**_request(self._url, call)) as response,
            ):
                _check_plain(response)
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    _check(len(body), started, call)
                return _answer(response, bytes(body), started)
        except LOST as error:
            return _lost(error, started)

    def _within(self, seconds: float) -> AbstractContextManager[None]:
        """Through a proxy, or a transport of the caller's, only each read is bounded."""
        return nullcontext() if self._bounded is None else self._bounded.within(seconds)


class AsyncDriver:
    """Runs flows, awaiting."""

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        transport: httpx2.AsyncBaseTransport | None = None,
        trust_env: bool = False,
    ) -> None:
        self._url, self._sleep = settings.url, sleep
        self._http = httpx2.AsyncClient(transport=transport, **_options(settings, trust_env))

    async def run(self, flow: Flow[T]) -> T:
        """What the flow ends in."""
        came, error = None, None
        try:
            while True:
                try:
                    step = flow.send(came) if error is None else flow.throw(error)
                except StopIteration as done:
                    return done.value  # type: ignore[no-any-return]
                came, error = None, None
                try:
                    came = await self._do(step)
                except Exception as raised:
                    error = raised
        finally:
            flow.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Call):
            return await self._call(step)
        if isinstance(step, Pause):
            return await self._sleep(step.seconds)
        if isinstance(step, Do):
            return await _beside(step)
        told = step.callback(step.value)
        return await told if isawaitable(told) else told

    async def _call(self, call: Call) -> Answer | Lost:
        started = time.monotonic()
        try:
            async with (
                asyncio.timeout(call.timeout_s),
                self._http.stream(**_request(self._url, call)) as response,
            ):
                _check_plain(response)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    _check(len(body), started, call)
                return _answer(response, bytes(body), started)
        except LOST as error:
            return _lost(error, started)


async def _beside(step: Do) -> Any:
    """Do it in a thread; if nobody waits for it any more, what it gave is undone."""
    work = asyncio.ensure_future(asyncio.to_thread(step.act))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        work.add_done_callback(lambda done: _undo(step, done))
        raise


def _undo(step: Do, done: "asyncio.Future[Any]") -> None:
    if not done.cancelled() and done.exception() is None and step.undo is not None:
        step.undo(done.result())


#: What stands for an answer that did not come.
LOST = (
    httpx2.HTTPError,
    httpx2.StreamError,
    httpx2.InvalidURL,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
)


class _TooMuchError(httpx2.HTTPError):
    """The answer is too long, takes too long, or would unfold to who knows what."""


def _request(url: str, call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "url": url + call.path,
        "content": call.body,
        "headers": dict(call.headers),
        "timeout": call.timeout_s,
    }


def _check_plain(response: httpx2.Response) -> None:
    """We asked for what is not encoded; anything else could unfold to any size."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise _TooMuchError(f"the answer is encoded as {encoding[:40]!r}")


def _check(size: int, started: float, call: Call) -> None:
    """Not more than is asked for, and not drop by drop for ever."""
    if size > call.most_bytes:
        raise _TooMuchError(f"the answer is longer than {call.most_bytes:,} bytes")
    if time.monotonic() - started > call.timeout_s:
        raise _TooMuchError(f"the answer took longer than {call.timeout_s:g} s")


def _answer(response: httpx2.Response, body: bytes, started: float) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    took_s = time.monotonic() - started
    return Answer(status=response.status_code, headers=headers, body=body, took_s=took_s)


def _lost(error: BaseException, started: float) -> Lost:
    took_s, is_untrusted = time.monotonic() - started, _is_untrusted(error)
    why = str(error).strip().rstrip(".") or _named(error)
    return Lost(why=why, took_s=took_s, is_final=is_untrusted)


def _named(error: BaseException) -> str:
    is_late = isinstance(error, TimeoutError | httpcore2.TimeoutException)
    return "it did not answer in time" if is_late else type(error).__name__


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether the server is not who it says: no second try will change that."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
