"""A strict Slack in memory with faults on order, plain drawings, and the loops around a store."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry

from approvals.commands import AddContext
from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.memory.observing import Fact
from approvals.memory.oversight import Oversight
from approvals.people import People
from approvals.ports import Card, Delivery, Leases
from approvals.storms import Storm
from bot.background.cards import Reconciler
from bot.background.counts import Counts
from bot.background.line import Line
from bot.background.spoken import Speaker
from bot.background.ways import Ways
from bot.ids import new_id
from bot.messaging import Artist, Message, Seen, SlackRefusedError
from storage import Store
from storage.memory.store import Alone
from tests.building import Clock, FileFacts, a_vote, an_open

CHANNEL = "C0OPERATIONS"


@dataclass(kw_only=True)
class Posted:
    """A message as it stands in a conversation."""

    channel: str
    ts: str
    message: Message
    key: str
    thread_ts: str | None = None
    redrawn: int = 0


@dataclass(frozen=True)
class Taken:
    """A fault: Slack does what it is asked, then this is raised instead of its answer."""

    error: BaseException


class Crash(BaseException):
    """The process ends here: nothing after it runs."""


class Held:
    """A fault: the call hangs until let go, then is done, or fails so."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.error = error


Fault = BaseException | Taken | Held | None


@dataclass
class FakeSlack:
    """Implements `bot.messaging.Slack`: knows its conversations, and refuses what Slack refuses."""

    channels: set[str] = field(default_factory=lambda: {CHANNEL})
    posted: list[Posted] = field(default_factory=list)
    whispered: list[tuple[str, str, Message]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    _faults: dict[Any, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _always: dict[tuple[str, str], BaseException] = field(default_factory=dict)
    _in_flight: Counter[str] = field(default_factory=Counter)
    _next: int = 0

    def script(self, method: str, *faults: Fault, target: str | None = CHANNEL) -> None:
        """What the next calls of a method on a conversation (None: any) meet."""
        self._faults[method, target] += faults

    def always(self, method: str, target: str, error: BaseException | None) -> None:
        """Every call of a method on this conversation fails so, until told None."""
        if error is None:
            del self._always[method, target]
        else:
            self._always[method, target] = error

    def count(self, method: str, target: str | None = None) -> int:
        """How often it was called."""
        return sum(m == method and target in (None, t) for m, t in self.calls)

    def on(self, channel: str, *, thread: bool = False) -> list[Posted]:
        """What stands in a conversation, oldest first."""
        return [p for p in self.posted if p.channel == channel and bool(p.thread_ts) is thread]

    def texts(self, channel: str, *, thread: bool = False) -> list[str]:
        """Its words."""
        return [p.message.text for p in self.on(channel, thread=thread)]

    def delete(self, posted: Posted) -> None:
        """Somebody deletes it."""
        self.posted.remove(posted)

    async def post(
        self, target: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> tuple[str, str]:
        """A new message."""
        assert message.text, "Slack refuses no_text"
        assert key
        channel = self._channel(target)

        def done() -> tuple[str, str]:
            if thread_ts and not self._at(channel, thread_ts):
                raise SlackRefusedError("thread_not_found")
            self._next += 1
            made = Posted(
                channel=channel,
                ts=f"{self._next}.0",
                message=message,
                key=key,
                thread_ts=thread_ts,
            )
            self.posted.append(made)
            return made.channel, made.ts

        return await self._do("post", target, done)

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        """A message drawn again."""

        def done() -> None:
            found = self._at(channel, ts)
            if found is None:
                raise SlackRefusedError("message_not_found")
            assert found.key == key, "the mark of a message never changes"
            found.message = message
            found.redrawn += 1

        self._in_flight[ts] += 1
        assert self._in_flight[ts] == 1, "two updates of one card at once"
        try:
            await self._do("update", channel, done)
        finally:
            self._in_flight[ts] -= 1

    async def ephemeral(
        self, channel: str, account: str, message: Message, thread_ts: str | None = None
    ) -> None:
        """Words for one alone."""
        self._channel(channel)

        def done() -> None:
            self.whispered.append((channel, account, message))

        await self._do("ephemeral", channel, done)

    async def find(
        self, target: str, key: str, thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """By its mark."""
        channel = self._channel(target)

        def done() -> tuple[str, str] | None:
            found = [
                p
                for p in self.posted
                if (p.channel, p.key, p.thread_ts) == (channel, key, thread_ts)
            ]
            return (channel, found[-1].ts) if found else None

        return await self._do("find", target, done)

    async def _do(self, method: str, target: str, done: Callable[[], Any]) -> Any:
        self.calls.append((method, target))
        await asyncio.sleep(0)
        if (method, target) in self._always:
            raise self._always[method, target]
        waiting = self._faults[method, target] or self._faults[method, None]
        fault = waiting.popleft() if waiting else None
        if isinstance(fault, BaseException):
            raise fault
        if isinstance(fault, Held):
            fault.begun.set()
            await fault.go.wait()
            if fault.error is not None:
                raise fault.error
        answer = done()
        if isinstance(fault, Taken):
            raise fault.error
        return answer

    def _channel(self, target: str) -> str:
        if target.startswith(("U", "W")):
            return f"D{target[1:]}"
        if target not in self.channels and not target.startswith("D"):
            raise SlackRefusedError("channel_not_found")
        return target

    def _at(self, channel: str, ts: str) -> Posted | None:
        return next((p for p in self.posted if (p.channel, p.ts) == (channel, ts)), None)


class PlainArtist:
    """Draws in a few words. The channel's card shows the version, a direct one what is judged."""

    def card(self, escalation: Escalation, card: Card, seen: Seen) -> Message:
        """`esc_… v3 pending`."""
        shows = escalation.version if card.surface == "channel" else escalation.shown
        return Message(text=f"{escalation.id} v{shows} {escalation.status}")

    def delivery(
        self, escalation: Escalation, delivery: Delivery, people: People, now: datetime
    ) -> Message:
        """Its case."""
        return Message(text=str(delivery.payload["case"]))

    def storm(self, storm: Storm) -> Message:
        """`stm_… 3 of 4 waiting`."""
        return Message(text=f"{storm.id} {len(storm.waiting)} of {len(storm.members)} waiting")

    def of_storm(self, storm: Storm, delivery: Delivery, people: People) -> Message:
        """Its case, and how many."""
        return Message(text=f"{delivery.payload['case']} of {len(storm.members)}")

    def many(self, ended: Sequence[Escalation], delivery: Delivery) -> Message:
        """Its case, and how many."""
        return Message(text=f"{delivery.payload['case']} of {len(ended)}")

    def digest(
        self, quiet: Quiet, zone: str, since: datetime, oversight: Oversight | None = None
    ) -> Message:
        """How much of each."""
        week = f", {oversight.all.n(Fact.ASKED)} in the week" if oversight else ""
        said = f"digest: {len(quiet.low)} low, {len(quiet.undecided)} undecided{week}"
        return Message(text=said)


class OfAnother:
    """Leases that another replica has."""

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Not ours."""
        return nullcontext(False)


@dataclass
class Office:
    """A store, a Slack, the line between them, and who works on it."""

    store: Store
    clock: Clock
    facts: FileFacts
    slack: FakeSlack = field(default_factory=FakeSlack)
    counts: Counts = field(default_factory=lambda: Counts(CollectorRegistry()))
    artist: Artist = field(default_factory=PlainArtist)
    leases: Leases = field(default_factory=Alone)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What a new process knows: the store alone."""
        self.line = Line(self.clock)
        self.reconciler = self.a_reconciler()
        self.speaker = Speaker(
            deliveries=self.store.deliveries, leases=self.leases, **self._parts()
        )

    def a_reconciler(self) -> Reconciler:
        """One more of them."""
        return Reconciler(**self._parts())

    def _parts(self) -> dict[str, Any]:
        return {
            "cards": self.store.cards,
            "reads": self.store.reads,
            "storms": self.store.storms,
            "facts": self.facts,
            "slack": self.slack,
            "line": self.line,
            "artist": self.artist,
            "clock": self.clock,
            "counts": self.counts,
            "ways": Ways(
                writer=self.store.writer,
                cards=self.store.cards,
                deliveries=self.store.deliveries,
                clock=self.clock,
                new_id=new_id,
            ),
        }

    async def opened(self, key: str = "k", **changes: Any) -> str:
        """An escalation; its id."""
        command = an_open(key, **changes)
        settled = await self.store.writer.submit(command)
        assert settled.refusal is None, settled.refusal
        return command.escalation_id

    async def spread(self, n: int) -> list[str]:
        """So many of them at once and no storm, for each is of another place; their ids."""
        return [await self.opened(f"k{k}", environment=f"region-{k}") for k in range(n)]

    async def voted(self, escalation_id: str, account: str = "USAM", **more: Any) -> None:
        """Somebody taps a button."""
        settled = await self.store.writer.submit(a_vote(escalation_id, account, **more))
        assert settled.refusal is None, settled.refusal

    async def reconcile(self) -> None:
        """Until nothing is left to do just now."""
        await settled(self.reconciler.once, self.reconciler.lanes)

    async def speak(self) -> None:
        """Until nothing is left to say just now."""
        await settled(self.speaker.once, self.speaker.answers, self.speaker.lanes)

    async def card(self, escalation_id: str, target: str = CHANNEL) -> Card:
        """A card's row."""
        return next(c for c in await self.store.cards.of(escalation_id) if c.target == target)


async def change(office: Office, id_: str) -> None:
    """The service adds context: a new version."""
    await office.store.writer.submit(
        AddContext(
            id=new_id("cmd"),
            escalation_id=id_,
            service="data-sync",
            context={"impact": new_id("x")},
        )
    )


def know_nobody(office: Office) -> Callable[[], None]:
    """As at the start: people have not been looked up yet. Gives what ends it."""
    before = office.facts.facts

    def facts(now: datetime) -> Facts:
        return replace(before(now), people=People())

    office.facts.facts = facts  # type: ignore[method-assign]
    return lambda: setattr(office.facts, "facts", before)


def forget(office: Office, person: str) -> None:
    """The policy names somebody no more."""
    before = office.facts.facts

    def facts(now: datetime) -> Facts:
        known = before(now)
        persons = {k: v for k, v in known.people.persons.items() if k != person}
        return replace(known, people=replace(known.people, persons=persons))

    office.facts.facts = facts  # type: ignore[method-assign]


async def settled(once: Callable[[], Awaitable[bool]], *lanes: Any) -> None:
    """What a loop does until it would sleep."""
    woken = True

    def wake() -> None:
        nonlocal woken
        woken = True

    while woken:
        woken = False
        for each in lanes:
            each.wake = wake
        woken = await once() or woken
        for each in lanes:
            await each.idle()
