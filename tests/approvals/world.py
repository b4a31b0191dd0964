"""A small world for the property test: people, a policy, a clock, and escalations driven by `step`.

It keeps books of what was sent and accepted, apart from the core, and lets `invariants` check them
after every command.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from approvals import commands, events
from approvals.canonical import operation_digest
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.joining import join_key
from approvals.ledger import Ledger, Opened
from approvals.people import People, Person
from approvals.policy.load import parse_policy
from approvals.step import Step, step
from approvals.verdict import Case
from approvals.words import Status
from tests.approvals import invariants, invariants_verbs
from tests.approvals.invariants import Books, Moment, must

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
substitutes = true
[groups.sec]
members = ["cem", "dee", "ana"]
substitutes = true

[break_glass]
group = "sec"
needed = 2

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

#: The seats of each rule, a group a seat: as written above, read by nobody else.
SEATS = {
    "deployment": ("dba",),
    "other": ("dba", "dba"),
    "architecture": ("dba", "sec"),
    "schema_migration": ("dba",),
}

#: Who asks, as requests name them, and whom that leaves out: the owner where nobody is known.
ASKERS = {
    "req": "req",
    " Req@Example.com": "req",
    "UREQ2": "req",
    "ana": "ana",
    "ben": "ben",
    "nobody@example.com": "req",
    None: "req",
}

LONG = "\n".join(f"DELETE FROM t{n};" for n in range(40))


WRITTEN = parse_policy(POLICY)


class World:
    """Escalations, people and a clock; `send` drives one command and checks everything."""

    def __init__(self) -> None:
        self.now = START
        self.policy = WRITTEN
        self.inactive: set[str] = set()
        self.left: set[tuple[str, str]] = set()
        self.looked_up_at: datetime | None = START
        self.escalations: dict[str, Escalation] = {}
        self.books: dict[str, Books] = {}
        self.opened: dict[str, Opened] = {}
        self.keys: dict[str, str] = {}  #: idempotency key -> body it was taken with
        self.twins: dict[str, str] = {}  #: join key -> escalation
        self._listed = self.policy.file_people(START)
        self._ids = 0

    # -- people ---------------------------------------------------------------------------------

    def people(self) -> People:
        """Who is who, as last looked up."""
        listed = self._listed
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

    def may(self, person: str, group: str) -> bool:
        """Whether the person may decide for the group now, by the world's own reckoning."""
        return (
            person in self.policy.groups[group].members
            and (group, person) not in self.left
            and person not in self.inactive
        )

    def _moment(self, command: commands.Command, before: Escalation) -> Moment:
        now = max(self.now, before.updated_at or self.now)
        seen = self.looked_up_at
        actor = getattr(command, "actor", None)
        return Moment(
            now=now,
            known=seen is not None and abs(now - seen) <= timedelta(minutes=15),
            ever_known=seen is not None,
            may=self.may,
            person=self._person(actor.account) if actor else None,
            foreign=bool(actor and actor.foreign),
        )

    def _person(self, account: str) -> Person | None:
        return next((p for p in self._listed.persons.values() if account in p.accounts), None)

    # -- commands -------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """Ids in order."""
        self._ids += 1
        return f"{prefix}_{self._ids:04d}"

    def open(
        self,
        category: str,
        *,
        requester: str | None = "req",
        key: str,
        body: str,
        severity: str | None = None,
        long: bool = False,
        dedup: str | None = None,
    ) -> str:
        """A service opens an escalation; its id, or that of the one it joined. Empty: refused."""
        arguments = {"sql": LONG} if long else {"argv": [body]}
        request: dict[str, Any] = {
            "category": category,
            "title": body,
            "environment": "production",
            "operation": {"name": body, "arguments": arguments, "target": "thing"},
            "options": OPTIONS,
            "callback_url": "https://svc.example/andon",
        }
        given = {"severity": severity, "dedup_key": dedup}
        request |= {name: value for name, value in given.items() if value}
        if requester:
            request["requested_by"] = {"id": requester}
        digest = operation_digest(request["operation"], OPTIONS)
        command = commands.Open(
            id=self.new_id("cmd"),
            escalation_id=self.new_id("esc"),
            group_id=self.new_id("grp"),
            service="svc",
            idempotency_key=key,
            body_hash=repr(request),
            digest=digest,
            request=request,
            owners=("req",),
            join_key=join_key("svc", digest, request),
        )
        books = Books(
            digest=digest,
            excluded=ASKERS[requester],
            category=category,
            severity=severity,
            long=long,
            seats=SEATS[category],
            about=(digest, category, requester, dedup),
        )
        return self._opened(command, books, unknown=requester in (None, "nobody@example.com"))

    def help(self, title: str, *, key: str, severity: str | None = None) -> str:
        """A service asks for help: the id of its incident, or of the one it joined."""
        request: dict[str, Any] = {
            "kind": "incident",
            "category": "deployment",
            "title": title,
            "environment": "production",
            "options": [],
            "requested_by": {"id": "req"},
            "callback_url": "https://svc.example/andon",
        } | ({"severity": severity} if severity else {})
        digest = operation_digest(None, [])
        command = commands.Open(
            id=self.new_id("cmd"),
            escalation_id=self.new_id("esc"),
            group_id=self.new_id("grp"),
            service="svc",
            idempotency_key=key,
            body_hash=repr(request),
            digest=digest,
            request=request,
            owners=("req",),
            join_key=join_key("svc", digest, request),
        )
        books = Books(
            digest=digest,
            excluded="req",
            category="deployment",
            severity=severity,
            long=False,
            seats=SEATS["deployment"],
            about=(digest, "incident", title.lstrip("0123456789 "), severity),
        )
        return self._opened(command, books, unknown=False)

    def _opened(self, command: commands.Open, asked: Books, *, unknown: bool) -> str:
        key = command.idempotency_key
        twin = self._twin(command)
        state = State(escalation=twin, ledger=Ledger(opened=self.opened.get(key)))
        done = self._step(state, command)
        if key in self.keys:
            same = self.keys[key] == command.body_hash
            must(not done.records, "I7: a used key opened something")
            must((done.refusal is None) == same, "I7: a used key with another body was taken")
            return str(done.answer.values.get("escalation", ""))
        if done.refusal is not None:
            return ""
        assert done.escalation is not None
        assert done.ledger.opened is not None
        self.keys[key], self.opened[key] = command.body_hash, done.ledger.opened
        books = self.books.setdefault(done.escalation.id, asked)
        self._book(done)
        if command.join_key:
            self.twins[command.join_key] = done.escalation.id
        if done.answer.case is Case.JOINED:
            assert twin is not None
            must(twin.status is Status.PENDING, "I1: joined after the end")
            must(books.about == asked.about, "I4: joined something else")
            invariants.check_all(done, command, twin, books)
        must(not unknown or len(asked.wanted) == 1, "I3: two people and an unknown requester")
        return done.escalation.id

    def _twin(self, command: commands.Open) -> Escalation | None:
        """The pending escalation an equal request joins, ticked before, as the store does it."""
        found = self.twins.get(command.join_key or "")
        if found is None:
            return None
        self.send(commands.Tick(id=self.new_id("cmd"), escalation_id=found))
        twin = self.escalations[found]
        return None if twin.status.is_terminal else twin

    def send(self, command: commands.Command) -> Step:
        """Drive a command on an existing escalation and check every invariant."""
        before = self.escalations[command.escalation_id]
        books, at = self.books[before.id], self._moment(command, before)
        done = self._step(State(escalation=before), command)
        self._book(done)
        match command:
            case commands.Vote():
                invariants.check_vote(done, command, before, books, at)
            case commands.Claim():
                invariants.check_claim(done, command, before, books, at)
            case commands.Stop():
                invariants.check_stop(done, before, books, at)
            case commands.Withdraw():
                invariants.check_withdraw(done, command, before, books, at)
            case commands.Report():
                invariants.check_report(done, command, books)
            case commands.RecheckPeople():
                invariants.check_recheck(done, books, at)
            case commands.AddReason():
                invariants.check_reason(done, books, at)
            case commands.AskForInfo():
                invariants_verbs.check_question(done, command, before, books, at)
            case commands.AnswerQuestion():
                invariants_verbs.check_answer(done, command, before, books, at)
            case commands.Resolve():
                invariants_verbs.check_resolution(done, command, before, books, at)
            case commands.BreakGlass():
                invariants_verbs.check_override(done, command, before, books, at)
            case _:
                pass
        after = self.escalations[before.id]
        if before.status is Status.PENDING and after.status is Status.APPROVED:
            assert after.decision is not None
            invariants.check_quorum(books, after.decision.option, self.may)
        invariants.check_all(done, command, before, books)
        invariants_verbs.check_incident(after)
        invariants.check_due(after, at.now)
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
