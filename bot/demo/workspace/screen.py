"""The lock screen: whom a message rings, and the text a phone shows of it.

Phones show only a message's top-level text, with mentions and dates written out.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

#: What a phone says of a message that has blocks and no text.
NOTHING_TO_SHOW = "This content can't be displayed."

_DATE = re.compile(r"<!date\^(\d+)\^([^^|>]*)(?:\^[^|>]*)?\|([^>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto)[^|>]*)(?:\|([^>]*))?>")
_RANGE = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")

#: How each token of a date is written, as strftime patterns.
_TOKENS = {
    "date_num": "%Y-%m-%d",
    "date_slash": "%m/%d/%Y",
    "date": "%B %-d, %Y",
    "date_short": "%b %-d, %Y",
    "date_long": "%A, %B %-d, %Y",
    "date_long_full": "%A, %B %-d, %Y",
    "day_divider_pretty": "%A, %B %-d",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}


def lock_screen_text(
    text: str, *, names: Callable[[str], str], zone: tzinfo | None, now: float
) -> str:
    """The text as a phone shows it to somebody in `zone` at `now`."""
    shown = _DATE.sub(lambda found: _date(found, zone, now), text)
    shown = _PERSON.sub(lambda found: f"@{names(found[1])}", shown)
    shown = _GROUP.sub(lambda found: f"@{names(found[1])}", shown)
    shown = _RANGE.sub(lambda found: f"@{found[1]}", shown)
    shown = _LINK.sub(lambda found: found[2] or found[1], shown)
    return html.unescape(shown) or NOTHING_TO_SHOW


def _date(found: re.Match[str], zone: tzinfo | None, now: float) -> str:
    when = datetime.fromtimestamp(int(found[1]), zone)
    today = datetime.fromtimestamp(now, zone)
    return re.sub(r"\{(\w+)\}", lambda token: _token(token[1], when, today), found[2])


def _token(name: str, when: datetime, today: datetime) -> str:
    if name.endswith("_pretty") and name.removesuffix("_pretty") in _TOKENS:
        days = (when.date() - today.date()).days
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
        return near or _token(name.removesuffix("_pretty"), when, today)
    return when.strftime(_TOKENS[name]) if name in _TOKENS else f"{{{name}}}"


def mentioned(text: str, blocks: Iterable[Mapping[str, Any]]) -> set[str]:
    """Ids of people and groups a message names, and `channel` where it calls everybody."""
    ids = set(_PERSON.findall(text)) | set(_GROUP.findall(text))
    if _RANGE.search(text):
        ids.add("channel")
    for block in blocks:
        ids |= _mentioned_in(block)
    return ids


def _mentioned_in(value: Any) -> set[str]:
    if isinstance(value, list | tuple):
        return set().union(*map(_mentioned_in, value))
    if not isinstance(value, Mapping):
        return set()
    if value.get("type") in _MENTIONS:
        return {_MENTIONS[value["type"]](value)}
    if value.get("type") == "mrkdwn":
        return mentioned(value["text"], ())
    return set().union(*map(_mentioned_in, value.values()))


_MENTIONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "user": lambda element: str(element["user_id"]),
    "usergroup": lambda element: str(element["usergroup_id"]),
    "broadcast": lambda element: "channel",
}
