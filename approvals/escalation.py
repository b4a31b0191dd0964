"""The values an escalation is made of. Frozen; changed only by `evolve`, by copy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.memory.values import Fingerprint, Issue, Recollection, Review, Runbook, Suspension
from approvals.snapshot import Plan
from approvals.words import (
    DecidedBy,
    Effect,
    Friction,
    Kind,
    OperationState,
    Recovery,
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
class Vote:
    """One person's latest click, with what they were shown."""

    person: str
    option: str
    at: datetime
    digest: str
    shown: int
    groups: tuple[str, ...] = ()  #: which of the required groups the person was in
    stead: tuple[tuple[str, str], ...] = ()  #: which of them only in whose stead
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
    rule: str | None = None  #: the proposal whose accepted rule decided it
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

    @property
    def restored(self) -> bool:
        """Void for no person's sake: a backup was restored."""
        return self.void and self.reason not in (None, "people")


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
class Chain:
    """How far the chain has come."""

    taken: int = 0  #: stages reached
    said: int = 0  #: times the latest stage was said
    reached_at: datetime | None = None  #: when the latest stage was first reached
    said_at: datetime | None = None  #: when it was last said, after the opening
    due_at: datetime | None = None  #: when that should have been
    next_at: datetime | None = None  #: when it goes on; None when it does not
    ended_at: datetime | None = None  #: after the last stage nobody had acted
    ways: tuple[str, ...] = ()  #: used so far: `person:ID`, `channel:C…`, `route:NAME`


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """ "I am looking": nobody else is paged until then."""

    person: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an approver wants to know, and what was answered."""

    id: str
    by: str  #: person id
    text: str
    at: datetime
    answer: str | None = None
    answered_by: str | None = None  #: `service:NAME` or `person:ID`
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An approver gave the question more time, once."""

    by: str
    at: datetime
    was: datetime  #: the deadline before


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Somebody who could not be reached, or a way that failed."""

    to: str  #: `person:ID`, `channel:C…` or `route:NAME`
    why: str  #: Slack's code, or `notifications paused`
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The first of the people who break the glass: outside the policy, and reviewed."""

    person: str
    option: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How an incident ended, in the words of who resolved it."""

    by: str  #: `person:ID` or `service:NAME`
    at: datetime
    root_cause: str
    by_hand: str | None = None  #: what was done by hand
    automatable: bool | None = None  #: whether it could be automated


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Questions of this sort have come before, lately: for display, it joins nothing."""

    nth: int  #: 2 for the second
    since: datetime  #: when the first of them came


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was asked, said and would have run is gone; who decided what and when stays."""

    at: datetime
    by: str  #: `operator:NAME`
    reason: str
    seq: int  #: the record that says so: those before it have no body any more


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
    chain: Chain = field(default_factory=Chain)
    reminded: tuple[str, ...] = ()  #: "half" and "four-fifths", once said
    remind_at: datetime | None = None  #: when the next of them is due
    counted_from: datetime | None = None  #: since when its time counts; None: since it was asked
    acknowledged: Acknowledgement | None = None
    questions: tuple[Question, ...] = ()
    extended: Extension | None = None
    delivered_at: datetime | None = None  #: set only when it came late
    missed: tuple[Missed, ...] = ()
    overrides: tuple[Override, ...] = ()
    resolution: Resolution | None = None
    recovery: Recovery | None = None  #: of an automation: what it does
    storm_id: str | None = None  #: the storm it gathers in
    storm_place: int = 0  #: its place there, from 1; lists of a storm name members by it
    alike: Alike | None = None
    fingerprint: Fingerprint | None = None
    recalled: Recollection | None = None  #: what earlier ones showed when it was opened
    runbooks: tuple[Runbook, ...] = ()  #: as found when it was opened
    issue: Issue | None = None  #: what stayed unresolved, written down
    review: Review | None = None
    work_proposed_at: datetime | None = None  #: what people keep doing by hand went to the tickets
    suspended: Suspension | None = None  #: of an accepted proposal: its rule decides no more
    erased: Erasure | None = None
    updated_at: datetime | None = None
    seq: int = 0
    head: str = ""

    def option(self, key: str | None) -> Option | None:
        """The option of that key, or None."""
        return next((o for o in self.options if o.key == key), None)

    def releases(self, key: str | None) -> bool:
        """Whether the option of that key releases the operation; no unknown one does."""
        option = self.option(key)
        return option is not None and option.effect is Effect.RELEASE

    def vote_of(self, person: str) -> Vote | None:
        """That person's effective vote, or None."""
        return next((v for v in self.votes if v.person == person), None)

    @property
    def due_at(self) -> datetime | None:
        """The next moment at which time alone changes this escalation; None when it is over, and
        nobody is to be reminded of its review.
        """
        if self.status is Status.PENDING:
            return min(filter(None, self._waits_for), default=None)
        if self.can_be_stopped:
            return self.claim_until
        if self.state is OperationState.RELEASED:
            return self.report_until
        return self.review.remind_at if self.review else None

    @property
    def _waits_for(self) -> tuple[datetime | None, ...]:
        """Everything that time brings about while it is pending.

        An incident does not expire: without a chain, its deadline counts it as unattended, once.
        """
        held, chain = self.acknowledged, self.chain
        runs_on = held or chain.next_at or chain.ended_at
        return (
            None if self.kind is Kind.INCIDENT and runs_on else self.deadline_at,
            held.until if held else chain.next_at,
            self.remind_at,
        )

    @property
    def is_unheard(self) -> bool:
        """Whether every way used so far is known to have failed, and nobody has looked."""
        failed = {missed.to for missed in self.missed}
        quiet = self.delivered_at is None and not self.looks
        return quiet and bool(self.chain.ways) and failed.issuperset(self.chain.ways)

    @property
    def ended_at(self) -> datetime | None:
        """When it was decided or resolved; None while it is pending."""
        ended = self.decision or self.resolution
        return ended.at if ended else None

    @property
    def can_be_stopped(self) -> bool:
        """Approved, and the service has not taken it yet."""
        return self.status is Status.APPROVED and self.state is OperationState.HELD

    @property
    def is_over(self) -> bool:
        """It has its end, and nothing waits for being taken or reported any more."""
        runs = self.state is OperationState.RELEASED
        return self.status.is_terminal and not (runs or self.can_be_stopped)
