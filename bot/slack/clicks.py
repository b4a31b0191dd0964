"""What a click says, read tolerantly: payloads are foreign text, fields may be absent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from approvals.commands import Actor, ReplyTo
from bot.redaction import redact_text

_FOREIGN = "andon_foreign"

#: Characters of a name that is carried on: Slack's and ours have well under a hundred.
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button pressed, a modal sent or a command typed, by a verified account."""

    account: str
    foreign: bool
    channel: str | None  #: where the answer belongs
    ts: str | None  #: the message that was clicked
    thread_ts: str | None
    trigger_id: str
    view_id: str  #: the modal that was clicked in; empty for a message or App Home
    action: str  #: action id of the button; empty for a modal sent off
    escalation: str  #: id; empty when the click names none
    option: str
    shown: int
    digest: str
    question: str  #: id of the question to answer; empty when the click names none
    command_id: str  #: the same for every delivery of the same click
    values: Mapping[str, Any]  #: what was typed, without secrets, or chosen, by action id
    heard_at: float = field(default_factory=monotonic, compare=False)  #: seconds of that clock

    @property
    def actor(self) -> Actor:
        """Who stands behind it."""
        return Actor(account=self.account, foreign=self.foreign)

    @property
    def verb(self) -> str:
        """What the button does; where many stand in one list, their names differ behind it."""
        return self.action.partition(":")[0]

    @property
    def in_window(self) -> bool:
        """Whether its answer belongs in a window: a modal was sent off, or clicked in."""
        return not self.action or bool(self.view_id)

    @property
    def wants_window(self) -> bool:
        """Whether a copy of a card belongs in a window: at home there is no channel, and in a
        direct message what is said to one stays for ever, true or not.
        """
        return bool(self.view_id) or not self.channel or self.channel.startswith("D")

    def reply(self, *, in_modal: bool = False) -> ReplyTo:
        """Where the one answer goes."""
        return ReplyTo(channel=self.channel, thread_ts=self.thread_ts, in_modal=in_modal)


def of_button(payload: Mapping[str, Any], *, foreign: bool) -> Click:
    """A button on a message, in a modal or at home."""
    action = (payload.get("actions") or [{}])[0]
    container = payload.get("container") or {}
    message = payload.get("message") or {}
    window = _json((payload.get("view") or {}).get("private_metadata"))
    said = _json(action.get("value")) or window
    channel = (payload.get("channel") or {}).get("id") or container.get("channel_id")
    return _click(
        payload,
        said,
        foreign=foreign,
        channel=channel or said.get("c") or window.get("c"),
        ts=container.get("message_ts") or said.get("t") or window.get("t"),
        thread_ts=_thread_of(message),
        once=(action.get("action_ts"), action.get("action_id")),
    )


def of_modal(payload: Mapping[str, Any], *, foreign: bool) -> Click:
    """A modal sent off; it carries where it was opened from."""
    view = payload.get("view") or {}
    said = _json(view.get("private_metadata"))
    return _click(
        payload,
        said,
        foreign=foreign,
        channel=said.get("c"),
        ts=said.get("t"),
        thread_ts=None,
        once=(view.get("id"), view.get("hash")),
        values=_values(view),
    )


def _click(
    payload: Mapping[str, Any],
    said: Mapping[str, Any],
    *,
    foreign: bool,
    channel: Any,
    ts: Any,
    thread_ts: Any,
    once: tuple[Any, ...],
    values: Mapping[str, Any] | None = None,
) -> Click:
    account = str((payload.get("user") or {}).get("id") or "")
    view, action = payload.get("view") or {}, (payload.get("actions") or [{}])[0]
    return Click(
        account=account,
        foreign=foreign,
        channel=_name(channel),
        ts=_name(ts),
        thread_ts=_name(thread_ts),
        trigger_id=str(payload.get("trigger_id") or ""),
        view_id=str(view.get("id") or "") if view.get("type") == "modal" else "",
        action=str(action.get("action_id") or ""),
        escalation=_name(said.get("e")) or "",
        option=_name(said.get("o")) or "",
        shown=said["s"] if isinstance(said.get("s"), int) else -1,
        digest=_name(said.get("d")) or "",
        question=_name(said.get("q")) or "",
        command_id=click_id(account, *once, said.get("e"), said.get("o")),
        values=values or {},
    )


def value_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the pressed button carries."""
    return _json(((payload.get("actions") or [{}])[0]).get("value"))


def mark(payload: dict[str, Any], *, foreign: bool) -> None:
    """The door says whether a guest sent it, a bot, or someone of another workspace; whatever the
    payload itself says of that is gone.
    """
    payload[_FOREIGN] = foreign


def is_foreign(payload: Mapping[str, Any]) -> bool:
    """As it was marked."""
    return bool(payload.get(_FOREIGN))


def click_id(*parts: Any) -> str:
    """One id for one click, however often Slack delivers it."""
    text = json.dumps([str(p) for p in parts])
    return "cmd_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _name(value: Any) -> str | None:
    """Of a conversation, a message or one of ours; what none of them looks like names nothing, and
    would fit neither a window nor the store.
    """
    text = str(value) if value else ""
    return text if text.isascii() and 0 < len(text) <= LONGEST_NAME else None


def _thread_of(message: Mapping[str, Any]) -> Any:
    """The thread a message stands in. A card with replies names itself, and stands in none."""
    thread = message.get("thread_ts")
    return None if thread == message.get("ts") else thread


def _json(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _values(view: Mapping[str, Any]) -> dict[str, Any]:
    """Typed text and chosen options, by action id. What people type is kept, or said again: a
    secret in it is hidden before anything else reads it.
    """
    found: dict[str, Any] = {}
    for block in ((view.get("state") or {}).get("values") or {}).values():
        for action, state in block.items():
            typed = state.get("value")
            found[action] = redact_text(str(typed)) if typed else _chosen(state)
    return found


def _chosen(state: Mapping[str, Any]) -> str | None:
    """What was picked: one of a few, a box that is ticked, somebody, a day."""
    ticked = state.get("selected_options") or [{}]
    option = state.get("selected_option") or ticked[0] or {}
    found = option.get("value") or state.get("selected_user") or state.get("selected_date")
    return str(found) if found else None
