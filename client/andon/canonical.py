"""RFC 8785: one way to write a JSON value, so that both sides digest the same bytes.

Refused is what two readers could understand differently, and what the server refuses for that:
integers beyond 2^53, NaN and infinities, halves of surrogate pairs, NUL, depth without end.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

#: The largest integer that every JSON reader keeps exactly (RFC 7493).
LARGEST = 2**53 - 1

#: How deep a value may nest.
MOST_DEPTH = 64


class NotCanonicalError(ValueError):
    """The value cannot be written so that every reader understands it alike."""


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value. Raises NotCanonicalError naming the place."""
    parts: list[str] = []
    _write(value, parts, "", 0)
    return "".join(parts).encode("utf-8")


def sha256_of(value: Any) -> str:
    """`sha256:` and 64 hex digits over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def _write(value: Any, parts: list[str], at: str, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise NotCanonicalError(f"It nests deeper than {MOST_DEPTH} levels.")
    if isinstance(value, str):
        parts.append(_text(value, at))
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        parts.append(_integer(value, at))
    elif isinstance(value, float):
        parts.append(_double(value, at))
    elif isinstance(value, Mapping):
        _write_object(value, parts, at, depth)
    elif isinstance(value, list | tuple):
        _write_array(value, parts, at, depth)
    else:
        raise NotCanonicalError(f"A {type(value).__name__} is no JSON value{_place(at)}.")


def _write_object(value: Mapping[Any, Any], parts: list[str], at: str, depth: int) -> None:
    for key in value:
        if not isinstance(key, str):
            raise NotCanonicalError(f"The key {key!r} is no text{_place(at)}.")
        _text(key, at)
    separator = "{"
    # RFC 8785 sorts by UTF-16 units, which differs from code points beyond the first plane.
    for key in sorted(value, key=lambda k: k.encode("utf-16-be")):
        parts.append(f"{separator}{_text(key, at)}:")
        _write(value[key], parts, f"{at}/{key}", depth + 1)
        separator = ","
    parts.append("}" if value else "{}")


def _write_array(value: Sequence[Any], parts: list[str], at: str, depth: int) -> None:
    separator = "["
    for place, item in enumerate(value):
        parts.append(separator)
        _write(item, parts, f"{at}/{place}", depth + 1)
        separator = ","
    parts.append("]" if value else "[]")


def _text(value: str, at: str) -> str:
    if "\x00" in value:
        raise NotCanonicalError(f"A text contains NUL{_place(at)}.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonicalError(f"A text contains half of a surrogate pair{_place(at)}.") from None
    return json.dumps(str(value), ensure_ascii=False)


def _integer(value: int, at: str) -> str:
    if not -LARGEST <= value <= LARGEST:
        raise NotCanonicalError(f"An integer is beyond 2^53; send it as text{_place(at)}.")
    return str(int(value))


def _double(value: float, at: str) -> str:
    """As ECMAScript prints it: the shortest digits, plain between 1e-6 and 1e21."""
    if not math.isfinite(value):
        raise NotCanonicalError(f"{value} is no JSON number{_place(at)}.")
    if LARGEST < abs(value) < 1e21:
        raise NotCanonicalError(
            f"A number stands for an integer beyond 2^53; send it as text{_place(at)}."
        )
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, _, exponent = repr(abs(float(value))).partition("e")
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    shown = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(shown)
    return sign + _placed(shown.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """The digits with the point after so many of them."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"


def _place(at: str) -> str:
    return f" (at {at[:200]})" if at else ""
