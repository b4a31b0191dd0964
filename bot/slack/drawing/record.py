"""The card once it is over: same message, same order, no option buttons, the record instead.

First words and state lines are the table of CARDS section 6. What the service says of the outcome
is quoted; what Andon knows is stated.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from approvals.escalation import Escalation, Override, Vote
from approvals.memory.by_hand import is_by_hand
from approvals.people import People
from approvals.ports import Card
from approvals.tally import counting
from approvals.words import Effect, Kind, OperationState, Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import (
    asker,
    bare,
    chosen,
    deciders,
    erased,
    is_by_rule,
    is_overridden,
    may_be_stopped,
    may_decide,
    outcome_word,
    reason_of,
    row_of,
    severity_word,
    short_digest,
    short_id,
)
from bot.slack.drawing.buttons import actions, button, details_button
from bot.slack.drawing.learned import learned, learned_buttons
from bot.slack.drawing.looking import why_missed
from bot.slack.drawing.operation import on_card
from bot.slack.drawing.ruled import decided_by_rule, suspended_at
from bot.slack.drawing.spans import (
    Element,
    Line,
    Span,
    all_of,
    bold,
    context,
    duration,
    header,
    joined,
    name_of,
    one_line,
    person,
    quote,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import END_RULE, NO_REASON, STOP_IT, split_rationale

#: What stands over the operation.
_HEADINGS: Mapping[OperationState, str] = {
    OperationState.HELD: "What may run, once",
    OperationState.RELEASED: "What runs",
    OperationState.SUCCEEDED: "What ran",
    OperationState.FAILED: "What ran",
    OperationState.UNKNOWN: "What was released",
}

#: More people than this are counted, not named.
MOST_TOLD = 8

Piece = Span | str
Pieces = list[Piece]


def decided_card(
    e: Escalation, people: People, reader: lockscreen.Reader, cards: Sequence[Card] = ()
) -> Message:
    """The card of an escalation that is no longer pending."""
    was = f"{outcome_word(e)} · was {severity_word(e.severity)} · {e.environment}"
    option = chosen(e)
    only = option.key if option is not None and option.effect is Effect.RELEASE else None
    heading = _HEADINGS.get(e.state, "What did not run")
    blocks = [
        context(f"{was} · {row_of(e).name}", block_id="row"),
        header(e.title, block_id="title"),
        rich(*_what_was_decided(e, people, cards), block_id="decided"),
        rich(section(_course(e, people)), block_id="course"),
        rich(*on_card(e, heading, only), block_id="run"),
        *learned(e, people),
        actions([*_stop(e), *learned_buttons(e), details_button(e)]),
        context(_small_print(e), block_id="print"),
    ]
    return Message(text=lockscreen.ended(e, people, reader), blocks=tuple(blocks))


def _what_was_decided(e: Escalation, people: People, cards: Sequence[Card]) -> list[Element]:
    """The option and who chose it, their reasons, and the state."""
    found: list[Element] = []
    if e.status is Status.APPROVED:
        found.append(section(_decided_by(e, people)))
        found += _reasons(e, people)
    gone = erased(e)
    found.append(section(*state_lines(e, people, cards), *([gone] if gone else [])))
    return found


def _decided_by(e: Escalation, people: People) -> Line:
    """`Migrate, keep data. Decided by @Ravi 22:41, 11 minutes after it was asked.`"""
    if e.kind is Kind.AUTOMATION:
        return ["Nobody was asked: the policy lets it run by itself."]
    if is_by_rule(e):
        return decided_by_rule(e)
    option, decision = chosen(e), e.decision
    if option is None or decision is None:
        return []
    times = {said.person: said.at for said in _said(e)}
    who: Pieces = []
    for n, one in enumerate(decision.people):
        who += [" and "] if n else []
        who += [person(one, people), " ", _at(e, times.get(one, decision.at))]
    took = duration(decision.at - e.created_at)
    label = bold(f"{one_line(option.label)}.")
    how = " Policy overridden by " if is_overridden(e) else " Decided by "
    review = " A review is due." if is_overridden(e) and e.review is None else ""
    return [label, how, *who, f", {took} after it was asked.{review}"]


def _said(e: Escalation) -> tuple[Vote | Override, ...]:
    """What the decision rests on: votes, or overrides of the policy."""
    return e.overrides if is_overridden(e) else e.votes


def _reasons(e: Escalation, people: People) -> list[Element]:
    option = chosen(e)
    found = [v for v in _said(e) if option is not None and v.option == option.key]
    lines: list[Line] = []
    for one in found:
        reason = one.reason if isinstance(one, Override) else reason_of(e, one)
        said: Piece = quoted(reason, 200) if reason else NO_REASON
        name = f"{name_of(one.person, people)}: " if len(found) > 1 else ""
        lines.append([name, said])
    return [quote(*lines)] if lines else []


def _course(e: Escalation, people: People) -> Line:
    """`Asked by search-api for @Dana 22:30 · allowed 22:41 · started 22:41 · succeeded 23:19`."""
    who = asker(e, people)
    for_whom: Pieces = [" for ", who] if who else []
    said: Pieces = [f"Asked by {e.service}", *for_whom, " "]
    said.append(when(e.created_at))
    steps: list[tuple[str, datetime | None]] = [
        ("allowed", e.decision.at if e.status is Status.APPROVED and e.decision else None),
        ("started", e.claim.at if e.claim else None),
    ]
    if e.outcome is not None and e.outcome.by != "clock":
        steps.append((e.outcome.result.value, e.outcome.at))
    for word, at in steps:
        said += [f" · {word} ", _at(e, at)] if at is not None else []
    return said


def state_lines(e: Escalation, people: People, cards: Sequence[Card] = ()) -> list[Line]:
    """What became of it, one line a fact, for every end there is."""
    if e.status is Status.REJECTED:
        return [_aborted(e, people)]
    if e.status is Status.EXPIRED:
        return [_expired(e, people, cards)]
    if e.status is Status.WITHDRAWN:
        return [_withdrawn(e, people)]
    if e.stopped is not None:
        return [_stopped(e, people)]
    found = _AFTER_APPROVAL.get(e.state)
    return found(e, people) if found else [(outcome_word(e).capitalize(),)]


def _held(e: Escalation, people: People) -> list[Line]:
    allowed: Pieces = ["Allowed ", _at(e, e.decision.at if e.decision else None)]
    until: Pieces = ["; it may until ", _at(e, e.claim_until)] if e.claim_until else []
    return [[*allowed, f". {e.service} has not started", *until, "."]]


def _running(e: Escalation, people: People) -> list[Line]:
    return [[f"{e.service} started ", _at(e, began_at(e)), ". No result yet."]]


def began_at(e: Escalation) -> datetime:
    """When it was taken; an automation runs as soon as it is on record."""
    return e.claim.at if e.claim else e.created_at


def _succeeded(e: Escalation, people: People) -> list[Line]:
    done: Pieces = ["Succeeded ", _at(e, e.outcome.at if e.outcome else None), "."]
    return [done, *_reported(e), *suspended_at(e, people)]


def _failed(e: Escalation, people: People) -> list[Line]:
    word = "Automatic, and" if e.kind is Kind.AUTOMATION else "Approved, but"
    word = "Allowed by a rule, but" if is_by_rule(e) else word
    failed: Pieces = [f"{word} it failed ", _at(e, e.outcome.at if e.outcome else None), "."]
    return [failed, *_reported(e)]


def _unknown(e: Escalation, people: People) -> list[Line]:
    started: Pieces = ["Started ", _at(e, began_at(e)), "; "]
    ask = asker(e, people) or f"the owners of {e.service}"
    then: Pieces = [" Ask ", ask, " what happened."]
    if e.outcome is not None and e.outcome.by != "clock":
        said = f"{e.service} cannot tell what became of it."
        return [[*started, said, *then], *_reported(e)]
    until = _at(e, e.report_until)
    return [[*started, f"{e.service} reported nothing by ", until, ".", *then]]


def _lapsed(e: Escalation, people: People) -> list[Line]:
    until = _at(e, e.claim_until)
    over = ". The approval is void; it must ask again."
    return [[f"Approved, but {e.service} did not start by ", until, over]]


_AFTER_APPROVAL: Mapping[OperationState, Callable[[Escalation, People], list[Line]]] = {
    OperationState.HELD: _held,
    OperationState.RELEASED: _running,
    OperationState.SUCCEEDED: _succeeded,
    OperationState.FAILED: _failed,
    OperationState.UNKNOWN: _unknown,
    OperationState.LAPSED: _lapsed,
}


def _reported(e: Escalation) -> list[Line]:
    outcome = e.outcome
    lines: list[Line] = []
    if outcome is not None and outcome.detail:
        lines.append([f"{e.service} says: ", quoted(outcome.detail)])
    if outcome is not None and outcome.undo:
        lines.append(["Undone: ", quoted(outcome.undo)])
    return lines


def _stopped(e: Escalation, people: People) -> Line:
    stop, nothing = e.stopped, row_of(e).nothing_past
    if stop is not None and stop.restored:
        said = one_line(stop.reason or "")
        return [f"Approved, but void: {said}. {nothing} {e.service} must ask again."]
    if stop is None or stop.void:
        gone = all_of(name_of(p, people) for p in no_longer_eligible(e, people)) or "an approver"
        again = f"{nothing} {e.service} must ask again."
        return [f"Approved, but {gone} may no longer decide. {again}"]
    who: Piece = person(stop.by, people) if stop.by else "an approver"
    why: Piece = quoted(stop.reason) if stop.reason else NO_REASON
    return ["Approved, stopped by ", who, " ", _at(e, stop.at), ": ", why, f". {nothing}"]


def no_longer_eligible(e: Escalation, people: People) -> tuple[str, ...]:
    """Whose yes does not stand any more."""
    void = tuple(v.person for v in e.votes if v.void is not None)
    now = may_decide(e, people)
    return void or tuple(p for p in deciders(e) if p not in now)


def _aborted(e: Escalation, people: People) -> Line:
    """`Stop transfer. Stopped by @Mia 17:55: Wrong target. «The account …» No money moved.`"""
    option, nothing = chosen(e), row_of(e).nothing_past
    at = _at(e, e.decision.at if e.decision else None)
    who: Pieces = list(joined((person(p, people) for p in deciders(e)), ", ", " and "))
    reason = _reason(e)
    picked, said = split_rationale(reason)
    label = one_line(option.label) if option else ""
    if is_by_hand(e):
        words: Pieces = [" ", quoted(said)] if said else []
        return [*who, " does it by hand, since ", at, ".", *words, f" {nothing}"]
    why: Pieces = [f"{picked}. "] if picked else []
    why += [quoted(said), " "] if said else []
    why = why or [f"{NO_REASON}. "]
    return [bold(f"{label}."), " Stopped by ", *who, " ", at, ": ", *why, nothing]


def _reason(e: Escalation) -> str | None:
    option = chosen(e)
    votes = counting(e, option.key) if option else ()
    last = reason_of(e, votes[-1]) if votes else None
    return last or (e.decision.reason if e.decision else None)


def _expired(e: Escalation, people: People, cards: Sequence[Card]) -> Line:
    """Sent is what Slack took; opened is only who pressed something."""
    said: Pieces = ["Nobody decided by ", _at(e, e.deadline_at), f". {row_of(e).nothing_past}"]
    direct = [c for c in cards if c.surface == "direct"]
    sent = [_sent_to(e, c.target, people) for c in direct if c.ts]
    failed = [name_of(c.target, people) for c in direct if not c.ts]
    if sent:
        said += [" Sent to ", *joined_few(sent), "."]
    if failed:
        said.append(f" Could not be sent to {_few(failed)}.")
    opened = [name_of(look.person, people) for look in e.looks]
    said.append(f" Opened by {_few(opened) if opened else 'nobody'}.")
    return said


def _sent_to(e: Escalation, who: str, people: People) -> Pieces:
    """`Ines (notifications paused until 08:00)`: what Slack took, and did not ring for."""
    missed = next((m for m in reversed(e.missed) if m.to == f"person:{who}"), None)
    name = name_of(who, people)
    return [name, " (", *why_missed(e, missed, people), ")"] if missed else [name]


def joined_few(each: Sequence[Pieces]) -> Pieces:
    """With commas between; more than a few are counted."""
    if len(each) > MOST_TOLD:
        return [f"{len(each)} people"]
    return [piece for n, one in enumerate(each) for piece in ([", "] if n else []) + one]


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_TOLD else f"{len(names)} people"


def _withdrawn(e: Escalation, people: People) -> Line:
    decision = e.decision
    who: Piece = person(decision.people[0], people) if decision and decision.people else e.service
    why: Pieces = [": ", quoted(decision.reason)] if decision and decision.reason else []
    at = _at(e, decision.at if decision else None)
    return [who, " took it back ", at, *why, f". {row_of(e).nothing_past}"]


def _stop(e: Escalation) -> list[Element]:
    """Until the claim, any approver may stop it; a rule, as long as it decides."""
    option = chosen(e)
    if option is None or not may_be_stopped(e):
        return []
    label = STOP_IT if e.can_be_stopped else END_RULE
    return [button(e, "stop", label, option=option.key)]


def _small_print(e: Escalation) -> str:
    policy = bare(e.plan.policy_version)[:8]
    head = f" · head {bare(e.decision.head)[:8]}…" if e.decision else ""
    return f"{short_id(e)} · {short_digest(e.digest)} · policy {policy}{head}"


def _at(e: Escalation, at: datetime | None) -> Piece:
    return when(at, near=e.created_at) if at is not None else ""
