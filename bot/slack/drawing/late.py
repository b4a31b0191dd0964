"""Answers to a click that came after the end: who decided, what, when, what is still possible."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.codec import parse_instant
from approvals.escalation import Escalation
from approvals.people import People
from approvals.words import OperationState, Status
from bot.slack.drawing.about import is_incident, is_overridden, row_of, whom_to_call
from bot.slack.drawing.buttons import button
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
from bot.slack.drawing.words import NOT_RECORDED, STOP_IT

Values = Mapping[str, Any]
Pieces = list[Span | str]
Sentence = tuple[Line, Sequence[Element]]


def already_decided(e: Escalation, values: Values, people: People) -> Sentence:
    """`Not recorded. Ravi decided it at 22:41: Migrate, keep data. search-api started at …`"""
    did = "stopped it" if e.status is Status.REJECTED else "decided it"
    did = "overrode the policy" if is_overridden(e) else did
    line: Pieces = [f"{NOT_RECORDED} {_who(values)} {did} at ", _when(e, values)]
    line.append(f": {_option(values)}. ")
    then, buttons = since(e, values, people)
    return line + then, buttons


def while_writing(e: Escalation, values: Values, people: People) -> Sentence:
    """The same, for someone whose modal was open."""
    line: Pieces = [f"{NOT_RECORDED} While you were writing, {_who(values)} chose "]
    line += [f"{_option(values)} at ", _when(e, values), ". "]
    then, buttons = since(e, values, people)
    return line + then, buttons


def expired(e: Escalation, values: Values, people: People) -> Sentence:
    """Time ran out."""
    over = f"; it was aborted. {row_of(e).nothing_past} {e.service} must ask again."
    line: Pieces = [f"{NOT_RECORDED} Time ran out at ", when(e.deadline_at, near=e.created_at)]
    return [*line, over], ()


def withdrawn(e: Escalation, values: Values, people: People) -> Sentence:
    """The requester took it back; an incident recovered by itself."""
    decision = e.decision
    who = name_of(decision.people[0], people) if decision and decision.people else e.service
    why: Pieces = [": ", quoted(decision.reason)] if decision and decision.reason else []
    if is_incident(e):
        line: Pieces = [f"{NOT_RECORDED} {who} says that it recovered by itself at "]
        return [*line, _when(e, values), *why, "."], ()
    line = [f"{NOT_RECORDED} {who} took the question back at ", _when(e, values)]
    return [*line, *why, f". {row_of(e).nothing_past}"], ()


def since(e: Escalation, values: Values, people: People) -> tuple[Pieces, Sequence[Element]]:
    """What became of it after the decision, and whether this person can still stop it."""
    if e.can_be_stopped:
        until = when(e.claim_until, near=e.created_at) if e.claim_until else "then"
        waits: Pieces = [f"{e.service} has not started yet; until ", until]
        if not values.get("may_stop"):
            return [*waits, " an approver can still stop it."], ()
        stop = [button(e, "stop", STOP_IT, option=e.decision.option if e.decision else None)]
        return [*waits, " you can still stop it."], stop
    if e.claim is None:
        return [row_of(e).nothing_past], ()
    line: Pieces = [f"{e.service} started at ", when(e.claim.at, near=e.created_at), "."]
    if e.state is OperationState.RELEASED:
        line.append(f" If that is wrong, call {whom_to_call(e, people)} now;")
        return [*line, " Andon cannot stop what has started."], ()
    return [*line, *_result(e)], ()


def _result(e: Escalation) -> Pieces:
    words = {
        OperationState.SUCCEEDED: " It succeeded at ",
        OperationState.FAILED: " It failed at ",
        OperationState.UNKNOWN: " What became of it is unknown since ",
    }
    if e.outcome is None or e.state not in words:
        return []
    return [words[e.state], when(e.outcome.at, near=e.created_at), "."]


def _who(values: Values) -> str:
    return all_of(one_line(str(name), 60) for name in values.get("by") or ()) or "Somebody"


def _option(values: Values) -> str:
    return one_line(str(values.get("option") or "aborted"))


def _when(e: Escalation, values: Values) -> Span:
    return when(parse_instant(str(values["at"])), near=e.created_at)
