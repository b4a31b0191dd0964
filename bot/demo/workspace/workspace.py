"""What people do in the workspace: the tests' and the page's hands and eyes.

::

    person -> Workspace.click … -> Payloads -> Line (HTTP or Socket Mode) -> the app
                    ^                                                          |
              Interaction  <-  acks: what Slack shows  <-  Answer  <-----------+
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.demo.workspace import acks
from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.changes import Notification
from bot.demo.workspace.errors import ImpossibleError
from bot.demo.workspace.installation import UNINSTALLED, Installation
from bot.demo.workspace.line import Sending, Sort
from bot.demo.workspace.messages import Message, Pressable, find_pressable
from bot.demo.workspace.payloads import Payload, overridden
from bot.demo.workspace.state import Conversation
from bot.demo.workspace.values import client_errors, entered
from bot.demo.workspace.windows import Window

T = TypeVar("T")


class Workspace(Installation):
    """A workspace that one app is installed in, and everybody in it.

    See `Installation` for how it is made. People are named by their ids.
    """

    # -- looking --------------------------------------------------------------------------------

    def messages(self, channel: str) -> list[Message]:
        """A conversation's messages, oldest first; a person's id means their direct message."""
        return list(self._conversation_of(channel).messages.values())

    def ephemerals(self, person: str) -> list[Message]:
        """What only this person sees, oldest first."""
        every = (m for one in self.conversations.values() for m in one.ephemerals.values())
        return sorted((m for m in every if m.only_for == person), key=lambda m: m.ts)

    def view_of(self, person: str) -> Window | None:
        """The modal this person has before them."""
        return self.windows.top(person)

    def home_of(self, person: str) -> Window | None:
        """This person's App Home, once the app has drawn it."""
        return self.windows.homes.get(person)

    def notifications(self, person: str) -> list[Notification]:
        """What this person's lock screen showed, oldest first."""
        return [one for one in self.rung if one.person == person]

    async def wait_for(
        self,
        predicate: Callable[[], T],
        timeout: float = 30.0,  # noqa: ASYNC109  a limit of the test's, not of work
    ) -> T:
        """The predicate's first true answer, asked again whenever something changed here.

        Raises TimeoutError after `timeout` real seconds.
        """
        return await self.changes.wait_for(predicate, timeout)

    # -- doing ----------------------------------------------------------------------------------

    async def tap(self, person: str, message: Message, label: str) -> Interaction:
        """Press the button with this label."""
        pressed = message.button(label)
        return await self.click(
            person, message.channel, message.ts, pressed.action_id, pressed.block_id
        )

    async def click(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        block_id: str | None = None,
        *,
        times: int = 1,
        parallel: bool = False,
        identical: bool = False,
        stale: bool = False,
        choose: Mapping[str, Any] | None = None,
        override: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Press a button, or choose from a menu, on a message.

        `times` presses follow one another or go out in parallel; `identical` ones are one press
        delivered often, others have trigger ids of their own. `stale`: the person's client still
        shows an earlier drawing. `choose` is what a menu was set to (`selected_option` …).
        `override` forges fields. Raises ImpossibleError for what nobody could press.
        """
        conversation = self._conversation_of(channel)
        message = self._message(person, conversation, ts)
        pressed = _pressable(message, action_id, block_id, stale=stale)

        def payload() -> Payload:
            made = self.payloads.click(person, conversation, message, pressed, choose or {})
            return overridden(made, override or {})

        payloads = [payload()] * times if identical else [payload() for _ in range(times)]
        return await self._clicked(person, conversation.id, payloads, parallel=parallel)

    async def press(
        self,
        person: str,
        view_id: str,
        action_id: str,
        block_id: str | None = None,
        *,
        choose: Mapping[str, Any] | None = None,
        override: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Press a button in a modal or on App Home."""
        window = self.windows.before(person, view_id)
        pressed = find_pressable(window.view["blocks"], action_id, block_id)
        if pressed is None:
            raise ImpossibleError(f"The view {view_id} has no element {action_id!r}.")
        if choose and pressed.action_id in window.values.get(pressed.block_id, {}):
            kept = {"type": pressed.element["type"], **choose}
            window.values[pressed.block_id][pressed.action_id] = kept
        payload = self.payloads.press(window, pressed, choose or {})
        return await self._clicked(person, None, [overridden(payload, override or {})])

    async def submit(
        self,
        person: str,
        view_id: str,
        values: Mapping[str, Any] | None = None,
        *,
        override: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Fill the modal in and send it off.

        `values` as in `bot.demo.workspace.values.entered`. What a client would not let through
        comes back as `errors` without reaching the app.
        """
        window = self.windows.before(person, view_id)
        if "submit" not in window.view:
            raise ImpossibleError(f"The view {view_id} has no submit button.")
        window.values = entered(window.view["blocks"], values or {}, window.values)
        errors = client_errors(window.view["blocks"], window.values)
        if errors:
            return Interaction(acked=False, errors=errors, why="the client asks for a correction")
        payload = overridden(self.payloads.submission(window), override or {})
        first, *more = await self._interact([payload])
        done = acks.after_submission(self, window, first)
        return replace(done, repeats=tuple(map(acks.after_click, more)))

    async def dismiss(self, person: str, view_id: str, *, all: bool = False) -> None:
        """Close a modal with those upon it, or all; the app hears of views that notify."""
        window = self.windows.before(person, view_id)
        cleared = all or bool(window.view.get("clear_on_close"))
        closed = self.windows.clear(person) if cleared else self.windows.close(window)
        for one in closed:
            if one.notifies:
                payload = self.payloads.closed(one, cleared=cleared)
                await self._send(Sending(sort=Sort.INTERACTIVE, payload=payload))

    async def command(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        override: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Type a slash command, such as `/escalations list`."""
        conversation = self._seen(person, channel)
        name, _, rest = text.strip().partition(" ")
        command = self.app.commands.get(name)
        if command is None or not self.installed:
            shown = Interaction(acked=False, error=f"{name} is not a valid command.")
            return self._told(person, conversation.id, shown)
        payload = self.payloads.command(person, conversation, command, rest.strip())
        sending = Sending(sort=Sort.COMMAND, payload=overridden(payload, override or {}))
        answer = await self._send(sending)
        done = acks.after_command(self, person, conversation, name, answer)
        return self._told(person, conversation.id, done)

    async def open_home(self, person: str, tab: str = "home") -> Interaction | None:
        """Look at the app's home, or its messages. None when the app did not subscribe to that."""
        home = self.windows.homes.get(person)
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": person,
            "channel": self.direct(person).id,
            "tab": tab,
        }
        if home is not None and tab == "home":
            event["view"] = self.view_object(home)
        return await self.emit(event)

    async def uninstall(self) -> Interaction | None:
        """Remove the app: its tokens are dead from now on, and nothing people do reaches it."""
        self.tokens.revoked = UNINSTALLED
        return await self.emit({"type": "app_uninstalled"})

    async def revoke_tokens(self) -> Interaction | None:
        """Take the app's tokens back."""
        self.tokens.revoked = "token_revoked"
        tokens = {"oauth": [], "bot": [self.app.bot_user]}
        return await self.emit({"type": "tokens_revoked", "tokens": tokens})

    def say(self, person: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Write a message."""
        conversation = self._seen(person, channel)
        return self.post(conversation, user=person, text=text, thread_ts=thread_ts)

    def delete_message(self, channel: str, ts: str) -> None:
        """A workspace admin takes a message away."""
        message = self._conversation_of(channel).messages.get(ts)
        if message is None:
            raise ImpossibleError(f"There is no message {ts} in {channel}.")
        self.remove(message)

    def archive(self, channel: str) -> None:
        """Archive a channel: what is in it can be read, and nothing is added any more."""
        self._conversation_of(channel).archived = True

    def invite(self, member: str, channel: str) -> None:
        """Let a person, or the app's own account, into a channel."""
        members = self._conversation_of(channel).members
        if member not in members:
            members.append(member)

    def kick(self, member: str, channel: str) -> None:
        """Take a person, or the app's own account, out of a channel."""
        members = self._conversation_of(channel).members
        if member not in members:
            raise ImpossibleError(f"{member} is not in {channel}.")
        members.remove(member)

    def change_person(self, person: str, **changes: Any) -> None:
        """Change an account, as an admin does: `deleted=True`, `kind=Kind.GUEST` …"""
        self.people[person] = replace(self.people[person], **changes)

    async def _clicked(
        self,
        person: str,
        channel: str | None,
        payloads: Sequence[Payload],
        *,
        parallel: bool = False,
    ) -> Interaction:
        answers = await self._interact(payloads, parallel=parallel)
        first, *more = [acks.after_click(answer) for answer in answers]
        return self._told(person, channel, replace(first, repeats=tuple(more)))

    def _told(self, person: str, channel: str | None, done: Interaction) -> Interaction:
        """Show a person Slack's own error."""
        if done.error:
            event = {"type": "error", "text": done.error, "channel": channel}
            self.changes.tell(event, lambda who: who == person)
        return done

    # -- finding --------------------------------------------------------------------------------

    def _conversation_of(self, channel: str) -> Conversation:
        if channel in self.people:
            return self.direct(channel)
        if channel not in self.conversations:
            raise ImpossibleError(f"There is no conversation {channel}.")
        return self.conversations[channel]

    def _seen(self, person: str, channel: str) -> Conversation:
        conversation = self._conversation_of(channel)
        if not self.sees(person, conversation):
            raise ImpossibleError(f"{person} does not see {channel}.")
        return conversation

    def _message(self, person: str, conversation: Conversation, ts: str) -> Message:
        whispered = conversation.ephemerals.get(ts)
        if whispered is not None and whispered.only_for == person:
            return whispered
        found = conversation.messages.get(ts)
        if found is None or not self.sees(person, conversation):
            raise ImpossibleError(f"{person} sees no message {ts} in {conversation.id}.")
        return found


def _pressable(message: Message, action_id: str, block_id: str | None, *, stale: bool) -> Pressable:
    try:
        return message.pressable(action_id, block_id, stale=stale)
    except LookupError as error:
        raise ImpossibleError(str(error)) from error
