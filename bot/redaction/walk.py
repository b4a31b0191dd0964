"""A JSON value without secrets: by the names of its members, and text by text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.redaction.names import is_secret_name
from bot.redaction.remembered import remembered
from bot.redaction.text import is_plain, redact_text

#: How lists of pairs call name and value: `{"name": "DB_PASSWORD", "value": "…"}`.
_NAMED, _VALUED = ("name", "key", "Name", "Key"), ("value", "Value")


@dataclass(frozen=True, slots=True)
class Redacted:
    """The value as it may be stored and shown, and where something was hidden."""

    value: Any
    hidden: tuple[str, ...]


def redact(value: Any, *, show: Iterable[str] = (), base: str = "") -> Redacted:
    """Hide secrets in a JSON value. `show` are dotted paths or pointers, `*` globs, from the root.

    Hidden values read `[hidden: name]`; `hidden` lists their JSON pointers below `base`.
    """
    if _is_clean(value):  # nearly every request is, and then nothing need be copied
        return Redacted(value, ())
    hidden: list[str] = []
    patterns = tuple(p.strip("/").replace(".", "/") for p in show)
    cleaned = _walk(value, base, patterns, hidden)
    return Redacted(cleaned, tuple(dict.fromkeys(hidden)))


def _is_clean(value: Any) -> bool:
    """Whether there is nothing to hide, wherever it may stand."""
    if isinstance(value, str):
        return redact_text(value) == value
    if isinstance(value, dict):
        for key, item in value.items():
            if not (_is_clean_key(key) and _is_clean(item)):
                return False
        return _named_within(value) is None
    if isinstance(value, list):
        return all(map(_is_clean, value)) and not any(map(_after_flag, value, value[1:]))
    return True


@remembered
def _is_clean_key(key: str) -> bool:
    return is_plain(key) and not is_secret_name(key)


def _walk(value: Any, at: str, show: Sequence[str], hidden: list[str]) -> Any:
    if show and _is_shown(at, show):
        return value
    if isinstance(value, str):
        cleaned = redact_text(value)
        if cleaned != value:
            hidden.append(at)
        return cleaned
    if isinstance(value, dict):
        return _object(value, at, show, hidden)
    if isinstance(value, list):
        return _list(value, at, show, hidden)
    return value


def _object(
    value: dict[str, Any], at: str, show: Sequence[str], hidden: list[str]
) -> dict[str, Any]:
    """Its members. A secret may stand as a key too; keys that read alike then are numbered."""
    named, found = _named_within(value), dict[str, Any]()
    for key, item in value.items():
        cleaned = redact_text(key)
        if cleaned != key:
            hidden.append(f"{at}/*")
        path = f"{at}/{cleaned.replace('~', '~0').replace('/', '~1')}"
        name = named if named and key in _VALUED else cleaned
        secret = name is named or is_secret_name(key)
        if secret and _could_be_secret(name, item) and not _is_shown(path, show):
            hidden.append(path)
            item = f"[hidden: {name}]"
        else:
            item = _walk(item, path, show, hidden)
        found[_unlike(cleaned, found) if cleaned != key else key] = item
    return found


def _unlike(key: str, others: dict[str, Any]) -> str:
    """Two hidden keys stay two members."""
    number = 2
    while (unlike := f"{key} {number}") in others:
        number += 1
    return unlike if key in others else key


def _named_within(value: dict[str, Any]) -> str | None:
    """The secret's name where an object holds name and value side by side."""
    if len(value) > 4 or value.keys().isdisjoint(_VALUED):
        return None
    names = (value.get(key) for key in _NAMED)
    return next((n for n in names if isinstance(n, str) and is_secret_name(n)), None)


def _list(value: list[Any], at: str, show: Sequence[str], hidden: list[str]) -> list[Any]:
    walked = [_walk(item, f"{at}/{n}", show, hidden) for n, item in enumerate(value)]
    for n in range(1, len(walked)):
        said = _after_flag(walked[n - 1], walked[n])
        if said is not None and not _is_shown(f"{at}/{n}", show):
            walked[n] = said
            hidden.append(f"{at}/{n}")
    return walked


def _could_be_secret(key: str, value: Any) -> bool:
    """An empty value or a yes or no hides nothing; `max_tokens: 1024` is a number of tokens."""
    if isinstance(value, bool) or value in (None, "", [], {}):
        return False
    return not (isinstance(value, int | float) and key.lower().endswith("tokens"))


def _after_flag(flag: Any, value: Any) -> str | None:
    """What to show after `--token`, or `-u NAME:PASSWORD`, in a command line given as a list."""
    if not isinstance(flag, str) or flag[:1] != "-" or not isinstance(value, str):
        return None
    name, (user, colon, _) = flag.lstrip("-"), value.partition(":")
    if "[hidden" in value:
        return None
    if is_secret_name(name) and not value.startswith("-"):
        return f"[hidden: {name}]"
    return f"{user}:[hidden: password]" if colon and flag in ("-u", "--user") else None


def _is_shown(at: str, show: Sequence[str]) -> bool:
    return any(fnmatchcase(at.strip("/"), pattern) for pattern in show)
