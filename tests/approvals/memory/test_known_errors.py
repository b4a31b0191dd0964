"""Known errors in force: the latest review says, a fix ends it, some never run by themselves."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals.memory.known_errors import InForce, known_errors
from approvals.memory.remembering import Remembered
from approvals.memory.values import (
    Findings,
    Issue,
    IssueState,
    KnownError,
    Review,
    ReviewWhy,
)
from approvals.policy.entries import AutomationEntry
from approvals.words import Kind, Recovery, Severity, Status
from tests.building import START

ALL = AutomationEntry()
TIMEOUT = KnownError(
    error_type="ConnectTimeout",
    message="warehouse-db:<n> after <n> s",
    recovery=Recovery.RESTART,
    steps="Restart the pool, then look at the firewall.",
)


def day(n: float) -> datetime:
    """So many days on."""
    return START + timedelta(days=n)


def issue(state: IssueState, on: float) -> Issue:
    """How it stands since that day."""
    return Issue(state=state, at=day(on), by="person:sam")


def row(
    id_: str = "esc_1", on: float = 1, known: KnownError | None = TIMEOUT, **more: Any
) -> Remembered:
    """An incident whose review was written that day."""
    found = Findings(by="sam", at=day(on), root_cause="x", resolved_by="y", known_error=known)
    review = Review(
        why=(ReviewWhy.HIGH,), opened_at=START, due_at=day(5), owner="sam", findings=found
    )
    said: dict[str, Any] = {
        "service": "data-sync",
        "kind": Kind.INCIDENT,
        "category": "service_health",
        "severity": Severity.HIGH,
        "environment": "production",
        "title": "3 hosts do not answer",
        "rule": "recoveries",
        "status": Status.RESOLVED,
        "created_at": START,
        "ended_at": START,
        "review": review,
    }
    return Remembered(id=id_, **{**said, **more})


def said(*rows: Remembered, by: AutomationEntry = ALL) -> list[tuple[str, str | None]]:
    """Which escalation says it, and what may run by itself."""
    return [(one.escalation, one.recovery) for one in known_errors(rows, by)]


def test_what_a_review_confirmed_is_said_whole() -> None:
    assert known_errors([row()], ALL) == (
        InForce(
            service="data-sync",
            error_type="ConnectTimeout",
            message="warehouse-db:<n> after <n> s",
            recovery=Recovery.RESTART,
            steps="Restart the pool, then look at the firewall.",
            escalation="esc_1",
            reviewed_at=day(1),
        ),
    )


@pytest.mark.parametrize("turned", [False, True])
def test_the_review_written_last_wins(turned: bool) -> None:
    rows = [row("old", 1), row("new", 2, replace(TIMEOUT, recovery=Recovery.CACHE))]
    assert said(*(reversed(rows) if turned else rows)) == [("new", "cache")]


def test_another_service_type_or_message_is_another_error() -> None:
    rows = [
        row("a"),
        row("b", service="other"),
        row("c", known=replace(TIMEOUT, error_type=None)),
        row("d", known=replace(TIMEOUT, message="another")),
    ]
    assert [one for one, _ in said(*rows)] == ["c", "d", "a", "b"]


def test_reviews_that_confirmed_none_and_what_has_none_say_nothing() -> None:
    due = Review(why=(ReviewWhy.HIGH,), opened_at=START, due_at=day(5))
    assert said(row(known=None), row(review=due), row(review=None)) == []


@pytest.mark.parametrize(
    ("state", "on", "stays"),
    [
        (IssueState.FIXED, 2, False),
        (IssueState.FIXED, 1, False),
        (IssueState.FIXED, 0.5, True),
        (IssueState.KNOWN, 2, True),
        (IssueState.OPEN, 2, True),
    ],
)
def test_an_issue_that_is_fixed_since_drops_it(state: IssueState, on: float, stays: bool) -> None:
    """One that was fixed before the review says that it came again."""
    assert bool(said(row(issue=issue(state, on)))) is stays


def test_a_fix_of_an_earlier_occurrence_counts_where_it_came_later() -> None:
    fixed = row("old", 1, issue=issue(IssueState.FIXED, 3))
    assert said(fixed, row("new", 2)) == []
    assert said(row("new", 2), fixed) == []
    assert said(fixed, row("new", 4)) == [("new", "restart")]
    twice = row("older", 1, issue=issue(IssueState.FIXED, 5))
    assert said(fixed, twice, row("new", 4)) == said(twice, fixed, row("new", 4)) == []


@pytest.mark.parametrize(
    ("row_", "by", "recovery"),
    [
        (row(), ALL, "restart"),
        (row(), AutomationEntry(allow=(Recovery.CACHE,)), None),
        (row(), AutomationEntry(services={"data-sync": (Recovery.CACHE,)}), None),
        (row(), AutomationEntry(services={"other": ()}), "restart"),
        (row(category="schema_migration"), ALL, None),
        (row(category="security"), ALL, None),
        (row(category="of_its_own"), ALL, None),
        (row(category="service_outage", money=True), ALL, None),
        (row(known=replace(TIMEOUT, recovery=None)), ALL, None),
    ],
)
def test_only_what_may_run_by_itself_is_said_as_a_recovery(
    row_: Remembered, by: AutomationEntry, recovery: str | None
) -> None:
    """The steps for people are said in any case."""
    (one,) = known_errors([row_], by)
    assert (one.recovery, one.steps) == (recovery, TIMEOUT.steps)
