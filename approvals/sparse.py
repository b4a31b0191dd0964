"""A value of ours as JSON without what it says by default: what is stored of an escalation.

The same that pydantic writes with `exclude_defaults`, for less: it asks each field of each value
for its default anew.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from operator import attrgetter
from typing import Any


def sparse(value: Any) -> dict[str, Any]:
    """The fields that say something, by name. Raises TypeError for what is no dataclass."""
    kind: Any = type(value)
    names, values_of, defaults = _shape(kind)
    return {
        name: said
        for name, said, default in zip(names, values_of(value), defaults, strict=True)
        if said is not default and (default is MISSING or said != default)
    }


@cache  # as many as there are kinds of values
def _shape(
    kind: Any,
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], tuple[Any, ...]]:
    """The names of its fields, what reads them all at once, and their defaults."""
    known = fields(kind)
    names = tuple(field.name for field in known)
    return names, attrgetter(*names), tuple(map(_default, known))


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
