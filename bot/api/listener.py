"""Listening: what aiohttp would answer by itself, before any route, leaves as a problem too.

Its own words repeat bytes of the request, a secret in a header among them, to the caller and to the
log; ours do not.
"""

import asyncio
from typing import Any

import structlog
from aiohttp import web

from bot.api.door import MOST_BYTES, TOO_LARGE
from bot.api.problems import problem

log = structlog.get_logger(__name__)


class _Connection(web.RequestHandler):
    """One connection."""

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


class _Server(web.Server):
    """Makes a connection of ours for each that comes."""

    def __call__(self) -> web.RequestHandler:
        # A body that says it is packed is refused; unpacking it would only invite bombs.
        return _Connection(self, loop=self._loop, auto_decompress=False, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the application behind such a server."""

    async def _make_server(self) -> web.Server:
        await super()._make_server()  # starts the application
        app: Any = self._app
        options: dict[str, Any] = {k: v for k, v in self._kwargs.items() if k != "debug"}
        return _Server(
            app._handle,
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
