"""The workspace with its app installed, and what people do in it: the tests' and the page's hands.

::

    person -> Workspace.click … -> Payloads -> Line (HTTP or Socket Mode) -> the app
                    ^                                                          |
              Interaction  <-  acks: what Slack shows  <-  Answer  <-----------+
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.demo.workspace import acks
from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.changes import Notification
from bot.demo.workspace.errors import ImpossibleError
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.line import Answer, HttpLine, Line, Patience, Sending, Sort
from bot.demo.workspace.messages import Message, Pressable, find_pressable
from bot.demo.workspace.methods import Desk
from bot.demo.workspace.payloads import Payload, Payloads, overridden
from bot.demo.workspace.people import Channel, Person, Team, UserGroup
from bot.demo.workspace.rates import Rates
from bot.demo.workspace.socket_mode import SocketLine
from bot.demo.workspace.state import Conversation, State
from bot.demo.workspace.triggers import AnswerAddresses, Triggers
from bot.demo.workspace.values import client_errors, entered, kept_in
from bot.demo.workspace.web_api import Call, Tokens, WebApi
from bot.demo.workspace.windows import Window

T = TypeVar("T")

#: Seconds before each further delivery of an event that was not acknowledged.
EVENT_RETRIES = (0.0, 60.0, 300.0)

#: Seconds Slack waits for an acknowledgement.
ACK_WITHIN_S = 3.0


class Workspace(State):
    """A workspace that one app, described by its Slack `manifest`, is installed in.

    `request_url` is where the app listens; None means that it comes by Socket Mode. It may be set
    later, once the app knows its own port. `clock` gives unix seconds. `rate_limits` switches
    Slack's real ones on. `ack_within` is real seconds and seconds of `clock` alike.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        people: Sequence[Person],
        channels: Sequence[Channel],
        groups: Sequence[UserGroup] = (),
        team: Team | None = None,
        clock: Callable[[], float] = time.time,
        signing_secret: str,
        bot_token: str,
        app_token: str,
        request_url: str | None = None,
        rate_limits: bool = False,
        ack_within: float = ACK_WITHIN_S,
        event_retries: Sequence[float] = EVENT_RETRIES,
    ) -> None:
        super().__init__(
            manifest, people=people, channels=channels, groups=groups, team=team, clock=clock
        )
        patience = Patience(clock=clock, seconds=ack_within)
        self.http = HttpLine(secret=signing_secret, patience=patience)
        self.http.url = request_url
        self.socket = SocketLine(app_id=self.app.id, patience=patience, changed=self.changes.wake)
        self.faults, self.tokens = Faults(), Tokens(bot=bot_token, app=app_token)
        self.rates = Rates(clock, on=rate_limits)
        self.triggers, self.addresses = Triggers(clock), AnswerAddresses(clock)
        self.payloads = Payloads(self, self.triggers, self.addresses)
        desk = Desk(state=self, triggers=self.triggers, socket_address=self.socket.new_address)
        self.web_api = WebApi(desk, self.tokens, self.faults, self.rates)
        #: Everything sent to the app, with its answer, in the order it was answered.
        self.sent: list[tuple[Sending, Answer]] = []
        self._event_retries = event_retries
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def request_url(self) -> str | None:
        """Where the app listens; None while it comes by Socket Mode."""
        return self.http.url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self.http.url = url

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API so far."""
        return self.web_api.calls

    async def close(self) -> None:
        """Let go what hangs, forget what was to be sent again, close the websockets."""
        self.faults.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.drop()

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
        timeout: float = 5.0,  # noqa: ASYNC109  a limit of the test's, not of work
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
        if choose and pressed.block_id in window.values:
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
        window.values = entered(window.view["blocks"], values or {})
        errors = client_errors(window.view["blocks"], window.values)
        if errors:
            return Interaction(acked=False, errors=errors, why="the client asks for a correction")
        payload = overridden(self.payloads.submission(window), override or {})
        answers = await self._interact([payload])
        return acks.after_submission(self, window, answers[0])

    async def dismiss(self, person: str, view_id: str, *, all: bool = False) -> None:
        """Close a modal with those upon it, or all; the app hears of views that notify."""
        window = self.windows.before(person, view_id)
        closed = self.windows.clear(person) if all else self.windows.close(window)
        for one in closed:
            if one.notifies:
                payload = self.payloads.closed(one, cleared=all)
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
        if command is None:
            shown = acks.Interaction(acked=False, error=f"{name} is not a valid command.")
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
        """Remove the app: its tokens are dead from now on."""
        self.tokens.revoked = "account_inactive"
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

    def change_person(self, person: str, **changes: Any) -> None:
        """Change an account, as an admin does: `deleted=True`, `kind=Kind.GUEST` …"""
        self.people[person] = replace(self.people[person], **changes)

    # -- the line to the app --------------------------------------------------------------------

    async def emit(self, event: Mapping[str, Any]) -> Interaction | None:
        """Send an event if the app subscribed to it; again later if it is not acknowledged."""
        if event["type"] not in self.app.events:
            return None
        sending = Sending(sort=Sort.EVENT, payload=self.payloads.event(event))
        answer = await self._send(sending)
        if not answer.acked:
            self._later(self._send_again(sending, answer))
        return Interaction.of(answer)

    async def verify_url(self) -> bool:
        """Enter the request URL in the app's settings: does it echo the challenge?"""
        challenge = secrets.token_urlsafe(16)
        payload = self.payloads.verification(challenge)
        answer = await self._send(Sending(sort=Sort.EVENT, payload=payload))
        echoed = answer.body.get("challenge") if isinstance(answer.body, dict) else answer.body
        return answer.acked and echoed == challenge

    async def send_raw(
        self,
        payload: Mapping[str, Any] | bytes,
        *,
        sign: bool = True,
        timestamp: str | float | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send what Slack never would, over HTTP; raw bytes go out as they are.

        A payload's sort is seen from its fields. `timestamp` and `headers` may lie.
        """
        if isinstance(payload, bytes):
            body, kind = payload, "application/x-www-form-urlencoded"
        else:
            body, kind = _raw(payload)
        stamp = timestamp if timestamp is None or isinstance(timestamp, str) else str(timestamp)
        return await self.http.post(body, content_type or kind, headers, sign=sign, timestamp=stamp)

    async def _clicked(
        self,
        person: str,
        channel: str | None,
        payloads: Sequence[Payload],
        *,
        parallel: bool = False,
    ) -> Interaction:
        if not self.app.interactive:
            shown = Interaction(acked=False, error=acks.NOT_INTERACTIVE)
            return self._told(person, channel, shown)
        answers = await self._interact(payloads, parallel=parallel)
        first, *more = [acks.after_click(answer) for answer in answers]
        return self._told(person, channel, replace(first, repeats=tuple(more)))

    async def _interact(
        self, payloads: Sequence[Payload], *, parallel: bool = False
    ) -> list[Answer]:
        sendings = [Sending(sort=Sort.INTERACTIVE, payload=one) for one in payloads]
        if self.faults.take_duplicate():
            sendings.append(sendings[-1])
        if parallel:
            return list(await asyncio.gather(*map(self._send, sendings)))
        return [await self._send(one) for one in sendings]

    async def _send(self, sending: Sending) -> Answer:
        line: Line = self.socket if self.http.url is None else self.http
        answer = await line.send(sending)
        self.sent.append((sending, answer))
        self.changes.wake()
        return answer

    async def _send_again(self, sending: Sending, answer: Answer) -> None:
        """Three more times, like Slack, unless the app says not to."""
        for number, pause in enumerate(self._event_retries, start=1):
            if answer.acked or answer.headers.get("x-slack-no-retry") == "1":
                return
            await asyncio.sleep(pause)
            again = replace(sending, retry=(number, str(answer.failure)))
            answer = await self._send(again)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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


def _raw(payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """Encode by what the payload claims to be."""
    from bot.demo.workspace.line import encoded

    if payload.get("type") in ("event_callback", "url_verification"):
        return json.dumps(payload).encode(), "application/json"
    sort = Sort.COMMAND if "command" in payload else Sort.INTERACTIVE
    return encoded(Sending(sort=sort, payload=payload))


__all__ = ["Workspace", "kept_in"]
