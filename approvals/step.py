"""One step of the machine: fold what is overdue, decide, link, evolve, owe; what an end brings with
it (a review, an issue) follows in the same step.

The writer, the property tests and the audit all drive the core through this one function.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from approvals import commands
from approvals.decide import State, decide, overdue
from approvals.escalation import Escalation, Json
from approvals.events import GENESIS, REFUSED, Event, Record, link
from approvals.evolve import evolve
from approvals.facts import Facts
from approvals.gathering import owed
from approvals.ledger import Ledger, post
from approvals.memory.reviewing import follow_ups
from approvals.owes import REVIEW_DUE, TELLING_ENDS, AnswerClick, Direct, Work
from approvals.refusals import FORM_CORRECTIONS, NOT_AUDITED, Refusal
from approvals.verdict import Answer, Verdict

#: Distinct refusals recorded per escalation; beyond, they are only counted.
MOST_REFUSALS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one command did: the new state, what to store, and what to answer."""

    escalation: Escalation | None
    ledger: Ledger
    records: tuple[Record, ...]
    work: tuple[Work, ...]
    answer: Answer
    refusal: Refusal | None

    @property
    def changed(self) -> bool:
        """Whether there is anything to store about the escalation."""
        return bool(self.records)


def is_overdue(escalation: Escalation, now: datetime) -> bool:
    """Whether time alone has changed it already."""
    due = escalation.due_at
    return due is not None and due <= now


def step(state: State, command: commands.Command, facts: Facts, now: datetime) -> Step:
    """Drive one command. Time never runs backwards for one escalation.

    An overdue twin of an `Open` must have been ticked before: its records belong to its own chain.
    """
    if state.escalation is not None and state.escalation.updated_at is not None:
        now = max(now, state.escalation.updated_at)
    run, facts = _Run(command, state), facts.at(now)
    run.catch_up(facts, now)
    verdict = decide(State(escalation=run.escalation, ledger=state.ledger), command, facts, now)
    run.add(verdict.events)
    run.add(_audited(run.escalation, verdict.refusal, now))
    run.catch_up(facts, now)  # a way that failed makes the next stage due at once
    return Step(
        escalation=run.escalation,
        ledger=run.ledger,
        records=tuple(run.records),
        work=(*run.work, *_answer(command, verdict)),
        answer=verdict.answer,
        refusal=verdict.refusal,
    )


class _Run:
    """The fold in progress: grows by events, keeps the state after each."""

    def __init__(self, command: commands.Command, state: State) -> None:
        self.escalation, self.ledger = state.escalation, state.ledger
        self.records: list[Record] = []
        self.work: list[Work] = []
        self._id = state.escalation.id if state.escalation else command.escalation_id
        self._command = _named(command)

    def catch_up(self, facts: Facts, now: datetime) -> None:
        """Everything that is due by now, one after the other."""
        while self.escalation is not None and (due := overdue(self.escalation, facts, now)):
            self.add((due,))

    def add(self, events: Iterable[Event]) -> None:
        """Link, evolve, post, owe: one event after the other."""
        for event in events:
            before = self.escalation
            record = link(
                event,
                escalation_id=self._id,
                seq=before.seq + 1 if before else 1,
                prev=before.head if before else GENESIS,
                command=self._command,
            )
            self.escalation = evolve(before, record)
            self.ledger = post(self.ledger, record)
            self.records.append(record)
            self.work += self._unheard(owed(self.escalation, record))
            self.add(follow_ups(self.escalation, record))

    def _unheard(self, work: Iterable[Work]) -> Iterator[Work]:
        """Whoever is told how it ended reads there that a review is due: no second message."""
        told = {w.to for w in self.work if isinstance(w, Direct) and w.case in TELLING_ENDS}
        for one in work:
            if not (isinstance(one, Direct) and one.case == REVIEW_DUE and one.to in told):
                yield one


def _named(command: commands.Command) -> dict[str, Json]:
    """What the record says of the command: enough to find it again and to refold the ledger."""
    named: dict[str, Json] = {"name": type(command).__name__, "id": command.id}
    if isinstance(command, commands.Open):
        named |= {
            "idempotency_key": command.idempotency_key,
            "body_hash": command.body_hash,
            "group_id": command.group_id,
        }
    if isinstance(command, commands.Vote):
        named["option"] = command.option  # also of a click that is refused
    return named


def _audited(
    escalation: Escalation | None, refusal: Refusal | None, now: datetime
) -> tuple[Event, ...]:
    """The first refusal of a kind per person is an event; repeats are only counted."""
    if escalation is None or refusal is None or not refusal.who or refusal.why in NOT_AUDITED:
        return ()
    known = f"{refusal.who}|{refusal.why}" in escalation.refused
    if known or len(escalation.refused) >= MOST_REFUSALS:
        return ()
    body = {"who": refusal.who, "why": refusal.why.value, "values": dict(refusal.values)}
    return (Event(kind=REFUSED, at=now, by=refusal.who, body=body),)


def _answer(command: commands.Command, verdict: Verdict) -> tuple[Work, ...]:
    """Every click is owed exactly one visible answer."""
    actor = getattr(command, "actor", None)
    reply = getattr(command, "reply", None)
    refusal = verdict.refusal
    if actor is None or reply is None:
        return ()
    if refusal is not None and refusal.why in FORM_CORRECTIONS and reply.in_modal:
        return ()  # the open modal says it at the field
    case = refusal.why.value if refusal else verdict.answer.case.value
    values = refusal.values if refusal else verdict.answer.values
    name = command.id
    if reply.batch:
        case, values, name = "batch", {}, reply.batch  # one answer for all votes of the click
    return (
        AnswerClick(account=actor.account, case=case, reply=reply, values=values, command_id=name),
    )
