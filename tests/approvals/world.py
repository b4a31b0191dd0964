"""A small world for the property test: people, a policy, a clock, and escalations driven by `step`.

It keeps its own books of what was accepted, independent of the core, and checks the invariants of
the threat model against them after every step (I1 to I4, I7 to I13, I15).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from approvals import commands, events
from approvals.codec import dump
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.evolve import evolve
from approvals.facts import Facts, People, Person
from approvals.ledger import Ledger, Opened
from approvals.policy.load import parse_policy
from approvals.step import Step, is_overdue, step
from approvals.words import Effect, Friction, OperationState, Status

POLICY = """
zone = "UTC"

[people.ana]
name = "Ana"
accounts = ["UANA", "UANA2"]
[people.ben]
name = "Ben"
accounts = ["UBEN"]
[people.cem]
name = "Cem"
accounts = ["UCEM"]
[people.dee]
name = "Dee"
accounts = ["UDEE"]
[people.req]
name = "Req"
accounts = ["UREQ", "UREQ2"]
emails = ["req@example.com"]

[groups.dba]
members = ["ana", "ben", "req"]
[groups.sec]
members = ["cem", "dee", "ana"]

[[rules]]
name = "one"
match = { category = "deployment" }
requirements = [{ group = "dba", needed = 1 }]

[[rules]]
name = "two"
match = { category = "other" }
requirements = [{ group = "dba", needed = 2 }]

[[rules]]
name = "both"
match = { category = "architecture" }
requirements = [{ group = "dba", needed = 1 }, { group = "sec", needed = 1 }]

