"""Composition: the one place where concrete things are chosen and joined.

::

    settings -> policy, keys -> store -> api -> background loops -> one aiohttp application
"""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from approvals.escalation import Escalation
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from bot.api import Api, Waiters, add_api
from bot.background.clock import Ticker
from bot.background.loop import Loop
from bot.ids import new_id
from bot.observing import Metrics
from bot.people import KnownPeople
from bot.settings import Settings, SettingsError
from bot.signing import KeyRing
from storage import Store, open_store

log = structlog.get_logger(__name__)

#: Seconds between two looks of the clock when nothing wakes it.
CLOCK_S = 1.0

#: Bytes aiohttp takes of a body; the API itself takes less and says so.
MOST_BODY = 2 << 20


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def read_policy(path: Path) -> Policy:
    """The policy file. Raises SettingsError with file, line and what to do."""
    try:
        return parse_policy(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no policy file {path}. Copy the sample policy.toml, or set ANDON_POLICY."
        ) from error
    except (PolicyError, UnicodeDecodeError) as error:
        raise SettingsError(str(error)) from error


@dataclass(kw_only=True)
class Server:
    """A running Andon: where it listens, and its parts for whoever composes more around it."""

    port: int
    store: Store
    policy: Policy
    people: KnownPeople

    @property
    def url(self) -> str:
        """Where services call."""
        return f"http://127.0.0.1:{self.port}"


class _Bell:
    """Rings after each commit: wakes parked requests, counts, wakes the background."""

    def __init__(self, waiters: Waiters, metrics: Metrics) -> None:
        self._waiters, self._metrics = waiters, metrics
        self.loops: list[Loop] = []

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Called by the writer, in order."""
        self._waiters.committed(escalations)
        self._metrics.committed(escalations)
        for loop in self.loops:
            loop.wake()


@asynccontextmanager
async def serving(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Server]:
    """Run the server until the block ends. Raises SettingsError, storage.AlreadyRunningError."""
    if settings.slack_mode != "off":
        raise SettingsError("Slack is not connected yet in this version: set ANDON_SLACK_MODE=off.")
    _raise_file_limit()
    policy = read_policy(Path(settings.policy))
    people = KnownPeople(policy, from_file=True)
    keys = KeyRing(Path(settings.signing_keys))
    waiters, metrics = Waiters(), Metrics()
    metrics.parked.set_function(lambda: waiters.count)
    bell = _Bell(waiters, metrics)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            _opened_store(settings, people, keys, clock, bell.committed)
        )
        app = web.Application(client_max_size=MOST_BODY)
        add_api(
            app,
            Api(
                writer=store.writer,
                reads=store.reads,
                cards=store.cards,
                services=store.services,
                facts=people,
                health=store.health,
                clock=clock,
                waiters=waiters,
                jwks=keys.jwks,
                metrics_text=metrics.text,
                allowed_callbacks=frozenset(settings.allowed_callbacks),
            ),
        )
        ticker = Ticker(store.reads, store.writer, clock, new_id)
        bell.loops = [Loop("clock", ticker.once, CLOCK_S)]
        port = await _listen(app, settings, stack)
        tasks = [asyncio.create_task(loop.run()) for loop in bell.loops]
        stack.push_async_callback(_stop, tasks)
        log.info("serving", port=port, policy=policy.version)
        yield Server(port=port, store=store, policy=policy, people=people)


def _opened_store(
    settings: Settings,
    people: KnownPeople,
    keys: KeyRing,
    clock: Callable[[], datetime],
    committed: Callable[[Sequence[Escalation]], None],
) -> AbstractAsyncContextManager[Store]:
    try:
        return open_store(
            settings.database_url,
            facts=people,
            signer=keys,
            clock=clock,
            committed=committed,
            server=True,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error


async def _listen(app: web.Application, settings: Settings, stack: AsyncExitStack) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port, backlog=4096)
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Is another server running? Set ANDON_PORT."
        ) from error
    addresses: Any = runner.addresses
    return int(addresses[0][1])


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def _raise_file_limit() -> None:
    """Each parked request holds a connection: take as many descriptors as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
