"""Past escalations with known times: told one by one, or a month of them made from a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from approvals.escalation import Chain, Decision, Escalation, Look, Outcome, Resolution, Stop
from approvals.memory.observing import Observed, observed
from approvals.memory.oversight import Oversight
from approvals.memory.values import Findings, Issue, IssueState, Review, ReviewWhy
from approvals.snapshot import Requirement, Step
from approvals.words import (
    DecidedBy,
    Effect,
    Kind,
    OperationState,
    Result,
    Severity,
    Status,
)
from tests.approvals.stories import approved, pending

#: A Monday, at noon.
MONDAY = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)

_APPROVED, _PENDING = approved().e, pending().e
_VOTE = _APPROVED.votes[-1]

#: How a story ends: status, state of the operation, effect, by what.
ENDS: Mapping[str, tuple[Status, OperationState, Effect, DecidedBy]] = {
    "approved": (Status.APPROVED, OperationState.HELD, Effect.RELEASE, DecidedBy.VOTES),
    "succeeded": (Status.APPROVED, OperationState.SUCCEEDED, Effect.RELEASE, DecidedBy.VOTES),
    "failed": (Status.APPROVED, OperationState.FAILED, Effect.RELEASE, DecidedBy.VOTES),
    "unknown": (Status.APPROVED, OperationState.UNKNOWN, Effect.RELEASE, DecidedBy.VOTES),
    "lapsed": (Status.APPROVED, OperationState.LAPSED, Effect.RELEASE, DecidedBy.VOTES),
    "stopped": (Status.APPROVED, OperationState.ABORTED, Effect.RELEASE, DecidedBy.VOTES),
    "void": (Status.APPROVED, OperationState.ABORTED, Effect.RELEASE, DecidedBy.VOTES),
    "running": (Status.APPROVED, OperationState.RELEASED, Effect.RELEASE, DecidedBy.VOTES),
    "rejected": (Status.REJECTED, OperationState.ABORTED, Effect.ABORT, DecidedBy.VOTES),
    "overridden": (
        Status.APPROVED,
        OperationState.SUCCEEDED,
        Effect.RELEASE,
        DecidedBy.BREAK_GLASS,
    ),
    "by rule": (Status.APPROVED, OperationState.SUCCEEDED, Effect.RELEASE, DecidedBy.POLICY),
    "expired": (Status.EXPIRED, OperationState.ABORTED, Effect.ABORT, DecidedBy.EXPIRY),
    "withdrawn": (Status.WITHDRAWN, OperationState.ABORTED, Effect.ABORT, DecidedBy.REQUESTER),
}


@dataclass(kw_only=True)
class Told:
    """One escalation, in figures. Times are seconds since it was asked."""

    n: int = 1
    at: datetime = MONDAY
    end: str = "succeeded"  #: of `ENDS`, or `pending`, or `resolved`
    rule: str = "recoveries"
    groups: Sequence[str] = ("dba",)
    severity: Severity = Severity.MEDIUM
    title: str = "Deploy 41"
    people: Sequence[str] = ("ben",)
    called: Sequence[str] = ()  #: by the chain
    came: float | None = 2.0  #: the first card
    looked: float | None = 60.0  #: the deciders' own look
    decided: float = 90.0
    undo: str | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def after(self, seconds: float) -> datetime:
        """So long after it was asked."""
        return self.at + timedelta(seconds=seconds)

    @property
    def escalation(self) -> Escalation:
        """As the store has it."""
        base = _APPROVED if self.end not in ("pending", "resolved") else _PENDING
        plan = replace(
            base.plan,
            rule=self.rule,
            requirements=tuple(Requirement(group=g, needed=1) for g in self.groups),
            steps=(Step(to=("approvers",)),) if self.called else (),
        )
        looks = () if self.looked is None else self._looks(self.looked)
        told = replace(
            base,
            id=f"esc_{self.n:012x}",
            title=self.title,
            created_at=self.at,
            plan=plan,
            severity=self.severity,
            looks=looks,
            votes=(),
            chain=Chain(ways=tuple(f"person:{p}" for p in self.called)),
        )
        return replace(self._ended(told), **self.more)

    def _looks(self, seconds: float) -> tuple[Look, ...]:
        return tuple(Look(person=p, at=self.after(seconds)) for p in self.people)

    def _ended(self, told: Escalation) -> Escalation:
        if self.end == "pending":
            return told
        at = self.after(self.decided)
        if self.end == "resolved":
            resolution = Resolution(by=f"person:{self.people[0]}", at=at, root_cause="a full disk")
            done = {"kind": Kind.INCIDENT, "status": Status.RESOLVED, "resolution": resolution}
            return replace(told, **done)  # type: ignore[arg-type]
        status, state, effect, by = ENDS[self.end]
        voted = by is DecidedBy.VOTES
        people = tuple(self.people) if by in (DecidedBy.VOTES, DecidedBy.BREAK_GLASS) else ()
        votes = tuple(replace(_VOTE, person=p, at=at) for p in people if voted)
        decision = Decision(
            option="go" if effect is Effect.RELEASE else "no",
            effect=effect,
            by=by,
            at=at,
            people=people,
            rule="esc_rule" if by is DecidedBy.POLICY else None,
        )
        results = {r.value: r for r in Result}
        result = results.get(state.value)
        ran = result and Outcome(
            result=result, at=at + timedelta(minutes=1), by="service:web", undo=self.undo
        )
        stop = Stop(by="ben", at=at, void=self.end == "void")
        return replace(
            told,
            status=status,
            state=state,
            votes=votes,
            decision=decision,
            outcome=ran,
            stopped=stop if self.end in ("stopped", "void") else None,
            looks=told.looks or tuple(Look(person=p, at=at) for p in people if voted),
        )

    def observed(self, now: datetime | None = None) -> Observed:
        """What it says."""
        arrived = {} if self.came is None else {"C1": self.after(self.came)}
        return observed(self.escalation, now or self.at + timedelta(days=40), arrived=arrived)


def added(stories: Sequence[Told], **more: Any) -> Oversight:
    """All of them together."""
    since = min((t.at for t in stories), default=MONDAY)
    found = Oversight(since=since, now=since + timedelta(days=30), **more)
    for told in stories:
        found.add(told.observed())
    return found


# -- a month ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Sort:
    """One sort of question: how many a month, who decides, how, and how fast."""

    times: int
    rule: str
    group: str
    severity: Severity
    people: Sequence[str]
    titles: Sequence[str]
    ends: Mapping[str, int]  #: by weight
    waits: float  #: seconds until somebody looks, about
    thinks: float  #: seconds from the look to the decision, about
    night: float = 0.1  #: how much of it comes outside of working hours


SORTS = (
    Sort(
        times=96,
        rule="staging deployments",
        group="platform-oncall",
        severity=Severity.MEDIUM,
        people=("sam", "priya"),
        titles=("Deploy search-api to staging", "Deploy web-shop to staging"),
        ends={"succeeded": 1},
        waits=240,
        thinks=3,
    ),
    Sort(
        times=84,
        rule="recoveries",
        group="platform-oncall",
        severity=Severity.MEDIUM,
        people=("sam", "priya"),
        titles=("Data sync failed 3 times", "Reindexing stopped at 42 %"),
        ends={
            "succeeded": 40,
            "failed": 4,
            "rejected": 9,
            "expired": 6,
            "withdrawn": 4,
            "by rule": 14,
        },
        waits=900,
        thinks=70,
        night=0.35,
    ),
    Sort(
        times=46,
        rule="production migrations",
        group="database-admin",
        severity=Severity.HIGH,
        people=("ravi", "ines", "dana"),
        titles=("Schema conflict: documents_v3", "Add an index to orders"),
        ends={"succeeded": 30, "failed": 3, "rejected": 8, "expired": 2, "lapsed": 2, "stopped": 1},
        waits=420,
        thinks=260,
    ),
    Sort(
        times=38,
        rule="transfers above 50,000 EUR",
        group="finance-approvers",
        severity=Severity.HIGH,
        people=("mia", "tom"),
        titles=("Transfer 90,000.00 EUR to Nordwind GmbH", "Transfer 61,200.00 EUR to Südtor AG"),
        ends={
            "succeeded": 30,
            "rejected": 3,
            "withdrawn": 2,
            "unknown": 1,
            "void": 1,
            "running": 1,
        },
        waits=800,
        thinks=420,
        night=0.0,
    ),
    Sort(
        times=18,
        rule="production",
        group="platform-oncall",
        severity=Severity.CRITICAL,
        people=("priya", "sam"),
        titles=("Drop column legacy_code on customers", "Rotate the root certificate"),
        ends={"succeeded": 9, "rejected": 5, "failed": 1, "overridden": 1, "expired": 1},
        waits=75,
        thinks=180,
        night=0.3,
    ),
    Sort(
        times=22,
        rule="recoveries",
        group="platform-oncall",
        severity=Severity.HIGH,
        people=("sam", "priya"),
        titles=("3 hosts do not answer", "Disk of db2 is 97 % full"),
        ends={"resolved": 12, "pending": 1},
        waits=180,
        thinks=2400,
        night=0.5,
    ),
)

#: Names by person, as a policy has them.
NAMES = {name: name.capitalize() for name in ("sam", "priya", "ravi", "ines", "dana", "mia", "tom")}


def month(seed: int = 9, sorts: Sequence[Sort] = SORTS) -> Oversight:
    """A month of some three hundred, the same for the same seed."""
    chance = Random(seed)
    stories = [_told(chance, sort) for sort in sorts for _ in range(sort.times)]
    begin = MONDAY - timedelta(days=2, hours=11)
    now = begin + timedelta(days=30)
    found = Oversight(since=begin, now=now, zone="Europe/Berlin")
    for n, told in enumerate(sorted(stories, key=lambda t: t.at)):
        told.n = n * 7919 + 0x19ABB7
        found.add(told.observed(now))
    return found


def _told(chance: Random, sort: Sort) -> Told:
    at = _moment(chance, sort.night)
    end = chance.choices(list(sort.ends), weights=list(sort.ends.values()))[0]
    waits = sort.waits * chance.lognormvariate(0, 0.9)
    thinks = sort.thinks * chance.lognormvariate(0, 0.6)
    some = sort.people[:2] if "transfers" in sort.rule else [chance.choice(sort.people)]
    away = end in ("pending", "expired", "withdrawn") and chance.random() < 0.6
    if end == "pending":
        at = MONDAY + timedelta(days=27, hours=1)
    return Told(
        at=at,
        end=end,
        rule=sort.rule,
        groups=(sort.group,),
        severity=sort.severity,
        title=chance.choice(sort.titles),
        people=some,
        called=() if end == "by rule" else sort.people,
        came=None if end == "by rule" or chance.random() < 0.03 else chance.uniform(0.4, 4),
        looked=None if away or end == "by rule" else waits,
        decided=waits + thinks,
        undo="rolled back" if end == "failed" and chance.random() < 0.6 else None,
        more=_learned(chance, end, at),
    )


def _moment(chance: Random, night: float) -> datetime:
    """Mostly in working hours, Tuesdays and Thursdays above all; the rest at any time."""
    day = MONDAY - timedelta(days=2, hours=12) + timedelta(days=chance.randrange(29))
    if chance.random() < night:
        return day + timedelta(hours=chance.uniform(0, 24))
    while day.weekday() > 4 or (day.weekday() not in (1, 3) and chance.random() < 0.35):
        day = MONDAY - timedelta(days=2, hours=12) + timedelta(days=chance.randrange(29))
    hour = min(19.0, max(6.0, chance.choice((chance.gauss(9, 1.2), chance.gauss(14, 1.5)))))
    return day + timedelta(hours=hour)


def _learned(chance: Random, end: str, at: datetime) -> dict[str, Any]:
    """What was written down afterwards."""
    if end == "failed":
        written = chance.random() < 0.6
        findings = Findings(
            by="sam",
            at=at + timedelta(days=1),
            root_cause="a lock",
            resolved_by="waited",
            runbooks_worked={"search/reindex.md": chance.random() < 0.4},
        )
        review = Review(
            why=(ReviewWhy.FAILED,),
            opened_at=at,
            due_at=at + timedelta(days=3),
            findings=findings if written else None,
        )
        return {"review": review}
    if end == "expired":
        return {"issue": Issue(state=IssueState.OPEN, at=at, by="andon")}
    return {}
