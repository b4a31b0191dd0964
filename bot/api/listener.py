"""Listening: connections that are bounded and timed, and whose every answer is a problem of ours.

What aiohttp would answer by itself, before any route, repeats bytes of the request, a secret in a
header among them, to the caller and to the log; ours does not.
"""

import asyncio
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.api.door import TOO_LARGE, Handler, of_http
from bot.api.problems import problem, slow
from bot.bounds import HEAD_S, HTTP, MOST_BYTES, TAKE_S, most_connections

log = structlog.get_logger(__name__)


class _Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_head_began", "_head_timer", "_take_timer")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._take_timer: asyncio.TimerHandle | None = None
        self._head_began = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked: it waits for a request, or for the rest of a request's head."""
        return self._waiter is not None and not self._waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come; it has so long to ask something."""
        super().connection_made(transport)
        self._head_timer = self._loop.call_later(HEAD_S, self._too_slow)
        if isinstance(self._manager, _Server):
            self._manager.make_room(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes; once a head has begun it has so long to be complete."""
        asked = self._request_count
        super().data_received(data)
        if self._request_count > asked:
            self._stop_head_timer()
            self._head_began = False
        elif self.is_idle:
            self._head_began = True
            if self._head_timer is None:
                self._head_timer = self._loop.call_later(HEAD_S, self._too_slow)

    def pause_writing(self) -> None:
        """The caller does not take its answer just now."""
        super().pause_writing()
        self._watch_taking(None)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._stop_take_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Over."""
        self._stop_head_timer()
        self._stop_take_timer()
        asked, answering = self._current_request, self._task_handler
        super().connection_lost(exc)
        if asked is not None and asked.method == "GET" and answering is not None:
            answering.cancel()  # nobody takes the answer: it would stay parked, and count, for long

    def _too_slow(self) -> None:
        self._head_timer = None
        if self.transport is None or not self.is_idle:
            return
        if self._head_began:
            log.info("request-too-slow")
            self.transport.write(_SLOW_HEAD)
        self.force_close()

    def _watch_taking(self, left: int | None) -> None:
        """End it where nothing of an answer was taken for so long."""
        if self.transport is None:
            return
        now_left = self.transport.get_write_buffer_size()
        if left is not None and now_left >= left:
            log.info("answer-not-taken", left=now_left)
            self.transport.abort()
            return
        self._take_timer = self._loop.call_later(TAKE_S, self._watch_taking, now_left)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_take_timer(self) -> None:
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What was no HTTP, or broke outside every handler."""
        log.info("request-malformed", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("An answer is under way already.")
        if status >= 500:
            answer = problem(500, "internal", "Andon failed", "Ask again, or ask the operators.")
        else:
            answer = problem(400, "malformed", "Malformed", "This is not a well-formed request.")
        answer.force_close()
        return answer


def _raw(answer: web.Response) -> bytes:
    """A whole answer as bytes, for where there is no request to answer."""
    body = answer.body
    assert isinstance(body, bytes)  # noqa: S101
    head = [
        f"HTTP/1.1 {answer.status} {answer.reason}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


_SLOW_HEAD = _raw(slow())


class _Server(web.Server):
    """Makes a connection of ours for each that comes, and room for it."""

    def __init__(self, *given: Any, most: int, **options: Any) -> None:
        super().__init__(*given, **options)
        self._most = most

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def make_room(self, newcomer: _Connection) -> None:
        """Where there are too many, the oldest that asks nothing has to go, or else this one."""
        if len(self._connections) <= self._most:
            return
        others = (c for c in self._connections if isinstance(c, _Connection) and c is not newcomer)
        leaving = next((c for c in others if c.is_idle), newcomer)
        log.warning("connections-full", most=self._most, refused=leaving is newcomer)
        leaving.force_close()


async def _handled(handle: Handler, request: web.Request) -> web.StreamResponse:
    """Like the application; but it refuses `Expect` at no address before our door is asked."""
    try:
        return await handle(request)
    except web.HTTPException as error:
        return of_http(error)


class Runner(web.AppRunner):
    """Runs the application behind such a server."""

    def __init__(self, app: web.Application, *, most: int | None = None, **options: Any) -> None:
        super().__init__(app, **{**HTTP, **options})
        self._most = most_connections() if most is None else most

    async def _make_server(self) -> web.Server:
        await super()._make_server()  # starts the application
        app: Any = self._app
        options: dict[str, Any] = {k: v for k, v in self._kwargs.items() if k != "debug"}
        return _Server(
            partial(_handled, app._handle),
            most=self._most,
            request_factory=app._make_request,
            loop=asyncio.get_running_loop(),
            **options,
        )


async def expectation(request: web.Request) -> web.StreamResponse | None:
    """Answers `Expect`: a body that is too large is refused before it is sent."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        detail = "`Expect` may say 100-continue, nothing else."
        return problem(417, "expectation-failed", "Expectation failed", detail)
    if (request.content_length or 0) > MOST_BYTES:
        refused = problem(413, "too-large", "Too large", TOO_LARGE)
        refused.force_close()
        return refused
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0
    return None
