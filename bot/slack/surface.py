"""The Slack surface: clicks become commands, answers become what the person sees.

Order within a listener: verify (the guard did), commit, acknowledge, return. Nothing fallible
follows an acknowledgement, except opening a modal, which decides nothing and catches its errors.
No rule lives here: the core says what a click means.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from approvals.commands import AddReason, Command, Look, Stop, Vote, Withdraw
from approvals.escalation import Escalation
from approvals.ports import (
    Cards,
    Clock,
    Deliveries,
    FactSource,
    NotSavedError,
    Reads,
    Settled,
    StoreError,
    Writer,
)
from approvals.refusals import FORM_CORRECTIONS
from approvals.words import Effect, Friction
from bot.messaging import Message, Slack, SlackError
from bot.slack.clicks import Click, click_id, of_button, of_modal
from bot.slack.screens import Screens

log = structlog.get_logger(__name__)

#: A commit slower than this is not acknowledged: Slack shows its error, a correction follows.
COMMIT_WITHIN_S = 2.5

Ack = Any
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the surface needs from outside."""

    writer: Writer
    reads: Reads
    cards: Cards
    deliveries: Deliveries
    facts: FactSource
    slack: Slack
    clock: Clock
    new_id: Callable[[str], str]
    wake: Callable[[], None]  #: there is something to say
    lost: Callable[[str], None]  #: the workspace took our token away


