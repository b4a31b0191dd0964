"""Reading the policy file: every mistake with its line, what is wrong and what there is instead."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from approvals.policy.check import mistakes
from approvals.policy.check_names import Mistake, near
from approvals.policy.lines import Lines
from approvals.policy.model import Policy
from approvals.words import Severity

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake: the line (1 is the first), where in the file, and what to do."""

    line: int
    where: str
    reason: str


class PolicyError(ValueError):
    """The policy file cannot be used. Mend what is named; nothing was changed."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = (f"{name}:{f.line}: {f.where}: {f.reason}".replace(": : ", ": ") for f in findings)
        super().__init__("\n".join(lines))


def parse_policy(text: str, name: str = "policy.toml") -> Policy:
    """The policy of a file's text. Raises PolicyError naming every finding."""
    read, lines = shaped(Policy, text, name)
    policy = read.read_from(text, lines.rules())
    findings = placed(mistakes(policy), lines)
    if findings:
        raise PolicyError(name, findings)
    return policy


def shaped(model: type[M], text: str, name: str) -> tuple[M, Lines]:
    """What TOML says, in its shape, and where it stands. Raises PolicyError."""
    try:
        read = tomllib.loads(text)
    except ValueError as error:  # also a number of more digits than anybody can mean
        raise PolicyError(name, [_of_syntax(text, error)]) from error
    except RecursionError as error:
        finding = Finding(line=1, where="", reason="is nested too deeply")
        raise PolicyError(name, [finding]) from error
    lines = Lines(text)
    try:
        return model.model_validate(read), lines
    except ValidationError as error:
        raise PolicyError(name, list(_of_shape(error, lines, model))) from error


def placed(wrong: Iterable[Mistake], lines: Lines) -> list[Finding]:
    """Mistakes with their lines."""
    return [Finding(line=lines.of(p), where=_where(p), reason=reason) for p, reason in wrong]


def _of_syntax(text: str, error: ValueError) -> Finding:
    at = re.search(r"line (\d+)", str(error))
    line = int(at.group(1)) if at else len(text.splitlines())
    return Finding(line=line, where="", reason=f"this is not TOML: {error}")


def _of_shape(error: ValidationError, lines: Lines, model: type[BaseModel]) -> Iterator[Finding]:
    found = error.errors(include_url=False, include_input=False)
    for one in found:
        place = tuple(p for p in one["loc"] if p != "[key]")
        inside = any(
            one["loc"] == other["loc"][: len(one["loc"])] for other in found if other is not one
        )
        if one["type"] == "too_short" and inside:
            continue  # pydantic counts only what is right, and that has its own finding
        keys, named = _keys_at(place, model), place != one["loc"]
        reason = _reason(one["type"], place, one["msg"], keys, named=named)
        yield Finding(line=lines.of(place), where=_where(place), reason=reason)


#: What a value of the wrong form should be, in TOML's words rather than Python's.
_FORMS = {"tuple_type": "is a list: [ ... ]", "dict_type": "is a table: { ... }"}


def _reason(
    kind: str, place: Sequence[str | int], said: str, keys: Sequence[str], *, named: bool
) -> str:
    if kind == "extra_forbidden":
        hint = near(str(place[-1]), keys) or "see docs/policy.md"
        return f"there is no such key; {hint}"
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return "is empty; nobody could decide"
    if kind in _FORMS:
        return "is a list; write [[rules]] before each" if place == ("rules",) else _FORMS[kind]
    if named and place[0] == "severities":
        return f"there is no such severity; write {', '.join(Severity)}"
    if named:
        return "names are lower case letters, digits and . _ -, at most 64"
    return said.removeprefix("Value error, ").replace("Input should be", "should be")


def _keys_at(place: Sequence[str | int], model: type[BaseModel]) -> Sequence[str]:
    """The keys that may stand where the last of the path stands."""
    around: Any = model
    for part in place[:-1]:
        if isinstance(around, type) and issubclass(around, BaseModel):
            field = around.model_fields.get(str(part))
            around = _plain(field.annotation) if field else None
        else:  # an entry of a list or a table
            around = _plain(get_args(around)[0 if get_origin(around) is tuple else -1])
    return tuple(around.model_fields) if hasattr(around, "model_fields") else ()


def _plain(annotation: Any) -> Any:
    """The type without `None` and without what pydantic is told besides."""
    if isinstance(annotation, UnionType):
        return next(_plain(a) for a in get_args(annotation) if a is not type(None))
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _where(path: Sequence[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
