"""Arguments of Python as JSON, so that people can read them and a digest can bind them."""

import base64
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from andon.canonical import canonical
from andon.operation import Money

#: Written as their own text.
_AS_TEXT = (Decimal, UUID, PurePath, timedelta)
_TIMES = (datetime, date, time)


def plain(value: Any, *, at: str = "", is_exact: bool = False) -> Any:
    """The value as JSON. Raises TypeError for what people could not be shown.

    With `is_exact` a float is refused: where money moves, nothing is nearly right.
    """
    if isinstance(value, Enum):
        return plain(value.value, at=at, is_exact=is_exact)
    if isinstance(value, float) and is_exact:
        raise TypeError(f"`{at}` is the float {value!r}; pass a Decimal, andon.Money or cents.")
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, _TIMES):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    return _composed(value, at, is_exact)


def _composed(value: Any, at: str, is_exact: bool) -> Any:
    def inner(item: Any, name: Any) -> Any:
        return plain(item, at=f"{at}.{name}" if at else str(name), is_exact=is_exact)

    if isinstance(value, Money):
        return value.as_sent()
    if isinstance(value, Mapping):
        return {_key(k, at): inner(v, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [inner(item, n) for n, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((inner(item, "…") for item in value), key=canonical)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: inner(getattr(value, f.name), f.name) for f in fields(value)}
    if callable(dump := getattr(value, "model_dump", None)):  # a pydantic model
        return inner(dump(), type(value).__name__)
    raise TypeError(
        f"`{at}` is a {type(value).__name__}, which people cannot be shown. Pass what identifies "
        f'it, or leave it out with ignore=("{at.partition(".")[0]}",).'
    )


def _key(key: Any, at: str) -> str:
    found = plain(key, at=at)
    if isinstance(found, str):
        return found
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError(f"`{at}` has the key {key!r}, which is no text.")
    return str(found)