[[rules]]
name = "migrations"
match = { category = "schema_migration" }
requirements = [{ group = "dba", needed = 1 }]
"""

START = datetime(2026, 11, 12, 21, 0, tzinfo=UTC)
CATEGORIES = ("deployment", "other", "architecture", "schema_migration")
ACCOUNTS = ("UANA", "UANA2", "UBEN", "UCEM", "UDEE", "UREQ", "UREQ2", "USTRANGER")
OPTIONS: list[dict[str, Any]] = [
    {"key": "go", "label": "Go", "effect": "release", "arguments": {"argv": ["go"]}},
    {"key": "slow", "label": "Go slowly", "effect": "release", "arguments": {"argv": ["slow"]}},
    {"key": "no", "label": "Stop", "effect": "abort"},
]


class InvariantError(AssertionError):
    """An invariant does not hold."""


def must(holds: bool, what: str) -> None:
    """Say which invariant broke."""
    if not holds:
        raise InvariantError(what)


@dataclass
class Books:
    """What the world itself knows of one escalation."""

    digest: str
    requester: str | None
    records: list[Record] = field(default_factory=list)
    votes: dict[str, str] = field(default_factory=dict)  #: person -> option, as accepted
    void: set[str] = field(default_factory=set)
    ended: Status | None = None
    claims: set[str] = field(default_factory=set)
    version: int = 0
    shown: int = 0
    latest: datetime = START


class World:
    """Escalations, people and a clock; `send` drives one command and checks everything."""

    def __init__(self) -> None:
        self.now = START
        self.ticking = False
        self.policy = parse_policy(POLICY)
        self.inactive: set[str] = set()
        self.left: set[tuple[str, str]] = set()
        self.looked_up_at: datetime | None = START
        self.escalations: dict[str, Escalation] = {}
        self.books: dict[str, Books] = {}
        self.opened: dict[str, Opened] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self._ids = 0

    # -- people ---------------------------------------------------------------------------------

    def people(self) -> People:
        """Who is who, as last looked up."""
        listed = self.policy.file_people(self.now)
        persons = {
            p.id: replace(p, active=p.id not in self.inactive) for p in listed.persons.values()
        }
        groups = {
            g: frozenset(m for m in members if (g, m) not in self.left)
            for g, members in listed.groups.items()
        }
        return People(persons=persons, groups=groups, as_of=self.looked_up_at)

    def look_up(self) -> None:
        """People are looked up now."""
        self.looked_up_at = self.now

    def knows_people(self) -> bool:
        """Whether facts are fresh, by the world's own reckoning."""
        at = self.looked_up_at
        return at is not None and self.now - at <= timedelta(minutes=15)

    def person(self, account: str) -> Person | None:
        """Whose account it is, by the world's own reckoning."""
        listed = self.policy.file_people(self.now).persons.values()
        return next((p for p in listed if account in p.accounts), None)

    def may(self, person: str, group: str) -> bool:
        """Whether the person may decide for the group now, by the world's own reckoning."""
        members = self.policy.file_people(self.now).groups[group]
        return (
            person in members and (group, person) not in self.left and person not in self.inactive
        )

    # -- commands -------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """Ids in order."""
        self._ids += 1
        return f"{prefix}_{self._ids:04d}"

    def open(self, category: str, *, requester: str | None, key: str, body: str) -> Step:
        """A service opens an escalation with an idempotency key and a body."""
        request: dict[str, Any] = {
            "category": category,
            "title": body,
            "environment": "production",
            "operation": {"name": body, "arguments": {"argv": [body]}, "target": "thing"},
            "options": OPTIONS,
        }
        if requester:
            request["requested_by"] = {"id": requester}
        command = commands.Open(
            id=self.new_id("cmd"),
            escalation_id=self.new_id("esc"),
            group_id=self.new_id("grp"),
            service="svc",
            idempotency_key=key,
            body_hash=body,
            digest=events.sha256(body),
            request=request,
            owners=("req",),
        )
        done = self._step(State(ledger=Ledger(opened=self.opened.get(key))), command)
        if done.ledger.opened is not None:
            self.opened[key] = done.ledger.opened
        self._check_open(done, command, requester)
        return done

    def _check_open(self, done: Step, command: commands.Open, requester: str | None) -> None:
        before = self.keys.get(command.idempotency_key)
        if before is not None:
            same = before[1] == command.body_hash
            must(not done.records, "I7: a used key opened something")
            must((done.refusal is None) == same, "I7: a used key with another body was taken")
            return
        if done.escalation is None:
            return
        opened = done.escalation
        self.keys[command.idempotency_key] = (opened.id, command.body_hash)
        who = "req" if requester in (None, "req@example.com", "req") else requester
        self.books[opened.id] = Books(digest=command.digest, requester=who)
        self._book(done)

    def send(self, command: commands.Command) -> Step:
        """Drive a command on an existing escalation and check every invariant."""
        before = self.escalations[command.escalation_id]
        self.ticking = isinstance(command, commands.Tick)
        done = self._step(State(escalation=before), command)
        self._book(done)
        books = self.books[before.id]
        if isinstance(command, commands.Vote):
            self._check_vote(done, command, before, books)
        if isinstance(command, commands.Claim):
            self._check_claim(done, command, before, books)
        self._check_all(done, books, before)
        return done

    def _step(self, state: State, command: commands.Command) -> Step:
        return step(state, command, Facts(people=self.people(), policy=self.policy), self.now)

    def _book(self, done: Step) -> None:
        escalation = done.escalation
        assert escalation is not None
        self.escalations[escalation.id] = escalation
        books = self.books[escalation.id]
        books.records += done.records
        for record in done.records:
            if record.kind == events.VOTE_VOIDED:
                books.void.add(record.body["person"])

    # -- invariants -----------------------------------------------------------------------------

    def _check_vote(
        self, done: Step, command: commands.Vote, before: Escalation, books: Books
    ) -> None:
        cast = [r for r in done.records if r.kind == events.VOTE_CAST]
        if not cast:
            return
        option = before.option(command.option)
        person = self.person(command.actor.account)
        must(len(cast) == 1, "I8: one click, one vote")
        must(option is not None and person is not None, "I2: a vote of nobody for nothing")
        assert option is not None
        assert person is not None
        must(before.status is Status.PENDING, "I1: a vote after the end")
        must(self.now < before.deadline_at, "I11: a vote after the deadline")
        must(person.id != books.requester, "I3: the requester voted")
        groups = [r.group for r in before.plan.requirements]
        must(any(self.may(person.id, g) for g in groups), "I2: a vote of someone not eligible")
        if option.effect is Effect.RELEASE:
            must(self.knows_people(), "I13: a release vote on unknown people")
            must(command.shown >= books.shown, "a release vote on an outdated card")
            slow = option.friction is not Friction.TAP
            must(not slow or bool((command.rationale or "").strip()), "irreversible without reason")
        books.votes[person.id] = option.key
        books.void.discard(person.id)
        if option.effect is Effect.ABORT:
            must(done.escalation.status is Status.REJECTED, "I15: an abort did not end it")  # type: ignore[union-attr]

    def _check_claim(
        self, done: Step, command: commands.Claim, before: Escalation, books: Books
    ) -> None:
        if done.refusal is not None:
            return
        books.claims.add(command.key)
        must(len(books.claims) == 1, "I12: released twice")
        must(command.digest == books.digest, "I4: released for another digest")
        must(before.status is Status.APPROVED, "I12: released without approval")
        if before.claim is None:
            must(
                before.claim_until is not None and self.now < before.claim_until, "I12: late claim"
            )
            must(self.knows_people(), "I13: released on unknown people")
            assert before.decision is not None
            self._check_quorum(before, books, before.decision.option)

    def _check_quorum(self, escalation: Escalation, books: Books, option: str | None) -> None:
        """I2 by brute force: assign distinct people to seats in every possible way."""
        seats = [r.group for r in escalation.plan.requirements for _ in range(r.needed)]
        chosen = escalation.option(option)
        assert chosen is not None
        seats += seats[:1] * max(0, chosen.people - len(seats))
        voters = [p for p, o in books.votes.items() if o == option and p not in books.void]
        must(_fills(seats, voters, self.may), f"I2: {escalation.plan.rule} without quorum")
        must(books.requester not in voters, "I3: the requester counted")

    def _check_all(self, done: Step, books: Books, before: Escalation) -> None:
        after = done.escalation
        assert after is not None
        must(books.ended in (None, after.status), "I1: a terminal status changed")
        if after.status.is_terminal:
            books.ended = after.status
        if before.status is Status.PENDING and after.status is Status.APPROVED:
            assert after.decision is not None
            self._check_quorum(after, books, after.decision.option)
        must(len({v.person for v in after.votes}) == len(after.votes), "I8: two votes of a person")
        must(after.digest == books.digest, "I4: the digest changed")
        must(after.version >= books.version, "I17: the version went back")
        books.version, books.shown = after.version, after.shown
        overdue = is_overdue(after, self.now) if before.updated_at else False
        must(not overdue, "I11: overdue after a command")
        self._check_chain(after, books)

    def _check_chain(self, after: Escalation, books: Books) -> None:
        folded: Escalation | None = None
        prev, at = events.GENESIS, datetime.min.replace(tzinfo=UTC)
        for n, record in enumerate(books.records, 1):
            must((record.seq, record.prev) == (n, prev), "I10: a gap in the chain")
            must(record.at >= at, "A14: time ran backwards in the chain")
            body = events.sha256(record.text)
            wanted = events.record_hash(
                record.escalation_id, n, record.kind, record.at, record.by, record.core, prev, body
            )
            must(record.hash == wanted, "I10: a wrong hash")
            folded, prev, at = evolve(folded, record), record.hash, record.at
        must(folded is not None and dump(folded) == dump(after), "I9: a change without a record")

    def released(self) -> Sequence[Escalation]:
        """Everything that may run."""
        return [e for e in self.escalations.values() if e.state is OperationState.RELEASED]


def _fills(seats: list[str], voters: list[str], may: Any) -> bool:
    if not seats:
        return True
    return any(
        may(v, seats[0]) and _fills(seats[1:], [w for w in voters if w != v], may) for v in voters
    )
