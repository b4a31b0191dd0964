"""The app installed in the workspace: its tokens, its calls, and the line to it."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.errors import ImpossibleError
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.line import (
    NOT_CONFIGURED,
    Answer,
    HttpLine,
    Line,
    Patience,
    Sending,
    Sort,
    encoded,
)
from bot.demo.workspace.methods import Desk
from bot.demo.workspace.payloads import Payload, Payloads
from bot.demo.workspace.people import Channel, Person, Team, UserGroup
from bot.demo.workspace.rates import Rates
from bot.demo.workspace.socket_mode import SocketLine
from bot.demo.workspace.state import State
from bot.demo.workspace.triggers import AnswerAddresses, Triggers
from bot.demo.workspace.web_api import Call, Tokens, WebApi

#: Seconds before each further delivery of an event that was not acknowledged.
EVENT_RETRIES = (0.0, 60.0, 300.0)

#: What calls of an app that was removed are refused with.
UNINSTALLED = "account_inactive"

#: Seconds Slack waits for an acknowledgement.
ACK_WITHIN_S = 3.0


class Installation(State):
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

    @property
    def installed(self) -> bool:
        """The app was not removed from the workspace."""
        return self.tokens.revoked != UNINSTALLED

    @property
    def retrying(self) -> bool:
        """An event that was not acknowledged is still to be sent again."""
        return bool(self._tasks)

    async def close(self) -> None:
        """Let go what hangs, forget what was to be sent again, close the websockets."""
        self.faults.clear()
        self.changes.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.drop()

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
        if self.http.url is None:
            raise ImpossibleError("There is no request URL to verify; the app uses Socket Mode.")
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
        reached = self.installed and self.app.interactive
        if sending.sort is Sort.INTERACTIVE and not reached:
            return Answer(failure=NOT_CONFIGURED)
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
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self.changes.wake()


def _raw(payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """Encode by what the payload claims to be."""
    if payload.get("type") in ("event_callback", "url_verification"):
        return json.dumps(payload).encode(), "application/json"
    sort = Sort.COMMAND if "command" in payload else Sort.INTERACTIVE
    return encoded(Sending(sort=sort, payload=payload))
