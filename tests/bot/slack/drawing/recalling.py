"""What came before the examples, made by hand: recollections, and what people wrote then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.escalation import Escalation
from approvals.memory.ports import Match
from approvals.memory.remembering import Remembered
from approvals.memory.values import (
    Findings,
    Issue,
    IssueState,
    Likeness,
    Precedent,
    Recollection,
    Review,
    ReviewWhy,
)
from approvals.words import DecidedBy, Effect, Kind, Result, Severity, Status
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import ASKED

#: When the last of them ended.
LAST = ASKED - timedelta(days=7)

LAG = "replica lag was fine"

FILLS = Issue(
    state=IssueState.KNOWN,
    at=LAST,
    by="person:ines",
    scenario="Mapping changes collide with the language field.",
    root_cause="Two deploys change one mapping.",
    workarounds="Freeze deploys of help-centre first.",
    owner="ines",
    due="2026-12-01",
)


def past(**changes: Any) -> Recollection:
    """Fourteen like it: Ravi decided the last one."""
    last = Precedent(id="esc_last", at=LAST, option="migrate", outcome="succeeded", person="ravi")
    usual = Recollection(
        likeness=Likeness.EXACT,
        times=14,
        ended={"migrate": 11, "manual": 2, "recreate": 1},
        undone=1,
        precedents=(last,),
    )
    return replace(usual, **changes)


def one_before(**changes: Any) -> Remembered:
    """The last of them."""
    usual = Remembered(
        id="esc_last",
        service="search-api",
        kind=Kind.APPROVAL,
        category="schema_migration",
        severity=Severity.HIGH,
        environment="production",
        title="Schema conflict on search index documents_v2",
        rule="production migrations",
        status=Status.APPROVED,
        created_at=LAST - timedelta(minutes=11),
        ended_at=LAST,
        by=DecidedBy.VOTES,
        option="migrate",
        label="Migrate, keep data",
        effect=Effect.RELEASE,
        people=("ravi",),
        rationale=LAG,
        outcome=Result.SUCCEEDED,
    )
    return replace(usual, **changes)


def reviewed() -> Review:
    """Somebody wrote what it was."""
    found = Findings(
        by="ines", at=LAST, root_cause="The disk was too small.", resolved_by="A larger one."
    )
    day = timedelta(days=2)
    return Review(why=(ReviewWhy.FAILED,), opened_at=LAST, due_at=LAST + day, findings=found)


def asked_again(**changes: Any) -> Escalation:
    """The schema conflict, with those before it."""
    return replace(states.chained(), recalled=past(**changes))


def reported_again() -> Escalation:
    """The outage, with those before it: by its error alone."""
    last = Precedent(id="esc_last", at=LAST, person="sam")
    ended: Mapping[str, int] = {"resolved": 4, "withdrawn": 1}
    seen = past(likeness=Likeness.ERROR, times=5, ended=ended, undone=0, precedents=(last,))
    return states.incident(recalled=seen)


FAILED = one_before(
    id="esc_failed",
    people=("ravi", "ines"),
    rationale=None,
    outcome=Result.FAILED,
    undone="alembic downgrade -1",
    review=reviewed(),
)
REJECTED: dict[str, Any] = {"status": Status.REJECTED, "effect": Effect.ABORT, "outcome": None}
BY_HAND = one_before(
    id="esc_by_hand",
    **REJECTED,
    option="manual",
    label="I will resolve it by hand",
    rationale="quicker",
    by_hand="merged both mappings",
    issue=FILLS,
)

#: The last of them, as somebody wrote down what it ran into.
KNOWN = (one_before(issue=FILLS),)

#: What a window of earlier ones lists.
EARLIER = (
    Match(found=one_before(), score=3.0, likeness=Likeness.EXACT),
    Match(found=FAILED, score=2.0, likeness=Likeness.TEMPLATE),
    Match(found=BY_HAND, score=1.0, likeness=Likeness.ERROR),
)
