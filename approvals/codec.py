"""Values to JSON and back, by pydantic; and instants as text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from approvals.escalation import Escalation

_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)


def dump(escalation: Escalation) -> dict[str, Any]:
    """The escalation as JSON values, defaults left out."""
    return dict(_ESCALATION.dump_python(escalation, mode="json", exclude_defaults=True))


def dump_text(escalation: Escalation) -> str:
    """The escalation as JSON text, defaults left out: what a store keeps."""
    return _ESCALATION.dump_json(escalation, exclude_defaults=True).decode()


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
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """The instant written by `instant`. Raises ValueError on other text."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
