"""What requests may say. Unknown fields and explicit nulls are refused: nobody believes to have set
something that was ignored.
"""

from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from approvals.decide.text import LONGEST_REASON, SHORTEST_REASON
from approvals.policy.match import ASKING, asking
from approvals.words import Effect, Kind, Result, Severity, Status

T = TypeVar("T")


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("It is null; leave it out instead.")
    return value


#: May be left out, but not null.
Maybe = Annotated[T | None, BeforeValidator(_given)]

# Each pattern has its sentence in `wording`.
SLUG = r"^[a-z][a-z0-9_]{0,39}$"
KEY = r"^[a-z0-9][a-z0-9_-]{0,39}$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
DIGEST = r"^sha256:[0-9a-f]{64}$"
ACCOUNT = r"^[UW][A-Z0-9]{2,20}$"
CURRENCY = r"^[A-Z]{3}$"
TARGET = r"^[a-z0-9._-]{1,20}$"
ADDRESS = r"^https?://"
ENVIRONMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
VISIBLE = r"^[\x21-\x7e]+$"

Slug = Annotated[str, Field(pattern=SLUG)]
Key = Annotated[str, Field(pattern=KEY)]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=ONE_LINE)]
Digest = Annotated[str, Field(pattern=DIGEST)]
Address = Annotated[str, Field(pattern=ADDRESS, max_length=2000)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=30 * 24 * 3600)]
Object = dict[str, JsonValue]
Said = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=SHORTEST_REASON, max_length=LONGEST_REASON),
]
Answered = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)
]


