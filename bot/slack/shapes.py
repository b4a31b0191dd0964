"""The shape of what Slack sends: only as much of it as somebody here, or Bolt, takes for granted.

A signed payload of another shape is none of Slack's; it goes no further. Fields may be absent or
null, items of lists and what stands under keys of any name may not, and there may be others.
"""

import re
from collections.abc import Mapping
from typing import Any

_ACTION = {
    "action_id": str,
    "block_id": str,
    "type": str,
    "value": str,
    "url": str,
    "action_ts": str,
    "selected_option": {"value": str},
}
#: What a field of a window holds, by its kind.
_KEPT = {
    "value": str,
    "selected_option": {"value": str},
    "selected_options": [{"value": str}],
    "selected_user": str,
    "selected_date": str,
}
_VIEW = {
    "id": str,
    "type": str,
    "callback_id": str,
    "hash": str,
    "private_metadata": str,
    "state": {"values": {...: {...: _KEPT}}},
}
_PAYLOAD: dict[Any, Any] = {
    **dict.fromkeys(("type", "callback_id", "action_id", "api_app_id", "trigger_id"), str),
    **dict.fromkeys(("team_id", "user_id", "channel_id", "enterprise_id", "command", "text"), str),
    "response_url": str,
    "response_urls": [{"response_url": str}],
    "user": {"id": str, "team_id": str, "enterprise_id": str},
    "team": {"id": str, "enterprise_id": str},
    "enterprise": {"id": str},
    "channel": {"id": str},
    "container": {"channel_id": str, "message_ts": str, "view_id": str, "thread_ts": str},
    "message": {"ts": str, "thread_ts": str},
    "actions": [_ACTION],
    "view": _VIEW,
    "authorizations": [{"enterprise_id": str, "team_id": str, "user_id": str}],
    "event": {
        **dict.fromkeys(("type", "user", "channel", "team", "bot_id", "tab", "subtype"), str),
        "view": _VIEW,
    },
}


#: What Bolt looks into wherever it is there.
_NEVER_NULL = ("response_urls", "view", "authorizations")

#: Sorts of before blocks: we draw none. Bolt takes what steps of workflows hold for granted, and
#: hands the others to whoever listens for a button.
_OF_BEFORE = ("workflow_step", "dialog_", "interactive_message")

#: A lone half of a pair, which JSON can write and no text can hold.
_HALF = re.compile("[\ud800-\udfff]")

#: What makes a sort: without it, it is none.
_NEEDED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "event_callback": (("event", "type"),),
    "view_submission": (("view", "type"), ("view", "callback_id")),
    "view_closed": (("view", "type"), ("view", "callback_id")),
}


def is_shaped(payload: Mapping[str, Any]) -> bool:
    """Whether every field that is there is of its kind, and what makes its sort is there."""
    if not _fits(payload, _PAYLOAD) or any(payload.get(name, ()) is None for name in _NEVER_NULL):
        return False
    if _is_of_before(payload):
        return False
    sort, actions = payload.get("type"), payload.get("actions")
    if actions is None and sort == "block_actions":
        return False
    if actions is not None and not (actions and all(a and a.get("action_id") for a in actions)):
        return False
    needed = _NEEDED.get(sort or "", ())
    return all((payload.get(part) or {}).get(name) for part, name in needed)


def _is_of_before(payload: Mapping[str, Any]) -> bool:
    parts = (payload, payload.get("view") or {}, payload.get("event") or {})
    return any((part.get("type") or "").startswith(_OF_BEFORE) for part in parts)


def _is_text(value: Any) -> bool:
    """Half a character is none: it could not be stored."""
    return isinstance(value, str) and (value.isascii() or not _HALF.search(value))


def _fits(value: Any, shape: Any) -> bool:
    if value is None:
        return True
    if shape is str:
        return _is_text(value)
    if isinstance(shape, list):
        items = value if isinstance(value, list) else [None]
        return all(item is not None and _fits(item, shape[0]) for item in items)
    if not isinstance(value, dict):
        return False
    if ... in shape:  # whatever the keys are
        return all(item is not None and _fits(item, shape[...]) for item in value.values())
    return all(_fits(value.get(name), inner) for name, inner in shape.items())
