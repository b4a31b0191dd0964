"""The invariants of questions, incidents and overrides, reckoned as in `invariants`: from what was
sent and accepted, never by asking the core.
"""

from approvals import commands, events
from approvals.escalation import Escalation
from approvals.owes import Direct
from approvals.step import Step
from approvals.words import Kind, OperationState, Status
from tests.approvals.invariants import GLASS, Books, Moment, must

#: Who owns the only service there is: for an incident an owner may do what a member may.
OWNER = "req"


def check_question(
    done: Step, command: commands.AskForInfo, before: Escalation, books: Books, at: Moment
) -> None:
    """By whoever may decide (or looks after an incident), while there is something to decide."""
    if not any(r.kind == events.ASKED for r in done.records):
        return
    must(before.status is Status.PENDING, "I1: a question after the end")
    must(_in_time(before, at), "I11: a question after the deadline")
    must(_looks_after(before, books, at), "I2: a question of someone not eligible")
    must(3 <= len(command.text.strip()) <= 1000, "friction: a question that says nothing")
    after = done.escalation
    assert after is not None
    must(after.shown == before.shown, "friction: a question made cards out of date")
    must(after.votes == before.votes, "I2: a question changed votes")


def check_answer(
    done: Step, command: commands.AnswerQuestion, before: Escalation, books: Books, at: Moment
) -> None:
    """By the service or the one it asks for; an answer once given stays."""
    after = done.escalation
    assert after is not None
    for was, now in zip(before.questions, after.questions, strict=True):
        must(was.answer in (None, now.answer), "I1: an answer changed")
    if not any(r.kind == events.ANSWERED for r in done.records):
        return
    must(before.status is Status.PENDING, "I1: an answer after the end")
    must(_in_time(before, at), "I11: an answer after the deadline")
    person = at.person.id if at.person else None
    own = command.service == "svc" if command.actor is None else person == books.excluded
    must(own and not at.foreign, "I16: an answer by somebody else")
    must(after.shown > before.shown, "friction: an answer nobody has to read")


def check_resolution(
    done: Step, command: commands.Resolve, before: Escalation, books: Books, at: Moment
) -> None:
    """Of a pending incident, by who looks after it; and then always."""
    service = command.service == "svc" and command.actor is None
    proper = service or (command.actor is not None and _looks_after(before, books, at))
    ended = any(r.kind == events.RESOLVED for r in done.records)
    if ended:
        must(before.kind is Kind.INCIDENT, "I1: an approval was resolved")
        must(before.status is Status.PENDING, "I1: resolved after the end")
        must(proper, "I16: resolved by somebody else")
        must(len(command.root_cause.strip()) >= 3, "friction: resolved without a root cause")
    elif before.kind is Kind.INCIDENT and before.status is Status.PENDING and at.ever_known:
        said = len(command.root_cause.strip()) >= 3
        must(not (proper and said), "I15: a proper resolution was not taken")


def check_override(
    done: Step, command: commands.BreakGlass, before: Escalation, books: Books, at: Moment
) -> None:
    """By one of the group that may, for a reason, on known people, never in silence."""
    asked = [r for r in done.records if r.kind == events.OVERRIDE_ASKED]
    if not asked:
        return
    must(before.status is Status.PENDING, "I1: overridden after the end")
    must(at.now < before.deadline_at, "I11: overridden after the deadline")
    must(before.kind is Kind.APPROVAL, "I1: an incident was overridden")
    must(at.known, "I13: overridden on unknown people")
    must(at.person is not None and not at.foreign, "I2: overridden by a stranger")
    assert at.person is not None
    must(at.person.id != books.excluded, "I3: the requester overrode it")
    must(at.may(at.person.id, GLASS), "I2: overridden by someone who may not")
    must(command.digest == books.digest, "I4: overridden for another operation")
    must(command.option in ("go", "slow"), "I15: an abort was overridden")
    must(len(command.reason.strip()) >= 3, "friction: overridden without a reason")
    books.overrides[at.person.id] = command.option
    told = [work for work in done.work if isinstance(work, Direct)]
    must(bool(told), "I14: overridden in silence")


def check_incident(after: Escalation) -> None:
    """Nothing of an incident is held, so nothing of it is chosen, taken or reported."""
    if after.kind is Kind.APPROVAL:
        must(after.status is not Status.RESOLVED, "I1: an approval was resolved")
        return
    ends = (Status.PENDING, Status.RESOLVED, Status.WITHDRAWN)
    must(after.status in ends, f"I1: an incident was {after.status}")
    must(not after.votes, "I2: a vote about an incident")
    must(after.claim is None and after.outcome is None, "I12: an incident was released")
    held = (OperationState.HELD, OperationState.ABORTED)
    must(after.state in held, "I12: an incident was released")


def _in_time(before: Escalation, at: Moment) -> bool:
    return before.kind is Kind.INCIDENT or at.now < before.deadline_at


def _looks_after(before: Escalation, books: Books, at: Moment) -> bool:
    """For an incident also its requester, and the owners."""
    person = at.person
    if person is None or at.foreign:
        return False
    member = any(at.may(person.id, group) for group in books.seats)
    if before.kind is Kind.INCIDENT:
        return member or person.id == OWNER
    return member and person.id != books.excluded
