"""A message, and the buttons on it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.blocks import elements_of

Blocks = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Pressable:
    """An interactive element where it stands."""

    block_id: str
    action_id: str
    label: str
    element: Mapping[str, Any]


def pressables(blocks: Blocks) -> Iterator[Pressable]:
    """Every interactive element, in the order it is drawn."""
    for block in blocks:
        for element in elements_of(block):
            yield Pressable(
                block_id=block["block_id"],
                action_id=element["action_id"],
                label=element["text"]["text"] if element["type"] == "button" else "",
                element=element,
            )


def find_pressable(blocks: Blocks, action_id: str, block_id: str | None) -> Pressable | None:
    """The element with this action id, in this block if one is named."""
    for one in pressables(blocks):
        if one.action_id == action_id and block_id in (None, one.block_id):
            return one
    return None


@dataclass(kw_only=True)
class Message:
    """A message as it stands now; `drawn` keeps how it looked before."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: Blocks = ()
    thread_ts: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    edited: str | None = None
    only_for: str | None = None  #: the one person who sees an ephemeral message
    by_app: bool = False
    reply_count: int = 0
    drawn: list[Blocks] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """What stands on its buttons."""
        return [one.label for one in pressables(self.blocks) if one.label]

    def button(self, label: str) -> Pressable:
        """The button with this label. Raises LookupError naming those there are."""
        for one in pressables(self.blocks):
            if one.label == label:
                return one
        raise LookupError(f"No button {label!r} on this message, only {self.labels}.")

    def pressable(self, action_id: str, block_id: str | None, *, stale: bool) -> Pressable:
        """The element a click is for; a stale client still shows earlier drawings."""
        drawings = [self.blocks, *(reversed(self.drawn) if stale else ())]
        for blocks in drawings:
            found = find_pressable(blocks, action_id, block_id)
            if found is not None:
                return found
        raise LookupError(f"The message {self.ts} has no element {action_id!r} to click.")

    def as_slack(self, app_id: str, bot_id: str, *, metadata: bool = False) -> dict[str, Any]:
        """The message object of the Web API."""
        shown: dict[str, Any] = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
        }
        if self.by_app:
            shown |= {"app_id": app_id, "bot_id": bot_id}
        if self.blocks:
            shown["blocks"] = list(self.blocks)
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.reply_count:
            shown |= {"thread_ts": self.ts, "reply_count": self.reply_count}
        if self.edited:
            shown["edited"] = {"user": self.user, "ts": self.edited}
        if metadata and self.metadata:
            shown["metadata"] = dict(self.metadata)
        return shown

    def as_page(self) -> dict[str, Any]:
        """As the page draws it."""
        return {
            "ts": self.ts,
            "thread_ts": self.thread_ts,
            "user": self.user,
            "text": self.text,
            "blocks": list(self.blocks),
            "edited": self.edited is not None,
            "ephemeral": self.only_for is not None,
            "reply_count": self.reply_count,
        }
