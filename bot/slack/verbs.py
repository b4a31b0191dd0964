"""What a button or a modal asks of the core: its name and what was written become a command.

What people write is kept for ever: `clicks` has hidden the secrets in it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from approvals.commands import (
    Acknowledge,
    AddReason,
    AnswerQuestion,
    AskForInfo,
    BreakGlass,
    Command,
    Extend,
    HandReview,
    Resolve,
    Stop,
    Vote,
    Withdraw,
    WriteIssue,
    WriteReview,
)
from approvals.memory.values import IssueState
from approvals.words import Recovery
from bot.slack.clicks import Click
from bot.slack.drawing import words

Build = Callable[[Click, dict[str, Any]], Command]


def command_of(verb: str, click: Click) -> Command:
    """What the button or the modal of that name asks for; a modal has shown every line."""
    about: dict[str, Any] = {
        "id": click.command_id,
        "escalation_id": click.escalation,
        "actor": click.actor,
        "reply": click.reply(in_modal=click.in_window),
    }
    return _BUILD.get(verb, _vote)(click, about)


def rationale(click: Click) -> str | None:
    """The chip and the sentence, as one reason."""
    return words.rationale(click.values.get(words.CHIP), click.values.get(words.REASON))


def _text(click: Click, name: str = words.REASON) -> str | None:
    said = rationale(click) if name == words.REASON else click.values.get(name)
    said = (said or "").strip()
    return said or None


def _vote(click: Click, about: dict[str, Any]) -> Vote:
    return Vote(
        **about,
        option=click.option,
        shown=click.shown,
        digest=click.digest,
        rationale=_text(click),
        typed=click.values.get(words.TYPED),
        read_whole=not click.action,
    )


def _stop(click: Click, about: dict[str, Any]) -> Stop:
    return Stop(**about, reason=_text(click))


def _withdraw(click: Click, about: dict[str, Any]) -> Withdraw:
    return Withdraw(**about, reason=_text(click))


def _add_reason(click: Click, about: dict[str, Any]) -> AddReason:
    return AddReason(**about, text=_text(click) or "")


def _acknowledge(click: Click, about: dict[str, Any]) -> Acknowledge:
    return Acknowledge(**about)


def _extend(click: Click, about: dict[str, Any]) -> Extend:
    return Extend(**about)


def _ask(click: Click, about: dict[str, Any]) -> AskForInfo:
    # Every delivery of one click asks one question.
    question_id = click.command_id.replace("cmd_", "qst_", 1)
    return AskForInfo(**about, text=_text(click) or "", question_id=question_id)


def _answer(click: Click, about: dict[str, Any]) -> AnswerQuestion:
    named = click.question or None
    return AnswerQuestion(**about, text=_text(click) or "", question_id=named)


def _resolve(click: Click, about: dict[str, Any]) -> Resolve:
    chosen = str(click.values.get(words.AUTOMATABLE) or "")
    return Resolve(
        **about,
        root_cause=_text(click, words.ROOT_CAUSE) or "",
        by_hand=_text(click, words.BY_HAND_DONE),
        automatable=words.AUTOMATED.get(chosen, ("", None))[1],
    )


def _break_glass(click: Click, about: dict[str, Any]) -> BreakGlass:
    return BreakGlass(
        **about,
        option=str(click.values.get(words.OPTION) or click.option),
        digest=click.digest,
        reason=_text(click) or "",
    )


def _write_issue(click: Click, about: dict[str, Any]) -> WriteIssue:
    state = str(click.values.get(words.STATE) or "")
    return WriteIssue(
        **about,
        state=IssueState(state) if state in set(IssueState) else IssueState.OPEN,
        scenario=_text(click, words.SCENARIO),
        workarounds=_text(click, words.WORKAROUNDS),
        root_cause=_text(click, words.ROOT_CAUSE),
        blockers=_text(click, words.BLOCKERS),
        requires=_text(click, words.REQUIRES),
        owner=_text(click, words.OWNER),
        due=_text(click, words.DUE),
    )


def _write_review(click: Click, about: dict[str, Any]) -> WriteReview:
    automatable = str(click.values.get(words.AUTOMATABLE) or "")
    recovery = str(click.values.get(words.RECOVERY) or "")
    return WriteReview(
        **about,
        root_cause=_text(click, words.ROOT_CAUSE) or "",
        resolved_by=_text(click, words.RESOLVED_BY) or "",
        detected_by=_text(click, words.DETECTED_BY),
        detect_earlier=_text(click, words.DETECT_EARLIER),
        worked=_text(click, words.WORKED),
        automatable=words.AUTOMATED.get(automatable, ("", None))[1],
        runbook_change=_text(click, words.RUNBOOK_CHANGE),
        runbooks_worked=dict(_runbooks(click)),
        known_error=click.values.get(words.KNOWN_ERROR) == words.TICKED,
        recovery=Recovery(recovery) if recovery in set(Recovery) else None,
        steps=_text(click, words.STEPS),
    )


def _runbooks(click: Click) -> Iterator[tuple[str, bool]]:
    """Which of them were answered for, and how."""
    for field, said in click.values.items():
        if field.startswith(words.RUNBOOK) and said in words.WORKED_OR_NOT:
            yield field.removeprefix(words.RUNBOOK), said == "yes"


def _hand_review(click: Click, about: dict[str, Any]) -> HandReview:
    return HandReview(**about, owner=_text(click, words.OWNER) or "")


_BUILD: Mapping[str, Build] = {
    "stop": _stop,
    "withdraw": _withdraw,
    "add_reason": _add_reason,
    "acknowledge": _acknowledge,
    "extend": _extend,
    "ask": _ask,
    "answer": _answer,
    "resolve": _resolve,
    "break_glass": _break_glass,
    "write_issue": _write_issue,
    "write_review": _write_review,
    "hand_review": _hand_review,
}

#: Modals that may be sent off, by their callback id.
SENT_OFF = ("vote", *(verb for verb in _BUILD if verb not in ("acknowledge", "extend")))
