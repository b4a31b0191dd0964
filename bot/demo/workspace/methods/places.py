"""Finding what a call names: conversations the app may read or post to, messages, people."""

from bot.demo.workspace.errors import Refused
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import ChannelKind, Kind, Person
from bot.demo.workspace.state import Conversation, State

#: The scope family of each kind of conversation: `channels:history`, `groups:history` …
FAMILY = {
    ChannelKind.PUBLIC: "channels",
    ChannelKind.PRIVATE: "groups",
    ChannelKind.DIRECT: "im",
}


def person(state: State, user: str, unknown: str = "user_not_found") -> Person:
    """An account. Raises Refused(`unknown`)."""
    if user not in state.people:
        raise Refused(unknown)
    return state.people[user]


def visible(state: State, channel: str) -> Conversation:
    """A conversation the app knows of: public, or one it is in. Raises Refused."""
    found = state.conversations.get(channel)
    if found is None:
        raise Refused("channel_not_found")
    public = found.channel.kind is ChannelKind.PUBLIC
    if not public and state.app.bot_user not in found.members:
        raise Refused("channel_not_found")
    return found


def readable(state: State, channel: str, what: str) -> Conversation:
    """A conversation the app may read; `what` is the scope's second half. Raises Refused."""
    found = visible(state, channel)
    need_scope(state, f"{FAMILY[found.channel.kind]}:{what}")
    if what == "history" and state.app.bot_user not in found.members:
        raise Refused("not_in_channel")
    return found


def need_scope(state: State, scope: str) -> None:
    """Raises Refused unless the manifest has this scope."""
    if scope not in state.app.scopes:
        provided = ",".join(sorted(state.app.scopes))
        raise Refused("missing_scope", needed=scope, provided=provided)


def postable(state: State, channel: str) -> Conversation:
    """A conversation the app may post to, or a person's direct message. Raises Refused."""
    found = _direct(state, channel) if channel[:1] in "UW" else visible(state, channel)
    if found.archived:
        raise Refused("is_archived")
    if found.is_direct:
        if not state.app.messages_tab:
            raise Refused("messages_tab_disabled")
        if state.people[found.channel.name].deleted:
            raise Refused("user_disabled")
    if state.app.bot_user not in found.members and "chat:write.public" not in state.app.scopes:
        raise Refused("not_in_channel")
    return found


def _direct(state: State, user: str) -> Conversation:
    """Posting to an account's id is posting to the direct message with it."""
    known = person(state, user, "channel_not_found")
    if known.kind is Kind.BOT:
        raise Refused("cannot_dm_bot")
    if known.kind is Kind.FOREIGN:
        raise Refused("channel_not_found")
    return state.direct(user)


def own_message(state: State, conversation: Conversation, ts: str, foreign: str) -> Message:
    """The app's own message. Raises Refused; `foreign` is the code for somebody else's."""
    found = conversation.messages.get(ts)
    if found is None:
        raise Refused("message_not_found")
    if found.user != state.app.bot_user:
        raise Refused(foreign)
    return found
