"""Composition: the one place where concrete things are chosen and joined.

::

    settings -> policy, keys -> store -> api -> background loops -> one aiohttp application

Where several servers share the store it says which policy is in force, and which keys are served.
"""

import random
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from approvals.escalation import Escalation
from approvals.policy.model import Policy
from approvals.ports import Clock, Committed, Elsewhere, Writer
from bot.api import Api, Runner, Waiters, add_api
from bot.api.door import Check
from bot.api.known import Confirmed
from bot.api.limits import Bounds, Limiter
from bot.background.callbacks import Caller
from bot.background.clock import Ticker
from bot.background.counts import Counts
from bot.background.egress import callback_session
from bot.background.loop import Loop
from bot.bell import Bell
from bot.bounds import MOST_BODY
from bot.callback_urls import loopback_pairs
from bot.ids import new_id
from bot.memory_side import MemorySide
from bot.metrics import CountedDeliveries, CountedWriter, Metrics, Watch
from bot.news import News
from bot.page_side import page_loop
from bot.people import KnownPeople
from bot.policy_file import PolicyFile, read_policy
from bot.readiness import hearing, readiness, saving
from bot.replica_side import ReplicaSide
from bot.rotation import Rotation, rotation
from bot.rule_side import RuleSide
from bot.runbook_side import runbook_loops
from bot.seal_side import SealSide
from bot.settings import Settings, SettingsError, read_settings
from bot.signing import KeyRing
from bot.slack_side import SlackSide
from bot.steady import SteadyClock, utc_now
from bot.stopping import drain
from storage import Store, open_store
from storage.address import refuse_unknown
from storage.backlog import backlog

log = structlog.get_logger(__name__)

#: Seconds between two looks of each loop when nothing wakes it.
CLOCK_S, CALLBACKS_S = 1.0, 2.0

#: Connections that may wait to be taken.
BACKLOG = 4096

#: Seconds until news of other replicas that could not be read are read after all.
NEWS_S = 1.0

#: Loops that no commit concerns at once.
UNHURRIED = frozenset(
    {"clock", "home", "news", "people", "policy", "digest", "sealer", "secrets", "keys"}
    | {"memory", "proposals", "runbooks"}
)

#: Seconds that requests under way get to end when the server stops, and as many to be cancelled in.
END_WITHIN_S = 1.5


