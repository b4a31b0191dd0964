"""What requests may say: repeated from the server's contract on purpose, and held to it by the
tests that ask both the same. Unknown fields and explicit nulls are refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)

from andon.operation import Effect
from andon.testing.problems import RefusedError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

#: Characters of arguments that a person can be shown.
LONGEST_OPERATION = 60_000


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("It is null; leave it out instead.")
    return value


#: May be left out, but not null.
Maybe = Annotated[T | None, BeforeValidator(_given)]

ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=ONE_LINE)]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Field(max_length=10_000)]
Address = Annotated[str, Field(pattern=r"^https?://", max_length=2000)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=30 * 24 * 3600)]
Strict = Annotated[bool, Field(strict=True)]
Object = dict[str, JsonValue]
Severity = Literal["low", "medium", "high", "critical"]
Kind = Literal["approval", "incident"]
Status = Literal["pending", "approved", "rejected", "expired", "withdrawn", "resolved"]
Answered = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _RequestedBy(_Model):
    id: Line
    name: Maybe[Line] = None
    slack: Maybe[Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")]] = None


class _Money(_Model):
    amount_minor: Annotated[int, Field(strict=True, gt=-(2**53), lt=2**53)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    account: Maybe[Line] = None
    beneficiary: Maybe[Line] = None


class _Operation(_Model):
    name: Line
    target: Maybe[Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,20}$")]] = None
    arguments: Object = {}
    money: Maybe[_Money] = None


class _Option(_Model):
    key: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    label: Annotated[str, Field(min_length=1, max_length=75, pattern=ONE_LINE)]
    effect: Effect
    description: Maybe[Annotated[str, Field(max_length=500)]] = None
    irreversible: Strict = False
    arguments: Maybe[Object] = None


class _Error(_Model):
    type: Maybe[Line] = None
    message: Maybe[Text] = None
    traceback: Maybe[Annotated[str, Field(max_length=50_000)]] = None


class _Attempt(_Model):
    at: Maybe[Line] = None
    action: Annotated[str, Field(max_length=1000)]
    error: Maybe[Text] = None


class _Link(_Model):
    title: Line
    url: Address


class ContextIn(_Model):
    """What people need in order to judge."""

    error: Maybe[_Error] = None
    attempts: Maybe[Annotated[list[_Attempt], Field(max_length=100)]] = None
    system_state: Maybe[Object] = None
    configuration: Maybe[Object] = None
    recent_changes: Maybe[Annotated[list[JsonValue], Field(max_length=100)]] = None
    affected_services: Maybe[Annotated[list[Line], Field(max_length=100)]] = None
    user_impact: Maybe[Text] = None
    blast_radius: Maybe[Text] = None
    rollback: Maybe[Text] = None
    runbook: Maybe[Address] = None
    links: Maybe[Annotated[list[_Link], Field(max_length=20)]] = None


class OpenIn(_Model):
    """Hold an operation and ask people, or open an incident."""

    kind: Kind = "approval"
    category: Slug
    title: Annotated[str, Field(min_length=1, max_length=150, pattern=ONE_LINE)]
    summary: Maybe[Text] = None
    severity: Maybe[Severity] = None
    environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    reference: Maybe[Line] = None
    requested_by: Maybe[_RequestedBy] = None
    operation: Maybe[_Operation] = None
    options: Maybe[Annotated[list[_Option], Field(min_length=2, max_length=10)]] = None
    approvers: Maybe[Annotated[list[Line], Field(max_length=10)]] = None
    context: Maybe[ContextIn] = None
    dedup_key: Maybe[Line] = None
    decide_within_s: Maybe[Seconds] = None
    claim_within_s: Maybe[Seconds] = None
    callback_url: Maybe[Annotated[str, Field(max_length=2000)]] = None


class AutomationIn(_Model):
    """A recovery that is about to run by itself."""

    recovery: Slug
    category: Slug
    title: Annotated[str, Field(min_length=1, max_length=150, pattern=ONE_LINE)]
    summary: Maybe[Text] = None
    environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    reference: Maybe[Line] = None
    operation: _Operation
    context: Maybe[ContextIn] = None


class TellIn(ContextIn):
    """More context, an answer to a question, or both."""

    answer: Maybe[Answered] = None
    question: Maybe[Line] = None


class ClaimIn(_Model):
    """What the caller is about to run."""

    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    nonce: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]


class OutcomeIn(_Model):
    """What became of it."""

    result: Literal["succeeded", "failed", "unknown"]
    detail: Maybe[Text] = None
    undo: Maybe[Text] = None


class WithdrawIn(_Model):
    """Taking it back."""

    reason: Maybe[Annotated[str, Field(max_length=1000)]] = None


class ResolveIn(_Model):
    """How an incident ended."""

    root_cause: Said
    by_hand: Maybe[Answered] = None
    automatable: Maybe[Strict] = None


class WaitQuery(_Model):
    """How long to wait, in seconds."""

    wait: Annotated[int, Field(ge=0)] | None = None


class ListQuery(_Model):
    """Which escalations a list asks for."""

    status: Status | None = None
    kind: Kind | Literal["automation"] | None = None
    severity: Severity | None = None
    category: Slug | None = None
    reference: str | None = None
    dedup_key: str | None = None
    q: Annotated[str, Field(max_length=150)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def validated(model: type[M], value: Any) -> M:
    """The value as a request. Raises RefusedError naming every field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        errors = [(_pointer(e["loc"]), f"{e['msg'].removeprefix('Value error, ')}") for e in found]
        if model is OpenIn:
            errors += _nothing_held(value)
        raise RefusedError("unprocessable", errors=errors) from error


def check_open(body: Mapping[str, Any]) -> None:
    """What single fields do not show. Raises RefusedError."""
    wrong = _nothing_held(body)
    if body.get("approvers") == []:
        wrong.append(("/approvers", "Names nobody."))
    options = body.get("options")
    if body.get("kind") == "incident":
        names = ("operation", "options", "claim_within_s")
        wrong += [(f"/{n}", "An incident holds nothing: leave it out.") for n in names if n in body]
    elif options is not None:
        wrong += _about(options)
        if _size(body, options) > LONGEST_OPERATION:
            wrong.append(("/operation/arguments", "Too long for a person to read."))
    if wrong:
        raise RefusedError("unprocessable", errors=wrong)


def _nothing_held(body: Any) -> list[tuple[str, str]]:
    if not isinstance(body, dict) or body.get("kind") == "incident" or "operation" in body:
        return []
    return [("/operation", "An approval holds an operation: say what would run.")]


def _about(options: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What is wrong with options that are well-formed one by one."""
    if {o["effect"] for o in options} != {"release", "abort"}:
        yield "/options", "Offer at least one option that releases and one that aborts."
    for what in ("key", "label"):
        seen: set[str] = set()
        for n, option in enumerate(options):
            folded = " ".join(option[what].casefold().split())
            if folded in seen:
                yield f"/options/{n}/{what}", f"Another option has this {what}."
            seen.add(folded)
    releases = [n for n, o in enumerate(options) if o["effect"] == "release"]
    for n in releases if len(releases) > 1 else ():
        if not options[n].get("arguments"):
            yield f"/options/{n}/arguments", "With more than one release, each says what it runs."


def _size(body: Mapping[str, Any], options: Sequence[Mapping[str, Any]]) -> int:
    held = str((body.get("operation") or {}).get("arguments") or "")
    return len(held) + sum(len(str(o.get("arguments") or "")) for o in options)


def _pointer(place: Sequence[str | int]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return "".join(f"/{part}" for part in parts)
