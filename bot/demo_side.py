"""The demo: a real server and a local workspace in one process, and blocked services.

::

    the page's port -> workspace <- Socket Mode - server (SQLite in a folder of its own)
                    -> stage: three services that ask the server over HTTP

Composition like `bot/app.py`, and like it free to know every room of `bot`.
"""

import asyncio
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

import bot
from bot.app import Server, serving
from bot.demo import cast
from bot.demo.stage import SERVICES, Stage
from bot.demo.workspace import Running, Workspace, serve
from bot.demo.workspace.server import LOOPBACK
from bot.observing import configure_logging
from bot.redaction import redact_text
from bot.settings import Settings

#: The usual port of the API; another is taken where it is not free.
API_PORT = 8701

#: Slack's view of the app: its scopes, commands and events.
MANIFEST = Path(bot.__file__).parent.parent / "manifest.yml"

#: The sample pages: the migration's card names one.
RUNBOOKS = MANIFEST.with_name("runbooks")

PAGE = Path(cast.__file__).with_name("page")

#: Seconds the parts may take to find one another.
READY_WITHIN_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demo that runs."""

    running: Running
    server: Server
    stage: Stage
    folder: Path

    @property
    def url(self) -> str:
        """The one address."""
        return f"{self.running.url}/"


@asynccontextmanager
async def playing(folder: Path, *, port: int = 0) -> AsyncIterator[Demo]:
    """Play until the block ends. Everything listens on loopback, on ports nobody else has."""
    stage = Stage(approver=cast.APPROVER)
    tokens = secrets.token_hex(8), secrets.token_hex(8)
    workspace = cast.the_workspace(
        yaml.safe_load(MANIFEST.read_text(encoding="utf-8")),
        bot_token=f"xoxb-{tokens[0]}",
        app_token=f"xapp-{tokens[1]}",
    )
    async with AsyncExitStack() as stack:
        # Both are ours from now on: seconds lie between looking for a port and serving on it.
        pages, calls = (stack.enter_context(_listening(on)) for on in (port, API_PORT))
        opened = serve(workspace, listener=pages, page=PAGE, more=stage.routes())
        running = await stack.enter_async_context(opened)
        # Nobody else holds this port, so nobody else uses this folder.
        mine = _fresh(folder / str(running.port))
        stack.enter_context(_logging_to(mine / "andon.log"))
        settings = _settings(mine, running, calls.getsockname()[1])
        server = await stack.enter_async_context(serving(settings, listener=calls))
        await _joined(workspace, server)
        stack.push_async_callback(stage.close)
        await stage.start(server.url, {name: await _key(server, name) for name in SERVICES})
        with suppress(TimeoutError):  # the page shows what comes later too
            await workspace.wait_for(lambda: _has_cards(workspace), READY_WITHIN_S)
        yield Demo(running=running, server=server, stage=stage, folder=mine)


def _listening(port: int) -> socket.socket:
    """On this port, or on any if somebody has it."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError:
        return socket.create_server((LOOPBACK, 0))


def _fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Everything that is logged goes into a file: the terminal shows an address and no more."""
    with path.open("w", encoding="utf-8", buffering=1) as file:
        configure_logging(redact_text, file)
        try:
            yield
        finally:
            configure_logging(redact_text)


def _settings(folder: Path, running: Running, port: int) -> Settings:
    """Of the server, whatever the environment and `.env` say: they are for the real one."""
    return Settings(
        _env_file=None,
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_HOST=LOOPBACK,
        ANDON_PORT=port,
        ANDON_POLICY=str(cast.POLICY),
        ANDON_RUNBOOKS=str(RUNBOOKS),
        ANDON_ALLOWED_CALLBACKS=(),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE="socket",
        ANDON_SLACK_API_URL=running.api_url,
        SLACK_BOT_TOKEN=running.workspace.tokens.bot,
        SLACK_APP_TOKEN=running.workspace.tokens.app,
        SLACK_SIGNING_SECRET="",
    )


async def _joined(workspace: Workspace, server: Server) -> None:
    """Until Socket Mode stands and the server has looked everybody up."""
    await workspace.wait_for(lambda: workspace.socket.connected, READY_WITHIN_S)
    async with asyncio.timeout(READY_WITHIN_S):
        while server.people.facts(server.clock()).people.as_of is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _has_cards(workspace: Workspace) -> bool:
    """Whether every channel, and the approver for all of them, has been told."""
    told = len(workspace.messages(cast.APPROVER)) >= len(cast.CHANNELS)
    return told and all(workspace.messages(channel) for channel in cast.CHANNELS.values())


async def _key(server: Server, service: str) -> str:
    return await server.store.services.add(service)