@dataclass(kw_only=True)
class Server:
    """A running Andon: where it listens, and its parts for whoever composes more around it."""

    port: int
    store: Store
    policy: PolicyFile
    people: KnownPeople
    clock: Clock
    rotation: Rotation

    def reload(self) -> None:
        """Read the policy and the secrets now, whatever their dates."""
        self.policy.reload()
        self.rotation.reload()

    @property
    def url(self) -> str:
        """Where services call."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    reread: Callable[[], Settings] = read_settings,
    listener: socket.socket | None = None,
) -> AsyncIterator[Server]:
    """Run the server until the block ends: on `listener`, or where the settings say.

    Raises SettingsError, storage.AlreadyRunningError.
    """
    _raise_file_limit()
    wall, clock = clock, SteadyClock(clock)
    policy = read_policy(Path(settings.policy))
    people = KnownPeople(policy, from_file=settings.slack_mode == "off")
    keys = KeyRing(Path(settings.signing_keys))
    waiters, metrics = Waiters(), Metrics()
    metrics.parked.set_function(lambda: waiters.count)
    bell, news, counts = Bell(waiters, metrics), News(waiters), Counts(metrics.registry)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            _opened_store(settings, people, keys, clock, bell.committed, news.elsewhere)
        )
        bell.lately.alone = alone = store.database.alone
        clock.not_before(await store.reads.latest(clock()))
        shared = ReplicaSide(store, policy, people, clock, alone=alone)
        await shared.begin(keys)
        sealing = SealSide(settings, store.seals, keys, clock, metrics)
        stack.push_async_callback(sealing.finish)  # when nothing else commits any more
        await (who_is_away := partial(_away, store, people, clock))()
        app = web.Application(client_max_size=MOST_BODY)
        writer = CountedWriter(store.writer, metrics)
        with_slack = partial(SlackSide, settings, store, writer, people, clock, wall, bell)
        slack = with_slack(metrics, counts) if people.asks_slack else None
        caller = await _caller(store, settings, clock, wall, metrics, counts, stack)
        loops = [
            Loop("clock", Ticker(store.reads, writer, clock, new_id, store.leases).once, CLOCK_S),
            Loop("callbacks", caller.once, CALLBACKS_S, caller),
            page_loop(store, writer, people, clock, metrics, counts),
            *(sealing.loop, *_learning(store, writer, people, clock)),
            *(slack.loops if slack else ()),
        ]
        adopt = slack.adopt if slack else partial(_adopt, people, clock)
        file, watching = shared.watch(settings, adopt, metrics)
        books = runbook_loops(settings, people)
        take = slack.door.take_secrets if slack else None
        secrets, rotating = rotation(settings, keys, take, reread, metrics.registry)
        loops += [*watching, rotating, *books, *_heard(news, store, who_is_away)]
        bell.loops = [loop for loop in loops if loop.name not in UNHURRIED]
        bell.concerns = _concerns(people)
        ours = (*sealing.checks, *shared.checks, *((slack.ready,) if slack else ()))
        checks = readiness(loops, people, clock, saving(store.writer), *ours)
        watch = _watch(store, metrics, people, clock, checks)
        api = _api(
            settings,
            store,
            shared,
            facts=people,
            clock=clock,
            writer=writer,
            waiters=waiters,
            jwks=keys.jwks,
            metrics_text=watch.text,
            checks=checks,
            answered=metrics.answered,
            people_due_s=(lambda: slack.people_due_s) if slack else lambda: 0.0,
        )
        add_api(app, api)
        if slack is not None:
            app.add_routes(slack.door.routes() if settings.slack_mode == "http" else ())
        runner, port = await _listen(app, settings, listener)
        stack.push_async_callback(drain, waiters, runner, slack.door if slack else None, loops)
        _start(loops, counts)
        if slack is not None:
            await slack.door.start()
        log.info("serving", port=port, policy=file.in_force.version)
        yield Server(
            port=port, store=store, policy=file, people=people, clock=clock, rotation=secrets
        )
        log.info("stopping")


def _learning(store: Store, writer: Writer, people: KnownPeople, clock: Clock) -> tuple[Loop, ...]:
    """What remembers what ended, and what proposes rules and work of it."""
    rules = RuleSide(store, writer, people, clock)
    return (*MemorySide(store, clock).loops, *rules.loops)


def _concerns(people: KnownPeople) -> dict[str, Callable[[Escalation], bool]]:
    """After which commits these loops look at once; the others look after all."""
    return {
        "callbacks": lambda escalation: escalation.callback_url is not None,
        "pages": lambda _: bool(people.policy.routes),
        "rules": RuleSide.concerns,
    }


def _watch(
    store: Store, metrics: Metrics, people: KnownPeople, clock: Clock, checks: Sequence[Check]
) -> Watch:
    """What looks, when somebody asks, at what is not counted as it happens."""
    return Watch(
        metrics,
        looked=partial(backlog, store.database),
        clock=clock,
        checks=(*checks, *hearing(store.database)),
        people_as_of=people.as_of,
    )


def _start(loops: Sequence[Loop], counts: Counts) -> None:
    """Let them begin, and count what fails in them."""
    for loop in loops:
        counts.watch(loop.name, partial(getattr, loop, "failures"))
        loop.start()


async def _adopt(people: KnownPeople, clock: Clock, policy: Policy) -> None:
    """With Slack off the file is the fact about people, too."""
    people.take(policy, people.carried(policy, clock()))


def _opened_store(
    settings: Settings,
    people: KnownPeople,
    keys: KeyRing,
    clock: Callable[[], datetime],
    committed: Committed,
    elsewhere: Elsewhere,
) -> AbstractAsyncContextManager[Store]:
    try:
        refuse_unknown(settings.database_url)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return open_store(
        settings.database_url,
        facts=people,
        signer=keys,
        clock=clock,
        committed=committed,
        elsewhere=elsewhere,
        server=True,
    )


async def _away(store: Store, people: KnownPeople, clock: Clock) -> None:
    """Read who is away."""
    people.away(await store.absences.current(clock()))


def _heard(news: News, store: Store, who_is_away: Callable[[], Awaitable[None]]) -> Iterator[Loop]:
    """The loop that reads what other replicas committed, where there may be others."""
    if not store.database.alone:
        loop = Loop("news", partial(news.once, store.reads, who_is_away), NEWS_S)
        news.wake = loop.wake
        yield loop


async def _caller(
    store: Store,
    settings: Settings,
    clock: Clock,
    wall: Clock,
    metrics: Metrics,
    counts: Counts,
    stack: AsyncExitStack,
) -> Caller:
    """Calls services back, through the guarded session."""
    allowed = frozenset(settings.allowed_callbacks)
    session = await stack.enter_async_context(callback_session(loopback_pairs(allowed)))
    return Caller(
        deliveries=CountedDeliveries(store.deliveries, metrics, "services"),
        reads=store.reads,
        services=store.services,
        session=session,
        allowed=allowed,
        clock=clock,
        wall=wall,
        random=random.Random(),  # noqa: S311  jitter, no secret
        counts=counts,
    )


def _api(settings: Settings, store: Store, shared: ReplicaSide, **joined: Any) -> Api:
    """What the API's handlers need: of settings, store, replicas, and what is joined to them."""
    bounds = Bounds(
        opens_per_minute=settings.opens_per_minute,
        requests_per_minute=settings.requests_per_minute,
        most_pending=settings.most_pending,
        most_callbacks=settings.most_callbacks,
    )
    return Api(
        reads=store.reads,
        cards=store.cards,
        services=store.services,
        health=store.health,
        healths=shared.healths,
        jwks_age_s=shared.jwks_age_s,
        among_others=not store.database.alone,
        store_due_s=lambda: store.writer.retry_s,
        allowed_callbacks=frozenset(settings.allowed_callbacks),
        limiter=Limiter(bounds),
        known_errors=Confirmed(store.memory),
        **joined,
    )


async def _listen(
    app: web.Application, settings: Settings, listener: socket.socket | None
) -> tuple[web.AppRunner, int]:
    runner = Runner(app, access_log=None, shutdown_timeout=END_WITHIN_S)
    await runner.setup()
    site: web.BaseSite
    if listener is None:
        site = web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG)
    else:
        site = web.SockSite(runner, listener, backlog=BACKLOG)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        why = str(error.strerror).rpartition("): ")[2]  # asyncio repeats the address before it
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port}: {why}. "
            "Is another server running? Set ANDON_PORT."
        ) from error
    addresses: Any = runner.addresses
    return runner, int(addresses[0][1])


def _raise_file_limit() -> None:
    """Each parked request holds a connection: take as many descriptors as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
