"""Values to JSON and back, by pydantic; instants as text; bytes from base64url.

Most of an escalation is its plan and its options, and they are the same again and again: each is
read once, and a plan is written once. So is a whole escalation: after a commit a dozen look at it.
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from approvals.escalation import Escalation, Json, Option
from approvals.snapshot import Plan
from approvals.sparse import sparse

_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)
_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_OPTIONS: TypeAdapter[tuple[Option, ...]] = TypeAdapter(tuple[Option, ...])
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SPARSELY = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z

#: What is longer is read each time: what is remembered has a bound.
_LONGEST = 8192

#: Escalations that are remembered as they were read.
_KNOWN = 1024


def dump(escalation: Escalation) -> dict[str, Any]:
    """The escalation as JSON values, defaults left out."""
    return dict(orjson.loads(dump_text(escalation)))


def dump_text(escalation: Escalation) -> str:
    """The escalation as JSON text, defaults left out: what a store keeps."""
    return orjson.dumps(escalation, default=_written, option=_SPARSELY).decode()


def _written(value: Any) -> Any:
    return orjson.Fragment(value.text) if isinstance(value, Plan) else sparse(value)


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values, defaults left out."""
    return dict(orjson.loads(plan.text))


def load(fields: Mapping[str, Any]) -> Escalation:
    """An escalation from `dump`. Raises pydantic.ValidationError on anything else."""
    known = {name: _known(read, fields[name]) for name, read in _READ.items() if name in fields}
    return _ESCALATION.validate_python({**fields, **known})


def _known(read: Callable[[bytes], Any], value: Json) -> Any:
    """The value as it was read before; as it is where it cannot be, so that all of it is judged."""
    try:
        text = orjson.dumps(value)
        # What is not a number is written as null as well, and must not pass for it.
        return value if len(text) > _LONGEST or b"null" in text else read(text)
    except (orjson.JSONEncodeError, ValidationError):
        return value


@lru_cache(maxsize=512)
def _plan(text: bytes) -> Plan:
    return _PLAN.validate_python(orjson.loads(text))


@lru_cache(maxsize=512)
def _options(text: bytes) -> tuple[Option, ...]:
    return _OPTIONS.validate_python(orjson.loads(text))


_READ: Mapping[str, Callable[[bytes], Any]] = {"plan": _plan, "options": _options}


def load_text(text: str) -> Escalation:
    """An escalation from `dump_text`. Raises pydantic.ValidationError on anything else."""
    return lately_read(text) if len(text) <= _LONGEST else _of_text(text)


def _of_text(text: str) -> Escalation:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        fields = None
    # Of a text that holds no fields pydantic says what is wrong.
    return load(fields) if isinstance(fields, dict) else _ESCALATION.validate_json(text)


#: By the whole text, so that nothing that changed is taken for what it was.
lately_read = lru_cache(maxsize=_KNOWN)(_of_text)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds and a `Z`. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone; use datetime.now(UTC).")
    return _of_utc(at.astimezone(UTC))


@lru_cache(maxsize=4096)  # one commit names the same few moments again and again
def _of_utc(at: datetime) -> str:
    text = orjson.dumps(at, option=orjson.OPT_UTC_Z).decode()[1:-1]
    return text if at.microsecond else f"{text[:-1]}.000000Z"


def parse_instant(text: str) -> datetime:
    """The instant written by `instant`. Raises ValueError on other text."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not an instant like 2026-11-12T21:30:00.000000Z.")
    return datetime.fromisoformat(text)


def unpadded(part: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515). Raises ValueError on other text."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
