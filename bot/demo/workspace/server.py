"""The workspace on a loopback port: Web API, Socket Mode, response_urls, and the page."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.demo.workspace.responses import Responses
from bot.demo.workspace.ui import Ui, guarded
from bot.demo.workspace.workspace import Workspace

LOOPBACK = "127.0.0.1"

#: Bytes of one call of the Web API.
CALL_SIZE = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Running:
    """A workspace that listens."""

    workspace: Workspace
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        """What Slack's SDK takes as `base_url`."""
        return f"{self.url}/api/"


@asynccontextmanager
async def serve(
    workspace: Workspace,
    *,
    listener: socket.socket | None = None,
    page: Path | None = None,
    more: Iterable[web.RouteDef] = (),
) -> AsyncIterator[Running]:
    """Let the workspace listen for as long as the block lasts: on `listener`, or any free port.

    `page` is a folder with the page's files; `more` are further routes on the same origin.
    """
    listener = listener or socket.create_server((LOOPBACK, 0))
    runner = web.AppRunner(application(workspace, page, more), shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        host, port = listener.getsockname()
        running = Running(workspace=workspace, host=host, port=port)
        workspace.payloads.base = running.url
        workspace.socket.base = running.url.replace("http", "ws", 1)
        # No cookies and no pooled connections: Slack's requests know nothing of one another.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            workspace.http.session = session
            yield running
    finally:
        await workspace.close()
        await runner.cleanup()


def application(
    workspace: Workspace, page: Path | None, more: Iterable[web.RouteDef] = ()
) -> web.Application:
    """All routes."""
    app = web.Application(client_max_size=CALL_SIZE)
    api, responses = workspace.web_api, Responses(workspace, workspace.addresses)
    app.add_routes(
        [
            web.post("/api/{method}", api.answer),
            web.get("/api/{method}", api.answer),
            web.post("/response/{secret}", responses.answer),
            web.get("/link", workspace.socket.connect),
            *Ui(workspace).routes(),
            *more,
        ]
    )
    if page is not None:
        app.add_routes([web.get("/", guarded(_index(page))), web.static("/page", page)])
    return app


def _index(page: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def index(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(page / "index.html", headers={"Cache-Control": "no-store"})

    return index
