"""A storm's buttons: its list, abort these, try one first, release the others.

Each choice is an ordinary vote on one member of the list that was shown; whoever comes later is not
in it. Votes go in modest chunks, so that nobody else waits for a thousand of them. One answer says
what became of all, with a delivery as the net below it.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from approvals.batches import others
from approvals.commands import ReplyTo, Vote
from approvals.escalation import Escalation
from approvals.ports import StoreError
from approvals.storms import Listed, Storm, relisted
from approvals.words import Status
from bot.messaging import Message
from bot.slack.clicks import Click, click_id, is_foreign, of_button, of_modal
from bot.slack.drawing import storm_windows as windows
from bot.slack.drawing.fitting import fitting_view
from bot.slack.drawing.storm import ABORT, LIST, OTHERS, SHOW, TRY, abort_of, is_of, storm_card
from bot.slack.finding import Finding
from bot.slack.ports import Ports
from bot.slack.screens import Screens
from bot.slack.verbs import rationale
from bot.slack.voice import Voice

log = structlog.get_logger(__name__)

#: Votes put to the writer at once; and how often the window says how far they have come.
CHUNK, TELL_EVERY_S = 40, 2.0

#: All that is recorded so soon is answered by the acknowledgement itself.
ACK_WITHIN_S = 2.0

#: What the acknowledgement shows reaches the window first, whatever is sent after it.
SETTLE_S = 0.5

Ack = Any
Payload = Mapping[str, Any]
View = Mapping[str, Any]


@dataclass
class Progress:
    """How far the votes of one click have come."""

    of: int
    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def answer(self, aborts: bool) -> Message:
        """What became of all of them."""
        done = "aborted" if aborts else "released"
        return windows.outcome(done, self.done - self.refused.total(), self.refused)


class Batch:
    """Listeners of a storm's buttons and windows."""

    def __init__(self, ports: Ports, screens: Screens, finding: Finding, voice: Voice) -> None:
        self._ports, self._screens = ports, screens
        self._finding, self._voice = finding, voice

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to Bolt."""
        app.action(re.compile(rf"^({ABORT}|{OTHERS}|{TRY}|{SHOW}|{LIST})(:|$)"))(self.pressed)
        app.view(windows.ABORT_THESE)(self.sent)
        app.view(windows.RELEASE_OTHERS)(self.sent)

    # -- buttons --------------------------------------------------------------------------------

    async def pressed(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """A button: opens a window, or shows a card to this person alone."""
        click, carries = of_button(body, foreign=is_foreign(body)), _carried(body)
        found = await self._found(click, carries)
        if isinstance(found, Message):
            shown: View | Message = found
        else:
            shown = self._answer(found, await self._sees(click), click, carries)
        await ack()
        if not isinstance(shown, Message):
            await self._voice.open(client, click, shown)
        elif isinstance(found, Storm) and click.action.partition(":")[0] in (TRY, SHOW):
            await self._show(client, click, shown)
        else:
            await self._voice.tell(client, click, shown)

    async def _show(self, client: AsyncWebClient, click: Click, card: Message) -> None:
        """A card with its live buttons, to this person alone."""
        if click.wants_window:
            await self._voice.open(client, click, self._screens.notice_modal(card, click))
        else:
            await self._voice.whisper(click, card)

    async def _found(self, click: Click, carries: Payload) -> Storm | Message:
        """The storm, if this person may read something of it; else what to say."""
        try:
            storm = await self._ports.storms.storm(str(carries.get("st") or ""))
        except StoreError:
            return self._screens.store_away(click)
        if storm is None:
            return self._screens.no_such()
        sees = await self._sees(click)
        return storm if any(map(sees, storm.members)) else self._screens.not_readable(click)

    async def _sees(self, click: Click) -> Callable[[Escalation], bool]:
        """What whoever clicked may read."""
        reader = await self._finding.reader(click.account, click.channel)
        return lambda e: not click.foreign and reader.sees(e)

    def _answer(
        self, storm: Storm, sees: Callable[[Escalation], bool], click: Click, carries: Payload
    ) -> View | Message:
        verb, _, page = click.action.partition(":")
        where = {"channel": click.channel, "ts": click.ts}
        if verb == LIST:
            seen = [e for e in storm.members if sees(e)]
            number = int(page) if page.isdecimal() else 0
            return windows.list_window(storm, seen, page=number, **where)
        if verb == TRY:
            waiting = [e for e in storm.waiting if sees(e)]
            return self._screens.card_for(waiting[0]) if waiting else windows.gone()
        if verb == ABORT:
            list_ = self._list(storm, carries)
            return windows.abort_window(storm, list_, **where) if list_ else windows.gone()
        if verb == OTHERS:
            found = others(storm)
            return windows.others_window(storm, found, **where) if found else windows.not_alike()
        return storm_card(storm)

    def _list(self, storm: Storm, carries: Payload) -> Listed | None:
        """Those of the button's list that still wait: nobody else is in it."""
        shown = _relisted(storm, carries)
        if shown is None:
            return None
        still = tuple(e for e in shown.members if e.status is Status.PENDING)
        return Listed(storm=storm.id, members=still) if still else None

    # -- windows --------------------------------------------------------------------------------

    async def sent(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """A window was sent off: check the list, then record a vote for each of it."""
        click, carries = of_modal(body, foreign=is_foreign(body)), _carried(body)
        aborts = (body.get("view") or {}).get("callback_id") == windows.ABORT_THESE
        wrong = self._screens.form_errors(click, "vote") if aborts else {}
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        found = await self._found(click, carries)
        chosen = found if isinstance(found, Message) else _chosen(found, carries, aborts=aborts)
        if isinstance(chosen, Message):
            await ack(response_action="update", view=self._notice(chosen, click))
            return
        far = Progress(of=len(chosen))
        job = asyncio.ensure_future(self._record(click, chosen, far))
        self._voice.mind(job)
        await asyncio.wait({job}, timeout=ACK_WITHIN_S)
        if job.done():
            await ack(response_action="update", view=self._notice(far.answer(aborts), click))
            self._voice.after(self._answered(click))
            return
        await ack(response_action="update", view=fitting_view(_window(far, click)))
        self._voice.after(self._follow(client, click, job, far, aborts=aborts))

    def _notice(self, message: Message, click: Click) -> dict[str, Any]:
        return fitting_view(self._screens.notice_modal(message, click))

    async def _record(
        self, click: Click, chosen: Sequence[tuple[Escalation, str]], far: "Progress"
    ) -> None:
        """Vote after vote, a chunk at a time."""
        for at in range(0, len(chosen), CHUNK):
            chunk = [self._vote(click, e, option) for e, option in chosen[at : at + CHUNK]]
            whys = await asyncio.gather(*map(self._one, chunk))
            far.refused.update(why for why in whys if why)
            far.done += len(chunk)
            self._ports.wake()

    async def _follow(
        self,
        client: AsyncWebClient,
        click: Click,
        job: "asyncio.Future[None]",
        far: "Progress",
        *,
        aborts: bool,
    ) -> None:
        """Say in the window how far it has come, and at the end what became of all."""
        await asyncio.sleep(SETTLE_S)
        while not job.done():
            await self._voice.redraw(client, click, _window(far, click))
            await asyncio.wait({job}, timeout=TELL_EVERY_S)
        job.result()
        await self._voice.tell(client, click, far.answer(aborts))
        await self._answered(click)

    async def _answered(self, click: Click) -> None:
        await self._ports.deliveries.answered(_batch_id(click), self._ports.clock())

    async def _one(self, vote: Vote) -> str | None:
        """Why one vote was not recorded; None where it was."""
        try:
            settled = await self._ports.writer.submit(vote)
        except StoreError as error:
            log.error("vote-not-saved", command=vote.id, error=type(error).__name__)
            return windows.NOT_SAVED
        return settled.refusal.why.value if settled.refusal else None

    def _vote(self, click: Click, e: Escalation, option: str) -> Vote:
        """An ordinary vote; its id is the same for every delivery of the same click."""
        return Vote(
            id=click_id(click.command_id, e.id),
            escalation_id=e.id,
            actor=click.actor,
            option=option,
            shown=e.shown,
            digest=e.digest,
            rationale=rationale(click),
            reply=ReplyTo(channel=click.channel, in_modal=True, batch=_batch_id(click)),
        )


def _chosen(
    storm: Storm, carries: Payload, *, aborts: bool
) -> tuple[tuple[Escalation, str], ...] | Message:
    """Each member of the list that was shown, with the option that is chosen for it."""
    shown = _relisted(storm, carries)
    if shown is None or not shown.members:
        return windows.gone()
    if aborts:
        keys = ((e, abort_of(e)) for e in shown.members)
        return tuple((e, key) for e, key in keys if key is not None)
    if not is_of(shown, carries, judged=True):
        return windows.changed()
    if not any(e.status is Status.PENDING for e in shown.members):
        return windows.gone()
    found = others(storm, among=shown.members)
    if found is None or found.option.key != carries.get("o"):
        return windows.not_alike()
    return tuple((e, found.option.key) for e in shown.members)


def _window(far: Progress, click: Click) -> dict[str, Any]:
    carries = json.dumps({"c": click.channel, "t": click.ts})
    return windows.progress_window(far.done, far.of, carries=carries)


def _relisted(storm: Storm, carries: Payload) -> Listed | None:
    """The list that a button or window carries; None where it names another one."""
    try:
        shown = relisted(storm, str(carries.get("l") or ""))
    except ValueError:
        return None
    return shown if is_of(shown, carries) else None


def _batch_id(click: Click) -> str:
    return f"bat_{click.command_id.removeprefix('cmd_')}"


def _carried(body: Payload) -> Payload:
    """What the button or the window names; foreign text, so anything may be missing."""
    action = (body.get("actions") or [{}])[0]
    text = action.get("value") or (body.get("view") or {}).get("private_metadata")
    try:
        found = json.loads(text or "")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
