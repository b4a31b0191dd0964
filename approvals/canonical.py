"""Bytes and digests: strict I-JSON in, RFC 8785 out.

Two readers of one body must never disagree about what it says, so whatever JSON leaves open is
refused: duplicate keys, numbers no double holds, lone surrogates, NUL, depth without end.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isinf
from typing import Any, NoReturn

import orjson
import rfc8785

#: The largest integer that every JSON reader keeps exactly and RFC 8785 can write (RFC 7493).
LARGEST = 2**53 - 1

#: Bytes of a body, and how deep it may nest.
MOST_BYTES, MOST_DEPTH = 1 << 20, 64

#: What a request without options offers. Part of the digest, so never change it (API: Open).
DEFAULT_OPTIONS: tuple[Mapping[str, str], ...] = (
    {"key": "approve", "label": "Approve", "effect": "release"},
    {"key": "reject", "label": "Reject", "effect": "abort"},
)

#: Characters of a pointer or a key that an error repeats.
_MOST_SAID = 200

# A string always matches, closed or not, and possessively: however the quotes stand, each byte
# is looked at once.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[{]|[\]}]', re.S)
# A double, a null, or a text that looks like one.
_MAYBE_ODD = re.compile(rb"(?:^|[:,\[])(?:-?\d+[.eE]|null)")
_PLAIN = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotStrictJson(ValueError):  # noqa: N818  it says what the text is not
    """The body is not JSON that every reader understands alike."""

    def __init__(self, reason: str = "", pointer: str | None = None) -> None:
        """`reason` says what to mend; `pointer` (RFC 6901) where, if that is known."""
        self.reason = reason or str(self.__doc__)
        self.pointer = pointer if pointer is None else _printable(pointer)
        super().__init__(f"{self.reason} It is at {self.pointer}." if pointer else self.reason)


class TooLarge(NotStrictJson):
    """The body is larger than 1 MiB."""


def parse_strict(raw: bytes, *, max_bytes: int = MOST_BYTES, max_depth: int = MOST_DEPTH) -> Any:
    """The value of a body. Raises NotStrictJson with what to mend, TooLarge above `max_bytes`."""
    if len(raw) > max_bytes:
        raise TooLarge(f"The body has {len(raw):,} bytes, at most {max_bytes:,} are taken.")
    text = _decoded(raw)
    _check_depth(raw, max_depth)
    try:
        value = _STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from error
    except _FoundError as found:
        raise _placed(text, found) from None
    # Only an escape can make either of these; plain UTF-8 holds no surrogate.
    if "\\u" in text:
        _check_strings(value, "")
    return value


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"Byte {error.start} is not UTF-8.") from error
    if text.startswith("\ufeff"):
        raise NotStrictJson("The body starts with a byte order mark; leave it out.")
    return text


def _check_depth(raw: bytes, most: int) -> None:
    """Linear and without recursion, before a recursive parser sees the text."""
    if raw.count(b"[") + raw.count(b"{") <= most:
        return
    depth = 0
    for found in _BRACKETS.finditer(raw):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found.group(), 0)
        if depth > most:
            raise NotStrictJson(f"Nested deeper than {most} levels.")


def _check_strings(value: Any, at: str) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise NotStrictJson("A text contains NUL.", at)
        if _SURROGATE.search(value):
            raise NotStrictJson("A text contains half of a surrogate pair.", at)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key, at)
            _check_strings(item, f"{at}/{_escaped(key)}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_strings(item, f"{at}/{place}")


class _FoundError(Exception):
    """Something strict JSON refuses, found by a hook that does not know where it stands."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        self.reason, self.key = reason, key
        super().__init__(reason)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key in times if times[key] > 1)
        raise _FoundError(f"The key {_printable(twice)!r} stands twice in one object.", twice)
    return found


def _int(digits: str) -> int:
    value = int(digits) if len(digits) <= 17 else LARGEST + 1
    if not -LARGEST <= value <= LARGEST:
        raise _FoundError("An integer is beyond 2^53; send it as text.")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise _FoundError("A number is larger than any double.")
    # RFC 8785 writes these as integers, and such integers are refused.
    if LARGEST < abs(value) < 1e21:
        raise _FoundError("A number stands for an integer beyond 2^53; send it as text.")
    return value


def _constant(name: str) -> NoReturn:
    raise _FoundError(f"{name} is not JSON.")


def _placed(text: str, found: _FoundError) -> NotStrictJson:
    """The finding with its place. A second, marking pass knows it; good bodies never pay for it."""
    try:
        pointer = _pointer_to_mark(_MARKING.decode(text), "")
    except json.JSONDecodeError:
        pointer = None
    return NotStrictJson(found.reason, pointer)


def _pointer_to_mark(value: Any, at: str) -> str | None:
    if isinstance(value, _FoundError):
        return at if value.key is None else f"{at}/{_escaped(value.key)}"
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    within = (_pointer_to_mark(item, f"{at}/{_escaped(str(key))}") for key, item in items)
    return next((pointer for pointer in within if pointer is not None), None)


def _marking(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The hook, leaving its finding where the value would stand."""

    def mark(given: Any) -> Any:
        try:
            return hook(given)
        except _FoundError as found:
            return found

    return mark


def _decoder(wrap: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=wrap(_object),
        parse_int=wrap(_int),
        parse_float=wrap(_float),
        parse_constant=wrap(_constant),
    )


_STRICT, _MARKING = _decoder(lambda hook: hook), _decoder(_marking)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _printable(text: str) -> str:
    """Short, and without the halves of surrogate pairs that no answer could carry."""
    return text[:_MOST_SAID].encode("utf-8", "backslashreplace").decode()


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises NotStrictJson for what JSON cannot say."""
    try:
        written = orjson.dumps(value, option=_PLAIN)
        # Writers differ in how they print doubles (and NaN as null), and in the order of keys
        # beyond ASCII, for RFC 8785 sorts by UTF-16 units. Without any of these the fastest gives
        # the same bytes, and every open is written canonically twice.
        if written.isascii() and not _MAYBE_ODD.search(written):
            return written
        return rfc8785.dumps(value)
    except (
        rfc8785.CanonicalizationError,
        orjson.JSONEncodeError,
        UnicodeEncodeError,
        RecursionError,
    ) as error:
        raise NotStrictJson(_printable(str(error))) from error


def sha256_of(value: Any) -> str:
    """`sha256:` and 64 hex digits over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def operation_digest(operation: Any, options: Sequence[Any] | None) -> str:
    """What votes and grants bind to: the operation and its options, as sent (API: Digest)."""
    return sha256_of(
        {"operation": operation, "options": list(DEFAULT_OPTIONS if options is None else options)}
    )
