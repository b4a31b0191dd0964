"""What one escalation says about the oversight itself: how long people had, and took, for it.

::

    asked -> delivered -> looked -> decided -> ended well, or not
                    `-- considered --'

A person's own look counts, and where they tapped at once (the vote was their look) the moment their
card was posted. How long somebody reads a card in the channel nobody can see.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from approvals.escalation import Escalation
from approvals.events import Record
from approvals.memory.values import IssueState
from approvals.words import DecidedBy, Kind, OperationState, Severity, Status

#: Faster than anybody reads a card; in seconds.
QUICK_S = 3.0


class Fact(StrEnum):
    """What is counted. Each is true of an escalation, or is not."""

    ASKED = "asked"  #: all of them
    DECIDED = "decided"  #: an approval, by people, inside the policy or outside
    BY_RULE = "by_rule"  #: an accepted rule decided it
    BY_ITSELF = "by_itself"  #: an automation: nobody was asked
    RESOLVED = "resolved"  #: an incident that is over
    NOBODY = "nobody"  #: it ended without a decision: expired, or taken back
    WAITING = "waiting"  #: pending
    APPROVED = "approved"  #: by people
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OVERRIDDEN = "overridden"  #: decided outside the policy
    QUICK = "quick"  #: people decided it in under three seconds
    SUCCEEDED = "succeeded"  #: after approval by people or by an accepted rule
    FAILED = "failed"
    UNKNOWN = "unknown"  #: nothing was reported in time
    LAPSED = "lapsed"  #: never taken
    STOPPED = "stopped"  #: a person stopped it before it ran
    VOID = "void"  #: nothing any more before it ran
    RUNNING = "running"  #: approved or taken, and not over
    UNDONE = "undone"  #: it ran and was taken back
    REVIEW_OVERDUE = "review_overdue"
    ISSUE_OPEN = "issue_open"


class Wait(StrEnum):
    """Which time is measured, in seconds."""

    DELIVERED = "delivered"  #: from asked until the first card was posted
    LOOKED = "looked"  #: from asked until the first look of anybody who may decide
    DECIDED = "decided"  #: from asked until people had decided
    CONSIDERED = "considered"  #: from the look until the decision, of whoever took longest


#: How the load of a day is told apart; each escalation is in one of them.
LOAD = (Fact.DECIDED, Fact.RESOLVED, Fact.BY_RULE, Fact.BY_ITSELF, Fact.NOBODY, Fact.WAITING)

#: What became of what was approved; each such escalation is in one of them.
AFTER = (
    Fact.SUCCEEDED,
    Fact.FAILED,
    Fact.UNKNOWN,
    Fact.LAPSED,
    Fact.STOPPED,
    Fact.VOID,
    Fact.RUNNING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One escalation, as far as it says something about the oversight."""

    id: str
    title: str | None  #: None once it is erased
    at: datetime  #: when it was asked
    rule: str
    groups: tuple[str, ...]
    severity: Severity
    facts: frozenset[Fact]
    waits: Mapping[Wait, float] = field(default_factory=dict)
    untold: frozenset[Wait] = frozenset()  #: it must have been, and nothing says when
    deciders: tuple[str, ...] = ()  #: whose votes made the decision
    called: tuple[str, ...] = ()  #: who was called about it, by whatever way
    pages: Mapping[str, int] = field(default_factory=dict)  #: by person: outside Slack
    runbooks: Mapping[str, bool] = field(default_factory=dict)  #: whether each worked


def observed(
    escalation: Escalation,
    now: datetime,
    *,
    arrived: Mapping[str, datetime] | None = None,
    records: Sequence[Record] = (),
) -> Observed:
    """What it says as of now.

    `arrived` says when cards were first posted, by person id or channel id; pages are counted from
    the records, as far as there are any.
    """
    e, cards = escalation, arrived or {}
    waits = dict(_waits(e, cards))
    review = e.review
    return Observed(
        id=e.id,
        title=None if e.erased else e.title,
        at=e.created_at,
        rule=e.plan.rule,
        groups=tuple(need.group for need in e.plan.requirements),
        severity=e.severity,
        facts=frozenset(_facts(e, waits.get(Wait.CONSIDERED), now)),
        waits=waits,
        untold=frozenset(_expected(e) - waits.keys()),
        deciders=_deciders(e),
        called=_called(e),
        pages=Counter(_paged(records)),
        runbooks=review.findings.runbooks_worked if review and review.findings else {},
    )


