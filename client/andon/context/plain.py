"""Any value as JSON that the server takes: bounded in size and depth, whatever it was made of."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from math import isfinite
from typing import Any

#: Characters of one text, items of one collection, and collections within one another.
MOST_TEXT, MOST_ITEMS, DEEPEST = 60_000, 100, 8

#: Characters of a value in all.
LARGEST_VALUE = 200_000

#: What secrets are written with.
_OF_SECRETS = "".join(map(chr, range(0x21, 0x7F)))

#: Whole numbers that every reader of JSON takes for the same.
LARGEST = 2**53 - 1


def plain(value: Any) -> Any:
    """The value as JSON; what JSON cannot say is said in words. Raises ValueError if too large."""
    found = _plain(value, DEEPEST)
    size = len(json.dumps(found, ensure_ascii=False))
    if size > LARGEST_VALUE:
        raise ValueError(f"it is too large: {size:,} characters")
    return found


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST else words(value)
    if isinstance(value, float):
        return float(value) if isfinite(value) else words(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if depth and isinstance(value, Mapping):
        pairs = islice(value.items(), MOST_ITEMS)
        return {words(key, 200): _plain(item, depth - 1) for key, item in pairs}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth - 1) for item in islice(_ordered(value), MOST_ITEMS)]
    return words(value)


def _ordered(value: Iterable[Any]) -> Iterable[Any]:
    return sorted(value, key=words) if isinstance(value, set | frozenset) else value


def words(value: Any, most: int = MOST_TEXT) -> str:
    """What the value says of itself, also where it fails to; bounded, without what JSON forbids."""
    try:
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    except Exception as error:
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return cut(sound(text), most)


def sound(text: str) -> str:
    """The text without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def cut(text: str, most: int) -> str:
    """At most so many characters: the beginning, the longer end, and how much is left out.

    Words at the cut are left out whole: half a secret would not be known for one.
    """
    if len(text) <= most:
        return text
    if most < 100:
        return text[: most - 1] + "…"
    head, tail = text[: most // 3], text[-(most - most // 3 - 50) :]
    head, tail = head.rstrip(_OF_SECRETS), tail.lstrip(_OF_SECRETS)
    return f"{head}\n… {len(text) - len(head) - len(tail):,} characters left out …{tail}"
