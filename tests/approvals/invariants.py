"""The invariants of the threat model, as the property test reckons them: with books of its own,
from what was sent and accepted, never by asking the core.

I1 one end · I2 quorum · I3 separation · I4 binding · I7 one question a key · I8 one vote a person ·
I9 nothing without a record · I10 the chain · I11 deadlines · I12 claimed once · I13 fail closed ·
I14 wake-ups · I15 an abort ends it · I16 services apart · I17 views go forward; besides, that every
click is answered once (CARDS 5) and that what slows a release down does so (DESIGN 5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from approvals import commands, events
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.evolve import evolve
from approvals.owes import AnswerClick, Callback
from approvals.people import Person
from approvals.refusals import NOT_AUDITED
from approvals.step import Step
from approvals.words import Kind, OperationState, Status

#: (person, group) -> may decide for it now.
May = Callable[[str, str], bool]

#: What may follow on what; everything else is forbidden.
_NEXT = {
    "held": {"held", "released", "aborted", "lapsed"},
    "released": {"released", "succeeded", "failed", "unknown"},
    "unknown": {"unknown", "succeeded", "failed"},
    "succeeded": {"succeeded"},
    "failed": {"failed"},
    "aborted": {"aborted"},
    "lapsed": {"lapsed"},
}


#: Who may override together.
GLASS = "sec"

#: What is nobody's news: the public version stays.
_QUIET = {
    *("escalation:looked", "refusal:recorded", "chain:stepped", "deadline:reminded"),
    "review:reminded",
}


class InvariantError(AssertionError):
    """An invariant does not hold."""


def must(holds: bool, what: str) -> None:
    """Say which invariant broke."""
    if not holds:
        raise InvariantError(what)


@dataclass
class Books:
    """What is known of one escalation without the core: as it was asked, and what was accepted."""

    digest: str
    excluded: str | None  #: the person who asked, or who stands for an unknown one
    category: str
    severity: str | None
    long: bool  #: too long for a card
    seats: tuple[str, ...]  #: a group a seat
    about: tuple[str | None, ...]  #: what must be equal to join
    records: list[Record] = field(default_factory=list)
    votes: dict[str, tuple[str, datetime]] = field(default_factory=dict)  #: as accepted
    void: set[str] = field(default_factory=set)
    overrides: dict[str, str] = field(default_factory=dict)  #: person -> option, as accepted
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)  #: key -> digest, nonce
    told: str | None = None  #: what the service reported
    ended: Status | None = None
    woken: int = 0
    folded: Escalation | None = None  #: from the records alone
    proved: int = 0  #: records whose place in the chain is verified

    @property
    def irreversible(self) -> bool:
        """By its category; no rule here lifts it."""
        return self.category == "schema_migration"

    @property
    def critical(self) -> bool:
        """Besides, somebody said so."""
        return self.irreversible and self.severity == "critical"

    @property
    def wanted(self) -> tuple[str, ...]:
        """The seats a release has to fill: two people at least for what is critical."""
        return (*self.seats, *self.seats[:1]) if self.critical else self.seats


@dataclass(frozen=True)
class Moment:
    """How things stand when a command arrives, by the world's own reckoning."""

    now: datetime
    known: bool  #: people were looked up in the last fifteen minutes
    ever_known: bool
    may: May
    person: Person | None  #: behind the click
    foreign: bool = False


# -- one command ----------------------------------------------------------------------------------


def check_vote(
    done: Step, command: commands.Vote, before: Escalation, books: Books, at: Moment
) -> None:
    """What an accepted vote must have been, and what a proper abort must do."""
    cast = [r for r in done.records if r.kind == events.VOTE_CAST]
    wanted = _may_act(before, books, at) and at.now < before.deadline_at
    aborts = command.option == "no"
    right = command.digest == books.digest and before.status is Status.PENDING
    right = right and before.kind is Kind.APPROVAL
    if aborts and wanted and right and at.ever_known:
        must(done.escalation is not None, "I15: gone")
        must(bool(cast), "I15: a proper abort was not taken")
    if not cast:
        return
    must(len(cast) == 1, "I8: one click, one vote")
    must(before.status is Status.PENDING, "I1: a vote after the end")
    must(at.now < before.deadline_at, "I11: a vote after the deadline")
    must(not at.foreign, "I2: a vote from outside the workspace")
    must(not _asked(books, at), "I3: the requester voted")
    must(at.person is not None and wanted, "I2: a vote of someone not eligible")
    assert at.person is not None
    must(command.digest == books.digest, "I4: a vote for another operation")
    must(before.option(command.option) is not None, "I2: a vote for nothing")
    if not aborts:
        _check_release_vote(command, before, books, at)
    books.votes[at.person.id] = (command.option, at.now)
    books.void.discard(at.person.id)
    if aborts:
        after = done.escalation
        must(after is not None and after.status is Status.REJECTED, "I15: an abort did not end it")


