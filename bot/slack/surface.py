"""The Slack surface: clicks become commands, answers become what the person sees.

Order within a listener: verify (the guard did), commit, acknowledge, return. Nothing fallible
follows an acknowledgement, except what `Voice` says, which catches its errors. Every click gets
exactly one visible answer: the core's, ours, or Slack's own error where nothing was acknowledged.
No rule lives here: the core says what a click means.
"""

import asyncio
import re
from collections.abc import Mapping
from time import monotonic
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from approvals.commands import Command
from approvals.escalation import Escalation
from approvals.ports import Settled, StoreError, UnsureError
from approvals.refusals import FORM_CORRECTIONS
from approvals.words import Effect, Friction
from bot.messaging import Message
from bot.slack.batch import Batch
from bot.slack.browsing import Browsing
from bot.slack.clicks import Click, click_id, is_foreign, of_button, of_modal
from bot.slack.directory import Strangers
from bot.slack.drawing.fitting import fitting_view
from bot.slack.drawing.words import READ_WHOLE
from bot.slack.finding import Finding
from bot.slack.home import HomePage
from bot.slack.ports import Ports
from bot.slack.screens import Screens
from bot.slack.verbs import SENT_OFF, command_of
from bot.slack.voice import Voice

log = structlog.get_logger(__name__)

#: What is not stored so long after the click is not acknowledged: Slack shows its error, and a
#: correction follows.
COMMIT_WITHIN_S = 2.5

Ack = Any
Payload = Mapping[str, Any]


