"""One escalation on its way through the core, a line a step: tests of the verbs are told in it.

The people and rules are the property test's own (`world`): ana, ben and req may decide for `dba`,
cem, dee and ana for `sec`; req asks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from approvals import commands
from approvals.canonical import operation_digest
from approvals.codec import dump_plan
from approvals.commands import Actor
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.facts import Facts
from approvals.ledger import Ledger
from approvals.memory.values import IssueState
from approvals.owes import AnswerClick
from approvals.people import Absence, People
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from approvals.policy.plan import Ask, Planned
from approvals.refusals import FORM_CORRECTIONS, NOT_AUDITED, FieldError, Why
from approvals.snapshot import Requirement
from approvals.step import Step, step
from approvals.verdict import Case
from approvals.words import Result
from tests.approvals.world import POLICY, START

GO = {"key": "go", "label": "Go", "effect": "release", "arguments": {"argv": ["go"]}}
SLOW = {"key": "slow", "label": "Go slowly", "effect": "release", "arguments": {"argv": ["slow"]}}
NO = {"key": "no", "label": "Stop", "effect": "abort"}

#: A reversible release that one person of `dba` may allow.
BODY: dict[str, Any] = {
    "category": "deployment",
    "title": "Deploy 41",
    "environment": "production",
    "operation": {"name": "deploy", "target": "web", "arguments": {"argv": ["deploy", "41"]}},
    "options": [GO, SLOW, NO],
    "requested_by": {"id": "req@example.com"},
}


#: Most scenes are told with one and the same policy.
parsed = cache(parse_policy)

#: Three hosts do not answer; nothing is held.
TROUBLE: dict[str, Any] = {
    "kind": "incident",
    "category": "deployment",
    "title": "3 hosts do not answer",
    "environment": "production",
    "options": [],
    "requested_by": {"id": "req@example.com"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning(Facts):
    """Facts whose plans say more than the policy of the scene does."""

    more: Mapping[str, Any]

    def plan(self, ask: Ask) -> Planned | tuple[FieldError, ...]:
        """The policy's plan, and more."""
        found = Facts.plan(self, ask)
        if not isinstance(found, Planned):
            return found
        made = replace(found.plan, **self.more)
        return replace(found, plan=made, plan_json=dump_plan(made))


