"""What an operator sees: metrics in Prometheus' text format, named with their units.

Counted are facts after the commit (`committed`), commands on their way (`CountedWriter`), and what
Slack and services were told (`CountedDeliveries`); the rest is looked at when somebody asks. No
label and no name holds a word that was sent to us.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from approvals.commands import Command
from approvals.escalation import Escalation
from approvals.ports import (
    Backlog,
    Clock,
    Deliveries,
    Delivery,
    Settled,
    StoreError,
    UnsureError,
    Writer,
)
from bot.plain_metrics import PlainCounter, PlainHistogram

log = structlog.get_logger(__name__)

#: Seconds: a commit is about a millisecond, Slack gives us three seconds.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

#: Escalations one commit changed.
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

#: What was counted of escalations and is remembered, so that nothing is counted twice.
REMEMBERED = 20_000

#: Seconds: the clock looks once a second; beyond a minute people notice.
_LATE = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0)


#: Looks at what is owed.
Looked = Callable[[datetime], Awaitable[Backlog]]

#: A part by name, and whether it works.
Check = Callable[[], Awaitable[tuple[str, bool]]]


class Metrics:
    """Everything that is counted, in a registry of its own."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, None] = OrderedDict()
        self.registry = CollectorRegistry()
        self.opened = self._plain("andon_escalations_opened_total", "Escalations opened")
        self.unattended = self._counter(
            "andon_unattended_total", "Chains at whose end nobody had acted, by kind", "kind"
        )
        self.step_late = self._histogram(
            "andon_chain_step_late_seconds",
            "How long after its moment a later stage of a chain was taken",
            _LATE,
        )
        self.decisions = self._counter(
            "andon_decisions_total", "Decisions, by effect and by what made them", "effect", "by"
        )
        self.commands = self._plain(
            "andon_commands_total",
            "Commands answered, by command and what became of them (the case or the refusal)",
            "command",
            "result",
        )
        self.command_seconds = PlainHistogram(
            self.registry,
            "andon_command_duration_seconds",
            "From a command's arrival to its answer, its wait and commit included",
            "lane",
            _SECONDS,
        )
        self.commit_sizes = self._histogram(
            "andon_commit_escalations", "Escalations changed by one commit", _SIZES
        )
        self.sealing_lag = self._histogram(
            "andon_sealing_lag_seconds",
            "Age of the oldest record of a block when it was sealed",
            _LATE,
        )
        self.unsealed = self._gauge(
            "andon_unsealed_seconds", "Age of the oldest record that is in no block yet"
        )
        self.waiting = self._gauge("andon_commands_waiting", "Commands queued or in a commit")
        self.requests = self._plain(
            "andon_http_requests_total", "HTTP answers, by route and status", "route", "status"
        )
        self.parked = self._gauge("andon_parked_requests", "Requests parked until a change")
        self.cards_due = self._gauge(
            "andon_cards_due", "Cards to post or redraw, by what Slack answered last", "error"
        )
        self.deliveries = self._counter(
            "andon_delivery_attempts_total",
            "Attempts to deliver: to slack (messages) or to services (callbacks)",
            "to",
            "result",
        )
        self.deliveries_due = self._gauge(
            "andon_deliveries_due", "Messages and callbacks that wait, by kind", "kind"
        )
        self.standing = self._gauge(
            "andon_escalations", "Escalations that are not over, by status and state",
            "status", "state",
        )  # fmt: skip
        self.clock_lag = self._gauge(
            "andon_clock_lag_seconds", "How long the longest overdue escalation has waited"
        )
        self.people_age = self._gauge(
            "andon_people_age_seconds",
            "Age of the facts about people; above 900 nothing is released",
        )
        self.groups_unread = self._gauge(
            "andon_groups_unread", "Groups of the policy whose user group Slack would not tell"
        )
        self.working = self._gauge("andon_working", "1 while a part works", "part")

    def _plain(self, name: str, about: str, *labels: str) -> PlainCounter:
        return PlainCounter(self.registry, name, about, *labels)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self.registry)

    def _histogram(
        self, name: str, about: str, buckets: Sequence[float], *labels: str
    ) -> Histogram:
        return Histogram(name, about, labels, buckets=buckets, registry=self.registry)

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Count what a commit changed."""
        self.commit_sizes.observe(len(escalations))
        for escalation in escalations:
            made, chain, id_ = escalation.decision, escalation.chain, escalation.id
            if made is not None and self._is_new(made.at, escalation, id_):
                self.decisions.labels(made.effect.value, made.by.value).inc()
            if self._is_new(chain.ended_at, escalation, f"{id_} ended"):
                self.unattended.labels(escalation.kind.value).inc()
            said, due = chain.said_at, chain.due_at
            if said and due and self._is_new(said, escalation, f"{id_} {said.timestamp()}"):
                self.step_late.observe(max(0.0, (said - due).total_seconds()))

    def _is_new(self, at: datetime | None, escalation: Escalation, name: str) -> bool:
        """Whether it came with this commit, all of whose records are of one moment: what is older
        was counted by whoever committed it. Where a clock is behind another replica's, later
        commits are of that moment, too: here each is counted once all the same.
        """
        if at is None or at != escalation.updated_at:
            return False
        if name in self._counted:
            self._counted.move_to_end(name)
            return False
        self._counted[name] = None
        if len(self._counted) > REMEMBERED:
            self._counted.popitem(last=False)
        return True

    def answered(self, route: str, status: int) -> None:
        """Count an HTTP answer."""
        self.requests.count(route, str(status))

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)


class Watch:
    """Looks at the rest when somebody asks; what cannot be looked at is said not to work."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        looked: Looked,
        clock: Clock,
        checks: Sequence[Check] = (),
        people_as_of: Callable[[datetime], datetime | None],
    ) -> None:
        self._metrics, self._looked, self._clock = metrics, looked, clock
        self._checks, self._people_as_of = checks, people_as_of

    async def text(self) -> bytes:
        """The metrics as of now."""
        now = self._clock()
        try:
            self._owed(await self._looked(now))
            self._metrics.working.labels("store").set(1)
        except Exception:
            log.exception("store-not-looked-at")
            self._metrics.working.labels("store").set(0)
        for check in self._checks:
            name, works = await check()
            self._metrics.working.labels(name).set(works)
        as_of = self._people_as_of(now)
        age = (now - as_of).total_seconds() if as_of else float("inf")
        self._metrics.people_age.set(age)
        return self._metrics.text()

    def _owed(self, backlog: Backlog) -> None:
        metrics = self._metrics
        metrics.clock_lag.set(backlog.overdue_s)
        metrics.unsealed.set(backlog.unsealed_s)
        for gauge in (metrics.cards_due, metrics.deliveries_due, metrics.standing):
            gauge.clear()
        for error, n in backlog.cards_due.items():
            metrics.cards_due.labels(error or "none").set(n)
        for kind, n in backlog.deliveries_due.items():
            metrics.deliveries_due.labels(kind).set(n)
        for (status, state), n in backlog.escalations.items():
            metrics.standing.labels(status, state).set(n)