def _check_release_vote(
    command: commands.Vote, before: Escalation, books: Books, at: Moment
) -> None:
    must(at.known, "I13: a release vote on unknown people")
    news = sum(r.kind in (events.CONTEXT_ADDED, events.ANSWERED) for r in books.records)
    must(command.shown >= news, "friction: a release on an outdated card")
    must(command.read_whole or not books.long, "friction: a release of what was not read")
    said = len((command.rationale or "").strip()) >= 3
    must(said or not books.irreversible, "friction: irreversible without a reason")
    must(command.typed == "thing" or not books.critical, "friction: critical without the word")


def _asked(books: Books, at: Moment) -> bool:
    return at.person is not None and at.person.id == books.excluded


def _may_act(escalation: Escalation, books: Books, at: Moment) -> bool:
    return (
        at.person is not None
        and not at.foreign
        and at.person.id != books.excluded
        and any(at.may(at.person.id, g) for g in books.seats)
    )


def check_claim(
    done: Step, command: commands.Claim, before: Escalation, books: Books, at: Moment
) -> None:
    """What a claim that got the release must have been."""
    if done.refusal is not None:
        return
    must(command.service == "svc", "I16: released to another service")
    known = books.claims.setdefault(command.key, (command.digest, command.nonce))
    must(known == (command.digest, command.nonce), "I12: one key for two claims")
    must(len(books.claims) == 1, "I12: released twice")
    must(command.digest == books.digest, "I4: released for another digest")
    must(before.status is Status.APPROVED, "I12: released without approval")
    if before.claim is None:
        must(before.stopped is None, "I12: released after it was stopped")
        until = before.claim_until
        must(until is not None and at.now < until, "I12: a late claim")
        must(at.known, "I13: released on unknown people")
        assert before.decision is not None
        check_quorum(books, before.decision.option, at.may)


def check_quorum(books: Books, option: str | None, may: May) -> None:
    """I2 by brute force: assign distinct people to seats in every possible way."""
    voters = [p for p, (o, _) in books.votes.items() if o == option and p not in books.void]
    must(books.excluded not in voters, "I3: the requester counted")
    enough = _fills(books.wanted, voters, may) or _broken(books, option, may)
    must(enough, f"I2: {books.category} without quorum")


def _broken(books: Books, option: str | None, may: May) -> bool:
    """Whether two people of the group that may, and may still, broke the glass for it."""
    agreed = [p for p, o in books.overrides.items() if o == option]
    must(books.excluded not in agreed, "I3: the requester overrode it")
    return sum(may(p, GLASS) for p in agreed) >= 2


def _fills(seats: Sequence[str], voters: list[str], may: May) -> bool:
    if not seats:
        return True
    return any(
        may(v, seats[0]) and _fills(seats[1:], [w for w in voters if w != v], may) for v in voters
    )


def check_stop(done: Step, before: Escalation, books: Books, at: Moment) -> None:
    """Whoever may decide may stop until the claim; nobody else, and not after."""
    stopped = any(r.kind == events.STOPPED for r in done.records)
    open_still = (
        before.status is Status.APPROVED
        and before.state is OperationState.HELD
        and before.claim_until is not None
        and at.now < before.claim_until
    )
    if stopped:
        must(not _asked(books, at), "I3: the requester stopped it")
        must(_may_act(before, books, at), "I2: stopped by someone not eligible")
        must(open_still, "I12: stopped after it had started")
    elif open_still and _may_act(before, books, at) and at.ever_known:
        must(False, "I15: a proper stop was not taken")


def check_withdraw(
    done: Step, command: commands.Withdraw, before: Escalation, books: Books, at: Moment
) -> None:
    """Only the service that asked, or the person it was asked for."""
    if not any(r.kind == events.DECIDED and r.by != "clock" for r in done.records):
        return
    must(before.status is Status.PENDING, "I1: withdrawn after the end")
    own = command.service == "svc" if command.actor is None else not at.foreign
    must(own, "I16: withdrawn by another service")
    if command.actor is not None:
        must(_asked(books, at), "I16: withdrawn by somebody else")


def check_report(done: Step, command: commands.Report, books: Books) -> None:
    """One report, whatever came before of itself."""
    if done.refusal is not None:
        return
    must(command.service == "svc", "I16: reported by another service")
    must(bool(books.claims), "I12: an outcome of what was not released")
    must(books.told in (None, command.result.value), "I1: another outcome was taken")
    books.told = command.result.value


