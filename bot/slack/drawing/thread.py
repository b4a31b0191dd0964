"""Lines in the thread of the channel's card: one fact each, ringing nobody but who is called."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from approvals.codec import parse_instant
from approvals.escalation import Escalation
from approvals.people import People
from approvals.tally import standing_shown
from approvals.words import Effect
from bot.messaging import Message
from bot.slack.drawing import chain, learned, verbs
from bot.slack.drawing.about import (
    asker_name,
    chosen,
    deciders,
    in_stead,
    is_incident,
    is_overridden,
    needed,
    row_of,
)
from bot.slack.drawing.answers import message
from bot.slack.drawing.incident import recovered
from bot.slack.drawing.record import no_longer_eligible
from bot.slack.drawing.spans import Line, Span, all_of, duration, name_of, one_line, quoted, when
from bot.slack.drawing.words import NO_REASON

Values = Mapping[str, Any]
Pieces = list[Span | str]
Teller = Callable[[Escalation, Values, People], Line]


def thread_line(
    escalation: Escalation,
    case: str,
    values: Values,
    people: People,
    *,
    mentions: Sequence[str] = (),
) -> Message:
    """The line of a `ThreadLine` of approvals.owes. Only those in `mentions` are rung."""
    told = {**values, "mentions": list(mentions)}
    return message(sentence(escalation, case, told, people), zone=escalation.plan.zone)


def sentence(e: Escalation, case: str, values: Values, people: People) -> Line:
    """The fact itself, as direct messages tell it too."""
    return _BY_CASE.get(case, _other)(e, values, people)


def _voted(e: Escalation, values: Values, people: People) -> Line:
    """`Mia agreed to Release transfer (1 of 2): «matches the signed invoice»`"""
    option = e.option(str(values.get("option")))
    label = one_line(option.label) if option else "an option"
    who, reason = _name(values), values.get("rationale")
    who += in_stead(values.get("stead") or (), people)
    why: Pieces = [": ", quoted(str(reason)) if reason else NO_REASON]
    if option is None or option.effect is Effect.ABORT:
        return [f"{who} chose {label}", *why]
    have, wanted = values.get("have"), int(values.get("needed", 1))
    count = f" ({have} of {wanted})" if wanted > 1 else ""
    return [f"{who} agreed to {label}{count}", *why]


def _voided(e: Escalation, values: Values, people: People) -> Line:
    """`Ines's vote no longer counts since 22:35: left database-admin. Recreate: 0 of 1.`"""
    option = e.option(str(values.get("option")))
    at = when(parse_instant(str(values["at"])), near=e.created_at)
    why = f": {one_line(str(values.get('why') or ''))}."
    said: Pieces = [f"{_name(values)}'s vote no longer counts since ", at, why]
    if option is None:
        return said
    stands = standing_shown(e, option)
    return [*said, f" {one_line(option.label)}: {stands.have} of {needed(e, option)}."]


def _approved(e: Escalation, values: Values, people: People) -> Line:
    if is_overridden(e):
        return verbs.overridden(e, values, people)
    option = chosen(e)
    label = one_line(option.label) if option else "it"
    until: Pieces = [" until ", when(e.claim_until, near=e.created_at)] if e.claim_until else []
    return [f"Decided: {label}. Released to {e.service}, which may start", *until, "."]


def _rejected(e: Escalation, values: Values, people: People) -> Line:
    option = chosen(e)
    label = f": {one_line(option.label)}" if option else ""
    who = all_of(name_of(p, people) for p in deciders(e)) or "an approver"
    return [f"Aborted by {who}{label}. {row_of(e).nothing_past} {e.service} is told."]


def _expired(e: Escalation, values: Values, people: People) -> Line:
    until = when(e.deadline_at, near=e.created_at)
    return ["Nobody decided by ", until, f". {row_of(e).nothing_past} {e.service} must ask again."]


def _withdrawn(e: Escalation, values: Values, people: People) -> Line:
    if is_incident(e):
        return recovered(e, people)
    decision = e.decision
    who = name_of(decision.people[0], people) if decision and decision.people else e.service
    reason = values.get("reason")
    why: Pieces = [": ", quoted(str(reason))] if reason else []
    return [f"{who} took it back", *why, f". {row_of(e).nothing_past}"]


def _stopped(e: Escalation, values: Values, people: People) -> Line:
    reason = values.get("reason")
    why: Span | str = quoted(str(reason)) if reason else NO_REASON
    return [f"{_name(values)} stopped it: ", why, f". {row_of(e).nothing_past}"]


def _void(e: Escalation, values: Values, people: People) -> Line:
    if e.stopped is not None and e.stopped.restored:
        why = one_line(e.stopped.reason or "")
        return [
            f"The approval is void: {why}. {row_of(e).nothing_past} {e.service} must ask again."
        ]
    gone = all_of(name_of(p, people) for p in no_longer_eligible(e, people)) or "an approver"
    said = f"The approval is void: {gone} may no longer decide. {row_of(e).nothing_past}"
    return [f"{said} {e.service} must ask again."]


def _started(e: Escalation, values: Values, people: People) -> Line:
    return [f"{e.service} started."]


def _lapsed(e: Escalation, values: Values, people: People) -> Line:
    until: Span | str = (
        when(e.claim_until, near=e.created_at) if e.claim_until else "the time given"
    )
    again = f". {row_of(e).nothing_past} The approval is void; it must ask again."
    return [f"{e.service} did not start by ", until, again]


def _succeeded(e: Escalation, values: Values, people: People) -> Line:
    took = f" after {duration(e.outcome.at - e.claim.at)}" if e.outcome and e.claim else ""
    return [f"Succeeded{took}", *_detail(e, values)]


def _failed(e: Escalation, values: Values, people: People) -> Line:
    return ["It failed", *_detail(e, values)]


def _unknown(e: Escalation, values: Values, people: People) -> Line:
    ask = asker_name(e, people) or f"the owners of {e.service}"
    then = f" Ask {ask} what happened."
    if values.get("by") != "clock":
        return [f"{e.service} cannot tell what became of it", *_detail(e, values), then]
    until: Span | str = when(e.report_until, near=e.created_at) if e.report_until else "now"
    return [f"{e.service} started and reported nothing by ", until, f".{then}"]


def _detail(e: Escalation, values: Values) -> Pieces:
    detail = values.get("detail")
    return [f". {e.service} says: ", quoted(str(detail)), "."] if detail else ["."]


def _other(e: Escalation, values: Values, people: People) -> Line:
    return ["Something changed; the card above shows how it stands."]


def _name(values: Values) -> str:
    return one_line(str(values.get("name") or values.get("person") or "Somebody"), 60)


_BY_CASE: Mapping[str, Teller] = {
    "voted": _voted,
    "voided": _voided,
    "decided-approved": _approved,
    "decided-rejected": _rejected,
    "decided-expired": _expired,
    "decided-withdrawn": _withdrawn,
    "stopped": _stopped,
    "void": _void,
    "started": _started,
    "lapsed": _lapsed,
    "reported-succeeded": _succeeded,
    "reported-failed": _failed,
    "reported-unknown": _unknown,
    **chain.THREAD,
    **verbs.TOLD,
    **learned.TOLD,
}
