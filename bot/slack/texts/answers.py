"""Answers to a click: one for each, to the clicker alone. Recorded or not, why, what next."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from approvals.categories import category
from approvals.codec import parse_instant
from approvals.escalation import Escalation
from approvals.words import OperationState, Status
from bot.messaging import Message
from bot.slack.texts.card import value_of
from bot.slack.texts.elements import (
    Block,
    Element,
    actions,
    button,
    cut,
    escaped,
    foreign,
    moment,
    rich,
    text,
)
from bot.slack.texts.phrases import asker, either

Values = Mapping[str, Any]
Line = list[Element]


def answer(case: str, values: Values, e: Escalation, now: datetime) -> Message:
    """The answer of a case (`verdict.Case` or `refusals.Why`)."""
    line = _SAID.get(case, _plain)(values, e)
    blocks: list[Block] = [rich(line, block_id="answer")]
    offered = _offered(case, e)
    if offered:
        blocks.append(actions(offered, "next"))
    return Message(text=cut(escaped(_text_of(line)), 150), blocks=tuple(blocks))


def said(line: str) -> Message:
    """A plain answer of ours."""
    return Message(text=cut(escaped(line), 150), blocks=(rich([text(line)], block_id="answer"),))


def not_saved(err: str, *, unsure: bool) -> Message:
    """The store did not take it, or did not say."""
    if unsure:
        return said(
            "I could not confirm that your vote was saved. Tap again: it can never count twice. "
            "Nothing runs on a vote that was not saved."
        )
    return said(
        "Not recorded: Andon could not save it. Nothing runs. Tap again in a minute; if it stays "
        f"so, tell the operators err {err}."
    )


TOO_SLOW = "Slack was too slow to open the window. Nothing is recorded. Tap again."


def _text_of(line: Line) -> str:
    return "".join(str(part.get("text") or part.get("fallback") or "") for part in line)


def _offered(case: str, e: Escalation) -> list[Element]:
    if case == "decided":
        return [button("Add a reason", "add_reason", value_of(e))]
    if case == "requester" and e.status is Status.PENDING:
        return [button("Withdraw", "withdraw", value_of(e))]
    if case == "not-read":
        return [button("Read all and decide", f"show:{e.id}", value_of(e))]
    if case == "already-decided" and e.can_be_stopped:
        return [button("Stop it", "stop", value_of(e))]
    return []


def _at(values: Values) -> Element:
    return moment(parse_instant(values["at"]))


def _decided(values: Values, e: Escalation) -> Line:
    return [
        text("Recorded: "),
        foreign(values["option"], 75),
        text(f". You decided it; {e.service} may start now."),
    ]


def _counted(values: Values, e: Escalation) -> Line:
    more = values["needed"] - values["have"]
    return [
        text("Recorded: "),
        foreign(values["option"], 75),
        text(f", {values['have']} of {values['needed']}. Nothing runs until {more} more "),
        text(f"{'agrees' if more == 1 else 'agree'}: {either(values['may'])}, by "),
        moment(e.deadline_at),
        text(". You can change your vote until then."),
    ]


def _aborted(values: Values, e: Escalation) -> Line:
    named = e.requester.name if e.requester else None
    told = f"{named} and {e.service} are told." if named else f"{e.service} is told."
    return [
        text("Recorded: "),
        foreign(values["option"], 75),
        text(f". It is aborted; {category(e.category).nothing}. {told}"),
    ]


def _again(values: Values, e: Escalation) -> Line:
    return [
        text("Already recorded at "),
        _at(values),
        text(": "),
        foreign(values["option"], 75),
        text(f". It counts once. Still {values['have']} of {values['needed']}."),
    ]


def _changed(values: Values, e: Escalation) -> Line:
    return [
        text("Changed from "),
        foreign(values.get("from") or "", 75),
        text(" to "),
        foreign(values["option"], 75),
        text(". Your earlier vote no longer counts. Now "),
        text(f"{values['have']} of {values['needed']}."),
    ]


def _already(values: Values, e: Escalation) -> Line:
    line = [text(f"Not recorded. {either(values['by']) or 'Someone'} decided it at "), _at(values)]
    line += [text(": "), foreign(values.get("option") or "", 75), text(". ")]
    if e.can_be_stopped and e.claim_until is not None:
        return [
            *line,
            text(f"{e.service} has not started yet; until "),
            moment(e.claim_until),
            text(" you can still stop it."),
        ]
    if e.claim is not None:
        line += [text(f"{e.service} started at "), moment(e.claim.at), text(". ")]
        if e.state is OperationState.RELEASED:
            line.append(
                text("If that is wrong, call them now; Andon cannot stop what has started.")
            )
        else:
            line.append(text(f"It ended: {e.state}."))
    return line


def _expired(values: Values, e: Escalation) -> Line:
    return [
        text("Not recorded. Time ran out at "),
        moment(e.deadline_at),
        text(f"; it was aborted. {category(e.category).nothing_past} {e.service} must ask again."),
    ]


def _withdrawn(values: Values, e: Escalation) -> Line:
    reason = e.decision.reason if e.decision else None
    why = [text(": "), foreign(reason)] if reason else []
    return [
        text(f"Not recorded. {e.service} took the question back at "),
        _at(values),
        *why,
        text(f". {category(e.category).nothing_past}"),
    ]


def _requester(values: Values, e: Escalation) -> Line:
    return [
        text("Not recorded. You asked for this, so you cannot decide it. "),
        text(f"{either(values['can'])} can. To take it back, withdraw it."),
    ]


def _outsider(values: Values, e: Escalation) -> Line:
    groups = ", ".join(values["groups"])
    return [
        text(f"Not recorded. This needs {groups}, and you are not in it. {either(values['can'])} "),
        text("can decide. Know something they should? Write it in the thread."),
    ]


def _left(values: Values, e: Escalation) -> Line:
    groups = ", ".join(values["groups"])
    left = f"Not recorded. You left {groups} since this was asked. "
    return [text(left + f"{either(values['can'])} can decide.")]


def _unknown_account(values: Values, e: Escalation) -> Line:
    return [
        text("Not recorded. Andon does not know your Slack account. Ask the owner of policy.toml "),
        text(f"to add {values['account']} to your person, then tap again."),
    ]


def _outdated(values: Values, e: Escalation) -> Line:
    changes = ", ".join(values.get("changes") or ()) or "something new"
    return [
        text("Not recorded. This card was out of date; it has been redrawn with what changed: "),
        text(f"{changes}. Look, then tap again."),
    ]


def _sentence(line: str) -> Callable[[Values, Escalation], Line]:
    return lambda values, e: [text(line)]


def _plain(values: Values, e: Escalation) -> Line:
    return [text(f"Not recorded. {asker(e)} Open Details to see how it stands.")]


_SAID: Mapping[str, Callable[[Values, Escalation], Line]] = {
    "decided": _decided,
    "counted": _counted,
    "changed": _changed,
    "aborted": _aborted,
    "already-voted": _again,
    "already-decided": _already,
    "already-claimed": _sentence(
        "Not stopped: it has started already. Call them now; Andon cannot stop what has started."
    ),
    "expired": _expired,
    "withdrawn": _withdrawn,
    "requester": _requester,
    "not-in-group": _outsider,
    "no-longer-eligible": _left,
    "unknown-account": _unknown_account,
    "not-a-member": _sentence("Not recorded. Only members of this workspace can decide."),
    "people-unknown": _sentence(
        "Not recorded. Andon cannot check just now who may decide. Nothing runs; tap again in a "
        "minute."
    ),
    "out-of-date": _outdated,
    "not-read": _sentence(
        "Not recorded. This operation is longer than the card, and the button must show you all "
        "of it first."
    ),
    "stopped": _sentence("Recorded: stopped. Nothing runs."),
    "reason-added": _sentence("Recorded: your reason is kept beside your vote."),
    "reason-needed": _sentence("Not recorded. Say why in a few words; open it from the card."),
    "too-late": _sentence("Not recorded. Reasons are taken for ten minutes after the vote."),
    "not-your-vote": _sentence("Not recorded. That is for the one who asked or decided."),
    "wrong-operation": _sentence("Not recorded. This card shows another operation. Open Details."),
}
