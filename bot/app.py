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
from approvals.ports import Clock
from bot.api import Api, Waiters, add_api
from bot.api.door import Check
from bot.background.callbacks import Caller
from bot.background.cards import Reconciler
from bot.background.clock import Ticker
from bot.background.counts import Counts
from bot.background.egress import callback_session, loopback_pairs
from bot.background.line import Line
from bot.background.loop import Loop
from bot.background.refresher import Refresher
from bot.background.spoken import Speaker
from bot.ids import new_id
from bot.observing import Metrics
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

log = structlog.get_logger(__name__)

#: Seconds between two looks of each loop when nothing wakes it.
CLOCK_S, CARDS_S, SPEECH_S, CALLBACKS_S, PEOPLE_S = 1.0, 2.0, 2.0, 2.0, 5.0

#: Loops that no commit concerns at once.
UNHURRIED = frozenset({"clock", "people"})

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
        people: KnownPeople,
        clock: Clock,
        bell: Bell,
        counts: Counts,
    ) -> None:
        client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        slack, screens = SlackWeb(client), Screens(store.reads, people, clock)
        ports = Ports(
            writer=store.writer,
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
        self._line = Line(clock)
        said: dict[str, Any] = {
            "cards": store.cards,
            "reads": store.reads,
            "facts": people,
            "slack": slack,
            "line": self._line,
            "artist": Drawings(),
            "clock": clock,
            "counts": counts,
        }
        cards, speech = Reconciler(**said), Speaker(deliveries=store.deliveries, **said)
        directory = SlackDirectory(client, people.policy)
        refresher = Refresher(people, directory, store.reads, store.writer, clock, new_id)
        self.loops = [
            Loop("cards", cards.once, CARDS_S, cards.lanes),
            Loop("speech", speech.once, SPEECH_S, speech.answers, speech.lanes),
            Loop("people", refresher.once, PEOPLE_S),
        ]

    async def ready(self) -> tuple[str, bool]:
        """For health: we hear Slack, and it hears us."""
        name, works = await self.door.ready()
        return name, works and self._line.works


@asynccontextmanager
async def serving(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Server]:
    """Run the server until the block ends. Raises SettingsError, storage.AlreadyRunningError."""
    _raise_file_limit()
    policy = read_policy(Path(settings.policy))
    people = KnownPeople(policy, from_file=settings.slack_mode == "off")
    keys = KeyRing(Path(settings.signing_keys))
    waiters, metrics = Waiters(), Metrics()
    metrics.parked.set_function(lambda: waiters.count)
    bell, counts = Bell(waiters, metrics), Counts(metrics.registry)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            _opened_store(settings, people, keys, clock, bell.committed)
        )
        app = web.Application(client_max_size=MOST_BODY)
        asks = people.asks_slack
        slack = SlackSide(settings, store, people, clock, bell, counts) if asks else None
        ticker = Ticker(store.reads, store.writer, clock, new_id)
        caller = await _caller(store, settings, clock, counts, stack)
        loops = [
            Loop("clock", ticker.once, CLOCK_S),
            Loop("callbacks", caller.once, CALLBACKS_S, caller),
            *(slack.loops if slack else ()),
        ]
        bell.loops = [loop for loop in loops if loop.name not in UNHURRIED]
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
                checks=readiness(loops, people, clock, *((slack.ready,) if slack else ())),
                allowed_callbacks=frozenset(settings.allowed_callbacks),
            ),
        )
        if slack is not None:
            app.add_routes(slack.door.routes() if settings.slack_mode == "http" else ())
        runner, port = await _listen(app, settings)
        # At the end in reverse: no more requests, no more clicks, no more looks; then the store.
        stack.push_async_callback(_stop, loops)
        for loop in loops:
            counts.watch(loop.name, partial(getattr, loop, "failures"))
            loop.start()
        if slack is not None:
            stack.push_async_callback(slack.door.close)
            await slack.door.start()
        stack.push_async_callback(_drain, waiters, runner)
        log.info("serving", port=port, policy=policy.version)
        yield Server(port=port, store=store, policy=policy, people=people, clock=clock)
        log.info("stopping")


def readiness(
    loops: Sequence[Loop], people: KnownPeople, clock: Clock, *more: Check
) -> tuple[Check, ...]:
    """What readiness looks at besides the store and the clock."""

    async def background() -> tuple[str, bool]:
        return "background", all(loop.works for loop in loops)

    async def known() -> tuple[str, bool]:
        now = clock()
        return "people", people.facts(now).people.known_at(now)

    return (background, known, *more)


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


async def _caller(
    store: Store, settings: Settings, clock: Clock, counts: Counts, stack: AsyncExitStack
) -> Caller:
    """Calls services back, through the guarded session."""
    allowed = frozenset(settings.allowed_callbacks)
    session = await stack.enter_async_context(callback_session(loopback_pairs(allowed)))
    return Caller(
        deliveries=store.deliveries,
        reads=store.reads,
        services=store.services,
        session=session,
        allowed=allowed,
        clock=clock,
        random=random.Random(),  # noqa: S311  jitter, no secret
        counts=counts,
    )


async def _listen(app: web.Application, settings: Settings) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, backlog=4096)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Is another server running? Set ANDON_PORT."
        ) from error
    addresses: Any = runner.addresses
    return runner, int(addresses[0][1])


async def _drain(waiters: Waiters, runner: web.AppRunner) -> None:
    """Answer whoever is parked, let requests under way end, and take no more."""
    waiters.close()
    await runner.cleanup()


async def _stop(loops: Sequence[Loop]) -> None:
    await asyncio.gather(*(loop.stop() for loop in loops))


def _raise_file_limit() -> None:
    """Each parked request holds a connection: take as many descriptors as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
