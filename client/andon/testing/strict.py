"""Strict JSON, as the server reads it: what readers could understand differently is refused."""

import json
from math import isinf
from typing import Any, NoReturn

from andon.canonical import LARGEST, MOST_DEPTH
from andon.testing.problems import RefusedError

#: Bytes of a body.
MOST_BYTES = 1 << 20


def parse(raw: bytes) -> Any:
    """The value of a body. Raises RefusedError."""
    if len(raw) > MOST_BYTES:
        raise RefusedError("too-large")
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RefusedError("not-strict-json", f"{error}.".replace("..", ".")) from error
    _check(value, 0)
    return value


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise RefusedError("not-strict-json", "A text holds NUL or half of a surrogate pair.")
    elif isinstance(value, dict | list):
        if depth >= MOST_DEPTH:
            raise RefusedError("not-strict-json", f"Nested deeper than {MOST_DEPTH} levels.")
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        for each in inside:
            _check(each, depth + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A key stands twice in one object")
    return found


def _int(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise ValueError("An integer is beyond 2^53; send it as text")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if isinf(value) or LARGEST < abs(value) < 1e21:
        raise ValueError("A number stands for an integer beyond 2^53; send it as text")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
)
