"""Values to JSON and back, by pydantic; instants as text; bytes from base64url."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from approvals.escalation import Escalation
from approvals.snapshot import Plan

_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)
_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def dump(escalation: Escalation) -> dict[str, Any]:
    """The escalation as JSON values, defaults left out."""
    return dict(_ESCALATION.dump_python(escalation, mode="json", exclude_defaults=True))


def dump_text(escalation: Escalation) -> str:
    """The escalation as JSON text, defaults left out: what a store keeps."""
    return _ESCALATION.dump_json(escalation, exclude_defaults=True).decode()


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values, defaults left out."""
    return dict(_PLAN.dump_python(plan, mode="json", exclude_defaults=True))


def load(fields: Mapping[str, Any]) -> Escalation:
    """An escalation from `dump`. Raises pydantic.ValidationError on anything else."""
    return _ESCALATION.validate_python(fields)


def load_text(text: str) -> Escalation:
    """An escalation from `dump_text`. Raises pydantic.ValidationError on anything else."""
    return _ESCALATION.validate_json(text)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds and a `Z`. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone; use datetime.now(UTC).")
    # The quickest writer there is: one escalation has a dozen of them.
    text = orjson.dumps(at, option=orjson.OPT_UTC_Z).decode()[1:-1]
    if text[-1] != "Z":
        return instant(at.astimezone(UTC))
    return text if at.microsecond else f"{text[:-1]}.000000Z"


def parse_instant(text: str) -> datetime:
    """The instant written by `instant`. Raises ValueError on other text."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not an instant like 2026-11-12T21:30:00.000000Z.")
    return datetime.fromisoformat(text)


def unpadded(part: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515). Raises ValueError on other text."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