def check_recheck(done: Step, books: Books, at: Moment) -> None:
    """With fresh facts, no vote of someone gone counts, and no approval rests on one."""
    after = done.escalation
    if after is None or not at.known or after.state is not OperationState.HELD:
        return
    for person, (option, _) in books.votes.items():
        gone = not any(at.may(person, g) for g in books.seats)
        must(not gone or option == "no" or person in books.void, "I2: a vote of someone gone")
    if after.status is Status.APPROVED and after.decision is not None:
        check_quorum(books, after.decision.option, at.may)


def check_reason(done: Step, books: Books, at: Moment) -> None:
    """By whoever voted, within ten minutes."""
    if not any(r.kind == events.VOTE_REASONED for r in done.records):
        return
    must(at.person is not None and at.person.id in books.votes, "I6: a reason without a vote")
    assert at.person is not None
    voted = books.votes[at.person.id][1]
    must(at.now - voted <= timedelta(minutes=10), "I11: a reason after ten minutes")


# -- after every command --------------------------------------------------------------------------


def check_all(done: Step, command: commands.Command, before: Escalation, books: Books) -> None:
    """What holds whatever was asked. Not `due`: see `check_due`."""
    after = done.escalation
    assert after is not None
    must(books.ended in (None, after.status), "I1: a terminal status changed")
    must(after.state.value in _NEXT[before.state.value], f"I1: {before.state} to {after.state}")
    if after.status.is_terminal:
        books.ended = after.status
    released = after.state in (OperationState.RELEASED, OperationState.SUCCEEDED)
    must(not released or after.status is Status.APPROVED, "I13: released without approval")
    must(len({v.person for v in after.votes}) == len(after.votes), "I8: two votes of a person")
    must(after.digest == books.digest, "I4: the digest changed")
    must(after.operation == before.operation, "I4: the operation changed")
    must(after.version >= before.version, "I17: the version went back")
    must(after.shown >= before.shown, "I17: what is to be judged went back")
    loud = any(r.kind not in _QUIET for r in done.records)
    must((after.version > before.version) == loud, "I17: the version did not follow the records")
    _check_told(done, command, after, books)
    _check_chain(after, books)


def _check_told(done: Step, command: commands.Command, after: Escalation, books: Books) -> None:
    refusal = done.refusal
    if refusal is not None and refusal.who and refusal.why not in NOT_AUDITED:
        recorded = f"{refusal.who}|{refusal.why}" in after.refused
        must(recorded, "I9: a refusal without a record")
    answers = sum(isinstance(work, AnswerClick) for work in done.work)
    clicked = getattr(command, "actor", None) is not None and hasattr(command, "reply")
    must(answers == int(clicked), "CARDS 5: a click was not answered once")
    books.woken += sum(isinstance(work, Callback) for work in done.work)
    turns = {events.DECIDED, events.STOPPED, events.LAPSED, events.ASKED}
    due = sum(r.kind in turns for r in books.records)
    due += sum(r.kind == events.RESOLVED and r.by != "service:svc" for r in books.records)
    must(books.woken == due, "I14: the service was not woken once for each turn")


def check_due(after: Escalation, at: datetime) -> None:
    """I11: after any command, nothing is still open whose time is over."""
    over = {
        "pending": after.status is Status.PENDING
        and after.kind is Kind.APPROVAL
        and at >= after.deadline_at,
        "held": after.status is Status.APPROVED
        and after.state is OperationState.HELD
        and (after.claim_until is None or at >= after.claim_until),
        "released": after.state is OperationState.RELEASED
        and (after.report_until is None or at >= after.report_until),
    }
    for what, late in over.items():
        must(not late, f"I11: still {what} after its time")


def _check_chain(after: Escalation, books: Books) -> None:
    """What was checked before is not checked again: records are only ever appended."""
    for record in books.records[books.proved :]:
        last = books.records[books.proved - 1] if books.proved else None
        n = books.proved + 1
        prev = last.hash if last else events.GENESIS
        must((record.seq, record.prev) == (n, prev), "I10: a gap in the chain")
        must(last is None or record.at >= last.at, "A14: time ran backwards in the chain")
        body = events.sha256(record.text)
        wanted = events.record_hash(
            record.escalation_id, n, record.kind, record.at, record.by, record.core, prev, body
        )
        must(record.hash == wanted, "I10: a wrong hash")
        books.folded, books.proved = evolve(books.folded, record), n
    must(books.folded is not None, "I9: an escalation without a record")
    must(books.folded == after, "I9: a change without a record")
