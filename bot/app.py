"""Composition: the one place where concrete things are chosen and joined.

::

    settings -> policy, keys -> store -> api -> background loops -> one aiohttp application
"""

import asyncio
import random
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from approvals.escalation import Escalation
from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.ports import Clock, Writer
from bot.api import Api, Runner, Waiters, add_api
from bot.background.callbacks import Caller
from bot.background.cards import Reconciler
from bot.background.clock import Ticker
from bot.background.egress import callback_session
from bot.background.loop import Loop
from bot.background.refresher import Refresher
from bot.background.spoken import Speaker
from bot.callback_urls import loopback_pairs
from bot.ids import new_id
from bot.metrics import CountedDeliveries, CountedWriter, Metrics, Watch
from bot.people import KnownPeople
from bot.settings import Settings, SettingsError
from bot.signing import KeyRing
from bot.slack.artist import Drawings
from bot.slack.directory import SlackDirectory
from bot.slack.door import SlackDoor, web_client
from bot.slack.screens import Screens
from bot.slack.surface import Ports, Surface
from bot.slack.web import SlackWeb
from storage import Store, open_store
from storage.backlog import backlog
from storage.store import file_of

log = structlog.get_logger(__name__)

#: Seconds between two looks of each loop when nothing wakes it.
CLOCK_S, CARDS_S, SPEECH_S, CALLBACKS_S, PEOPLE_S = 1.0, 2.0, 2.0, 2.0, 60.0

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
    clock: Clock

    @property
    def url(self) -> str:
        """Where services call."""
        return f"http://127.0.0.1:{self.port}"


class Bell:
    """Rings after each commit: wakes parked requests, counts, wakes the background."""

    def __init__(self, waiters: Waiters, metrics: Metrics) -> None:
        self._waiters, self._metrics = waiters, metrics
        self.loops: list[Loop] = []

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Called by the writer, in order."""
        self._waiters.committed(escalations)
        self._metrics.committed(escalations)
        self.wake()

    def wake(self) -> None:
        """There may be something to do."""
        for loop in self.loops:
            loop.wake()


class SlackSide:
    """The Slack surface and the loops that speak, joined."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        writer: Writer,
        people: KnownPeople,
        clock: Clock,
        bell: Bell,
        metrics: Metrics,
    ) -> None:
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        slack, screens = SlackWeb(client), Screens(store.reads, people, clock)
        ports = Ports(
            writer=writer,
            reads=store.reads,
            cards=store.cards,
            deliveries=store.deliveries,
            facts=people,
            slack=slack,
            clock=clock,
            new_id=new_id,
            wake=bell.wake,
            lost=lambda event: self.door.revoked(event),
        )
        app_token = settings.slack_app_token.get_secret_value()
        self.door = SlackDoor(
            client=client,
            surface=Surface(ports, screens),
            secrets=settings.signing_secrets,
            app_token=app_token if settings.slack_mode == "socket" else "",
            seen=store.signatures,
            clock=clock,
        )
        said: dict[str, Any] = {
            "cards": store.cards,
            "reads": store.reads,
            "facts": people,
            "slack": slack,
            "artist": Drawings(),
            "clock": clock,
        }
        spoken = CountedDeliveries(store.deliveries, metrics, "slack")
        cards, speech = Reconciler(**said), Speaker(deliveries=spoken, **said)
        directory = SlackDirectory(client, people.policy)
        refresher = Refresher(people, directory, store.reads, writer, clock, new_id)
        looking = Loop("people", refresher.once, PEOPLE_S)
        self.people_due_s: Callable[[], float] = lambda: looking.due_s
        self.loops = [
            Loop("cards", cards.once, CARDS_S),
            Loop("speech", speech.once, SPEECH_S),
            looking,
        ]


@asynccontextmanager
async def serving(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Server]:
    """Run the server until the block ends. Raises SettingsError, storage.AlreadyRunningError."""
    _raise_file_limit()
    policy = read_policy(Path(settings.policy))
    people = KnownPeople(policy, from_file=settings.slack_mode == "off")
    keys = KeyRing(Path(settings.signing_keys))
    waiters, metrics = Waiters(), Metrics(clock)
    metrics.parked.set_function(lambda: waiters.count)
    bell = Bell(waiters, metrics)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            _opened_store(settings, people, keys, clock, bell.committed)
        )
        app = web.Application(client_max_size=MOST_BODY)
        writer = CountedWriter(store.writer, metrics)
        slack = (
            SlackSide(settings, store, writer, people, clock, bell, metrics)
            if people.asks_slack
            else None
        )
        checks = (slack.door.ready,) if slack else ()
        watch = Watch(
            metrics,
            looked=partial(backlog, store.database),
            clock=clock,
            checks=checks,
            people_as_of=people.as_of,
        )
        add_api(
            app,
            Api(
                writer=writer,
                reads=store.reads,
                cards=store.cards,
                services=store.services,
                facts=people,
                health=store.health,
                clock=clock,
                waiters=waiters,
                jwks=keys.jwks,
                metrics_text=watch.text,
                checks=checks,
                answered=metrics.answered,
                people_due_s=slack.people_due_s if slack else lambda: 0.0,
                allowed_callbacks=frozenset(settings.allowed_callbacks),
            ),
        )
        ticker = Ticker(store.reads, writer, clock, new_id)
        caller = await _caller(store, settings, clock, metrics, stack)
        loops = [
            Loop("clock", ticker.once, CLOCK_S),
            Loop("callbacks", caller.once, CALLBACKS_S),
        ]
        if slack is not None:
            app.add_routes(slack.door.routes() if settings.slack_mode == "http" else ())
            loops += slack.loops
        bell.loops = [loop for loop in loops if loop.name != "people"]
        port = await _listen(app, settings, stack)
        if slack is not None:
            await slack.door.start()
            stack.push_async_callback(slack.door.close)
        tasks = [asyncio.create_task(loop.run()) for loop in loops]
        stack.push_async_callback(_stop, tasks)
        log.info("serving", port=port, policy=policy.version)
        yield Server(port=port, store=store, policy=policy, people=people, clock=clock)


def _opened_store(
    settings: Settings,
    people: KnownPeople,
    keys: KeyRing,
    clock: Callable[[], datetime],
    committed: Callable[[Sequence[Escalation]], None],
) -> AbstractAsyncContextManager[Store]:
    try:
        file_of(settings.database_url)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return open_store(
        settings.database_url,
        facts=people,
        signer=keys,
        clock=clock,
        committed=committed,
        server=True,
    )


async def _caller(
    store: Store, settings: Settings, clock: Clock, metrics: Metrics, stack: AsyncExitStack
) -> Caller:
    """Calls services back, through the guarded session."""
    loopback = loopback_pairs(settings.allowed_callbacks)
    session = await stack.enter_async_context(callback_session(loopback))
    return Caller(
        deliveries=CountedDeliveries(store.deliveries, metrics, "services"),
        reads=store.reads,
        services=store.services,
        session=session,
        clock=clock,
        random=random.Random(),  # noqa: S311  jitter, no secret
    )


async def _listen(app: web.Application, settings: Settings, stack: AsyncExitStack) -> int:
    runner = Runner(app, access_log=None, shutdown_timeout=5)
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