class CountedWriter:
    """A `Writer` that counts what passes through it."""

    def __init__(self, inner: Writer, metrics: Metrics) -> None:
        self._inner, self._metrics = inner, metrics
        self._waiting = 0
        metrics.waiting.set_function(lambda: self._waiting)

    async def submit(self, command: Command) -> Settled:
        """Pass it on, and count what became of it."""
        name, began = type(command).__name__.lower(), time.perf_counter()
        self._waiting += 1
        result = "cancelled"
        try:
            settled = await self._inner.submit(command)
            result = (settled.refusal.why if settled.refusal else settled.answer.case).value
            if result == "opened":
                self._metrics.opened.count()
            return settled
        except StoreError as error:
            result = "unsure" if isinstance(error, UnsureError) else "not-saved"
            raise
        finally:
            self._waiting -= 1
            self._metrics.commands.count(name, result)
            lane = "urgent" if command.urgent else "other"
            self._metrics.command_seconds.observe(lane, time.perf_counter() - began)


class CountedDeliveries:
    """`Deliveries` that count attempts to one side: `slack` or `services`."""

    def __init__(self, inner: Deliveries, metrics: Metrics, to: str) -> None:
        self._inner, self._attempts, self._to = inner, metrics.deliveries, to

    async def due(self, kinds: Sequence[str], now: datetime, limit: int) -> tuple[Delivery, ...]:
        """As `Deliveries`."""
        return await self._inner.due(kinds, now, limit)

    async def delivered(self, delivery_id: str, now: datetime) -> None:
        """As `Deliveries`."""
        self._attempts.labels(self._to, "delivered").inc()
        await self._inner.delivered(delivery_id, now)

    async def again(self, delivery_id: str, at: datetime, error: str) -> None:
        """As `Deliveries`."""
        self._attempts.labels(self._to, "later").inc()
        await self._inner.again(delivery_id, at, error)

    async def failed(self, delivery_id: str, now: datetime, error: str) -> None:
        """As `Deliveries`."""
        self._attempts.labels(self._to, "failed").inc()
        await self._inner.failed(delivery_id, now, error)

    async def answered(self, command_id: str, now: datetime) -> None:
        """As `Deliveries`."""
        await self._inner.answered(command_id, now)

    async def of(self, escalation_id: str) -> tuple[Delivery, ...]:
        """As `Deliveries`."""
        return await self._inner.of(escalation_id)
