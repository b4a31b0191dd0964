"""What people only look at: details, lists, `show`. Nothing here decides anything.

What must be read is read before the acknowledgement; so a store that is away is answered too.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from approvals.commands import Actor, Look
from approvals.escalation import Escalation
from approvals.ports import StoreError
from bot.messaging import Message
from bot.redaction import redact_text
from bot.slack.clicks import Click, is_foreign, of_button, value_of
from bot.slack.finding import Finding
from bot.slack.guard import account_of
from bot.slack.ports import Ports
from bot.slack.screens import Screens
from bot.slack.voice import Voice

log = structlog.get_logger(__name__)

#: First parts of the action ids of all our buttons. The catch-all leaves these alone: Bolt asks
#: every listener that matches until one acknowledges, also after a commit that was too slow to.
OURS = (
    "vote|read_whole|stop|add_reason|withdraw|details|page|show|list|search|away|back|"
    "acknowledge|extend|ask|answer|resolve|break_glass|write_issue|write_review|hand_review|"
    "earlier|storm_[a-z]+"
)

Ack = Any
Payload = Mapping[str, Any]

#: Draws a window about an escalation, or says why it cannot.
View = Callable[[Escalation, Click], Awaitable[Mapping[str, Any] | Message]]


class Browsing:
    """Listeners of what only shows something."""

    def __init__(self, ports: Ports, screens: Screens, finding: Finding, voice: Voice) -> None:
        self._ports, self._screens = ports, screens
        self._finding, self._voice = finding, voice

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to Bolt; the last takes what nobody else does."""
        app.action(re.compile(r"^(details$|page:)"))(self.details)
        app.action("earlier")(self.earlier)
        app.action(re.compile(r"^show(:|$)"))(self.show)
        app.action(re.compile(r"^(list|search)(:|$)"))(self.list_page)
        app.action(re.compile(rf"^(?!({OURS})(:|$))"))(self.other)
        app.command("/escalations")(self.command)

    async def details(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """Everything there is to know, in a modal; one page of it."""
        await self._window(ack, body, client, self._page)

    async def _page(self, escalation: Escalation, click: Click) -> Mapping[str, Any] | Message:
        try:
            deliveries = await self._ports.deliveries.of(escalation.id)
            cards = await self._ports.cards.of(escalation.id)
            records = await self._ports.reads.records(escalation.id)
        except StoreError:
            return self._screens.store_away(click)
        asked = click.action.rpartition(":")[2]
        page = int(asked) if asked.isdecimal() else 1
        return self._screens.details(escalation, click, cards, deliveries, records, page=page)

    async def earlier(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """The earlier ones like it, in a window."""
        await self._window(ack, body, client, self._like)

    async def _window(self, ack: Ack, body: Payload, client: AsyncWebClient, view: View) -> None:
        """A window about an escalation, for whoever may read it; else why not."""
        click = of_button(body, foreign=is_foreign(body))
        found = await self._readable(click)
        shown = found if isinstance(found, Message) else await view(found, click)
        await ack()
        if isinstance(shown, Message):
            await self._voice.tell(client, click, shown)
            return
        await self._voice.open(client, click, shown)
        self.looked(click)

    async def _like(self, escalation: Escalation, click: Click) -> Mapping[str, Any] | Message:
        try:
            found, unread = await self._finding.like(escalation, click)
        except StoreError:
            return self._screens.store_away(click)
        return self._screens.earlier_modal(escalation, found, unread, click)

    async def show(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """`Show` in a list: the card itself, live buttons included; in a window where the channel
        would keep it for ever.
        """
        click = of_button(body, foreign=is_foreign(body))
        found = await self._readable(click)
        drawn = found if isinstance(found, Message) else await self._card(found)
        await ack()
        if isinstance(found, Message):
            await self._voice.tell(client, click, found)
            return
        if click.wants_window:
            await self._voice.open(client, click, self._screens.card_modal(found, drawn))
        else:
            await self._voice.whisper(click, drawn)
        self.looked(click)

    async def _card(self, escalation: Escalation) -> Message:
        try:
            return await self._finding.card(escalation)
        except StoreError:
            return self._screens.card_for(escalation)

    async def list_page(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """`Next 10` of a list or of what was found; `List` of many alike."""
        click = of_button(body, foreign=is_foreign(body))
        page = await self._finding.turned(click, value_of(body))
        await ack()
        if click.wants_window:
            await self._voice.open(client, click, self._screens.list_modal(page))
        else:
            await self._voice.whisper(click, page)

    async def command(self, ack: Ack, body: Payload) -> None:
        """`/escalations list | show ID | search WORDS | reviews | help`."""
        foreign = is_foreign(body)
        # What is typed is said again, and stands in buttons: no secret comes back by that.
        typed = {"text": redact_text(str(body.get("text") or ""))}
        said, shown = await self._finding.command({**body, **typed}, foreign=foreign)
        await ack(**said)
        if shown is not None:
            self._looked(shown.id, Actor(account=account_of(body), foreign=foreign))

    async def other(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """A button that only opens a link, or one of another version, which says so."""
        await ack()
        if not (body.get("actions") or [{}])[0].get("url"):
            click = of_button(body, foreign=is_foreign(body))
            await self._voice.tell(client, click, self._screens.old_button())

    def looked(self, click: Click) -> None:
        """Note that this person opened something of it, for the first time."""
        self._looked(click.escalation, click.actor)

    def _looked(self, escalation_id: str, actor: Actor) -> None:
        command = Look(id=self._ports.new_id("cmd"), escalation_id=escalation_id, actor=actor)
        self._voice.after(self._ports.writer.submit(command))

    async def _readable(self, click: Click) -> Escalation | Message:
        """The escalation that was clicked if this person may read it, or what to say."""
        try:
            found = await self._ports.reads.escalation(click.escalation)
        except StoreError:
            return self._screens.store_away(click)
        if found is None:
            return self._screens.no_such()
        readable = await self._finding.may_read(found, click)
        return found if readable else self._screens.not_readable(click)
