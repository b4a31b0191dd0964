"""What the surface shows: the drawing functions, given what they need of the moment."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from approvals.escalation import Escalation
from approvals.facts import People
from approvals.ports import Card, Clock, Delivery, FactSource, Reads, Settled, StoreError
from approvals.refusals import Refusal
from approvals.showing import is_shown_whole
from approvals.tally import eligible
from bot.messaging import Message
from bot.slack.clicks import Click
from bot.slack.texts import answers, lists, modals
from bot.slack.texts.card import card
from bot.slack.texts.details import details

View = Mapping[str, Any]


class Screens:
    """Reads what a drawing needs and draws it; decides nothing."""

    def __init__(self, reads: Reads, facts: FactSource, clock: Clock) -> None:
        self._reads, self._facts, self._clock = reads, facts, clock

    @property
    def _people(self) -> People:
        return self._facts.facts(self._clock()).people

    def may_decide(self, e: Escalation, click: Click) -> bool:
        """Whether a modal is worth opening; the core decides on submission all the same."""
        person = self._people.of_account(click.account)
        return person is not None and person.id in eligible(e, self._people)

    def may_read(self, e: Escalation, click: Click) -> bool:
        """Whoever sees the card in a channel may read what is behind it; so may those concerned."""
        if click.foreign:
            return False
        person = self._people.of_account(click.account)
        in_channel = click.channel is not None and click.channel == e.plan.channel
        return in_channel or lists.may_see(e, click.account, person, self._people)

    def is_whole(self, e: Escalation) -> bool:
        """Whether the card shows all that would run."""
        return is_shown_whole(e)

    def rationale(self, click: Click) -> str | None:
        """The chip and the sentence, as one reason."""
        chip, typed = click.values.get("chip"), (click.values.get("reason") or "").strip()
        parts = [part for part in (chip if chip != "Other" else None, typed) if part]
        return ": ".join(parts) or (chip or None)

    def vote_modal(self, e: Escalation, click: Click) -> View:
        """The modal of the option that was tapped, about the escalation as it is now."""
        option = e.option(click.option)
        assert option is not None  # noqa: S101  the surface looked
        return modals.vote_modal(e, option, self._meta(e, click))

    def ask_modal(self, kind: str, e: Escalation, click: Click) -> View:
        """Stop, withdraw or add a reason."""
        return modals.ask_modal(kind, e, self._meta(e, click))

    def details(
        self,
        e: Escalation,
        click: Click,
        cards: Sequence[Card],
        deliveries: Sequence[Delivery],
        *,
        page: int,
    ) -> View:
        """A page of everything."""
        return details(e, self._people, cards, deliveries, self._meta(e, click), page)

    def _meta(self, e: Escalation, click: Click) -> str:
        return modals.metadata(e, click.option, e.shown, click.channel, click.ts)

    def field_errors(self, refusal: Refusal, click: Click) -> dict[str, str]:
        """At the fields of the open modal."""
        return modals.field_errors(refusal)

    def answer_modal(self, settled: Settled, click: Click) -> View:
        """What became of what was sent."""
        e = settled.escalation
        if e is None:
            return self.notice_modal(answers.said("Not recorded. There is no such escalation."))
        refusal = settled.refusal
        case = refusal.why.value if refusal else settled.answer.case.value
        values = refusal.values if refusal else settled.answer.values
        message = answers.answer(case, values, e, self._clock())
        blocks = [b for b in message.blocks if b["type"] != "actions"]
        typed = self.rationale(click)
        if refusal is not None and typed:
            kept = answers.said(f"Your text, to copy: «{typed[:1000]}»").blocks[0]
            blocks.append({**kept, "block_id": "kept"})
        return modals.notice([dict(b) for b in blocks])

    def notice_modal(self, message: Message) -> View:
        """A plain answer in the modal."""
        return modals.notice([dict(b) for b in message.blocks])

    def not_saved(self, err: str, *, unsure: bool) -> Message:
        """The store did not take it."""
        return answers.not_saved(err, unsure=unsure)

    def window_too_slow(self) -> Message:
        """The modal could not be opened in time."""
        return answers.said(answers.TOO_SLOW)

    def card_for(self, e: Escalation) -> Message:
        """The card itself, live buttons included."""
        return card(e, self._people, channel=True)

    async def command(self, body: Mapping[str, Any], *, foreign: bool) -> dict[str, Any]:
        """The answer to `/escalations`, for the caller alone."""
        if foreign:
            return _whispered(answers.said("Only members of this workspace can ask."))
        words = str(body.get("text") or "").split()
        account = str(body.get("user_id") or "")
        try:
            return _whispered(await self._said(words, account))
        except StoreError:
            return _whispered(
                answers.said(
                    "Andon cannot read its records just now. Nothing runs meanwhile. Try again in "
                    "a minute."
                )
            )

    async def _said(self, words: list[str], account: str) -> Message:
        verb = words[0].lower() if words else "list"
        if verb == "list":
            return await self.listing(account, 0)
        if verb == "show" and len(words) > 1:
            return await self._show(words[1].lower(), account)
        if verb in ("help", "show"):
            return answers.said(lists.HELP)
        return lists.unknown_command(verb)

    async def listing(self, account: str, page: int) -> Message:
        """One page of the caller's list."""
        found = await self._reads.pending()
        return lists.listing(found, account, self._people, self._clock(), page)

    async def _show(self, suffix: str, account: str) -> Message:
        person = self._people.of_account(account)
        whole = await self._reads.escalation(suffix)
        found = (whole,) if whole else await self._reads.ending_in(suffix[-6:])
        seen = [e for e in found if lists.may_see(e, account, person, self._people)]
        if not seen:
            return lists.nothing_ends_in(suffix)
        return self.card_for(seen[0]) if len(seen) == 1 else lists.several_end_in(seen, suffix)

    async def next_page(self, body: Mapping[str, Any], click: Click) -> Message:
        """The page a `Next 10` asks for."""
        value = (body.get("actions") or [{}])[0].get("value") or "{}"
        try:
            page = int(json.loads(value).get("p", 0))
        except (ValueError, TypeError, AttributeError):
            page = 0
        return await self.listing(click.account, page)

    async def home(self, account: str) -> View:
        """App Home: the same list."""
        message = await self.listing(account, 0)
        return {"type": "home", "blocks": [dict(block) for block in message.blocks]}


def _whispered(message: Message) -> dict[str, Any]:
    return {
        "response_type": "ephemeral",
        "text": message.text,
        "blocks": [dict(block) for block in message.blocks],
    }