class Model(BaseModel):
    """A request's part."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestedBy(Model):
    """On whose behalf the service asks."""

    id: Line
    name: Maybe[Line] = None
    slack: Maybe[Annotated[str, Field(pattern=ACCOUNT)]] = None


class MoneyIn(Model):
    """An amount in minor units."""

    amount_minor: Annotated[int, Field(strict=True, gt=-(2**53), lt=2**53)]
    currency: Annotated[str, Field(pattern=CURRENCY)]
    account: Maybe[Line] = None
    beneficiary: Maybe[Line] = None


class OperationIn(Model):
    """What would run."""

    name: Line
    target: Maybe[Annotated[str, Field(pattern=TARGET)]] = None
    arguments: Object = {}
    money: Maybe[MoneyIn] = None


class OptionIn(Model):
    """One offered answer."""

    key: Key
    label: Annotated[str, Field(min_length=1, max_length=75, pattern=ONE_LINE)]
    effect: Effect
    description: Maybe[Annotated[str, Field(max_length=500)]] = None
    irreversible: Annotated[bool, Field(strict=True)] = False
    arguments: Maybe[Object] = None


class ErrorIn(Model):
    """What went wrong."""

    type: Maybe[Line] = None
    message: Maybe[Annotated[str, Field(max_length=10_000)]] = None
    traceback: Maybe[Annotated[str, Field(max_length=50_000)]] = None


class AttemptIn(Model):
    """Something that was tried."""

    at: Maybe[Line] = None
    action: Annotated[str, Field(max_length=1000)]
    error: Maybe[Annotated[str, Field(max_length=10_000)]] = None


class LinkIn(Model):
    """Where more is to be read."""

    title: Line
    url: Address


Text = Annotated[str, Field(max_length=10_000)]


class ContextIn(Model):
    """What people need in order to judge."""

    error: Maybe[ErrorIn] = None
    attempts: Maybe[Annotated[list[AttemptIn], Field(max_length=100)]] = None
    system_state: Maybe[Object] = None
    configuration: Maybe[Object] = None
    recent_changes: Maybe[Annotated[list[JsonValue], Field(max_length=100)]] = None
    affected_services: Maybe[Annotated[list[Line], Field(max_length=100)]] = None
    user_impact: Maybe[Text] = None
    blast_radius: Maybe[Text] = None
    rollback: Maybe[Text] = None
    runbook: Maybe[Address] = None
    links: Maybe[Annotated[list[LinkIn], Field(max_length=20)]] = None


Asking = Annotated[Kind, asking("It asks nobody: send it to `POST /v1/automations`."), ASKING]

#: Stands for a member that was not sent: not the same as null.
_LEFT_OUT: Any = object()


class OpenIn(Model):
    """Hold an operation and ask people; or, as an incident, ask for help and hold nothing."""

    kind: Asking = Kind.APPROVAL
    category: Slug
    title: Annotated[str, Field(min_length=1, max_length=150, pattern=ONE_LINE)]
    summary: Maybe[Text] = None
    severity: Maybe[Severity] = None
    environment: Annotated[str, Field(pattern=ENVIRONMENT)]
    reference: Maybe[Line] = None
    requested_by: Maybe[RequestedBy] = None
    operation: Maybe[OperationIn] = Field(default_factory=lambda: _LEFT_OUT, validate_default=True)
    options: Maybe[Annotated[list[OptionIn], Field(min_length=2, max_length=10)]] = None
    approvers: Maybe[Annotated[list[Line], Field(max_length=10)]] = None
    context: Maybe[ContextIn] = None
    dedup_key: Maybe[Line] = None
    decide_within_s: Maybe[Seconds] = None
    claim_within_s: Maybe[Seconds] = None
    callback_url: Maybe[Annotated[str, Field(max_length=2000)]] = None

    @field_validator("operation", mode="wrap")
    @classmethod
    def _held(
        cls, value: Any, inner: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> OperationIn | None:
        """Left out of an incident it is None; what else is null `inner` refuses."""
        incident = info.data.get("kind") is Kind.INCIDENT
        if incident and value is _LEFT_OUT:
            return None
        if not incident and value in (_LEFT_OUT, None):
            raise ValueError("An approval holds an operation: say what would run.")
        return cast(OperationIn, inner(value))


class AutomationIn(Model):
    """A recovery that is about to run by itself."""

    recovery: Slug  #: which of them may, the core says
    category: Slug
    title: Annotated[str, Field(min_length=1, max_length=150, pattern=ONE_LINE)]
    summary: Maybe[Text] = None
    environment: Annotated[str, Field(pattern=ENVIRONMENT)]
    reference: Maybe[Line] = None
    operation: OperationIn
    context: Maybe[ContextIn] = None


class TellIn(ContextIn):
    """More context, an answer to a question, or both."""

    answer: Maybe[Answered] = None
    question: Maybe[Line] = None  #: id of the one question it answers; else all that are open

    @field_validator("question")
    @classmethod
    def _answers(cls, question: str | None, info: ValidationInfo) -> str | None:
        if question is not None and info.data.get("answer") is None:
            raise ValueError("It names a question; say the answer in `answer`.")
        return question


class ClaimIn(Model):
    """What the caller is about to run."""

    digest: Digest
    nonce: Annotated[str, Field(min_length=1, max_length=255, pattern=VISIBLE)]


class OutcomeIn(Model):
    """What became of it."""

    result: Result
    detail: Maybe[Text] = None
    undo: Maybe[Text] = None


class ResolveIn(Model):
    """How an incident ended."""

    root_cause: Said
    by_hand: Maybe[Answered] = None
    automatable: Maybe[Annotated[bool, Field(strict=True)]] = None


class WithdrawIn(Model):
    """Taking it back."""

    reason: Maybe[Annotated[str, Field(max_length=1000)]] = None


class WaitQuery(Model):
    """How long to wait, in seconds; more than 60 is taken as 60."""

    wait: Annotated[int, Field(ge=0)] | None = None


class ListQuery(Model):
    """Which escalations a list asks for."""

    status: Status | None = None
    kind: Kind | None = None
    severity: Severity | None = None
    category: Slug | None = None
    reference: str | None = None
    dedup_key: str | None = None
    q: Annotated[str, Field(max_length=150)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
