"""What the core and the doors need from outside, as protocols. `storage` implements them; so does
its in-memory store, which ships and passes the same contract.

Errors a store may raise::

    StoreError
    +-- NotSavedError   nothing was stored; asking again is safe
    +-- UnsureError     the outcome could not be learned; asking again with the same id is safe
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from approvals.commands import Command
from approvals.digests import Digested, Quiet
from approvals.escalation import Escalation, Json
from approvals.events import Record
from approvals.facts import Facts
from approvals.memory.accepted import Use
from approvals.memory.remembering import Remembered
from approvals.memory.values import Likeness
from approvals.people import Absence
from approvals.refusals import Refusal
from approvals.sealing import Block
from approvals.storms import Storm
from approvals.verdict import Answer


class StoreError(Exception):
    """The store cannot be used just now. Nothing runs meanwhile; try again in a minute."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class NotSavedError(StoreError):
    """It could not be saved, and nothing was stored. Ask again."""


class UnsureError(StoreError):
    """It could not be confirmed whether it was saved. Ask again with the same key: never twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a command, after the commit. `grant` is set for a claim that succeeded."""

    escalation: Escalation | None
    answer: Answer
    refusal: Refusal | None = None
    grant: str | None = None


class Writer(Protocol):
    """The only path that changes an escalation."""

    async def submit(self, command: Command) -> Settled:
        """Decide the command and store what follows; returns after the commit is durable.

        Cancelling the caller never tears a batch. Raises NotSavedError or UnsureError.
        """


class FactSource(Protocol):
    """Facts as known now; never does I/O (a refresher keeps them fresh)."""

    def facts(self, now: datetime) -> Facts:
        """The facts commands of this moment rely on."""


#: Called after each commit with every escalation that changed, in order.
Committed = Callable[[Sequence[Escalation]], None]

#: Called where a replica beside this one has committed: ids of escalations that changed, or None
#: where some may have that we did not hear of. Never where there is no other.
Elsewhere = Callable[[Sequence[str] | None], None]

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which escalations a list asks for; None means any. `service` None is all services."""

    service: str | None = None
    status: str | None = None
    kind: str | None = None
    severity: str | None = None
    category: str | None = None
    reference: str | None = None
    dedup_key: str | None = None
    q: str | None = None  #: words in the title


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; pending ones soonest deadline first, others newest first."""

    items: tuple[Escalation, ...]
    next_cursor: str | None = None