class Scene:
    """Time, people, one escalation. Every verb drives one command and returns what followed."""

    def __init__(self, category: str = "deployment", *, policy: str = POLICY, **body: Any) -> None:
        self.now = START
        self.policy: Policy = parsed(policy)
        self.gone: set[str] = set()  #: deactivated
        self.left: set[tuple[str, str]] = set()  #: (group, person)
        self.absences: dict[str, Absence] = {}
        self.unread: set[str] = set()  #: groups that could not be looked up
        self.looked_up: datetime | None = None  #: None: just now
        self.nobody_known = False
        self.plan: dict[str, Any] = {}  #: what the plan says besides the policy
        self.body = {**BODY, "category": category, **body}
        self.records: list[Record] = []
        self._found: Escalation | None = None
        self._ids = 0

    @property
    def e(self) -> Escalation:
        """The escalation as it stands."""
        assert self._found is not None
        return self._found

    @property
    def people(self) -> People:
        """Who is who now."""
        if self.nobody_known:
            return People()
        listed = self.policy.file_people(self.looked_up or self.now)
        persons = {p.id: replace(p, active=p.id not in self.gone) for p in listed.persons.values()}
        groups = {
            g: frozenset(m for m in members if (g, m) not in self.left and g not in self.unread)
            for g, members in listed.groups.items()
        }
        return People(
            persons=persons,
            groups=groups,
            absences=self.absences,
            unread=frozenset(self.unread),
            as_of=listed.as_of,
        )

    @property
    def facts(self) -> Facts:
        """What a command may rely on now."""
        return Planning(people=self.people, policy=self.policy, more=self.plan)

    def pass_(self, seconds: float) -> "Scene":
        """Time passes."""
        self.now += timedelta(seconds=seconds)
        return self

    def drive(self, state: State, command: commands.Command) -> Step:
        """One command, whatever it is about."""
        done = step(state, command, self.facts, self.now)
        if done.escalation is not None:
            self._found = done.escalation
        self.records += done.records
        return done

    def send(self, verb: type[commands.Command], **given: Any) -> Step:
        """One command about the escalation."""
        command = verb(id=self.new_id(), escalation_id=self.e.id, **given)
        return well_formed(self.drive(State(escalation=self.e), command), command)

    def change(self, **fields: Any) -> None:
        """Make it as if something had happened that is told elsewhere."""
        self._found = replace(self.e, **fields)

    def new_id(self) -> str:
        """Ids in order."""
        self._ids += 1
        return f"cmd_{self._ids}"

    # -- verbs ----------------------------------------------------------------------------------

    def command(self, **changes: Any) -> commands.Open:
        """The command that opens it."""
        given: dict[str, Any] = {
            "id": self.new_id(),
            "escalation_id": f"esc_{self._ids}",
            "group_id": "grp_1",
            "service": "svc",
            "idempotency_key": "k1",
            "body_hash": "b1",
            "digest": operation_digest(self.body.get("operation"), self.body["options"]),
            "request": self.body,
            **changes,
        }
        return commands.Open(**given)

    def try_to_open(self, *, ledger: Ledger | None = None, **changes: Any) -> Step:
        """A service asks."""
        return self.drive(State(ledger=ledger or Ledger()), self.command(**changes))

    def open(self, **changes: Any) -> "Scene":
        """A service asks, and it is taken."""
        done = self.try_to_open(**changes)
        assert done.refusal is None, done.refusal
        return self

    def vote(self, account: str = "UBEN", option: str = "go", **given: Any) -> Step:
        """Somebody chooses, having read and written all that is asked for."""
        usual = {
            "shown": self.e.shown,
            "digest": self.e.digest,
            "rationale": "it is tested",
            "typed": "web",
            "read_whole": True,
        }
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        return self.send(commands.Vote, actor=actor, option=option, **(usual | given))

    def approved(self, *accounts: str) -> "Scene":
        """It is opened and approved by ben, or by those named."""
        self.open()
        for account in accounts or ("UBEN",):
            done = self.vote(account)
            assert done.refusal is None, done.refusal
        assert self.e.status == "approved"
        return self

    def claim(self, key: str = "c1", **given: Any) -> Step:
        """The service takes the release."""
        usual = {"service": "svc", "digest": self.e.digest, "nonce": key, "grant_id": f"gnt_{key}"}
        return self.send(commands.Claim, key=key, **(usual | given))

    def stop(self, account: str = "UANA", reason: str | None = None, **given: Any) -> Step:
        """An approver stops it."""
        return self.send(commands.Stop, actor=Actor(account=account, **given), reason=reason)

    def withdraw(self, account: str | None = None, **given: Any) -> Step:
        """The service takes it back, or the person of that account."""
        foreign = given.pop("foreign", False)
        actor = Actor(account=account, foreign=foreign) if account else None
        service = None if account else given.pop("service", "svc")
        return self.send(commands.Withdraw, service=service, actor=actor, **given)

    def ask(self, text: str = "is it tested?", account: str = "UBEN", **given: Any) -> Step:
        """Somebody asks for what is missing."""
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        given = {"question_id": f"que_{len(self.e.questions) + 1}", **given}
        return self.send(commands.AskForInfo, actor=actor, text=text, **given)

    def answer(self, text: str = "yes", account: str | None = None, **given: Any) -> Step:
        """The service answers, or the person of that account."""
        foreign = given.pop("foreign", False)
        actor = Actor(account=account, foreign=foreign) if account else None
        service = None if account else given.pop("service", "svc")
        return self.send(commands.AnswerQuestion, text=text, service=service, actor=actor, **given)

    def resolve(self, account: str | None = None, **given: Any) -> Step:
        """The service ends the incident, or the person of that account."""
        foreign = given.pop("foreign", False)
        actor = Actor(account=account, foreign=foreign) if account else None
        service = None if account else given.pop("service", "svc")
        given = {"root_cause": "a full disk", **given}
        return self.send(commands.Resolve, service=service, actor=actor, **given)

    def break_glass(self, account: str, option: str = "go", **given: Any) -> Step:
        """Somebody overrides the policy."""
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        usual = {"digest": self.e.digest, "reason": "the shop is down"}
        return self.send(commands.BreakGlass, actor=actor, option=option, **(usual | given))

    def tell(self, service: str = "svc", **context: Any) -> Step:
        """The service adds context."""
        return self.send(commands.AddContext, service=service, context=context)

    def report(self, result: str = "succeeded", **given: Any) -> Step:
        """The service says what became of it."""
        usual = {"service": "svc", "result": Result(result)}
        return self.send(commands.Report, **(usual | given))

    def look(self, account: str, **given: Any) -> Step:
        """Somebody opens its details."""
        return self.send(commands.Look, actor=Actor(account=account, **given))

    def reason(self, text: str, account: str = "UBEN", **given: Any) -> Step:
        """Somebody adds a reason."""
        return self.send(commands.AddReason, actor=Actor(account=account, **given), text=text)

    def write_issue(self, account: str = "UBEN", state: str = "known", **given: Any) -> Step:
        """Somebody completes what is known of it; `known` is what has a cause or a way round it."""
        if state == "known" and not {"root_cause", "workarounds"} & set(given):
            given["workarounds"] = "did it by hand"
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        return self.send(commands.WriteIssue, actor=actor, state=IssueState(state), **given)

    def write_review(self, account: str = "UBEN", **given: Any) -> Step:
        """Somebody writes what was learned."""
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        usual = {"root_cause": "a lock", "resolved_by": "waited it out"}
        return self.send(commands.WriteReview, actor=actor, **(usual | given))

    def hand_review(self, owner: str, account: str = "UBEN", **given: Any) -> Step:
        """Somebody gives the review to the person of the first account."""
        return self.send(commands.HandReview, actor=Actor(account=account, **given), owner=owner)

    def erase(self, **given: Any) -> Step:
        """Somebody at the command line erases what it was about."""
        usual = {"by": "operator:root", "reason": "kept long enough"}
        return self.send(commands.Erase, **(usual | given))

    def recheck(self) -> Step:
        """People were looked up anew."""
        return self.send(commands.RecheckPeople)

    def tick(self) -> Step:
        """The clock comes by."""
        return self.send(commands.Tick)


