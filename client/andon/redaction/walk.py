"""A value without secrets: by the names of its members, and text by text."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from andon.redaction.chance import HIDDEN
from andon.redaction.names import is_secret_name
from andon.redaction.rules import without_secrets

#: How lists of pairs call name and value: `{"name": "DB_PASSWORD", "value": "…"}`.
_NAME, _VALUE = ("name", "key", "Name", "Key"), ("value", "Value")


def redacted(value: Any) -> Any:
    """The same value with its secrets hidden: texts, members of mappings, items of lists."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes | bytearray):
        return without_secrets(value.decode(errors="replace"))
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, list | tuple | set | frozenset):
        return _items(list(value))
    return value


def _members(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """A secret may stand as a key too; keys that read alike then are numbered."""
    tells = _names_within(value)
    found: dict[Any, Any] = {}
    for key, item in value.items():
        named = is_secret_name(str(key)) or (tells and key in _VALUE)
        found[_unlike(redacted(key), found)] = _hidden(key, item) if named else redacted(item)
    return found


def _hidden(key: Any, item: Any) -> Any:
    """Nothing, a yes or a no hide nothing; `max_tokens: 1024` is a number of tokens."""
    if isinstance(item, bool) or item in (None, "", [], {}, ()):
        return item
    counted = isinstance(item, int | float) and str(key).lower().endswith("tokens")
    return item if counted else HIDDEN


def _unlike(key: Any, others: dict[Any, Any]) -> Any:
    number, unlike = 2, key
    while unlike in others:
        unlike, number = f"{key} {number}", number + 1
    return unlike


def _names_within(value: Mapping[Any, Any]) -> bool:
    """Whether a secret's name and its value stand side by side."""
    return len(value) <= 4 and any(is_secret_name(str(value.get(key, ""))) for key in _NAME)


def _items(items: list[Any]) -> list[Any]:
    """A command line as a list: what follows `--token` is hidden."""
    found = [redacted(item) for item in items]
    for n, (flag, item) in enumerate(pairwise(found), start=1):
        if isinstance(flag, str) and isinstance(item, str) and flag[:1] == "-":
            found[n] = _after(flag, item)
    return found


def _after(flag: str, item: str) -> str:
    user, colon, _ = item.partition(":")
    if is_secret_name(flag.lstrip("-")) and not item.startswith("-"):
        return HIDDEN
    return f"{user}:{HIDDEN}" if colon and flag in ("-u", "--user") else item