class Reads(Protocol):
    """Reading escalations. A read may be behind a commit in progress, never behind a done one."""

    async def escalation(self, escalation_id: str) -> Escalation | None:
        """The escalation of that id."""

    async def these(self, ids: Collection[str]) -> tuple[Escalation, ...]:
        """Escalations of these ids, those that are there."""

    async def versions(self, ids: Collection[str]) -> Mapping[str, int]:
        """By id, the version each has come to."""

    async def ending_in(self, suffix: str, limit: int = 10) -> tuple[Escalation, ...]:
        """Escalations whose id ends so: what people type after `show`."""

    async def page(self, wanted: Wanted, cursor: str | None, limit: int) -> Page:
        """One page. Raises ValueError for a cursor that is not ours."""

    async def pending(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Pending escalations of all services, soonest deadline first."""

    async def outlines(self) -> tuple[Escalation, ...]:
        """Every pending escalation, soonest deadline first, without its arguments and context.

        For lists, however many there are: what is read again is only what changed.
        """

    async def unclaimed(self, limit: int = 500) -> tuple[Escalation, ...]:
        """Approved and not yet taken: what a recheck of people concerns besides pending ones."""

    async def last_decided(self, limit: int = 20) -> tuple[Escalation, ...]:
        """Decided last, newest first."""

    async def records(self, escalation_id: str) -> tuple[Record, ...]:
        """Its audit events in order."""

    async def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Ids of those with something due, longest overdue first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A Slack message for an escalation: what it should be, and what it last showed."""

    id: str
    escalation_id: str
    surface: str  #: "channel" or "direct"; of a storm "storm" or "storm-direct"
    target: str  #: channel id, or person id
    storm_id: str | None = None  #: the storm it shows; its escalation is then the first of it
    channel: str | None = None  #: where it was posted
    ts: str | None = None  #: Slack's name for the message; None until posted
    drawn: str | None = None  #: hash of the drawing it shows
    attempts: int = 0
    posted_at: datetime | None = None
    error: str | None = None  #: what Slack answered last, if it refused


class Cards(Protocol):
    """The cards' rows. A card is due when its escalation changed since it was last looked at."""

    async def due(self, now: datetime, limit: int) -> tuple[Card, ...]:
        """Lease cards to look at: ended escalations first, then the longest waiting; those of
        erased ones, which may be many at once, when nothing else waits.
        """

    async def of(self, escalation_id: str) -> tuple[Card, ...]:
        """All cards of an escalation, those of the storm it gathers in included."""

    def delivered_lately(self, escalation_id: str) -> datetime | None:
        """When its first card was posted, where this process posted it; without I/O."""

    async def at(self, channel: str, ts: str) -> Card | None:
        """The card shown by that message."""

    async def shown(self, card: Card, channel: str, ts: str, drawn: str, version: int) -> None:
        """It now shows this drawing of that version (of the storm's, where it shows one). Still
        due if that went on; a storm's card then rests first.
        """

    async def unneeded(self, card: Card) -> None:
        """It is not to be posted: a storm's card shows it. Looked at again when it changes."""

    async def lost(self, card: Card) -> None:
        """The message is gone: post it anew."""

    async def again(self, card: Card, at: datetime, error: str) -> None:
        """Slack refused or was away: look at it again then."""

    async def touch(self, escalation_id: str) -> None:
        """Look at all cards of the escalation, whatever they showed (an ambiguous answer)."""


class Storms(Protocol):
    """Storms, whole."""

    async def storm(self, storm_id: str) -> Storm | None:
        """The storm with all its members, as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An owed message or callback. Its id is stable over retries."""

    id: str
    escalation_id: str
    kind: str  #: "thread", "direct", "page", "callback" or "answer"
    target: str
    payload: Mapping[str, Json] = field(default_factory=dict)
    attempts: int = 0
    created_at: datetime | None = None
    error: str | None = None
    state: str = "pending"  #: pending, delivered or failed


class Deliveries(Protocol):
    """Owed messages and callbacks: at least once, stable id, recorded attempts."""

    async def due(self, kinds: Sequence[str], now: datetime, limit: int) -> tuple[Delivery, ...]:
        """Lease what is due of these kinds. Thread lines of one escalation come in order."""

    async def delivered(self, delivery_id: str, now: datetime) -> None:
        """It arrived."""

    async def again(self, delivery_id: str, at: datetime, error: str) -> None:
        """Try again then."""

    async def failed(self, delivery_id: str, now: datetime, error: str) -> None:
        """It will never arrive."""

    async def answered(self, command_id: str, now: datetime) -> None:
        """The door itself has shown the answer to this click."""

    async def of(self, escalation_id: str) -> tuple[Delivery, ...]:
        """All deliveries of an escalation, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKey:
    """A service as authenticated by its key."""

    service: str
    scopes: frozenset[str]
    owners: tuple[str, ...] = ()
    callback_hosts: tuple[str, ...] = ()
    opens_per_minute: int | None = None  #: None: as the settings say
    most_pending: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSecrets:
    """A service, and the secrets it may sign its requests with, newest first."""

    service: ServiceKey
    secrets: tuple[str, ...] = field(repr=False)


class Services(Protocol):
    """Who may call. Keys are stored as SHA-256 only."""

    async def by_key_hash(self, key_hash: str) -> ServiceKey | None:
        """The service of a live key."""

    async def callback_hosts(self, service: str) -> tuple[str, ...]:
        """Where the service may be called back now; none for an unknown service."""

    async def callback_secrets(self, service: str) -> tuple[str, ...]:
        """`whsec_` secrets of the service, newest first."""

    async def signing(self, service: str | None = None) -> tuple[ServiceSecrets, ...]:
        """That service, or all, with live secrets; who signs may open and nothing else."""

    async def callbacks_waiting(self, service: str) -> int:
        """How many callbacks are owed to the service."""


class SeenSignatures(Protocol):
    """Which Slack requests were taken already; kept ten minutes."""

    async def first_time(self, signature: str, now: datetime) -> bool:
        """Whether this signature is new; remembers it."""


class Absences(Protocol):
    """Who is away, and who stands in. One absence a person; earlier ones stay on record."""

    async def current(self, now: datetime) -> tuple[Absence, ...]:
        """Those that are not over yet."""

    async def set(self, absence: Absence, by: str, now: datetime) -> None:
        """Replace the person's absence. `by` is who set it, such as `person:ravi`."""

    async def end(self, person: str, by: str, now: datetime) -> None:
        """The person is back."""


class Digests(Protocol):
    """What the digest tells, and how far it has come."""

    async def last(self) -> Digested | None:
        """How far; None before the first."""

    async def note(self, digested: Digested) -> None:
        """Keep it, over restarts."""

    async def quiet(self, since: datetime, until: datetime) -> Quiet:
        """What rang nobody after `since` and not after `until`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An earlier escalation that was found, best first in a list. `likeness` None: by its words."""

    found: Remembered
    score: float  #: comparable within one list only
    likeness: Likeness | None = None


class Memory(Protocol):
    """What ended, to be found again. Made of escalations alone, and again at any time."""

    async def remember(self, now: datetime, limit: int = 200) -> int:
        """Take up escalations that ended, or changed since; how many. 0: nothing waits."""

    async def like(self, escalation: Escalation, limit: int = 10) -> tuple[Match, ...]:
        """Those that ended and are like it, closest first; never itself."""

    async def search(self, words: str, limit: int = 20) -> tuple[Match, ...]:
        """Those that say these words, best first; nothing for no words."""

    async def ended(self, since: datetime, until: datetime) -> tuple[Remembered, ...]:
        """What ended after `since` and not after `until`, in that order."""

    async def reviews(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With a review that is due and not written, soonest first."""

    async def issues(self, limit: int = 100) -> tuple[Remembered, ...]:
        """With an issue that is not fixed, newest first."""


class Rulings(Protocol):
    """What accepted rules decided."""

    async def uses(self, rules: Collection[str], since: datetime) -> Mapping[str, Sequence[Use]]:
        """By proposal: since then all; before, what went wrong or is not over."""


#: Heads one block takes at most: writing more would keep commits waiting. The rest waits for the
#: next block, at once.
MOST_HEADS = 250


class Seals(Protocol):
    """Blocks over the chains of all escalations; one server seals at a time."""

    async def seal(self, now: datetime, limit: int = MOST_HEADS) -> Block | None:
        """Seal the chains that grew: the next block, or None when nothing waits for one."""

    async def block(self, number: int) -> Block | None:
        """The block of that number."""

    async def after(self, number: int, limit: int = MOST_HEADS) -> tuple[Block, ...]:
        """The blocks after that one, in order."""

    async def unsealed_since(self) -> datetime | None:
        """Since when the longest waiting record is in no block; None when all are."""

    async def heal(self, now: datetime) -> int:
        """Let every chain that goes beyond its last seal wait for a block; how many were not."""


class Leases(Protocol):
    """What one replica at a time does. That saves work and double words; no rule needs it."""

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Whether what has this name is ours to do, for the length of the block.

        A lease ends with the replica that has it, however it ends.
        """


class Health(Protocol):
    """Whether the store can be used."""

    async def check(self, now: datetime) -> Mapping[str, Json]:
        """`{"ok": bool, "overdue_s": seconds the longest overdue escalation waits, …}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is owed at a moment, for those who watch."""

    cards_due: Mapping[str, int]  #: by what Slack answered last; empty for nothing
    deliveries_due: Mapping[str, int]  #: by kind
    escalations: Mapping[tuple[str, str], int]  #: not over yet, by status and operation state
    overdue_s: float  #: how long the longest overdue escalation has waited
    unsealed_s: float = 0.0  #: age of the oldest record that is in no block
