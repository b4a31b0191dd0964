"""Direct messages after the card: who is called, what somebody asked or did, or how it ended.

The first line a phone shows says what and how; the sentence is the thread's, and `Show` brings the
card with its live buttons. What the person can do at once has its own button before it.
"""

from collections.abc import Mapping
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.words import Status
from bot.messaging import Message
from bot.slack.drawing import chain, lockscreen
from bot.slack.drawing.about import (
    is_extendable,
    is_incident,
    may_decide,
    may_override,
    outcome_word,
)
from bot.slack.drawing.buttons import (
    acknowledge_button,
    actions,
    answer_button,
    extend_button,
    override_button,
    show_button,
)
from bot.slack.drawing.learned import (
    ASKING_FOR_IT,
    asks_for_review,
    hand_review_button,
    own_review,
    write_review_button,
)
from bot.slack.drawing.ruled import because_buttons
from bot.slack.drawing.spans import Block, Element, Line, bold, one_line, rich, section
from bot.slack.drawing.thread import sentence
from bot.slack.drawing.verbs import open_question

Values = Mapping[str, Any]

#: Messages that call somebody: they say why this person gets them.
CALLING = frozenset({"opened", "step", "reminder", "unattended"})

#: What happened, in the words that stand before the title on a lock screen.
_NEWS: Mapping[str, str] = {
    "step": "still open",
    "answered": "answered",
    "extended": "more time",
    "deadline-held": "nobody told yet",
    "deadline-moved": "more time",
    "let-go": "open again",
    "unattended": "nobody answers",
}


def direct(
    escalation: Escalation,
    case: str,
    values: Values,
    people: People,
    *,
    person: str | None = None,
    reason: str = "",
) -> Message:
    """The message of a `Direct` of approvals.owes, for `person` (in their zone) or an account."""
    reader = lockscreen.reader_of(escalation, people, person)
    lines = [(bold(one_line(escalation.title, 150)),), _told(escalation, case, values, people)]
    lines += own_review(escalation, case, person)
    if reason and case in CALLING:
        lines.append(chain.reason_line(reason))
    blocks: list[Block] = [
        rich(section(*lines), block_id="told"),
        actions([*_offered(escalation, case, values, people, person), show_button(escalation)]),
    ]
    return Message(text=_line(escalation, case, values, people, reader), blocks=tuple(blocks))


def _told(e: Escalation, case: str, values: Values, people: People) -> Line:
    if case in CALLING:
        if e.status is not Status.PENDING:
            return [f"It is over meanwhile: {outcome_word(e)}."]
        return chain.DIRECT[case](e, values, people)
    return sentence(e, "voted" if case == "one-more" else case, values, people)


def _offered(
    e: Escalation, case: str, values: Values, people: People, person: str | None
) -> list[Element]:
    """What this person can do about it now."""
    if asks_for_review(e, case, person):
        return [write_review_button(e), hand_review_button(e)]
    if case == "rule-suspended":
        return because_buttons(values)
    if e.status is not Status.PENDING:
        return []
    if case in ("step", "unattended") and _may_look(e, people, person):
        return [acknowledge_button(e)]
    if case == "reminder" and chain.is_last_reminder(values) and is_extendable(e):
        return [extend_button(e)]
    if case == "override-asked" and may_override(e, person, people):
        return [override_button(e)]
    question = open_question(e, values) if case == "question" else None
    return [answer_button(e, question)] if question else []


def _may_look(e: Escalation, people: People, person: str | None) -> bool:
    """Who may decide; of an incident everyone who is called. Others are told, and that is all."""
    if person is None or e.acknowledged is not None:
        return False
    asked = e.requester.person if e.requester else None
    return person != asked if is_incident(e) else person in may_decide(e, people)


def _line(
    e: Escalation, case: str, values: Values, people: People, reader: lockscreen.Reader
) -> str:
    if case == "one-more":
        option = e.option(str(values.get("option")))
        have, needed = int(values.get("have", 1)), int(values.get("needed", 2))
        return lockscreen.one_more(e, option, have, needed, reader)
    if case in ASKING_FOR_IT:
        return lockscreen.review(e, reader)
    if e.status is not Status.PENDING:
        return lockscreen.ended(e, people, reader)
    if case == "question":
        asker, text = chain.who(e, values, people), str(values.get("text") or "")
        return lockscreen.asks(e, people, asker, text, reader)
    return lockscreen.pending(e, people, reader, _news(e, case, values, people))


def _news(e: Escalation, case: str, values: Values, people: People) -> str:
    if case == "reminder":
        return "expires soon" if chain.is_last_reminder(values) else "half the time is over"
    if case == "voted":
        return f"{values.get('have')} of {values.get('needed')} agreed"
    if case == "acknowledged":
        return f"{chain.who(e, values, people)} is looking"
    if case == "override-asked":
        return f"override asked by {chain.who(e, values, people)}"
    return _NEWS.get(case, "")
