"""conversations.*: open, look up, read."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods import places
from bot.demo.workspace.methods.registry import Arguments, Desk, method
from bot.demo.workspace.people import ChannelKind, Kind
from bot.demo.workspace.state import Conversation, State, direct_id

READS = ("channels:read", "groups:read", "im:read")
HISTORIES = ("channels:history", "groups:history", "im:history")

_TIMESTAMP = re.compile(r"\d{1,10}(\.\d{1,6})?")

#: What `types` names, and the kind it means here.
_TYPES = {
    "public_channel": ChannelKind.PUBLIC,
    "private_channel": ChannelKind.PRIVATE,
    "im": ChannelKind.DIRECT,
}


def _object(state: State, conversation: Conversation) -> dict[str, Any]:
    channel = conversation.channel
    shown = {
        "id": channel.id,
        "is_im": conversation.is_direct,
        "is_channel": channel.kind is ChannelKind.PUBLIC,
        "is_private": channel.kind is not ChannelKind.PUBLIC,
        "is_archived": conversation.archived,
        "is_member": state.app.bot_user in conversation.members,
        "context_team_id": state.team.id,
    }
    name = {"user": channel.name} if conversation.is_direct else {"name": channel.name}
    return {**shown, **name}


@method("conversations.open", "im:write", "mpim:write", tier=3)
def open_(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Open the direct message with one person."""
    state = desk.state
    users = [one for one in (given.optional("users") or "").split(",") if one]
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1:
        raise Refused("invalid_arguments", ["this stand-in knows direct messages with one person"])
    person = places.person(state, users[0])
    if person.deleted:
        raise Refused("user_disabled")
    if person.kind is Kind.BOT:
        raise Refused("cannot_dm_bot")
    if person.kind is Kind.FOREIGN:
        raise Refused("user_not_visible")
    known = direct_id(person.id) in state.conversations
    channel = state.direct(person.id)
    shown = _object(state, channel) if given.flag("return_im") else {"id": channel.id}
    return {"channel": shown, "no_op": known, "already_open": known}


@method("conversations.info", *READS, tier=3)
def info(desk: Desk, given: Arguments) -> dict[str, Any]:
    """One conversation."""
    found = places.readable(desk.state, given.text("channel"), "read")
    return {"channel": _object(desk.state, found)}


@method("conversations.list", *READS, tier=2)
def list_(desk: Desk, given: Arguments) -> dict[str, Any]:
    """The conversations the app knows of, of the types asked for."""
    found = [_object(desk.state, one) for one in _of_types(desk.state, given)]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


@method("users.conversations", *READS, tier=3)
def of_person(desk: Desk, given: Arguments) -> dict[str, Any]:
    """The conversations a person is in, as far as the app knows of them; so many at a time."""
    state, cursor = desk.state, given.optional("cursor") or "0"
    user = given.optional("user") or state.app.bot_user
    places.person(state, user)
    live = [one for one in _of_types(state, given) if user in one.members]
    if given.flag("exclude_archived"):
        live = [one for one in live if not one.archived]
    if not cursor.isdecimal():
        raise Refused("invalid_cursor")
    start, limit = int(cursor), given.number("limit", 100, 999)
    following = str(start + limit) if len(live) > start + limit else ""
    found = [_object(state, one) for one in live[start : start + limit]]
    return {"channels": found, "response_metadata": {"next_cursor": following}}


def _of_types(state: State, given: Arguments) -> list[Conversation]:
    """The conversations of the types asked for. Raises Refused without their scopes."""
    wanted = (given.optional("types") or "public_channel").split(",")
    if not set(wanted) <= _TYPES.keys():
        raise Refused("invalid_types")
    kinds = {_TYPES[name] for name in wanted}
    for kind in kinds:
        places.need_scope(state, f"{places.FAMILY[kind]}:read")
    every = state.conversations.values()
    return [one for one in every if one.channel.kind in kinds and _known(state, one)]


def _known(state: State, conversation: Conversation) -> bool:
    public = conversation.channel.kind is ChannelKind.PUBLIC
    return public or state.app.bot_user in conversation.members


@method("conversations.members", *READS, tier=4)
def members(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Who is in a conversation."""
    found = places.readable(desk.state, given.text("channel"), "read")
    return {"members": list(found.members), "response_metadata": {"next_cursor": ""}}


@method("conversations.history", *HISTORIES, tier=3)
def history(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Top-level messages, newest first. Metadata is left out unless it is asked for."""
    found = places.readable(desk.state, given.text("channel"), "history")
    top = [one for one in found.messages.values() if one.thread_ts is None]
    return _page(desk.state, given, list(reversed(top)))


@method("conversations.replies", *HISTORIES, tier=3)
def replies(desk: Desk, given: Arguments) -> dict[str, Any]:
    """A message and the thread under it, oldest first."""
    found = places.readable(desk.state, given.text("channel"), "history")
    ts = given.text("ts")
    if ts not in found.messages:
        raise Refused("thread_not_found")
    thread = [one for one in found.messages.values() if ts in (one.ts, one.thread_ts)]
    return _page(desk.state, given, thread)


def _instant(given: Arguments, name: str, otherwise: str) -> Decimal:
    """A timestamp as it was given. Raises Refused for what is none."""
    value = given.optional(name)
    if value is not None and not _TIMESTAMP.fullmatch(value):
        raise Refused(f"invalid_ts_{name}")
    return Decimal(value or otherwise)


def _page(state: State, given: Arguments, messages: Sequence[Message]) -> dict[str, Any]:
    """The part between `oldest` and `latest`, so many at a time; the cursor is a position."""
    oldest, latest = _instant(given, "oldest", "0"), _instant(given, "latest", "Infinity")
    inclusive = given.flag("inclusive")
    within = [
        one
        for one in messages
        if oldest < (at := Decimal(one.ts)) < latest or (inclusive and at in (oldest, latest))
    ]
    cursor = given.optional("cursor") or "0"
    if not cursor.isdecimal():
        raise Refused("invalid_cursor")
    start, limit = int(cursor), given.number("limit", 100, 999)
    more = len(within) > start + limit
    metadata = given.flag("include_all_metadata")
    shown = [
        one.as_slack(state.app.id, state.app.bot_id, metadata=metadata)
        for one in within[start : start + limit]
    ]
    following = str(start + limit) if more else ""
    return {
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": following},
    }
