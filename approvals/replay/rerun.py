"""One past escalation, driven again by `step` under another policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.asked import asked_again
from approvals.commands import Open, Tick
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.events import CLAIMED, OPENED, REPORTED, Record
from approvals.evolve import evolve
from approvals.facts import Facts
from approvals.ledger import Ledger
from approvals.people import People
from approvals.policy.model import Policy
from approvals.refusals import Refusal
from approvals.replay.again import again
from approvals.replay.compare import Difference, ended_differently, planned_differently, refused
from approvals.replay.then import Then
from approvals.step import step
from approvals.words import Kind, Status

#: What a service does in its own time after a release.
_TAKING = frozenset({CLAIMED, REPORTED})

ERASED = "its records were erased"
BY_RULE = "a rule decided it that people accepted beside the file"
UNSAID = "its opening does not say what was asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the store knows of one escalation."""

    escalation: Escalation
    records: Sequence[Record]
    policy: Policy | None = None  #: it was opened under; None where that cannot be read any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What would have been different. `untold` says why that cannot be known."""

    escalation: Escalation
    differences: tuple[Difference, ...] = ()
    untold: str | None = None


def replay(past: Past, policy: Policy, now: datetime) -> Replayed:
    """The escalation under the other policy, as it would stand now."""
    was = past.escalation
    if was.kind is Kind.AUTOMATION:
        return Replayed(escalation=was)  # no rule decided it, and nobody was asked
    if any(not record.command for record in past.records) or not past.records:
        return Replayed(escalation=was, untold=ERASED)
    if was.decision is not None and was.decision.rule is not None:
        return Replayed(escalation=was, untold=BY_RULE)
    found = asked_again(past.records[0])
    if found is None:
        return Replayed(escalation=was, untold=UNSAID)
    command, sums = found
    opening = evolve(None, past.records[0])
    then = Then(opening, past.records, past.policy, policy)
    asked, ledger = past.records[0].at, Ledger(sums=sums)
    made = _opened(command, ledger, then.people(asked), policy, asked)
    if then.untold and _opened(command, ledger, then.filled(asked), policy, asked) != made:
        groups = ", ".join(then.untold)
        return Replayed(escalation=was, untold=f"who was in {groups} in Slack is not on record")
    if isinstance(made, Refusal):
        return Replayed(escalation=was, differences=(refused(made),))
    planned = planned_differently(opening, made, past.policy or policy, policy)
    rerun = _driven(made, past, then, policy, now)
    ticked = _until(was, now, then, policy)
    return Replayed(
        escalation=was, differences=(*planned, *ended_differently(ticked, rerun, policy))
    )


def _opened(
    command: Open, ledger: Ledger, people: People, policy: Policy, at: datetime
) -> Escalation | Refusal:
    done = step(State(ledger=ledger), command, Facts(people=people, policy=policy), at)
    if done.refusal is not None:
        return done.refusal
    return evolve(None, next(r for r in done.records if r.kind == OPENED))


def _driven(
    escalation: Escalation, past: Past, then: Then, policy: Policy, now: datetime
) -> Escalation:
    """All that was done, when it was done; a release is taken as soon after it was given."""
    left = [(record.at, record) for record in past.records[1:]]
    waiting: list[tuple[datetime, Record]] = []  # for the release
    while left:
        at, record = left.pop(0)
        escalation = _until(escalation, at, then, policy)
        if record.kind in _TAKING and escalation.status is Status.PENDING:
            waiting.append((at, record))
            continue
        was_pending = escalation.status is Status.PENDING
        escalation = _done(escalation, record, at, then, policy)
        decided = past.escalation.decision
        if was_pending and escalation.status is Status.APPROVED and decided:
            left = _moved((*waiting, *left), at - decided.at)
    return _until(escalation, now, then, policy)


def _moved(left: Sequence[tuple[datetime, Record]], by: timedelta) -> list[tuple[datetime, Record]]:
    moved = [(at + by if record.kind in _TAKING else at, record) for at, record in left]
    return sorted(moved, key=lambda one: one[0])


def _done(
    escalation: Escalation, record: Record, at: datetime, then: Then, policy: Policy
) -> Escalation:
    """After the command behind a record, if there was one."""
    then.note(record)
    people = then.people(at)
    command = again(record, escalation, people)
    if command is None:
        return escalation
    facts = Facts(people=people, policy=policy)
    return step(State(escalation=escalation), command, facts, at).escalation or escalation


def _until(escalation: Escalation, now: datetime, then: Then, policy: Policy) -> Escalation:
    """Let time pass: everything due by then, each when it is due. Time ends no incident."""
    while (later := _ticked(escalation, now, then, policy)) is not escalation:
        escalation = later
    return escalation


def _ticked(escalation: Escalation, now: datetime, then: Then, policy: Policy) -> Escalation:
    """After the next moment that is due; the same where none is, or where it brings nothing."""
    due = escalation.due_at
    if escalation.kind is not Kind.APPROVAL or due is None or due > now:
        return escalation
    tick = Tick(id="replay", escalation_id=escalation.id)
    facts = Facts(people=then.people(due), policy=policy)
    return step(State(escalation=escalation), tick, facts, due).escalation or escalation
