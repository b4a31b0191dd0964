"""The fold: an escalation after one more record. Stable for ever, for the audit refolds with it.

It reads the record's body only: never the clock, the ledger, the policy or facts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from approvals import events
from approvals.codec import load, parse_instant
from approvals.escalation import (
    Acknowledgement,
    Claim,
    Decision,
    Erasure,
    Escalation,
    Extension,
    Look,
    Missed,
    Outcome,
    Override,
    Question,
    Reason,
    Resolution,
    Stop,
    Vote,
)
from approvals.events import Record
from approvals.memory.learned import LEARNED
from approvals.replacing import replace
from approvals.words import DecidedBy, Effect, OperationState, Result, Status


def evolve(escalation: Escalation | None, record: Record) -> Escalation:
    """The escalation after the record. `None` before the first, which must open it.

    A record that says the earlier ones were erased starts anew, whatever was before. Raises
    KeyError for a kind this version does not know.
    """
    if record.kind == events.ERASED:
        return _erased(record)
    if escalation is None:
        if record.kind != events.OPENED:
            raise KeyError(f"a chain begins with {events.OPENED}, not {record.kind}")
        return load({**record.body["escalation"], "version": 1, **_place(record)})
    changed = _held_on(_STEPS[record.kind](escalation, record), record)
    quiet = record.kind in events.QUIET
    return replace(changed, version=changed.version + (not quiet), **_place(record))


def _erased(record: Record) -> Escalation:
    """What is left, as the record itself says it: the bodies before it are gone."""
    left, reason = load(record.body["escalation"]), record.body["reason"]
    erasure = Erasure(at=record.at, by=record.by, reason=reason, seq=record.seq)
    return replace(left, erased=erasure, version=left.version + 1, **_place(record))


def _place(record: Record) -> dict[str, Any]:
    """Where in its chain the escalation now stands."""
    return {"updated_at": record.at, "seq": record.seq, "head": record.hash}


def _held_on(escalation: Escalation, record: Record) -> Escalation:
    """Whoever said "I am looking" and goes on with the work holds the chain for longer."""
    holds = escalation.acknowledged
    if holds is None or record.kind not in _WORK or record.by != f"person:{holds.person}":
        return escalation
    until = record.at + timedelta(seconds=escalation.plan.acknowledge_for_s)
    return replace(escalation, acknowledged=replace(holds, until=until))


def _joined(escalation: Escalation, record: Record) -> Escalation:
    merged = dict(escalation.context) | dict(record.body.get("context", {}))
    return replace(
        escalation,
        occurrences=escalation.occurrences + 1,
        context=merged,
        context_redacted=_merged(escalation, record),
    )


def _context_added(escalation: Escalation, record: Record) -> Escalation:
    return replace(
        escalation,
        context=dict(escalation.context) | dict(record.body["context"]),
        context_redacted=_merged(escalation, record),
        shown=escalation.shown + 1,
        changes=(*escalation.changes, f"new context from {escalation.service}"),
    )


def _merged(escalation: Escalation, record: Record) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*escalation.context_redacted, *record.body.get("redacted", ()))))


def _looked(escalation: Escalation, record: Record) -> Escalation:
    return replace(escalation, looks=_seen(escalation, record.body["person"], record))


def _vote_cast(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    vote = Vote(
        person=body["person"],
        option=body["option"],
        at=record.at,
        digest=body["digest"],
        shown=body["shown"],
        groups=tuple(body["groups"]),
        stead=tuple((group, away) for group, away in body.get("stead", ())),
        rationale=body.get("rationale"),
    )
    others = tuple(v for v in escalation.votes if v.person != vote.person)
    return replace(escalation, votes=(*others, vote), looks=_seen(escalation, vote.person, record))


def _seen(escalation: Escalation, person: str, record: Record) -> tuple[Look, ...]:
    """The looks, with this one unless the person had looked before."""
    if any(look.person == person for look in escalation.looks):
        return escalation.looks
    return (*escalation.looks, Look(person=person, at=record.at))


def _vote_reasoned(escalation: Escalation, record: Record) -> Escalation:
    reason = Reason(person=record.body["person"], text=record.body["text"], at=record.at)
    return replace(escalation, reasons=(*escalation.reasons, reason))


def _vote_voided(escalation: Escalation, record: Record) -> Escalation:
    person, why = record.body["person"], record.body["why"]
    votes = tuple(replace(v, void=why) if v.person == person else v for v in escalation.votes)
    return replace(escalation, votes=votes)


def _decided(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    status = Status(body["status"])
    decision = Decision(
        option=body.get("option"),
        effect=Effect(body["effect"]),
        by=DecidedBy(body["by"]),
        at=record.at,
        reason=body.get("reason"),
        people=tuple(body.get("people", ())),
        rule=body.get("rule"),
        head=record.hash,
    )
    state = OperationState.HELD if status is Status.APPROVED else OperationState.ABORTED
    runs = body.get("report_until")  # an automation is not taken: it runs from now on
    return replace(
        escalation,
        status=status,
        state=OperationState.RELEASED if runs else state,
        decision=decision,
        claim_until=_when(body, "claim_until"),
        report_until=_when(body, "report_until"),
    )


def _stopped(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    stop = Stop(
        by=body.get("by"), at=record.at, reason=body.get("reason"), void=body.get("void", False)
    )
    return replace(escalation, stopped=stop, state=OperationState.ABORTED)


def _lapsed(escalation: Escalation, record: Record) -> Escalation:
    return replace(escalation, state=OperationState.LAPSED)


def _claimed(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    claim = Claim(
        key=body["key"],
        digest=body["digest"],
        nonce=body["nonce"],
        at=record.at,
        by=body["by"],
        grant_id=body["grant_id"],
        expires_at=parse_instant(body["expires_at"]),
    )
    return replace(
        escalation,
        claim=claim,
        state=OperationState.RELEASED,
        report_until=_when(body, "report_until"),
    )


def _reported(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    outcome = Outcome(
        result=Result(body["result"]),
        at=record.at,
        by=body["by"],
        detail=body.get("detail"),
        undo=body.get("undo"),
    )
    return replace(escalation, outcome=outcome, state=OperationState(outcome.result.value))


def _refused(escalation: Escalation, record: Record) -> Escalation:
    mark = f"{record.body['who']}|{record.body['why']}"
    return replace(escalation, refused=(*escalation.refused, mark))


def _chain_stepped(escalation: Escalation, record: Record) -> Escalation:
    body, chain = record.body, escalation.chain
    again = body["step"] == chain.taken
    chain = replace(
        chain,
        taken=body["step"],
        said=body["said"],
        reached_at=chain.reached_at if again else record.at,
        said_at=record.at,
        due_at=_when(body, "due_at"),
        next_at=_when(body, "next_at"),
    )
    return _called(replace(escalation, chain=chain), record)


def _chain_ended(escalation: Escalation, record: Record) -> Escalation:
    chain = replace(escalation.chain, next_at=_when(record.body, "next_at"), ended_at=record.at)
    return _called(replace(escalation, chain=chain), record)


def _called(escalation: Escalation, record: Record) -> Escalation:
    """The ways used and the people missed, with those of this record; each is listed once."""
    ways = dict.fromkeys((*escalation.chain.ways, *ways_of(record.body)))
    known = {missed.to for missed in escalation.missed}
    more = (
        Missed(to=entry["to"], why=entry["why"], at=record.at)
        for entry in record.body.get("missed", ())
        if entry["to"] not in known
    )
    return replace(
        escalation,
        chain=replace(escalation.chain, ways=tuple(ways)),
        missed=(*escalation.missed, *more),
    )


def ways_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The ways a body's notices use: whom, and outside Slack by which route."""
    notices = [n for n in body.get("notices", ()) if n["via"] != "channel"]
    silent = [m["to"] for m in body.get("missed", ()) if m.get("card")]
    routes = [n["via"] for n in notices if n["via"] != "slack"]
    return tuple(dict.fromkeys((*(n["to"] for n in notices), *silent, *routes)))


