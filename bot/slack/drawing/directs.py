"""Direct messages after the card: one more is needed, or how it ended.

The first line a phone shows says what and how; the sentence is the thread's, and `Show` brings the
card with its live buttons.
"""

from collections.abc import Mapping
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.words import Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.buttons import actions, show_button
from bot.slack.drawing.spans import Block, bold, one_line, rich, section
from bot.slack.drawing.thread import sentence

Values = Mapping[str, Any]


def direct(
    escalation: Escalation,
    case: str,
    values: Values,
    people: People,
    *,
    person: str | None = None,
) -> Message:
    """The message of a `Direct` of approvals.owes, for `person` (in their zone) or an account."""
    reader = lockscreen.reader_of(escalation, people, person)
    told = "voted" if case == "one-more" else case
    blocks: list[Block] = [
        rich(
            section(
                (bold(one_line(escalation.title, 150)),),
                sentence(escalation, told, values, people),
            ),
            block_id="told",
        ),
        actions([show_button(escalation)]),
    ]
    return Message(text=_line(escalation, case, values, people, reader), blocks=tuple(blocks))


def _line(
    e: Escalation, case: str, values: Values, people: People, reader: lockscreen.Reader
) -> str:
    if case == "one-more":
        option = e.option(str(values.get("option")))
        have, needed = int(values.get("have", 1)), int(values.get("needed", 2))
        return lockscreen.one_more(e, option, have, needed, reader)
    if e.status is Status.PENDING:
        return lockscreen.pending(e, people, reader)
    return lockscreen.ended(e, people, reader)