class Surface:
    """Listeners, one method an interaction."""

    def __init__(self, ports: Ports, screens: Screens) -> None:
        self._ports = ports
        self._screens = screens
        self._later: set[asyncio.Task[Any]] = set()

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to Bolt. Everything subscribed to has one."""
        import re

        app.action(re.compile(r"^vote:"))(self.tapped)
        app.action("read_whole")(self.tapped)
        app.action("details")(self.details)
        app.action(re.compile(r"^(page|details_page):"))(self.turn_page)
        app.action(re.compile(r"^(stop|add_reason|withdraw)$"))(self.ask)
        app.action(re.compile(r"^show:"))(self.show)
        app.action(re.compile(r"^list"))(self.list_page)
        app.action(re.compile(r".*"))(self.nothing)
        for callback in ("vote", "stop", "add_reason", "withdraw"):
            app.view(callback)(self.sent)
        app.command("/escalations")(self.command)
        app.event("app_home_opened")(self.home)
        app.event("tokens_revoked")(self.revoked)
        app.event("app_uninstalled")(self.revoked)

    # -- clicks on cards ------------------------------------------------------------------------

    async def tapped(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """An option's button: one tap for what is reversible and shown whole, else its modal."""
        click = of_button(body, foreign=is_foreign(body))
        escalation = await self._escalation(click)
        if escalation is not None and self._needs_modal(escalation, click):
            await ack()
            await self._open(client, click, self._screens.vote_modal(escalation, click))
            self._looked(click)
            return
        settled = await self._commit(ack, click, self._vote(click, read_whole=False))
        if settled is not None:
            await ack()

    def _needs_modal(self, escalation: Escalation, click: Click) -> bool:
        option = escalation.option(click.option)
        if option is None or escalation.status.is_terminal or click.foreign:
            return False
        if click.shown < escalation.shown and option.effect is Effect.RELEASE:
            return False
        if not self._screens.may_decide(escalation, click):
            return False
        slow = option.effect is Effect.ABORT or option.friction is not Friction.TAP
        return slow or not self._screens.is_whole(escalation)

    def _vote(self, click: Click, *, read_whole: bool, in_modal: bool = False) -> Vote:
        return Vote(
            id=click.command_id,
            escalation_id=click.escalation,
            actor=click.actor,
            option=click.option,
            shown=click.shown,
            digest=click.digest,
            rationale=self._screens.rationale(click),
            typed=click.values.get("typed"),
            read_whole=read_whole,
            in_modal=in_modal,
            reply=click.reply(in_modal=in_modal),
        )

    async def details(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """Everything there is to know, in a modal."""
        await ack()
        click = of_button(body, foreign=is_foreign(body))
        escalation = await self._escalation(click)
        if escalation is None or not self._screens.may_read(escalation, click):
            return
        deliveries = await self._ports.deliveries.of(escalation.id)
        cards = await self._ports.cards.of(escalation.id)
        view = self._screens.details(escalation, click, cards, deliveries, page=1)
        await self._open(client, click, view)
        self._looked(click)

    async def turn_page(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """Another page of a long modal."""
        await ack()
        click = of_button(body, foreign=is_foreign(body))
        escalation = await self._escalation(click)
        view = body.get("view") or {}
        if escalation is None or not view.get("id"):
            return
        page = int(str(body["actions"][0]["action_id"]).rpartition(":")[2] or 1)
        deliveries = await self._ports.deliveries.of(escalation.id)
        cards = await self._ports.cards.of(escalation.id)
        fresh = self._screens.details(escalation, click, cards, deliveries, page=page)
        try:
            await client.views_update(view_id=view["id"], view=dict(fresh))
        except SlackClientError as error:
            log.warning("page-not-shown", error=type(error).__name__)

    async def ask(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """Stop, add a reason, withdraw: each asks in a modal first."""
        await ack()
        click = of_button(body, foreign=is_foreign(body))
        escalation = await self._escalation(click)
        if escalation is not None:
            kind = str(body["actions"][0]["action_id"])
            await self._open(client, click, self._screens.ask_modal(kind, escalation, click))

    async def nothing(self, ack: Ack) -> None:
        """A button that only opens a link, or one of an older version."""
        await ack()

    # -- modals ---------------------------------------------------------------------------------

    async def sent(self, ack: Ack, body: Payload) -> None:
        """A modal was sent off: commit, then show in it what became of it."""
        click = of_modal(body, foreign=is_foreign(body))
        wrong = self._screens.form_errors(click)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        command = self._of_modal(str((body.get("view") or {}).get("callback_id")), click)
        settled = await self._commit(ack, click, command, in_modal=True)
        if settled is None:
            return
        if settled.refusal is not None and settled.refusal.why in FORM_CORRECTIONS:
            await ack(
                response_action="errors",
                errors=self._screens.field_errors(settled.refusal, click),
            )
            return
        await ack(response_action="update", view=self._screens.answer_modal(settled, click))
        self._after(self._ports.deliveries.answered(command.id, self._ports.clock()))

    def _of_modal(self, callback: str, click: Click) -> Command:
        reply = click.reply(in_modal=True)
        text = self._screens.rationale(click)
        if callback == "stop":
            return Stop(
                id=click.command_id,
                escalation_id=click.escalation,
                actor=click.actor,
                reason=text,
                reply=reply,
            )
        if callback == "withdraw":
            return Withdraw(
                id=click.command_id,
                escalation_id=click.escalation,
                actor=click.actor,
                reason=text,
                reply=reply,
            )
        if callback == "add_reason":
            return AddReason(
                id=click.command_id,
                escalation_id=click.escalation,
                actor=click.actor,
                text=text or "",
                reply=reply,
            )
        return self._vote(click, read_whole=True, in_modal=True)

    # -- lists ----------------------------------------------------------------------------------

    async def command(self, ack: Ack, body: Payload) -> None:
        """`/escalations list | show ID | help`."""
        await ack(**await self._screens.command(body, foreign=is_foreign(body)))

    async def show(self, ack: Ack, body: Payload) -> None:
        """`Show` in a list: the card itself, live buttons included."""
        await ack()
        click = of_button(body, foreign=is_foreign(body))
        escalation = await self._escalation(click)
        if escalation is None or not self._screens.may_read(escalation, click):
            return
        card = self._screens.card_for(escalation)
        await self._whisper(click, card)
        self._looked(click)

    async def list_page(self, ack: Ack, body: Payload) -> None:
        """`Next 10` of a list."""
        await ack()
        click = of_button(body, foreign=is_foreign(body))
        await self._whisper(click, await self._screens.next_page(body, click))

    async def home(self, ack: Ack, event: Payload, client: AsyncWebClient) -> None:
        """App Home: the same list as the command."""
        await ack()
        if event.get("tab") == "home":
            view = await self._screens.home(str(event.get("user") or ""))
            try:
                await client.views_publish(user_id=str(event.get("user")), view=dict(view))
            except SlackClientError as error:
                log.warning("home-not-published", error=type(error).__name__)

    async def revoked(self, ack: Ack, event: Payload) -> None:
        """The workspace took our token away: held operations stay held, health says so."""
        await ack()
        self._ports.lost(str(event.get("type")))

    # -- what they share ------------------------------------------------------------------------

    async def _escalation(self, click: Click) -> Escalation | None:
        if not click.escalation:
            return None
        try:
            return await self._ports.reads.escalation(click.escalation)
        except StoreError:
            return None

    async def _commit(
        self, ack: Ack, click: Click, command: Command, *, in_modal: bool = False
    ) -> Settled | None:
        """Submit and wait for the disk. None when nothing may be acknowledged, or it was already.

        A slow commit goes on without us; its owed answer is the correction that follows.
        """
        submitted = asyncio.ensure_future(self._ports.writer.submit(command))
        self._later.add(submitted)
        submitted.add_done_callback(self._later.discard)
        try:
            settled = await asyncio.wait_for(asyncio.shield(submitted), COMMIT_WITHIN_S)
        except TimeoutError:
            submitted.add_done_callback(_quietly)
            log.warning("commit-too-slow", command=command.id)
            return None
        except StoreError as error:
            await self._not_saved(ack, click, error, in_modal=in_modal)
            return None
        self._ports.wake()
        return settled

    async def _not_saved(
        self, ack: Ack, click: Click, error: StoreError, *, in_modal: bool
    ) -> None:
        err = click_id(click.command_id)[-4:]
        log.error("click-not-saved", err=err, error=type(error).__name__)
        message = self._screens.not_saved(err, unsure=not isinstance(error, NotSavedError))
        if in_modal:
            await ack(response_action="update", view=self._screens.notice_modal(message))
            return
        await ack()
        await self._whisper(click, message)

    async def _open(self, client: AsyncWebClient, click: Click, view: Mapping[str, Any]) -> None:
        try:
            await client.views_open(trigger_id=click.trigger_id, view=dict(view))
        except (SlackClientError, OSError, TimeoutError) as error:
            log.warning("window-not-opened", error=type(error).__name__)
            await self._whisper(click, self._screens.window_too_slow())

    async def _whisper(self, click: Click, message: Message) -> None:
        """Say it to the clicker alone, where they are; as a direct message if Slack refuses."""
        slack = self._ports.slack
        try:
            if click.channel:
                await slack.ephemeral(click.channel, click.account, message, click.thread_ts)
                return
        except SlackError as error:
            log.info("ephemeral-refused", code=error.code)
        try:
            await slack.post(click.account, message, key=click.command_id)
        except SlackError as error:
            log.warning("answer-not-shown", code=error.code)

    def _looked(self, click: Click) -> None:
        command = Look(
            id=self._ports.new_id("cmd"), escalation_id=click.escalation, actor=click.actor
        )
        self._after(self._ports.writer.submit(command))

    def _after(self, work: Any) -> None:
        """Work nobody waits for; it may fail without harm."""
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        task.add_done_callback(_quietly)


def _quietly(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.warning("later-work-failed", error=type(task.exception()).__name__)


def is_foreign(body: Payload) -> bool:
    """Marked by the guard: a guest, or someone of another workspace."""
    return bool(body.get("andon_foreign"))
