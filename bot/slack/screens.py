"""What the surface shows: the drawing functions, given what they need of the moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.ports import Card, Clock, Delivery, FactSource, Reads, Settled, StoreError
from approvals.refusals import Refusal
from approvals.showing import is_shown_whole
from approvals.tally import eligible, is_requester
from bot.messaging import Message
from bot.slack.clicks import Click, click_id
from bot.slack.drawing import answers, lists, modals, words
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.details import details
from bot.slack.drawing.fitting import fitting

View = Mapping[str, Any]

#: What each asking button opens.
_ASKING = {
    "stop": modals.stop_modal,
    "withdraw": modals.withdraw_modal,
    "add_reason": modals.reason_modal,
}


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
        return self._sees(e, click.account, click.channel)

    def _sees(self, e: Escalation, account: str, channel: str | None) -> bool:
        """Concerned by it, or in its channel: Slack vouches for where they click or type."""
        person, channels = self._people.of_account(account), {channel} if channel else set()
        return lists.visible_to(e, person, account, self._people, channels)

    def is_whole(self, e: Escalation) -> bool:
        """Whether the card shows all that would run."""
        return is_shown_whole(e)

    def rationale(self, click: Click) -> str | None:
        """The chip and the sentence, as one reason."""
        return words.rationale(click.values.get(words.CHIP), click.values.get(words.REASON))

    def form_errors(self, click: Click) -> dict[str, str]:
        """What the form itself asks for, before the core is asked."""
        return words.abort_errors(click.values.get(words.CHIP), click.values.get(words.REASON))

    def vote_modal(self, e: Escalation, click: Click) -> View:
        """The modal of the option that was tapped, about the escalation as it is now."""
        option = e.option(click.option)
        assert option is not None  # noqa: S101  the surface looked
        person = self._people.of_account(click.account)
        return modals.vote_modal(
            e,
            option,
            self._people,
            person=person.id if person else None,
            channel=click.channel,
            ts=click.ts,
        )

    def is_worth_asking(self, e: Escalation, click: Click) -> bool:
        """Whether a modal is worth opening; where not, the core says no at once."""
        if click.foreign:
            return False
        if click.action == "stop":
            return e.can_be_stopped and self.may_decide(e, click)
        if click.action == "withdraw":
            person = self._people.of_account(click.account)
            own = is_requester(e, click.account, person, self._people)
            return own and not e.status.is_terminal
        return True

    def ask_modal(self, e: Escalation, click: Click) -> View:
        """Stop, withdraw or add a reason."""
        return _ASKING[click.action](e, self._people, channel=click.channel, ts=click.ts)

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
        return details(
            e,
            self._people,
            cards=cards,
            deliveries=deliveries,
            page=page,
            channel=click.channel,
            ts=click.ts,
        )

    def field_errors(self, refusal: Refusal) -> dict[str, str]:
        """At the fields of the open modal."""
        return words.field_errors(refusal)

    def answer_modal(self, settled: Settled, click: Click) -> View:
        """What became of what was sent."""
        refusal = settled.refusal
        case = refusal.why.value if refusal else settled.answer.case.value
        values = refusal.values if refusal else settled.answer.values
        typed = self.rationale(click) or ""
        message = answers.answer(case, values, settled.escalation, self._people, typed=typed)
        return self.notice_modal(message, click)

    def notice_modal(self, message: Message, click: Click) -> View:
        """An answer in the modal; it keeps where the click came from, for its own buttons."""
        return modals.notice(message, channel=click.channel, ts=click.ts)

    def not_saved(self, err: str, *, unsure: bool) -> Message:
        """The store did not take it."""
        return answers.unsure() if unsure else answers.not_saved(err)

    def store_away(self, click: Click) -> Message:
        """Records cannot be read."""
        return answers.store_away(click_id(click.command_id)[-4:])

    def no_such(self) -> Message:
        """The button names nothing that is there."""
        return answers.no_such()

    def not_readable(self, click: Click) -> Message:
        """It is there, for others to read."""
        return answers.not_readable(click.foreign)

    def old_button(self) -> Message:
        """The button is of another version."""
        return answers.old_button()

    def card_for(self, e: Escalation) -> Message:
        """The card itself, live buttons included."""
        return channel_card(e, self._people)

    async def command(
        self, body: Mapping[str, Any], *, foreign: bool
    ) -> tuple[dict[str, Any], Escalation | None]:
        """The answer to `/escalations`, for the caller alone; and whose card it is, if one's."""
        if foreign:
            return _whispered(answers.members_only()), None
        words = str(body.get("text") or "").split()
        account, channel = str(body.get("user_id") or ""), str(body.get("channel_id") or "")
        try:
            said, shown = await self._said(words, account, channel)
        except StoreError:
            return _whispered(answers.store_away(click_id(account)[-4:])), None
        return _whispered(said), shown

    async def _said(
        self, words: list[str], account: str, channel: str | None
    ) -> tuple[Message, Escalation | None]:
        verb = words[0].lower() if words else "list"
        if verb == "list":
            return await self.listing(account, channel), None
        if verb == "show" and len(words) > 1:
            return await self._show(words[1].lower(), account, channel)
        if verb in ("help", "show"):
            return lists.help_text(), None
        return lists.unknown_command(verb), None

    async def listing(self, account: str, channel: str | None = None, page: int = 0) -> Message:
        """One page of the caller's list; with what stands in the channel they ask from."""
        decided = await self._reads.last_decided()
        last = (e for e in decided if self._sees(e, account, channel))
        return lists.listing(
            await self._reads.pending(),
            account=account,
            people=self._people,
            now=self._clock(),
            channels={channel} if channel else set(),
            page=page,
            last=next(last, None),
        )

    async def _show(
        self, suffix: str, account: str, channel: str | None
    ) -> tuple[Message, Escalation | None]:
        whole = await self._reads.escalation(suffix)
        found = (whole,) if whole else await self._reads.ending_in(suffix[-6:])
        seen = [e for e in found if e.id.endswith(suffix) and self._sees(e, account, channel)]
        if not seen:
            return lists.no_such(suffix), None
        if len(seen) > 1:
            return lists.which_of(suffix, seen), None
        return self.card_for(seen[0]), seen[0]

    async def next_page(self, click: Click) -> Message:
        """The page a `Next 10` asks for."""
        if click.foreign:
            return answers.members_only()
        asked = click.action.rpartition(":")[2]
        try:
            page = int(asked) if asked.isdecimal() else 0
            return await self.listing(click.account, click.channel, page)
        except StoreError:
            return self.store_away(click)

    async def home(self, account: str) -> View:
        """App Home: the same list."""
        try:
            return lists.home(await self.listing(account))
        except StoreError:
            return lists.home(answers.store_away(click_id(account)[-4:]))


def _whispered(drawn: Message) -> dict[str, Any]:
    message = fitting(drawn)
    return {
        "response_type": "ephemeral",
        "text": message.text,
        "blocks": [dict(block) for block in message.blocks],
    }