class Surface:
    """Listeners, one method an interaction."""

    def __init__(
        self,
        ports: Ports,
        screens: Screens,
        finding: Finding,
        client: AsyncWebClient,
        strangers: Strangers,
    ) -> None:
        self._ports, self._screens = ports, screens
        self._voice = Voice(ports.slack)
        self._browsing = Browsing(ports, screens, finding, self._voice)
        self.home = HomePage(ports, finding, self._voice, client, strangers)
        self._batch = Batch(ports, screens, finding, self._voice)

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to Bolt. Everything subscribed to has one."""
        app.action(re.compile(r"^(vote|read_whole)(:|$)"))(self.tapped)
        app.action(re.compile(r"^(acknowledge|extend)$"))(self.done)
        app.action(re.compile(rf"^({'|'.join(SENT_OFF[1:])})(:|$)"))(self.ask)
        for callback in SENT_OFF:
            app.view(callback)(self.sent)
        app.event("tokens_revoked")(self.revoked)
        app.event("app_uninstalled")(self.revoked)
        self.home.register(app)
        self._batch.register(app)
        self._browsing.register(app)
        # Last: these take what nobody above does. Slack sends again what is not acknowledged.
        app.event(re.compile(""))(self.passed_over)
        app.view_closed(re.compile(""))(self.passed_over)

    async def close(self) -> None:
        """Let work that nobody waits for end while the store is there."""
        await self._voice.close()

    # -- clicks on cards ------------------------------------------------------------------------

    async def tapped(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """An option's button: one tap for what is reversible and shown whole, else its modal."""
        click = of_button(body, foreign=is_foreign(body))
        found = await self._found(click)
        if isinstance(found, Message):
            await ack()
            await self._voice.tell(client, click, found)
        elif self._needs_modal(found, click):
            view = self._screens.vote_modal(found, click)
            await ack()
            await self._voice.open(client, click, view)
            self._browsing.looked(click)
        else:
            await self._at_once(ack, click, client, "vote")

    def _needs_modal(self, escalation: Escalation, click: Click) -> bool:
        option = escalation.option(click.option)
        if option is None or escalation.status.is_terminal or click.foreign:
            return False
        if click.shown < escalation.shown and option.effect is Effect.RELEASE:
            return False
        if not self._screens.may_decide(escalation, click):
            return False
        slow = option.effect is Effect.ABORT or option.friction is not Friction.TAP
        return slow or click.action.startswith(READ_WHOLE) or not self._screens.is_whole(escalation)

    async def ask(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """What asks in a modal first, where it can still be done: stop, ask, resolve, override …"""
        click = of_button(body, foreign=is_foreign(body))
        found = await self._found(click)
        if isinstance(found, Message):
            await ack()
            await self._voice.tell(client, click, found)
        elif self._screens.is_worth_asking(found, click):
            view = self._screens.ask_modal(found, click)
            await ack()
            await self._voice.open(client, click, view)
            self._browsing.looked(click)
        else:
            await self._at_once(ack, click, client, click.verb)

    async def done(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """One tap that decides nothing: I am looking, more time."""
        click = of_button(body, foreign=is_foreign(body))
        found = await self._found(click)
        if isinstance(found, Message):
            await ack()
            await self._voice.tell(client, click, found)
        else:
            await self._at_once(ack, click, client, click.verb)

    async def _found(self, click: Click) -> Escalation | Message:
        """The escalation that was clicked, or what to say of it."""
        known = self._ports.waiting(click.escalation)
        if known is not None:
            return known
        try:
            found = await self._ports.reads.escalation(click.escalation)
        except StoreError as error:
            return self._failed(click, error)
        return found or self._screens.no_such()

    async def _at_once(self, ack: Ack, click: Click, client: AsyncWebClient, verb: str) -> None:
        """Commit and acknowledge; the answer is owed by the commit, or shown in the window."""
        command = command_of(verb, click)
        settled = await self._commit(ack, click, command)
        if settled is None:
            return
        await ack()
        if click.view_id:
            await self._voice.open(client, click, self._screens.answer_modal(settled, click))
            self._voice.after(self._ports.deliveries.answered(command.id, self._ports.clock()))

    # -- modals ---------------------------------------------------------------------------------

    async def sent(self, ack: Ack, body: Payload) -> None:
        """A modal was sent off: commit, then show in it what became of it."""
        click = of_modal(body, foreign=is_foreign(body))
        verb = str((body.get("view") or {}).get("callback_id"))
        wrong = self._screens.form_errors(click, verb)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        command = command_of(verb, click)
        settled = await self._commit(ack, click, command, in_modal=True)
        if settled is None:
            return
        if settled.refusal is not None and settled.refusal.why in FORM_CORRECTIONS:
            wrong = self._screens.field_errors(settled.refusal, verb)
            await ack(response_action="errors", errors=wrong)
            return
        view = fitting_view(self._screens.answer_modal(settled, click))
        await ack(response_action="update", view=view)
        self._voice.after(self._ports.deliveries.answered(command.id, self._ports.clock()))

    async def revoked(self, ack: Ack, event: Payload) -> None:
        """The workspace took our token away: held operations stay held, health says so."""
        await ack()
        self._ports.lost(str(event.get("type")))

    async def passed_over(self, ack: Ack) -> None:
        """An event nobody subscribed to, or a window that was closed: nothing follows from it."""
        await ack()

    # -- the commit -----------------------------------------------------------------------------

    async def _commit(
        self, ack: Ack, click: Click, command: Command, *, in_modal: bool = False
    ) -> Settled | None:
        """Submit and wait for the disk. None when nothing may be acknowledged, or it was already.

        A slow commit goes on without us; its owed answer is the correction that follows.
        """
        submitted = asyncio.ensure_future(self._ports.writer.submit(command))
        self._voice.mind(submitted)
        try:
            left = COMMIT_WITHIN_S - (monotonic() - click.heard_at)  # Slack counts from the click
            settled = await asyncio.wait_for(asyncio.shield(submitted), left)
        except TimeoutError:
            log.warning("commit-too-slow", command=command.id)
            self._voice.after(self._correct(submitted, click))
            return None
        except StoreError as error:
            await self._not_saved(ack, click, error, in_modal=in_modal)
            return None
        self._ports.wake()
        return settled

    async def _correct(self, submitted: "asyncio.Future[Settled]", click: Click) -> None:
        """Slack showed its error; what became of the click is said when it is known."""
        try:
            await submitted
        except StoreError as error:
            await self._voice.whisper(click, self._failed(click, error))
        else:
            self._ports.wake()

    async def _not_saved(
        self, ack: Ack, click: Click, error: StoreError, *, in_modal: bool
    ) -> None:
        message = self._failed(click, error)
        if in_modal:
            view = self._screens.notice_modal(message, click)
            await ack(response_action="update", view=fitting_view(view))
            return
        await ack()
        await self._voice.whisper(click, message)

    def _failed(self, click: Click, error: StoreError) -> Message:
        err = click_id(click.command_id)[-4:]
        log.error("click-not-saved", err=err, error=type(error).__name__)
        return self._screens.not_saved(err, unsure=isinstance(error, UnsureError))
