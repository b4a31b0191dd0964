"""Where a store stands under test: time, facts and what it told, whichever store it is."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from approvals.canonical import operation_digest
from approvals.commands import Command, Tick
from approvals.escalation import Escalation
from approvals.evolve import evolve
from approvals.policy.load import parse_policy
from approvals.ports import Card, Settled
from bot.ids import new_id
from storage import Store
from storage.memory import Memory, MemoryStore
from tests.building import (
    OPERATION,
    SAMPLE,
    Clock,
    FileFacts,
    PlainSigner,
    a_vote,
    an_open,
    store_in_memory,
    store_on,
)

AnyStore = Store | MemoryStore
Opening = Callable[["Stand"], AbstractAsyncContextManager[AnyStore]]

#: The sample policy, with two people of the on-call group for what was retried in vain.
TWO_PEOPLE = parse_policy(
    SAMPLE.replace('group = "platform-oncall", needed = 1', 'group = "platform-oncall", needed = 2')
)
THREE_OPTIONS: list[dict[str, Any]] = [
    {"key": "retry", "label": "Again", "effect": "release", "arguments": {"argv": ["again"]}},
    {"key": "slow", "label": "Slowly", "effect": "release", "arguments": {"argv": ["slowly"]}},
    {"key": "leave", "label": "Leave it", "effect": "abort"},
]
THEIR_DIGEST = operation_digest(OPERATION, THREE_OPTIONS)

#: (escalation, who, why) -> times
Refused = Counter[tuple[str, str, str]]


@dataclass
class Stand:
    """A store, and everything around it that a test moves or looks at."""

    opening: Opening
    clock: Clock = field(default_factory=Clock)
    facts: FileFacts = field(default_factory=FileFacts)
    signer: PlainSigner = field(default_factory=PlainSigner)
    told: list[Escalation] = field(default_factory=list)
    heard: list[Sequence[str] | None] = field(default_factory=list)  #: of replicas beside it

    @property
    def around(self) -> dict[str, Any]:
        """What a store is opened with."""
        return {
            "clock": self.clock,
            "facts": self.facts,
            "signer": self.signer,
            "committed": self.told.extend,
            "elsewhere": self.heard.append,
        }

    @property
    def is_alone(self) -> bool:
        """Whether no replica could write beside it."""
        return isinstance(self.store, MemoryStore) or self.store.database.alone

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Stand"]:
        """Open the store for the length of the block."""
        async with AsyncExitStack() as self._open:
            self.store = await self._open.enter_async_context(self.opening(self))
            yield self

    async def restart(self) -> None:
        """Stop the server, and start another on what it left."""
        await self._open.aclose()
        self.store = await self._open.enter_async_context(self.opening(self))

    async def submit(self, command: Command) -> Settled:
        """Put a command to the store."""
        return await self.store.writer.submit(command)

    async def open(self, key: str = "k1", **changes: object) -> str:
        """The id of a new escalation."""
        settled = await self.submit(an_open(key, **changes))
        assert settled.escalation is not None, settled.refusal
        return settled.escalation.id

    async def fill(self, n: int, **changes: object) -> list[str]:
        """The ids of new escalations, seldom enough to be no storm."""
        ids = []
        for k in range(n):
            ids.append(await self.open(f"k{k}", **{"title": f"Sync {k} of 100%", **changes}))
            self.clock.pass_(13)
        return ids

    async def approved(self, key: str = "k1") -> str:
        """The id of an escalation that Sam has approved."""
        id_ = await self.open(key)
        await self.submit(a_vote(id_))
        return id_

    async def tick(self, id_: str) -> Settled:
        """Let the clock of the server look at an escalation."""
        return await self.submit(Tick(id=new_id("cmd"), escalation_id=id_))

    async def read(self, id_: str) -> Escalation:
        """The escalation, which must be there."""
        found = await self.store.reads.escalation(id_)
        assert found is not None
        return found

    async def kinds(self, id_: str) -> list[str]:
        """The kinds of its records, in order."""
        return [record.kind for record in await self.store.reads.records(id_)]

    async def refolded(self, id_: str) -> Escalation | None:
        """The escalation as an auditor makes it from its records."""
        folded = None
        for record in await self.store.reads.records(id_):
            folded = evolve(folded, record)
        return folded

    async def refused(self) -> Refused:
        """How often who was refused, and why."""
        if isinstance(self.store, MemoryStore):
            return self.store.kept.rows.refusals
        rows = await self.store.database.reader.rows("SELECT * FROM refusals")
        return Counter({(id_, who, why): times for id_, who, why, times in rows})

    async def post(self, card: Card, ts: str = "ts", version: int = 1) -> None:
        """The card's message now shows a drawing of that version."""
        await self.store.cards.shown(card, "C1", ts, "drawing", version)


def on_file(path: Path) -> Opening:
    """Stores on one SQLite file."""
    return on(f"sqlite:///{path}")


def on(url: str) -> Opening:
    """Stores on one database."""

    def opening(stand: Stand) -> AbstractAsyncContextManager[Store]:
        return store_on(url, **stand.around)

    return opening


def in_memory(memory: Memory) -> Opening:
    """Stores on one memory."""

    def opening(stand: Stand) -> AbstractAsyncContextManager[MemoryStore]:
        return store_in_memory(memory=memory, **stand.around)

    return opening
