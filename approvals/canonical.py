"""Bytes and digests: strict I-JSON in, RFC 8785 out.

Two readers of one body must never disagree about what it says, so whatever JSON leaves open is
refused: duplicate keys, numbers no double holds, lone surrogates, NUL, depth without end.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import rfc8785

#: The largest integer every JSON reader keeps exactly (RFC 7493).
LARGEST = 2**53

#: Bytes of a body, and how deep it may nest.
MOST_BYTES, MOST_DEPTH = 1 << 20, 64

#: What a request without options offers. Part of the digest, so never change it (API: Open).
DEFAULT_OPTIONS: tuple[Mapping[str, str], ...] = (
    {"key": "approve", "label": "Approve", "effect": "release"},
    {"key": "reject", "label": "Reject", "effect": "abort"},
)

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.S)
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotStrictJson(ValueError):  # noqa: N818  it says what the text is not
    """The body is not JSON that every reader understands alike."""


class TooLarge(NotStrictJson):
    """The body is larger than 1 MiB."""


def parse_strict(raw: bytes, *, max_bytes: int = MOST_BYTES, max_depth: int = MOST_DEPTH) -> Any:
    """The value of a body. Raises NotStrictJson with what to mend, TooLarge above `max_bytes`."""
    if len(raw) > max_bytes:
        raise TooLarge(f"The body has {len(raw):,} bytes, at most {max_bytes:,} are taken.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"Byte {error.start} is not UTF-8.") from error
    _check_depth(raw, max_depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from error
    # Only an escape can make either of these; plain UTF-8 holds no surrogate.
    if "\\u" in text or "\x00" in text:
        _check_strings(value)
    return value


def _check_depth(raw: bytes, most: int) -> None:
    """Linear and without recursion, before a recursive parser sees the text."""
    if raw.count(b"[") + raw.count(b"{") <= most:
        return
    depth = 0
    for found in _BRACKETS.finditer(raw):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found.group(), 0)
        if depth > most:
            raise NotStrictJson(f"Nested deeper than {most} levels.")


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise NotStrictJson("A text contains NUL.")
        if _SURROGATE.search(value):
            raise NotStrictJson("A text contains half of a surrogate pair.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotStrictJson(f"The key {twice!r} stands twice in one object.")
    return found


def _int(digits: str) -> int:
    value = int(digits) if len(digits) <= 17 else LARGEST + 1
    if not -LARGEST <= value <= LARGEST:
        raise NotStrictJson("An integer is beyond 2^53; send it as text.")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotStrictJson("A number is larger than any double.")
    return value


def _constant(name: str) -> NoReturn:
    raise NotStrictJson(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
)


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises NotStrictJson for what JSON cannot say."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotStrictJson(str(error)) from error


def sha256_of(value: Any) -> str:
    """`sha256:` and 64 hex digits over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def operation_digest(operation: Any, options: Sequence[Any] | None) -> str:
    """What votes and grants bind to: the operation and its options, as sent (API: Digest)."""
    return sha256_of(
        {"operation": operation, "options": list(DEFAULT_OPTIONS if options is None else options)}
    )
