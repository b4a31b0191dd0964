"""What is remembered of an escalation that has ended: one small value, made of it alone.

It can be thrown away and made again at any time; nothing is decided by it but what a rule that
people accepted says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from approvals.escalation import Escalation
from approvals.memory.fingerprint import known_by
from approvals.memory.values import Fingerprint, Issue, Review
from approvals.tally import counting
from approvals.words import DecidedBy, Effect, Kind, Result, Severity, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """How it ended, and what it is found again by."""

    id: str
    service: str
    kind: Kind
    category: str
    severity: Severity
    environment: str
    title: str
    rule: str  #: of the policy: which one asked for people
    status: Status
    created_at: datetime
    ended_at: datetime
    fingerprint: Fingerprint | None = None
    operation: str | None = None  #: its name
    money: bool = False  #: whether it moved some
    by: DecidedBy | None = None
    option: str | None = None  #: key of what was chosen
    label: str | None = None  #: of that option, as people read it
    effect: Effect | None = None
    people: tuple[str, ...] = ()  #: whose votes made the decision
    rationale: str | None = None  #: the last one's words
    outcome: Result | None = None
    undone: str | None = None  #: how it was taken back, in the service's words
    stopped: bool = False  #: approved, and stopped by a person before it ran
    void: bool = False  #: approved, and nothing any more before it ran
    by_rule: str | None = None  #: the proposal whose accepted rule decided it
    by_hand: str | None = None  #: what people did by hand instead
    issue: Issue | None = None
    review: Review | None = None

    @property
    def is_reversed(self) -> bool:
        """Whether somebody took the release back, before or after it ran."""
        return self.undone is not None or self.stopped


def remembered(escalation: Escalation) -> Remembered | None:
    """What is remembered of it; None while it is pending, and once it is erased."""
    e, decision, ended = escalation, escalation.decision, escalation.ended_at
    if not e.status.is_terminal or e.erased is not None or ended is None:
        return None
    option = e.option(decision.option if decision else None)
    stop, outcome = e.stopped, e.outcome
    return Remembered(
        id=e.id,
        service=e.service,
        kind=e.kind,
        category=e.category,
        severity=e.severity,
        environment=e.environment,
        title=e.title,
        rule=e.plan.rule,
        status=e.status,
        created_at=e.created_at,
        ended_at=ended,
        fingerprint=known_by(e),
        operation=e.operation.name if e.operation else None,
        money=e.operation is not None and e.operation.money is not None,
        by=decision.by if decision else None,
        option=option.key if option else None,
        label=option.label if option else None,
        effect=decision.effect if decision else None,
        people=decision.people if decision else (),
        rationale=_rationale(e),
        outcome=outcome.result if outcome else None,
        undone=outcome.undo if outcome else None,
        stopped=stop is not None and not stop.void,
        void=stop is not None and stop.void,
        by_rule=decision.rule if decision else None,
        by_hand=_by_hand(e),
        issue=e.issue,
        review=e.review,
    )


def _by_hand(e: Escalation) -> str | None:
    """What people did instead: as the incident was resolved, or as it was written down since."""
    if e.issue is not None and e.issue.workarounds:
        return e.issue.workarounds
    return e.resolution.by_hand if e.resolution else None


def _rationale(e: Escalation) -> str | None:
    """The words of whoever decided last: of their vote, or given afterwards."""
    decision = e.decision
    if decision is None:
        return e.resolution.root_cause if e.resolution else None
    return next(_said(e), None) or decision.reason


def _said(e: Escalation) -> Iterator[str]:
    decision = e.decision
    option = e.option(decision.option if decision else None)
    later = {reason.person: reason.text for reason in e.reasons}
    for vote in reversed(counting(e, option.key) if option else ()):
        said = later.get(vote.person) or vote.rationale
        if said:
            yield said


def searchable(escalation: Escalation) -> str:
    """All words by which people look for it: what was asked, what went wrong, what was learned.

    Nothing hidden is in it: what was redacted at the door never came here.
    """
    return "\n".join(filter(None, _words(escalation)))


def _words(e: Escalation) -> Iterator[str | None]:
    error = e.context.get("error") or {}
    yield from (e.title, e.summary, e.service, e.reference, error.get("type"), error.get("message"))
    yield from (e.operation.name, e.operation.target) if e.operation else ()
    yield from (str(e.context[k]) for k in ("user_impact", "blast_radius") if k in e.context)
    yield _rationale(e)
    if e.resolution is not None:
        yield from (e.resolution.root_cause, e.resolution.by_hand)
    if e.issue is not None:
        yield from (e.issue.scenario, e.issue.root_cause, e.issue.workarounds, e.issue.blockers)
    if e.review is not None and e.review.findings is not None:
        found = e.review.findings
        yield from (found.root_cause, found.resolved_by, found.worked)
