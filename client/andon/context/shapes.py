"""What each field of the contract takes: found values in its shape, or a word why they do not fit.

All fields together stay below the server's bound for a body, in whatever script they are written.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from andon.context.plain import cut, words

#: Characters of a text, of a line, of an address.
TEXT, LINE, ADDRESS = 8_000, 300, 2_000

#: Items of a list; links; bytes of a field that holds values of any kind.
ITEMS, LINKS, FIELD = 100, 20, 50_000

#: Characters of an error's message and traceback, of what one attempt was and said.
MESSAGE, TRACEBACK, ACTION, ATTEMPT = 8_000, 40_000, 500, 1_000

_CONTROL = re.compile(r"[\x00-\x20\x7f]+")


def shaped(field: str, values: list[Any]) -> Any:
    """What several collectors found for one field, as one value. Raises ValueError."""
    return _SHAPES[field](values)


def line(value: Any, most: int = LINE) -> str:
    """The value in one line."""
    text = _CONTROL.sub(" ", words(value)).strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _members(values: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, Mapping):
            raise ValueError(f"it takes names and values, not {type(value).__name__}")
        found |= value
    if _size(found) > FIELD:
        return {"cut short": cut(json.dumps(found, ensure_ascii=False), FIELD // 4)}
    return found


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _each(values: list[Any]) -> Iterable[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _items(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    room = FIELD
    for item in _each(values):
        item = cut(item, TEXT) if isinstance(item, str) else item
        room -= _size(item)
        if room < 0 or len(found) == ITEMS:
            break
        found.append(item)
    return found


def _lines(values: list[Any]) -> list[str]:
    return [text for item in _each(values) if (text := line(item))][:ITEMS]


def _text(values: list[Any]) -> str:
    said = (v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values)
    return cut("\n".join(said), TEXT)


def _address(values: list[Any]) -> str:
    found = str(values[-1])
    if not found.startswith(("https://", "http://")) or len(found) > ADDRESS:
        raise ValueError("it takes an address that begins with https://")
    return found


def _links(values: list[Any]) -> list[dict[str, str]]:
    return [_link(link) for link in _each(values)][:LINKS]


def _link(link: Any) -> dict[str, str]:
    if not isinstance(link, Mapping):
        raise ValueError("it takes links, each with title and url")
    url = _address([link.get("url")])
    return {"title": line(link.get("title") or url), "url": url}


def _error(values: list[Any]) -> dict[str, str]:
    error = values[-1]
    message, trace = cut(error["message"], MESSAGE), cut(error.get("traceback", ""), TRACEBACK)
    said = {"type": line(error["type"]), "message": message, "traceback": trace}
    return {name: text for name, text in said.items() if text}


def _attempts(values: list[Any]) -> list[dict[str, str]]:
    """The first and the latest."""
    tried = list(_each(values))
    return [
        _attempt(one)
        for one in (*tried[: max(0, len(tried) - ITEMS + 1)][:1], *tried[-ITEMS + 1 :])
    ]


def _attempt(attempt: Mapping[str, str]) -> dict[str, str]:
    most = {"at": LINE, "action": ACTION, "error": ATTEMPT}
    return {name: cut(text, most[name]) for name, text in attempt.items()}


_SHAPES: Mapping[str, Callable[[list[Any]], Any]] = MappingProxyType(
    {
        "error": _error,
        "attempts": _attempts,
        "system_state": _members,
        "configuration": _members,
        "recent_changes": _items,
        "affected_services": _lines,
        "user_impact": _text,
        "blast_radius": _text,
        "rollback": _text,
        "runbook": _address,
        "links": _links,
    }
)

#: Fields that a caller may give and have collected; the other two come from the failure itself.
FIELDS = tuple(field for field in _SHAPES if field not in ("error", "attempts"))
