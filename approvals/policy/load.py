"""Reading the policy file: every mistake with its line, what is wrong and what there is instead."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from approvals.policy.check import mistakes, near
from approvals.policy.lines import Lines
from approvals.policy.model import (
    ChannelEntry,
    GroupEntry,
    Match,
    PersonEntry,
    Policy,
    RequirementEntry,
    Reversible,
    Rule,
)


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
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(name, [_of_syntax(text, error)]) from error
    lines = Lines(text)
    try:
        policy = Policy.model_validate(read).read_from(text, lines.rules())
    except ValidationError as error:
        raise PolicyError(name, list(_of_shape(error, lines))) from error
    findings = [
        Finding(line=lines.of(path), where=_where(path), reason=reason)
        for path, reason in mistakes(policy)
    ]
    if findings:
        raise PolicyError(name, findings)
    return policy


def _of_syntax(text: str, error: tomllib.TOMLDecodeError) -> Finding:
    at = re.search(r"line (\d+)", str(error))
    line = int(at.group(1)) if at else len(text.splitlines())
    return Finding(line=line, where="", reason=f"this is not TOML: {error}")


#: The model of a place, by its path with names and numbers left out.
_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): Policy,
    ("people",): PersonEntry,
    ("groups",): GroupEntry,
    ("channels",): ChannelEntry,
    ("rules",): Rule,
    ("rules", "match"): Match,
    ("rules", "requirements"): RequirementEntry,
    ("rules", "reversible"): Reversible,
}


def _of_shape(error: ValidationError, lines: Lines) -> Iterator[Finding]:
    found = error.errors(include_url=False, include_input=False)
    for one in found:
        place = tuple(p for p in one["loc"] if p != "[key]")
        inside = any(
            one["loc"] == other["loc"][: len(one["loc"])] for other in found if other is not one
        )
        if one["type"] == "too_short" and inside:
            continue  # pydantic counts only what is right, and that has its own finding
        reason = _reason(one["type"], place, one["msg"], named=place != one["loc"])
        yield Finding(line=lines.of(place), where=_where(place), reason=reason)


#: What a value of the wrong form should be, in TOML's words rather than Python's.
_FORMS = {"tuple_type": "is a list: [ ... ]", "dict_type": "is a table: { ... }"}


def _reason(kind: str, place: Sequence[str | int], said: str, *, named: bool) -> str:
    if kind == "extra_forbidden":
        hint = near(str(place[-1]), _keys_at(place)) or "see docs/policy.md"
        return f"there is no such key; {hint}"
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return "is empty; nobody could decide"
    if kind in _FORMS:
        return "is a list; write [[rules]] before each" if place == ("rules",) else _FORMS[kind]
    if named:
        return "names are lower case letters, digits and . _ -, at most 64"
    return said.removeprefix("Value error, ").replace("Input should be", "should be")


def _keys_at(place: Sequence[str | int]) -> Sequence[str]:
    """The keys that may stand where the last of the path stands."""
    around = tuple(place[:-1])
    if around[:1] == ("rules",):
        model = _MODELS.get(tuple(str(p) for p in around if not isinstance(p, int)))
    else:
        model = _MODELS.get(tuple(str(p) for p in around[:1]))
    return tuple(model.model_fields) if model else ()


def _where(path: Sequence[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
