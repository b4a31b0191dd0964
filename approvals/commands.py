"""Everything that may be asked of the core: one frozen value a verb.

Every command names the escalation it concerns and carries its own id, so that a commit of unknown
outcome can be looked up before anyone is answered. A new escalation's ids come with `Open`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from approvals.escalation import Json
from approvals.memory.values import IssueState
from approvals.words import Recovery, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who stands behind a click: a Slack account, as verified at the door."""

    account: str
    foreign: bool = False  #: guest, other workspace, Slack Connect


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """Where the one visible answer to a click belongs."""

    channel: str | None = None  #: channel for an ephemeral message; a direct message otherwise
    thread_ts: str | None = None
    in_modal: bool = False  #: the door answers in the open modal; a delivery is the safety net
    batch: str | None = None  #: one answer for all votes of one click, by this id


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands share."""

    id: str
    escalation_id: str
    weight: int = 256  #: bytes it adds to a batch, about

    urgent: ClassVar[bool] = False  #: takes the fast lane of the writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Command):
    """Hold an operation and ask. `request` is the validated body, already redacted."""

    service: str
    group_id: str
    idempotency_key: str  #: hashed: callers make keys of anything
    body_hash: str
    digest: str
    request: Mapping[str, Json]
    operation_redacted: tuple[str, ...] = ()
    context_redacted: tuple[str, ...] = ()
    operation_size: int = 0  #: characters of arguments, as sent
    owners: tuple[str, ...] = ()  #: registered owners of the service
    join_key: str | None = None  #: with a dedup_key: what must be equal to join
    most_pending: int | None = None  #: how many of the service may wait for people; None: any


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote(Command):
    """One person chooses an option."""

    urgent: ClassVar[bool] = True
    actor: Actor
    option: str
    shown: int  #: `shown` of the card or modal that was clicked
    digest: str  #: digest (or its prefix of at least 12 hex digits) that was clicked
    rationale: str | None = None
    typed: str | None = None
    read_whole: bool = False  #: the modal showed every line
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReason(Command):
    """The decider adds a reason afterwards."""

    actor: Actor
    text: str
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Command):
    """An eligible person opened something of it."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Command):
    """An approver stops what was approved and not yet taken."""

    urgent: ClassVar[bool] = True
    actor: Actor
    reason: str | None = None
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Command):
    """The requester takes it back: the service by its key, or the person by a click."""

    service: str | None = None
    actor: Actor | None = None
    reason: str | None = None
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContext(Command):
    """The service adds context; the operation never changes."""

    service: str
    context: Mapping[str, Json]
    redacted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Command):
    """The service takes the release."""

    urgent: ClassVar[bool] = True
    service: str
    key: str  #: its idempotency key, hashed
    digest: str
    nonce: str
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Command):
    """The service says what became of it."""

    service: str
    result: Result
    detail: str | None = None
    undo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckPeople(Command):
    """Facts about people are new: do all votes still count?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    """ "I am looking": nobody else is paged meanwhile. Decides nothing."""

    actor: Actor
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForInfo(Command):
    """An approver asks the service and the requester for what is missing."""

    actor: Actor
    text: str
    question_id: str
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion(Command):
    """The service, or the requester by a click, answers; all open questions unless one is named."""

    text: str
    service: str | None = None
    actor: Actor | None = None
    question_id: str | None = None
    context: Mapping[str, Json] = field(default_factory=dict)  #: what the service tells beside it
    redacted: tuple[str, ...] = ()
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Command):
    """An approver gives it more time, once, within the policy's bound."""

    actor: Actor
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Command):
    """An incident is over: the person by a click, or the service by its key."""

    root_cause: str
    service: str | None = None
    actor: Actor | None = None
    by_hand: str | None = None
    automatable: bool | None = None
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass(Command):
    """Override outside the policy: two people, a reason each, everyone told, a review due."""

    urgent: ClassVar[bool] = True
    actor: Actor
    option: str
    digest: str
    reason: str
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Command):
    """It came just before a storm was noticed, and belongs to it."""

    storm: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Command):
    """Slack or a page took the first message of it, later than it should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss(Command):
    """A way to somebody failed: the next is used at once, and the waiting service is told."""

    to: str  #: `person:ID`, `channel:C…` or `route:NAME`
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Command):
    """Retention: what was asked and said goes, what proves the decision stays."""

    by: str  #: `operator:NAME`
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(Command):
    """What people agreed to so far cannot be relied on any more: a backup was restored."""

    by: str  #: `operator:NAME`
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteIssue(Command):
    """A person completes what is known of something unresolved. What they leave empty is empty."""

    actor: Actor
    state: IssueState
    scenario: str | None = None
    workarounds: str | None = None  #: also what was done by hand
    root_cause: str | None = None
    blockers: str | None = None
    requires: str | None = None
    owner: str | None = None  #: a Slack account
    due: str | None = None  #: a day, `2026-12-01`
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReview(Command):
    """A person writes what was learned; written again, the latest counts."""

    actor: Actor
    root_cause: str
    resolved_by: str
    detected_by: str | None = None
    detect_earlier: str | None = None
    worked: str | None = None
    automatable: bool | None = None
    runbook_change: str | None = None
    runbooks_worked: Mapping[str, bool] = field(default_factory=dict)  #: by name
    known_error: bool = False  #: its error is a known one from now on
    recovery: Recovery | None = None  #: of that error: what may run by itself
    steps: str | None = None  #: of that error: what to do by hand
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandReview(Command):
    """Somebody else is to write the review."""

    actor: Actor
    owner: str  #: a Slack account
    reply: ReplyTo = field(default_factory=ReplyTo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """Time has passed: do what is due."""
