"""What the surface shows: the drawing functions, given what they need of the moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.ports import Card, Clock, Delivery, FactSource, Settled
from approvals.refusals import Refusal
from approvals.showing import is_shown_whole
from approvals.tally import eligible, is_requester
from bot.messaging import Message
from bot.slack.clicks import Click, click_id
from bot.slack.drawing import answers, modals, words
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.details import details

View = Mapping[str, Any]

#: What each asking button opens.
_ASKING = {
    "stop": modals.stop_modal,
    "withdraw": modals.withdraw_modal,
    "add_reason": modals.reason_modal,
}


class Screens:
    """Reads what a drawing needs and draws it; decides nothing."""

    def __init__(self, facts: FactSource, clock: Clock) -> None:
        self._facts, self._clock = facts, clock

    @property
    def _people(self) -> People:
        return self._facts.facts(self._clock()).people

    def may_decide(self, e: Escalation, click: Click) -> bool:
        """Whether a modal is worth opening; the core decides on submission all the same."""
        person = self._people.of_account(click.account)
        return person is not None and person.id in eligible(e, self._people)

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

    def card_modal(self, e: Escalation) -> View:
        """The card in a window, where there is no channel to show it in."""
        return modals.card(e, self.card_for(e))

    def list_modal(self, message: Message) -> View:
        """A list in a window."""
        return modals.notice(message, title="Escalations")
