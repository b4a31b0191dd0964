"""How bad it is at least: one table, and every situation of the seed document in it."""

import pytest

from approvals.categories import CATEGORIES, category
from approvals.severities import FLOORS, TERMS, VERSION, Floor, severity_floor
from approvals.situations import SITUATIONS, Heading, Situation
from approvals.words import Kind, Severity


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: f"{s.heading.name}: {s.text}")
def test_each_situation_is_as_bad_as_the_table_says(situation: Situation) -> None:
    floor = severity_floor(
        situation.category,
        kind=situation.kind,
        environment="production",
        attempts=situation.attempts,
    )
    assert floor is situation.severity


@pytest.mark.parametrize(
    ("heading", "severity"),
    [
        (Heading.CRITICAL, Severity.CRITICAL),
        (Heading.HIGH, Severity.HIGH),
        (Heading.MEDIUM, Severity.MEDIUM),
        (Heading.LOW, Severity.LOW),
    ],
)
def test_a_situation_listed_under_a_severity_has_it(heading: Heading, severity: Severity) -> None:
    assert {s.severity for s in SITUATIONS if s.heading is heading} == {severity}


def test_what_escalates_at_once_is_never_retried_first() -> None:
    """And nothing else claims so."""
    found = {s.category for s in SITUATIONS if s.heading is Heading.IMMEDIATE}
    assert found == {slug for slug, row in CATEGORIES.items() if row.immediate}


def test_retries_come_before_the_question_where_the_document_says_so() -> None:
    later = (Heading.AFTER_RETRIES, Heading.PATTERN, Heading.AUTOMATED)
    found = {s.category for s in SITUATIONS if s.heading in later}
    assert {slug for slug in found if category(slug).immediate} == set()


def test_every_category_stands_for_something_or_is_a_plain_decision() -> None:
    """No category without a row, no row without a category; of a rule, Andon itself asks."""
    assert {row.category for row in FLOORS} == set(CATEGORIES)
    assert set(CATEGORIES) - {s.category for s in SITUATIONS} == {"decision", "policy_change"}


def test_what_recovers_by_itself_is_recorded_and_asks_nobody() -> None:
    automated = [s for s in SITUATIONS if s.heading is Heading.AUTOMATED]
    assert {(s.kind, s.severity) for s in automated} == {(Kind.INCIDENT, Severity.LOW)}


def test_what_needs_people_holds_an_operation() -> None:
    assert {s.kind for s in SITUATIONS if s.heading is Heading.MANUAL} == {Kind.APPROVAL}


@pytest.mark.parametrize(
    ("slug", "environment", "attempts", "found"),
    [
        ("service_outage", "production", 0, "critical"),
        ("service_outage", "Production", 0, "critical"),
        ("service_outage", "prod", 0, "critical"),
        ("service_outage", "staging", 0, "high"),
        ("service_outage", "reproduction", 0, "high"),
        ("service_health", "production", 2, "medium"),
        ("service_health", "production", 3, "high"),
        ("service_health", "staging", 9, "high"),
        ("retries_exhausted", "production", 9, "medium"),
        ("security", "test", 0, "critical"),
        ("other", "production", 9, "low"),
        ("never_heard_of", "production", 0, "low"),
    ],
)
def test_environment_and_attempts_count_where_the_table_says(
    slug: str, environment: str, attempts: int, found: str
) -> None:
    """As an incident; what holds an operation is at least medium."""
    floor = severity_floor(slug, kind=Kind.INCIDENT, environment=environment, attempts=attempts)
    assert floor == found
    held = severity_floor(slug, environment=environment, attempts=attempts)
    assert held is Severity.worst(floor, Severity.MEDIUM)


@pytest.mark.parametrize("row", FLOORS, ids=lambda row: f"{row.category} {row.severity}")
def test_more_attempts_and_production_never_make_it_milder(row: Floor) -> None:
    ranks = [
        severity_floor(row.category, kind=Kind.INCIDENT, environment=env, attempts=n).rank
        for env, n in (("test", 0), ("test", 3), ("production", 3))
    ]
    assert ranks == sorted(ranks)


def test_the_clocks_are_those_of_the_design() -> None:
    """Respond within, decide within; the worse, the sooner."""
    clocks = {s: (t.respond_within_s, t.decide_within_s) for s, t in TERMS.items()}
    assert clocks == {
        "critical": (300, 1800),
        "high": (900, 3600),
        "medium": (3600, 14400),
        "low": (14400, 14400),
    }


def test_nothing_is_extended_beyond_what_it_had() -> None:
    assert {s for s, t in TERMS.items() if t.extend_by_s > t.decide_within_s} == set()


def test_the_table_has_a_version() -> None:
    """Raise it with every change of a row: records say by which they were judged."""
    assert (VERSION, len(FLOORS)) == (2, 22)
