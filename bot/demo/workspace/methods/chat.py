"""chat.*: post, update, delete, whisper, link to."""

from typing import Any

from bot.demo.workspace.blocks import ALL_TEXT, check_blocks, text_length
from bot.demo.workspace.errors import Refused
from bot.demo.workspace.methods import places
from bot.demo.workspace.methods.registry import Arguments, Desk, method
from bot.demo.workspace.state import Conversation, State

#: A post's text is cut here; an update's is refused above the second.
POST_TEXT, UPDATE_TEXT = 40_000, 4_000

#: Bytes of a message's metadata.
METADATA_SIZE = 16_000

#: Arguments that would show something this stand-in does not draw, unless they are switched off.
UNKNOWN = ("attachments", "link_names", "markdown_text", "reply_broadcast", "as_user")

#: Arguments by which a post would stand under another name; they take a scope of their own.
CUSTOM = ("username", "icon_emoji", "icon_url")

#: How an argument is switched off, in JSON and in forms.
_OFF: tuple[Any, ...] = (None, False, 0, "", "0", "false", "none", [], "[]")


def checked_blocks(blocks: Any) -> list[dict[str, Any]] | None:
    """Blocks Slack would take in a message; None where none were given. Raises Refused."""
    if blocks is None:
        return None
    if not isinstance(blocks, list) or not all(isinstance(one, dict) for one in blocks):
        raise Refused("invalid_blocks_format")
    findings = check_blocks(blocks)
    if findings:
        raise Refused("invalid_blocks", findings)
    if text_length(blocks) > ALL_TEXT:
        raise Refused("msg_blocks_too_long")
    return blocks


def _known(state: State, given: Arguments) -> None:
    """Raises Refused where the message would not look as the page draws it."""
    on = {name for name, value in given.given.items() if value not in _OFF}
    if on & set(CUSTOM):
        places.need_scope(state, "chat:write.customize")
    strange = sorted(on & {*UNKNOWN, *CUSTOM, "parse"})
    if strange:
        raise Refused("invalid_arguments", [f"{strange} are not known to this stand-in"])


def _content(state: State, given: Arguments) -> tuple[str, list[dict[str, Any]] | None]:
    _known(state, given)
    blocks = checked_blocks(given.structure("blocks", "invalid_blocks_format"))
    text = given.given.get("text") or ""
    if not isinstance(text, str):
        raise Refused("invalid_arguments", ["text must be a string"])
    if not text.strip() and not blocks:
        raise Refused("no_text")
    return text, blocks


def _metadata(given: Arguments) -> dict[str, Any] | None:
    metadata = given.structure("metadata", "invalid_metadata_format")
    if metadata is None or metadata == {}:
        return metadata  # type: ignore[no-any-return]
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata["event_payload"], dict) or not metadata["event_type"]:
        raise Refused("invalid_metadata_schema")
    if len(str(metadata)) > METADATA_SIZE:
        raise Refused("metadata_too_large")
    return metadata


def _thread(conversation: Conversation, given: Arguments) -> str | None:
    """The thread to answer in. A reply's own ts names the thread it is in."""
    ts = given.optional("thread_ts")
    if ts is None:
        return None
    parent = conversation.messages.get(ts)
    if parent is None:
        raise Refused("thread_not_found")
    return parent.thread_ts or ts


@method("chat.postMessage", "chat:write")
def post_message(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Post to a channel, or to an account's direct message."""
    state = desk.state
    conversation = places.postable(state, given.text("channel"))
    text, blocks = _content(state, given)
    message = state.post(
        conversation,
        user=state.app.bot_user,
        text=text[:POST_TEXT],
        blocks=blocks or (),
        thread_ts=_thread(conversation, given),
        metadata=_metadata(given),
    )
    shown = message.as_slack(state.app.id, state.app.bot_id, metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "message": shown}


@method("chat.update", "chat:write", tier=3)
def update(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Redraw one of the app's own messages. Blocks or metadata not given stay as they are."""
    state = desk.state
    conversation = places.visible(state, given.text("channel"))
    message = places.own_message(state, conversation, given.text("ts"), "cant_update_message")
    if conversation.archived:
        raise Refused("is_inactive")
    text, blocks = _content(state, given)
    if len(text) > UPDATE_TEXT:
        raise Refused("msg_too_long")
    drawn = message.blocks if blocks is None else blocks
    state.redraw(message, text=text or message.text, blocks=drawn, metadata=_metadata(given))
    shown = message.as_slack(state.app.id, state.app.bot_id, metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "text": message.text, "message": shown}


@method("chat.delete", "chat:write", tier=3)
def delete(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Take away one of the app's own messages."""
    state = desk.state
    conversation = places.visible(state, given.text("channel"))
    message = places.own_message(state, conversation, given.text("ts"), "cant_delete_message")
    state.remove(message)
    return {"channel": conversation.id, "ts": message.ts}


@method("chat.postEphemeral", "chat:write", tier=4)
def post_ephemeral(desk: Desk, given: Arguments) -> dict[str, Any]:
    """Say it to one person in a channel. It can never be updated by this API."""
    state = desk.state
    channel = given.text("channel")
    if channel[:1] in "UW":
        raise Refused("channel_not_found")
    conversation = places.postable(state, channel)
    user = given.text("user")
    if user not in conversation.members or not state.sees(user, conversation):
        raise Refused("user_not_in_channel")
    text, blocks = _content(state, given)
    message = state.post(
        conversation,
        user=state.app.bot_user,
        text=text,
        blocks=blocks or (),
        thread_ts=_thread(conversation, given),
        only_for=user,
    )
    return {"message_ts": message.ts}


@method("chat.getPermalink")
def get_permalink(desk: Desk, given: Arguments) -> dict[str, Any]:
    """The address of a message."""
    state = desk.state
    conversation = places.visible(state, given.text("channel"))
    ts = given.text("message_ts")
    if ts not in conversation.messages:
        raise Refused("message_not_found")
    address = f"https://{state.team.domain}.slack.com/archives/{conversation.id}/p"
    return {"channel": conversation.id, "permalink": address + ts.replace(".", "")}
