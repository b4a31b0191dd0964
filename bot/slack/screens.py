"""What the surface shows: the drawing functions, given what they need of the moment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from approvals.decide.learner import learner
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.memory.ports import Match
from approvals.people import People
from approvals.ports import Card, Clock, Delivery, FactSource, Settled
from approvals.refusals import Refusal
from approvals.showing import is_shown_whole
from approvals.tally import eligible, is_requester
from approvals.verdict import Verdict
from bot.messaging import Message
from bot.slack.clicks import Click, click_id
from bot.slack.drawing import answers, asking, learning, modals, words
from bot.slack.drawing.about import is_incident, may_be_stopped, may_override
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.details import details
from bot.slack.drawing.earlier import earlier_modal
from bot.slack.drawing.learned import is_due
from bot.slack.drawing.questions import question_of
from bot.slack.verbs import rationale

View = Mapping[str, Any]

#: What each asking button opens; `answer` and `break_glass` need to know more.
_ASKING = {
    "stop": modals.stop_modal,
    "withdraw": modals.withdraw_modal,
    "add_reason": modals.reason_modal,
    "ask": asking.ask_modal,
    "resolve": asking.resolve_modal,
    "write_issue": learning.issue_modal,
    "write_review": learning.review_modal,
    "hand_review": learning.hand_modal,
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

    def typed(self, click: Click) -> str:
        """All that was written in a modal, to give it back where it was not recorded."""
        wrote = (click.values.get(name) for name in words.TYPED_FIELDS)
        return "\n".join(str(one) for one in (rationale(click), *wrote) if one)

    def form_errors(self, click: Click, verb: str = "vote") -> dict[str, str]:
        """What the form itself asks for, before the core is asked."""
        return words.empty_errors(verb, click.values) or words.abort_errors(
            click.values.get(words.CHIP), click.values.get(words.REASON)
        )

    def vote_modal(self, e: Escalation, click: Click) -> View:
        """The modal of the option that was tapped, about the escalation as it is now."""
        option = e.option(click.option)
        assert option is not None  # noqa: S101  the surface looked
        return modals.vote_modal(
            e,
            option,
            self._people,
            person=self.person_of(click),
            channel=click.channel,
            ts=click.ts,
        )

    def is_worth_asking(self, e: Escalation, click: Click) -> bool:
        """Whether a modal is worth opening; where not, the core says no at once."""
        worth = _WORTH.get(click.verb)
        return not click.foreign and (worth is None or worth(self, e, click))

    def _may_stop(self, e: Escalation, click: Click) -> bool:
        return may_be_stopped(e) and self.may_decide(e, click)

    def _is_own(self, e: Escalation, click: Click) -> bool:
        person = self._people.of_account(click.account)
        own = is_requester(e, click.account, person, self._people)
        return own and not e.status.is_terminal

    def _may_help(self, e: Escalation, click: Click) -> bool:
        """Of an incident nothing is decided: the core knows who may look."""
        if e.status.is_terminal:
            return False
        known = self._people.of_account(click.account) is not None
        return known if is_incident(e) else self.may_decide(e, click)

    def _may_resolve(self, e: Escalation, click: Click) -> bool:
        return is_incident(e) and self._may_help(e, click)

    def _may_answer(self, e: Escalation, click: Click) -> bool:
        found = question_of(e, click.question)
        return self._is_own(e, click) and found is not None and found.answer is None

    def _may_override(self, e: Escalation, click: Click) -> bool:
        return may_override(e, self.person_of(click), self._people)

    def _may_write(self, e: Escalation, click: Click) -> bool:
        """Of what is over, whoever may write it down."""
        found = learner(e, click.actor, self._people, self._clock())
        return e.status.is_terminal and not isinstance(found, Verdict)

    def _may_review(self, e: Escalation, click: Click) -> bool:
        return e.review is not None and self._may_write(e, click)

    def _may_hand(self, e: Escalation, click: Click) -> bool:
        return is_due(e) and self._may_write(e, click)

    def person_of(self, click: Click) -> str | None:
        """The person behind the account, where the policy knows one."""
        person = self._people.of_account(click.account)
        return person.id if person else None

    def ask_modal(self, e: Escalation, click: Click) -> View:
        """Stop, withdraw, add a reason, ask, answer, resolve, override."""
        came_from = {"channel": click.channel, "ts": click.ts}
        question = question_of(e, click.question)
        if click.verb == "answer" and question is not None:
            return asking.answer_modal(e, question, self._people, **came_from)
        if click.verb == "break_glass":
            person = self.person_of(click)
            return asking.override_modal(e, self._people, person=person, **came_from)
        return _ASKING[click.verb](e, self._people, **came_from)

    def details(
        self,
        e: Escalation,
        click: Click,
        cards: Sequence[Card],
        deliveries: Sequence[Delivery],
        records: Sequence[Record],
        *,
        page: int,
    ) -> View:
        """A page of everything."""
        return details(
            e,
            self._people,
            cards=cards,
            deliveries=deliveries,
            records=records,
            page=page,
            person=self.person_of(click),
            channel=click.channel,
            ts=click.ts,
        )

    def field_errors(self, refusal: Refusal, verb: str) -> dict[str, str]:
        """At the fields of the open modal."""
        return words.field_errors(refusal, verb)

    def answer_modal(self, settled: Settled, click: Click) -> View:
        """What became of what was sent, or of a button in a window."""
        refusal = settled.refusal
        case = refusal.why.value if refusal else settled.answer.case.value
        values = refusal.values if refusal else settled.answer.values
        typed = None if click.action else self.typed(click)
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
        """The card itself, live buttons included, without what people wrote in earlier ones."""
        return channel_card(e, self._people)

    def card_modal(self, e: Escalation, drawn: Message) -> View:
        """The card in a window, where there is no channel to show it in."""
        return modals.card(e, drawn)

    def earlier_modal(
        self, e: Escalation, found: Sequence[Match], unread: int, click: Click
    ) -> View:
        """The earlier ones like it that this person may read."""
        came_from = {"channel": click.channel, "ts": click.ts}
        return earlier_modal(e, found, unread, self._people, **came_from)

    def list_modal(self, message: Message) -> View:
        """A list in a window."""
        return modals.notice(message, title="Escalations")


#: When each of the windows that ask is worth opening; the rest always are.
_WORTH: Mapping[str, Callable[[Screens, Escalation, Click], bool]] = {
    "stop": Screens._may_stop,
    "withdraw": Screens._is_own,
    "ask": Screens._may_help,
    "answer": Screens._may_answer,
    "resolve": Screens._may_resolve,
    "break_glass": Screens._may_override,
    "write_issue": Screens._may_write,
    "write_review": Screens._may_review,
    "hand_review": Screens._may_hand,
}
