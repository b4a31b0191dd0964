"""The record on a card that is over: who decided, what, when, and what became of it."""

from collections.abc import Iterator

from approvals.categories import category
from approvals.escalation import Escalation
from approvals.facts import People
from approvals.words import OperationState, Status
from bot.slack.texts.elements import (
    Block,
    Element,
    foreign,
    joined,
    moment,
    quote,
    rich,
    text,
    who,
)
from bot.slack.texts.phrases import option_label


def record(e: Escalation, people: People) -> Iterator[Block]:
    """The lines that replace buttons."""
    yield rich(list(_decided(e, people)), block_id="decided")
    reasons = list(_reasons(e))
    if reasons:
        yield rich(*(quote([r]) for r in reasons), block_id="reasons")
    yield rich(list(_state(e, people)), block_id="state")


def _decided(e: Escalation, people: People) -> Iterator[Element]:
    made = e.decision
    if made is None:
        return
    if e.status is Status.EXPIRED:
        yield text("Nobody decided by ")
        yield moment(e.deadline_at)
        yield text(".")
        return
    if e.status is Status.WITHDRAWN:
        yield text(f"{e.service} took it back ")
        yield moment(made.at)
        yield text(".")
        return
    yield foreign(option_label(e, made.option), 75)
    yield text(". Decided by ")
    yield from joined(who(p, people) for p in made.people)
    yield text(" ")
    yield moment(made.at)
    yield text(f", {_after(e)} after it was asked.")


def _after(e: Escalation) -> str:
    assert e.decision is not None  # noqa: S101  only called for what is decided
    seconds = int((e.decision.at - e.created_at).total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"


def _reasons(e: Escalation) -> Iterator[Element]:
    """Rationales of the votes that decided, and reasons added after; the requester's too."""
    made = e.decision
    if made is None:
        return
    if made.reason and e.status is Status.WITHDRAWN:
        yield foreign(made.reason, 300)
    for vote in e.votes:
        if vote.person in made.people:
            yield foreign(vote.rationale, 300) if vote.rationale else text("no reason given")
    for reason in e.reasons:
        yield foreign(reason.text, 300)


def _state(e: Escalation, people: People) -> Iterator[Element]:
    """What the operation did, as far as is known."""
    if e.status is not Status.APPROVED:
        yield text(category(e.category).nothing_past)
    elif e.stopped is not None:
        yield from _stopped(e, people)
    elif e.state is OperationState.HELD:
        yield from _sentence(
            "Allowed ", e.decision, f". {e.service} has not started; it may until "
        )
        if e.claim_until is not None:
            yield moment(e.claim_until)
        yield text(".")
    elif e.state is OperationState.LAPSED:
        yield text(f"Approved, but {e.service} did not start by ")
        if e.claim_until is not None:
            yield moment(e.claim_until)
        yield text(". The approval is void; it must ask again.")
    else:
        yield from _ran(e)


def _stopped(e: Escalation, people: People) -> Iterator[Element]:
    assert e.stopped is not None  # noqa: S101  the caller looked
    if e.stopped.void:
        yield text("Approved, but an approver may no longer decide. Nothing ran; ")
        yield text(f"{e.service} must ask again.")
        return
    yield text("Approved, stopped by ")
    yield who(e.stopped.by or "", people)
    yield text(" ")
    yield moment(e.stopped.at)
    if e.stopped.reason:
        yield text(": ")
        yield foreign(e.stopped.reason, 300)
    yield text(". Nothing ran.")


def _ran(e: Escalation) -> Iterator[Element]:
    yield from _sentence(f"{e.service} started ", e.claim, ". ")
    told = e.outcome
    if told is None:
        yield text("No result yet.")
        return
    if e.state is OperationState.UNKNOWN and told.by == "clock":
        yield from _sentence("It reported nothing by ", told, ". Ask who asked what happened.")
        return
    yield from _sentence(f"{told.result.capitalize()} ", told, ".")
    if told.detail:
        yield text(f" {e.service} says: ")
        yield foreign(told.detail, 300)
    if told.undo:
        yield text(" Undone: ")
        yield foreign(told.undo, 300)


def _sentence(before: str, when: object, after: str) -> Iterator[Element]:
    at = getattr(when, "at", None)
    yield text(before if at is not None else before.rstrip())
    if at is not None:
        yield moment(at)
    yield text(after)
