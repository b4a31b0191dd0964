"""The values an escalation is made of. Frozen; changed only by `evolve`, by copy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.words import (
    DecidedBy,
    Effect,
    Friction,
    Kind,
    OperationState,
    Result,
    Severity,
    Status,
)

Json = Any  # what JSON can say; the doors have already refused everything else

#: Parts of the context that an approver misses most: named where nobody gave them.
ASKED_FOR = ("user_impact", "rollback", "runbook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency, and between whom it moves."""

    amount_minor: int
    currency: str
    account: str | None = None
    beneficiary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The blocked thing, as shown: redacted, with the hidden places listed as JSON pointers."""

    name: str
    target: str | None = None
    arguments: Mapping[str, Json] = field(default_factory=dict)
    money: Money | None = None
    redacted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One offered answer. `friction` and `people` come from the policy, never from the caller."""

    key: str
    label: str
    effect: Effect
    description: str | None = None
    irreversible: bool = False
    arguments: Mapping[str, Json] | None = None
    friction: Friction = Friction.TAP
    people: int = 1  #: fewest distinct people this option needs over all groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """On whose behalf the service asks. `person` is the policy's person, where one matched."""

    id: str
    name: str | None = None
    slack: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`needed` distinct people of `group`."""

    group: str
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the policy asks for here: the snapshot that stays when the file changes."""

    rule: str
    policy_version: str
    policy_text: str  #: the rule as written, for Details and the auditor
    requirements: tuple[Requirement, ...]
    members: Mapping[str, tuple[str, ...]]  #: group -> people at opening
    excluded: tuple[str, ...] = ()  #: people who never count here: requester or owners
    one_person_fills_many: bool = False  #: may one human fill seats of several groups
    channel: str | None = None  #: Slack channel id
    decide_within_s: int = 3600
    respond_within_s: int = 900
    claim_within_s: int = 900
    grant_for_s: int = 300
    report_within_s: int = 3600
    zone: str = "UTC"  #: IANA name; for lock-screen lines in channels
    show: tuple[str, ...] = ()  #: pointers never redacted

    @property
    def could_decide(self) -> tuple[str, ...]:
        """Who could decide when it was asked, by id."""
        listed = {member for members in self.members.values() for member in members}
        return tuple(sorted(listed - set(self.excluded)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's latest click, with what they were shown."""

    person: str
    option: str
    at: datetime
    digest: str
    shown: int
    groups: tuple[str, ...] = ()  #: which of the required groups the person was in
    rationale: str | None = None
    void: str | None = None  #: why it no longer counts; None while it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason given after the vote; its own record, changing no vote."""

    person: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of the tally. `head` is the chain's hash at the deciding event, frozen."""

    option: str | None
    effect: Effect
    by: DecidedBy
    at: datetime
    reason: str | None = None
    people: tuple[str, ...] = ()  #: whose votes made it
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The service's one act of taking the release."""

    key: str  #: idempotency key, hashed
    digest: str
    nonce: str
    at: datetime
    by: str
    grant_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An approver stopped what was approved and not yet taken; or the approval became void."""

    by: str | None
    at: datetime
    reason: str | None = None
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the released operation. `by` is the service, or `clock` for silence."""

    result: Result
    at: datetime
    by: str
    detail: str | None = None
    undo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The first thing an eligible person did with it."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A service's request that people decide, and everything that has happened to it since."""

    id: str
    group_id: str
    service: str
    kind: Kind
    category: str
    title: str
    severity: Severity
    environment: str
    options: tuple[Option, ...]
    digest: str
    plan: Plan
    created_at: datetime
    deadline_at: datetime
    summary: str | None = None
    reference: str | None = None
    requester: Requester | None = None
    operation: Operation | None = None
    context: Mapping[str, Json] = field(default_factory=dict)
    context_redacted: tuple[str, ...] = ()
    dedup_key: str | None = None
    join_key: str | None = None
    callback_url: str | None = None
    status: Status = Status.PENDING
    state: OperationState = OperationState.HELD
    version: int = 0
    shown: int = 0
    occurrences: int = 1
    votes: tuple[Vote, ...] = ()
    reasons: tuple[Reason, ...] = ()
    looks: tuple[Look, ...] = ()
    refused: tuple[str, ...] = ()  #: "who|reason" already recorded once
    changes: tuple[str, ...] = ()  #: what raised `shown`, newest last
    decision: Decision | None = None
    claim: Claim | None = None
    stopped: Stop | None = None
    outcome: Outcome | None = None
    claim_until: datetime | None = None
    report_until: datetime | None = None
    updated_at: datetime | None = None
    seq: int = 0
    head: str = ""

    def option(self, key: str | None) -> Option | None:
        """The option of that key, or None."""
        return next((o for o in self.options if o.key == key), None)

    def vote_of(self, person: str) -> Vote | None:
        """That person's effective vote, or None."""
        return next((v for v in self.votes if v.person == person), None)

    @property
    def due_at(self) -> datetime | None:
        """The next moment at which time alone changes this escalation; None when it is over."""
        if self.status is Status.PENDING:
            return self.deadline_at
        if self.state is OperationState.HELD:
            return self.claim_until
        return self.report_until if self.state is OperationState.RELEASED else None

    @property
    def can_be_stopped(self) -> bool:
        """Approved, and the service has not taken it yet."""
        return self.status is Status.APPROVED and self.state is OperationState.HELD