def _waits(e: Escalation, cards: Mapping[str, datetime]) -> Iterator[tuple[Wait, float]]:
    came = min(filter(None, (*cards.values(), e.delivered_at)), default=None)
    looked = min((look.at for look in e.looks), default=None)
    if came is not None:
        yield Wait.DELIVERED, (came - e.created_at).total_seconds()
    if looked is not None:
        yield Wait.LOOKED, (looked - e.created_at).total_seconds()
    if _by_people(e) and e.decision is not None:
        yield Wait.DECIDED, (e.decision.at - e.created_at).total_seconds()
        considered = [_considered(e, person, cards, came) for person in _deciders(e)]
        known = [seconds for seconds in considered if seconds is not None]
        if known and len(known) == len(considered):
            yield Wait.CONSIDERED, max(known)


def _considered(
    e: Escalation, person: str, cards: Mapping[str, datetime], came: datetime | None
) -> float | None:
    """How long that person had it before them, in seconds; None where nothing says."""
    vote = e.vote_of(person)
    if vote is None:
        return None
    look = next((look.at for look in e.looks if look.person == person), vote.at)
    begin = look if look < vote.at else cards.get(person, came)
    return None if begin is None else max(0.0, (vote.at - begin).total_seconds())


def _expected(e: Escalation) -> frozenset[Wait]:
    """What must have been, or should have: low ones ring nobody, and nobody is asked of some."""
    if e.kind is Kind.AUTOMATION or e.severity is Severity.LOW or _is_by_rule(e):
        return frozenset()
    asked = frozenset({Wait.DELIVERED, Wait.LOOKED})
    voted = _by_people(e) and not _is_overridden(e)
    return asked | ({Wait.CONSIDERED} if voted else frozenset())


def _facts(e: Escalation, considered: float | None, now: datetime) -> Iterator[Fact]:
    yield Fact.ASKED
    yield _load(e)
    if _by_people(e):
        yield Fact.APPROVED if e.status is Status.APPROVED else Fact.REJECTED
        if considered is not None and considered < QUICK_S:
            yield Fact.QUICK
    if _is_overridden(e):
        yield Fact.OVERRIDDEN
    if e.status is Status.EXPIRED:
        yield Fact.EXPIRED
    if e.status is Status.WITHDRAWN:
        yield Fact.WITHDRAWN
    if e.status is Status.APPROVED and e.kind is not Kind.AUTOMATION:
        yield _after(e)
    if e.outcome is not None and e.outcome.undo is not None:
        yield Fact.UNDONE
    if e.review is not None and e.review.findings is None and e.review.due_at < now:
        yield Fact.REVIEW_OVERDUE
    if e.issue is not None and e.issue.state is IssueState.OPEN:
        yield Fact.ISSUE_OPEN


def _load(e: Escalation) -> Fact:
    """Who had it."""
    if e.status is Status.PENDING:
        return Fact.WAITING
    if e.kind is Kind.AUTOMATION:
        return Fact.BY_ITSELF
    if e.status is Status.RESOLVED:
        return Fact.RESOLVED
    if _is_by_rule(e):
        return Fact.BY_RULE
    return Fact.DECIDED if _by_people(e) else Fact.NOBODY


def _after(e: Escalation) -> Fact:
    if e.stopped is not None:
        return Fact.VOID if e.stopped.void else Fact.STOPPED
    return _STANDS.get(e.state, Fact.RUNNING)


_STANDS: Mapping[OperationState, Fact] = {
    OperationState.SUCCEEDED: Fact.SUCCEEDED,
    OperationState.FAILED: Fact.FAILED,
    OperationState.UNKNOWN: Fact.UNKNOWN,
    OperationState.LAPSED: Fact.LAPSED,
}


def _by_people(e: Escalation) -> bool:
    return e.decision is not None and e.decision.by in (DecidedBy.VOTES, DecidedBy.BREAK_GLASS)


def _is_overridden(e: Escalation) -> bool:
    return e.decision is not None and e.decision.by is DecidedBy.BREAK_GLASS


def _is_by_rule(e: Escalation) -> bool:
    return e.decision is not None and e.decision.rule is not None


def _deciders(e: Escalation) -> tuple[str, ...]:
    if e.resolution is not None:
        kind, _, name = e.resolution.by.partition(":")
        return (name,) if kind == "person" else ()
    return e.decision.people if e.decision is not None else ()


def _called(e: Escalation) -> tuple[str, ...]:
    """Whom its chain reached; without a chain all who could decide have a card, if any has."""
    if not e.plan.steps:
        return () if e.severity is Severity.LOW or _is_by_rule(e) else e.plan.could_decide
    ways = (way.partition(":") for way in e.chain.ways)
    return tuple(name for kind, _, name in ways if kind == "person")


def _paged(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        for notice in record.body.get("notices") or ():
            kind, _, name = notice["to"].partition(":")
            if kind == "person" and notice["via"].startswith("route:"):
                yield name
