"""What the server tells, as frozen values. Fields a newer server adds are passed over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

#: Statuses that never change any more.
TERMINAL = frozenset({"approved", "rejected", "expired", "withdrawn", "resolved"})

#: States of an operation after which nothing more is to come.
ENDED = frozenset({"succeeded", "failed", "unknown", "aborted", "lapsed"})

Time = AwareDatetime
Object = Mapping[str, JsonValue]


class Told(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Person(Told):
    """On whose behalf it was asked."""

    id: str
    name: str | None = None
    slack: str | None = None


class ToldOption(Told):
    """An offered answer, as people see it."""

    key: str
    label: str
    effect: str
    description: str | None = None
    irreversible: bool = False
    arguments: Object | None = None


class ToldMoney(Told):
    """An amount, in minor units."""

    amount_minor: int
    currency: str
    account: str | None = None
    beneficiary: str | None = None


class ToldOperation(Told):
    """The held operation, as people see it: what is secret is hidden."""

    name: str
    target: str | None = None
    arguments: Object = Field(default_factory=dict)
    money: ToldMoney | None = None
    redacted: Sequence[str] = ()  #: where something is hidden
    state: str = "held"  #: held, released, succeeded, failed, unknown, aborted or lapsed


class Question(Told):
    """What somebody wants to know first."""

    id: str | None = None
    by: str
    text: str
    at: Time
    answer: str | None = None


class Requirement(Told):
    """How many of a group are needed, and how many there are by option."""

    group: str
    needed: int
    have: Mapping[str, int] = Field(default_factory=dict)


class Vote(Told):
    """One person's choice."""

    person: str
    option: str
    rationale: str | None = None
    at: Time
    counts: bool = True


class Decision(Told):
    """The outcome of the tally."""

    option: str | None = None
    effect: str
    by: str  #: votes, expiry, requester, policy or break_glass
    at: Time
    reason: str | None = None
    head: str | None = None
    rule: str | None = None  #: the proposal whose accepted rule decided it


class Claim(Told):
    """Who took the release."""

    at: Time
    by: str


class Stopped(Told):
    """Who stopped it after the approval."""

    by: str
    at: Time
    reason: str | None = None


class Outcome(Told):
    """What became of it."""

    result: str
    detail: str | None = None
    undo: str | None = None
    at: Time


class Missed(Told):
    """Who could not be told, and why."""

    to: str
    why: str
    at: Time


class Progress(Told):
    """How far it has come on its way to people."""

    delivered_at: Time | None = None
    looked_at: Time | None = None
    acknowledged_by: str | None = None
    acknowledged_until: Time | None = None
    step: int = 1
    next_step_at: Time | None = None
    missed: Sequence[Missed] = ()
    usual_response_s: float | None = None


class Escalation(Told):
    """A request that people decide, or help: as it stood when it was read."""

    id: Annotated[str, Field(min_length=1)]
    kind: str = "approval"
    status: str
    version: int
    digest: str
    title: str
    category: str
    environment: str
    service: str
    group_id: str | None = None
    summary: str | None = None
    severity: str | None = None
    reference: str | None = None
    requested_by: Person | None = None
    operation: ToldOperation | None = None
    options: Sequence[ToldOption] = ()
    context: Object = Field(default_factory=dict)
    missing_context: Sequence[str] = ()
    questions: Sequence[Question] = ()
    requirements: Sequence[Requirement] = ()
    votes: Sequence[Vote] = ()
    decision: Decision | None = None
    claim: Claim | None = None
    stopped: Stopped | None = None
    outcome: Outcome | None = None
    resolution: Object | None = None
    progress: Progress = Progress()
    dedup_key: str | None = None
    occurrences: int = 1
    precedents: Sequence[Object] = ()
    recalled: Object | None = None
    runbooks: Sequence[Object] = ()
    issue: Object | None = None
    review: Object | None = None
    policy: Object = Field(default_factory=dict)
    head: str | None = None
    created_at: Time
    deadline_at: Time | None = None
    claim_until: Time | None = None
    decided_at: Time | None = None

    @property
    def is_decided(self) -> bool:
        """Whether its status can change no more."""
        return self.status in TERMINAL

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is to come: not released, or released and reported."""
        if not self.is_decided:
            return False
        return self.status != "approved" or (
            self.operation is None or self.operation.state in ENDED
        )

    def label_of(self, key: str | None) -> str | None:
        """What people read on the button of an option."""
        return next((o.label for o in self.options if o.key == key), None)

    def deciding_vote(self) -> Vote | None:
        """The last counted vote for what was decided."""
        option = self.decision.option if self.decision else None
        counted = [v for v in self.votes if v.option == option and v.counts]
        return counted[-1] if counted else None


class Event(Told):
    """A record of the audit log."""

    seq: int
    kind: str
    at: Time
    by: str
    hash: str
    prev: str | None = None
    body_hash: str | None = None
    text: str | None = None


class EventList(Told):
    """The audit log of one escalation."""

    items: Sequence[Event]


class EscalationList(Told):
    """One page of a list."""

    items: Sequence[Escalation]


class KnownError(Told):
    """An error that a review confirmed, and what to do about it."""

    message: str  #: without numbers, ids, addresses and quoted values, in lower case
    error_type: str | None = None  #: None: of any type
    recovery: str | None = None  #: what may run by itself: `restart`, `cache` …
    steps: str | None = None  #: what people do by hand
    service: str | None = None
    escalation: str | None = None  #: whose review confirmed it
    reviewed_at: Time | None = None


class KnownErrorList(Told):
    """Those in force."""

    items: Sequence[KnownError]


class Granted(Told):
    """The answer to a claim."""

    grant: str
    option: str
    claimed_at: datetime
    expires_at: datetime


class ToldField(Told):
    """A field that is wrong."""

    pointer: str = ""
    detail: str = ""


class ToldProblem(Told):
    """A problem document."""

    type: str
    title: str
    detail: str
    errors: Sequence[ToldField] = ()
