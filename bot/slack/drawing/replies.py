"""Answers to what people do besides deciding: look, ask, answer, extend, resolve, override.

As every answer, each says whether it was recorded, why, and what next.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from approvals.codec import parse_instant
from approvals.escalation import Escalation
from approvals.people import People
from approvals.refusals import Why
from approvals.verdict import Case
from bot.slack.drawing.about import asker_name, chosen, is_incident, longer, whose
from bot.slack.drawing.buttons import show_button
from bot.slack.drawing.spans import (
    Element,
    Line,
    Span,
    all_of,
    name_of,
    one_line,
    quoted,
    when,
)
from bot.slack.drawing.verbs import still_needed
from bot.slack.drawing.words import NOT_RECORDED

Values = Mapping[str, Any]
Pieces = list[Span | str]
Sentence = tuple[Line, Sequence[Element]]
Teller = Callable[[Escalation, Values, People], Sentence]


def _by(e: Escalation) -> Pieces:
    """` Decide by 23:30.`: that nothing is decided yet, and until when it can be."""
    if is_incident(e):
        return [" Resolve it when it is over."]
    return [" Nothing is decided by that: decide by ", when(e.deadline_at, near=e.created_at), "."]


def _time(values: Values, key: str) -> datetime | None:
    text = values.get(key)
    return parse_instant(str(text)) if text else None


# -- recorded -----------------------------------------------------------------------------------


def _acknowledged(e: Escalation, values: Values, people: People) -> Sentence:
    until = _time(values, "until") or (e.acknowledged.until if e.acknowledged else None)
    line: Pieces = ["Recorded: you are looking."]
    if until is not None:
        line += [" Nobody else is called until ", when(until, near=e.created_at), "."]
    return [*line, *_by(e)], ()


def _asked(e: Escalation, values: Values, people: People) -> Sentence:
    told = [n for n in (asker_name(e, people), e.service) if n]
    are = "are" if len(told) > 1 else "is"
    line = f"Recorded: your question. {all_of(told)} {are} asked; the answer comes onto the card."
    return [line, *_by(e)], ()


def _answered(e: Escalation, values: Values, people: People) -> Sentence:
    asked = [q for q in e.questions if q.text == values.get("question")]
    asker = name_of(asked[-1].by, people) if asked else "whoever asked"
    return (f"Recorded: your answer. It stands on the card, and {asker} is told.",), ()


def _extended(e: Escalation, values: Values, people: People) -> Sentence:
    by = when(e.deadline_at, near=e.created_at)
    line: Pieces = [f"Recorded: {longer(e)}. Decide by ", by, "; it cannot be extended again."]
    return line, ()


def _resolved(e: Escalation, values: Values, people: People) -> Sentence:
    return (f"Recorded: resolved. {e.service} is told, and every card of it says so.",), ()


def _override_asked(e: Escalation, values: Values, people: People) -> Sentence:
    label, have, needed = (one_line(str(values.get(n) or "")) for n in ("option", "have", "needed"))
    line: Pieces = [f"Recorded: override, {label}, {have} of {needed}. {still_needed(e, values)}"]
    line += [", by ", when(e.deadline_at, near=e.created_at), ". Everyone concerned is told."]
    return line, ()


def _overridden(e: Escalation, values: Values, people: People) -> Sentence:
    option = chosen(e)
    label = one_line(option.label) if option else "it"
    line = f"Recorded: policy overridden, {label}. {e.service} may start now."
    return (f"{line} Everyone concerned is told, and a review is due.",), ()


def _repeated(e: Escalation, values: Values, people: People) -> Sentence:
    return ("Already recorded, in the same words. It counts once.",), [show_button(e)]


# -- not recorded -------------------------------------------------------------------------------


def _not_held(e: Escalation, values: Values, people: People) -> Sentence:
    line = "This is an incident: it holds nothing, so there is nothing to decide. Look, or resolve"
    return (f"{NOT_RECORDED} {line} it.",), [show_button(e)]


def _not_an_incident(e: Escalation, values: Values, people: People) -> Sentence:
    line = "This holds an operation, so it is decided and not resolved: use its buttons."
    return (f"{NOT_RECORDED} {line}",), [show_button(e)]


def _already_extended(e: Escalation, values: Values, people: People) -> Sentence:
    extension, by = e.extended, when(e.deadline_at, near=e.created_at)
    if extension is None:
        return (f"{NOT_RECORDED} It was given more time already; that is possible once.",), ()
    line: Pieces = [f"{NOT_RECORDED} {name_of(extension.by, people)} gave it more time at "]
    line += [when(extension.at, near=e.created_at), "; that is possible once. Decide by ", by, "."]
    return line, [show_button(e)]


def _not_extendable(e: Escalation, values: Values, people: People) -> Sentence:
    if is_incident(e):
        return (f"{NOT_RECORDED} An incident does not expire; it needs no more time.",), ()
    line: Pieces = [f"{NOT_RECORDED} The policy gives this no more time. Decide by "]
    then = f", or {e.service} must ask again."
    return [*line, when(e.deadline_at, near=e.created_at), then], [show_button(e)]


def _already_acknowledged(e: Escalation, values: Values, people: People) -> Sentence:
    holds = e.acknowledged
    who = f"{name_of(holds.person, people)} is looking" if holds else "Somebody is looking already"
    line: Pieces = [f"{NOT_RECORDED} {who}"]
    if holds is not None:
        at, until = when(holds.at, near=e.created_at), when(holds.until, near=e.created_at)
        line += [" since ", at, ", and nobody else is called until ", until]
    act = "resolve" if is_incident(e) else "decide"
    return [*line, f". You can {act} it all the same."], [show_button(e)]


def _no_question(e: Escalation, values: Values, people: People) -> Sentence:
    line = "There is no question here that waits for an answer."
    return (f"{NOT_RECORDED} {line}",), [show_button(e)]


def _already_answered(e: Escalation, values: Values, people: People) -> Sentence:
    who, answer = whose(str(values.get("by") or ""), people), str(values.get("answer") or "")
    line: Pieces = [f"{NOT_RECORDED} {who} answered it already: ", quoted(answer, 300), "."]
    return line, [show_button(e)]


def _not_breakable(e: Escalation, values: Values, people: People) -> Sentence:
    line = "The policy names nobody who may override it here. Whoever may decide it can."
    return (f"{NOT_RECORDED} {line}",), [show_button(e)]


def already_resolved(e: Escalation, values: Values, people: People) -> Sentence:
    """A click on an incident that is over."""
    told = e.resolution
    if told is None:
        return (f"{NOT_RECORDED} It is over: {e.status.value}.",), [show_button(e)]
    who, at = whose(told.by, people), when(told.at, near=e.created_at)
    cause = quoted(told.root_cause, 300)
    return [f"{NOT_RECORDED} {who} resolved it at ", at, ". Cause: ", cause, "."], ()


BY_CASE: Mapping[str, Teller] = {
    Case.ACKNOWLEDGED: _acknowledged,
    Case.QUESTION_ASKED: _asked,
    Case.ANSWERED: _answered,
    Case.EXTENDED: _extended,
    Case.RESOLVED: _resolved,
    Case.OVERRIDE_ASKED: _override_asked,
    Case.OVERRIDDEN: _overridden,
    Case.REPEATED: _repeated,
    Why.NOT_HELD: _not_held,
    Why.NOT_AN_INCIDENT: _not_an_incident,
    Why.ALREADY_EXTENDED: _already_extended,
    Why.NOT_EXTENDABLE: _not_extendable,
    Why.ALREADY_ACKNOWLEDGED: _already_acknowledged,
    Why.NO_QUESTION: _no_question,
    Why.ALREADY_ANSWERED: _already_answered,
    Why.NOT_BREAKABLE: _not_breakable,
}
