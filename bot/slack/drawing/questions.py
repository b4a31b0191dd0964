"""What approvers want to know, and what was answered: on cards and in Details."""

from collections.abc import Sequence

from approvals.escalation import Escalation, Question
from approvals.people import People
from bot.slack.drawing.about import whose
from bot.slack.drawing.spans import Element, Line, Span, bold, name_of, quoted, section, when

#: Questions on a card; earlier ones are counted.
MOST = 3


def on_card(
    e: Escalation, people: People, most: int, *, answered_only: bool = False
) -> Element | None:
    """The newest questions with their answers; None where there are none.

    A direct message shows what was answered alone: an answer is something to judge by, a question
    is progress.
    """
    asked = [q for q in e.questions if q.answer is not None or not answered_only]
    if not asked:
        return None
    shown = asked[-MOST:]
    lines: list[Line] = [(bold("Asked"),)]
    for one in shown:
        lines += question_lines(e, one, people, most)
    if len(asked) > len(shown):
        lines.append((f"and {len(asked) - len(shown)} earlier, in Details",))
    return section(*lines)


def question_lines(e: Escalation, q: Question, people: People, most: int) -> list[Line]:
    """`Ravi 22:41: «Is the downgrade tested?»` and `search-api 22:44: «Twice.»` below it."""
    asked: Line = [
        f"{name_of(q.by, people)} ",
        when(q.at, near=e.created_at),
        ": ",
        quoted(q.text, most),
    ]
    return [asked, _answer(e, q, people, most)]


def _answer(e: Escalation, q: Question, people: People, most: int) -> Line:
    if q.answer is None:
        return [f"{chr(0x2003)}No answer yet."]
    at: Sequence[Span | str] = (
        [" ", when(q.answered_at, near=e.created_at)] if q.answered_at else []
    )
    return [f"{chr(0x2003)}{whose(q.answered_by, people)}", *at, ": ", quoted(q.answer, most)]


def question_of(e: Escalation, question_id: str) -> Question | None:
    """The question of that id; without one, the newest that is open."""
    if question_id:
        return next((q for q in e.questions if q.id == question_id), None)
    return next((q for q in reversed(e.questions) if q.answer is None), None)