def incident(category: str = "deployment", **body: Any) -> Scene:
    """A scene whose service asks for help."""
    scene = Scene(category)
    scene.body = {**TROUBLE, "category": category, **body}
    return scene


def glass(*, needed: int = 2, **body: Any) -> Scene:
    """An approval that wants two of dba, which people of `sec` may override together."""
    scene = Scene("other", **body)
    scene.plan["break_glass"] = Requirement(group="sec", needed=needed)
    return scene.open()


#: Who may stand in a record or a refusal.
_WHO = re.compile(r"(person|account|service|operator):.+|clock|andon")


def well_formed(done: Step, command: commands.Command) -> Step:
    """Whatever is recorded or refused names who, and a correction of a form names its field."""
    assert all(_WHO.fullmatch(record.by) for record in done.records), done.records
    refusal = done.refusal
    if refusal is not None and getattr(command, "actor", None) is not None:
        assert refusal.why in NOT_AUDITED or _WHO.fullmatch(refusal.who), refusal
        assert refusal.why not in FORM_CORRECTIONS or _named(refusal.values.get("field")), refusal
    return done


def _named(field: object) -> bool:
    return field is None or (isinstance(field, str) and field.isidentifier() and field.islower())


def why(done: Step) -> Why | None:
    """Why it was refused; None where it was not."""
    return done.refusal.why if done.refusal else None


def case(done: Step) -> Case:
    """What was answered to something that was taken."""
    assert done.refusal is None, done.refusal
    return done.answer.case


#: What follows in the same step where it ended unresolved: by itself, and because of that.
AFTERWARDS = ["issue:written", "review:opened"]


def kinds(done: Step) -> list[str]:
    """The kinds of what was recorded."""
    return [record.kind for record in done.records]


def told(done: Step) -> str:
    """The one answer owed to the click."""
    (answer,) = (work for work in done.work if isinstance(work, AnswerClick))
    return answer.case