def _reminded(escalation: Escalation, record: Record) -> Escalation:
    said = (*escalation.reminded, *record.body["which"])
    remind_at = _when(record.body, "remind_at")
    return _called(replace(escalation, reminded=said, remind_at=remind_at), record)


def _extended(escalation: Escalation, record: Record) -> Escalation:
    extension = Extension(by=record.body["by"], at=record.at, was=escalation.deadline_at)
    return replace(_moved(escalation, record), extended=extension)


def _moved(escalation: Escalation, record: Record) -> Escalation:
    """The deadline is another one now, and reminders begin anew."""
    return replace(
        escalation,
        deadline_at=parse_instant(record.body["to"]),
        reminded=(),
        remind_at=_when(record.body, "remind_at"),
        counted_from=record.at,
    )


def _acknowledged(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    holds = Acknowledgement(person=body["person"], at=record.at, until=parse_instant(body["until"]))
    seen = _seen(escalation, holds.person, record)
    return replace(escalation, acknowledged=holds, looks=seen)


def _let_go(escalation: Escalation, record: Record) -> Escalation:
    chain = replace(escalation.chain, next_at=_when(record.body, "next_at"))
    return replace(escalation, acknowledged=None, chain=chain)


def _asked(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    question = Question(id=body["id"], by=body["person"], text=body["text"], at=record.at)
    return replace(
        escalation,
        questions=(*escalation.questions, question),
        looks=_seen(escalation, question.by, record),
    )


def _answered(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    said = {"answer": body["text"], "answered_by": record.by, "answered_at": record.at}
    questions = tuple(
        replace(q, **said) if q.id in body["ids"] else q for q in escalation.questions
    )
    return replace(
        escalation,
        questions=questions,
        shown=escalation.shown + 1,
        changes=(*escalation.changes, "a question was answered"),
    )


def _arrived(escalation: Escalation, record: Record) -> Escalation:
    moved = _moved(escalation, record) if record.body.get("to") else escalation
    return replace(moved, delivered_at=record.at)


def _missed(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    missed = Missed(to=body["to"], why=body["why"], at=record.at)
    chain = escalation.chain
    if body.get("next_at"):
        chain = replace(chain, next_at=_when(body, "next_at"))
    return _called(replace(escalation, missed=(*escalation.missed, missed), chain=chain), record)


def _override_asked(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    override = Override(
        person=body["person"], option=body["option"], reason=body["reason"], at=record.at
    )
    others = tuple(o for o in escalation.overrides if o.person != override.person)
    return replace(escalation, overrides=(*others, override))


def _gathered(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    return replace(escalation, storm_id=body["storm"], storm_place=body["place"])


def _resolved(escalation: Escalation, record: Record) -> Escalation:
    body = record.body
    resolution = Resolution(
        by=record.by,
        at=record.at,
        root_cause=body["root_cause"],
        by_hand=body.get("by_hand"),
        automatable=body.get("automatable"),
    )
    return replace(escalation, status=Status.RESOLVED, resolution=resolution)


def _when(body: Mapping[str, Any], key: str) -> datetime | None:
    text = body.get(key)
    return parse_instant(text) if text else None


#: What counts as going on with the work, by whoever said "I am looking".
_WORK = frozenset(
    {events.LOOKED, events.VOTE_CAST, events.VOTE_REASONED, events.ASKED, events.EXTENDED}
)

_STEPS: Mapping[str, Callable[[Escalation, Record], Escalation]] = {
    events.JOINED: _joined,
    events.LOOKED: _looked,
    events.DECIDED: _decided,
    events.CONTEXT_ADDED: _context_added,
    events.VOTE_CAST: _vote_cast,
    events.VOTE_REASONED: _vote_reasoned,
    events.VOTE_VOIDED: _vote_voided,
    events.REFUSED: _refused,
    events.CLAIMED: _claimed,
    events.STOPPED: _stopped,
    events.LAPSED: _lapsed,
    events.REPORTED: _reported,
    events.CHAIN_STEPPED: _chain_stepped,
    events.CHAIN_ENDED: _chain_ended,
    events.REMINDED: _reminded,
    events.EXTENDED: _extended,
    events.DEADLINE_HELD: _moved,
    events.ACKNOWLEDGED: _acknowledged,
    events.LET_GO: _let_go,
    events.ASKED: _asked,
    events.ANSWERED: _answered,
    events.ARRIVED: _arrived,
    events.MISSED: _missed,
    events.OVERRIDE_ASKED: _override_asked,
    events.GATHERED: _gathered,
    events.RESOLVED: _resolved,
    **LEARNED,
}
