"""What is told besides the operation leaves the process without its secrets, and as JSON.

The operation itself goes as it is: its digest binds what runs. The server hides what it stores.
"""

import math
from collections.abc import Mapping
from typing import Any

from andon.canonical import LARGEST


def hidden(value: Any) -> Any:
    """The value with what is secret in it replaced, and what JSON cannot say put into words."""
    from andon.redaction import redacted

    return redacted(mended(value))


def mended(value: Any, depth: int = 0) -> Any:
    """A value that can be sent: telling what went wrong must not fail at an odd character."""
    if isinstance(value, str):
        return value.replace("\x00", "�").encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        is_sendable = math.isfinite(value) and abs(value) <= LARGEST
        return value if is_sendable else str(value)
    if depth >= 32:
        return "…"
    if isinstance(value, Mapping):
        return {mended(str(k)): mended(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mended(item, depth + 1) for item in value]
    return mended(str(value))
