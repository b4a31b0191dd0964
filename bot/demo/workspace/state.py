"""What the workspace holds: people, conversations, messages, windows. No network here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.blocks import with_ids
from bot.demo.workspace.changes import EVERYONE, Changes, Notification
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import App, Channel, ChannelKind, Kind, Person, Team, UserGroup
from bot.demo.workspace.screen import lock_screen_text, mentioned
from bot.demo.workspace.windows import Window, Windows


@dataclass(kw_only=True)
class Conversation:
    """A channel with what was said in it."""

    channel: Channel
    members: list[str]
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    archived: bool = False

    @property
    def id(self) -> str:
        """The channel's id."""
        return self.channel.id

    @property
    def is_direct(self) -> bool:
        """Between the app and one person."""
        return self.channel.kind is ChannelKind.DIRECT


def direct_id(person: str) -> str:
    """The id of the direct message between a person and the app."""
    return f"D{person[1:]}"


class State:
    """People, conversations and windows of one workspace with one app installed.

    `clock` gives unix seconds; every timestamp and deadline is taken from it.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        people: Sequence[Person],
        channels: Sequence[Channel],
        groups: Sequence[UserGroup] = (),
        team: Team | None = None,
        clock: Callable[[], float],
    ) -> None:
        self.team, self.app, self.clock = team or Team(), App.of(manifest), clock
        self.people = {person.id: person for person in [*people, self._bot()]}
        self.groups = {group.id: group for group in groups}
        self.conversations = {one.id: self._conversation(one) for one in channels}
        self.changes = Changes()
        self.rung: list[Notification] = []
        self.windows = Windows(clock, self._window_changed, self.view_object)
        self._last_ts = 0

    def _bot(self) -> Person:
        name = self.app.name
        return Person(id=self.app.bot_user, name=name.lower(), real_name=name, kind=Kind.BOT)

    def _conversation(self, channel: Channel) -> Conversation:
        members = [*channel.members, *([self.app.bot_user] if channel.bot else [])]
        return Conversation(channel=channel, members=members, archived=channel.archived)

    # -- who sees what --------------------------------------------------------------------------

    def sees(self, person: str, conversation: Conversation) -> bool:
        """Members see public channels, everybody those they are in."""
        known = self.people.get(person)
        if known is None or known.deleted:
            return False
        public = conversation.channel.kind is ChannelKind.PUBLIC
        return person in conversation.members or (public and known.kind is Kind.MEMBER)

    def direct(self, person: str) -> Conversation:
        """The direct message between a person and the app; it comes to be when first asked for."""
        channel_id = direct_id(person)
        if channel_id not in self.conversations:
            channel = Channel(
                id=channel_id, name=person, kind=ChannelKind.DIRECT, members=(person,)
            )
            self.conversations[channel_id] = self._conversation(channel)
        return self.conversations[channel_id]

    def seen_by(self, person: str) -> list[Conversation]:
        """The conversations of a person's sidebar, the one with the app included."""
        if (
            self.people[person].kind in (Kind.MEMBER, Kind.GUEST)
            and not self.people[person].deleted
        ):
            self.direct(person)
        return [one for one in self.conversations.values() if self.sees(person, one)]

    # -- messages -------------------------------------------------------------------------------

    def next_ts(self) -> str:
        """A timestamp no other message has."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(
        self,
        conversation: Conversation,
        *,
        user: str,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        only_for: str | None = None,
    ) -> Message:
        """Put a message into a conversation and ring whom it concerns."""
        message = Message(
            ts=self.next_ts(),
            channel=conversation.id,
            user=user,
            text=text,
            blocks=with_ids(blocks),
            thread_ts=thread_ts,
            metadata=metadata or {},
            only_for=only_for,
            by_app=user == self.app.bot_user,
        )
        kept = conversation.messages if only_for is None else conversation.ephemerals
        kept[message.ts] = message
        self._tell(conversation, message, "message" if only_for is None else "ephemeral")
        if only_for is None:
            self._count_reply(conversation, message)
            self._ring(conversation, message)
        return message

    def redraw(
        self,
        message: Message,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Change what a message shows; its earlier look is kept for stale clients."""
        message.drawn.append(message.blocks)
        message.text, message.blocks = text, with_ids(blocks)
        message.edited = self.next_ts()
        if metadata is not None:
            message.metadata = metadata
        kind = "changed" if message.only_for is None else "ephemeral"
        self._tell(self.conversations[message.channel], message, kind)

    def remove(self, message: Message) -> None:
        """Take a message away."""
        conversation = self.conversations[message.channel]
        kept = conversation.messages if message.only_for is None else conversation.ephemerals
        kept.pop(message.ts, None)
        event = {"type": "deleted", "channel": message.channel, "ts": message.ts}
        self.changes.tell(event, lambda person: self._shown_to(person, conversation, message))

    def _shown_to(self, person: str, conversation: Conversation, message: Message) -> bool:
        if message.only_for is not None:
            return person == message.only_for
        return self.sees(person, conversation)

    def _tell(self, conversation: Conversation, message: Message, kind: str) -> None:
        event = {"type": kind, "channel": conversation.id, "message": message.as_page()}
        self.changes.tell(event, lambda person: self._shown_to(person, conversation, message))

    def _count_reply(self, conversation: Conversation, reply: Message) -> None:
        parent = conversation.messages.get(reply.thread_ts or "")
        if parent is not None:
            parent.reply_count += 1
            self._tell(conversation, parent, "changed")

    # -- phones ---------------------------------------------------------------------------------

    def _ring(self, conversation: Conversation, message: Message) -> None:
        """Direct messages ring their person, mentions those mentioned, nobody for their own."""
        concerned = self._concerned(conversation, message) - {message.user}
        for person in sorted(one for one in concerned if not self.is_paused(one)):
            text = lock_screen_text(
                message.text,
                names=self.name_of,
                zone=self.people[person].zone,
                now=self.clock(),
            )
            notification = Notification(
                person=person,
                channel=conversation.id,
                ts=message.ts,
                text=text,
                at=self.clock(),
            )
            self.rung.append(notification)
            rung = (person, EVERYONE)
            self.changes.tell(notification.as_page(), rung.__contains__)

    def _concerned(self, conversation: Conversation, message: Message) -> set[str]:
        people = {one for one in conversation.members if self._rings(one)}
        if conversation.is_direct:
            return people
        named = mentioned(message.text, message.blocks)
        for group in named & self.groups.keys():
            named |= set(self.groups[group].members)
        return people if "channel" in named else people & named

    def is_paused(self, person: str) -> bool:
        """Whether a person's notifications are paused now: messages come, no phone rings."""
        until = self.people[person].paused_until
        return until is not None and self.clock() < until

    def _rings(self, person: str) -> bool:
        known = self.people.get(person)
        return known is not None and known.kind is not Kind.BOT and not known.deleted

    def name_of(self, id: str) -> str:
        """A person's or group's name as a mention shows it; an unknown id as it is."""
        if id in self.groups:
            return self.groups[id].handle
        return self.people[id].name if id in self.people else id

    # -- windows --------------------------------------------------------------------------------

    def _window_changed(self, window: Window, event: Mapping[str, Any]) -> None:
        self.changes.tell(event, lambda person: person == window.person)

    def view_object(self, window: Window) -> dict[str, Any]:
        """The `view` of the Web API and of interactions."""
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
            **window.view,
            "id": window.id,
            "team_id": self.team.id,
            "state": {"values": window.values},
            "hash": window.hash,
            "root_view_id": window.root,
            "previous_view_id": window.previous,
            "app_id": self.app.id,
            "bot_id": self.app.bot_id,
            "app_installed_team_id": self.team.id,
        }
