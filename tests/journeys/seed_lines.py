"""What the seed document wants, and the lines of `seed.toml` that carry it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from approvals.words import Severity
from tests.journeys.world import DATABASE, OPERATIONS, PAYMENTS

POLICY = (Path(__file__).parent / "seed.toml").read_text(encoding="utf-8")

ON_CALL, SECURITY, DATABASES = ("USAM", "UPRIYA"), ("UMIA", "UTOM"), ("UDANA", "UINES")
EVERYBODY = (*ON_CALL, *SECURITY, *DATABASES, "URAVI")


@dataclass(frozen=True)
class Line:
    """A rule of the policy: its name, its line, where its cards go, and who may decide or help."""

    rule: str
    text: str
    channel: str
    people: tuple[str, ...]


#: Each line of the policy, by the categories it is for.
LINES: Mapping[str, Line] = {
    category: line
    for categories, line in (
        (
            ("security", "compliance"),
            Line(
                "breach or violation",
                'match = { category = ["security", "compliance"] }',
                PAYMENTS,
                SECURITY,
            ),
        ),
        (
            ("data_corruption",),
            Line("data at risk", 'match = { category = "data_corruption" }', DATABASE, DATABASES),
        ),
        (
            ("service_outage",),
            Line("outage", 'match = { category = "service_outage" }', OPERATIONS, ON_CALL),
        ),
        (
            ("unrecoverable_error", "configuration", "ambiguous_requirement"),
            Line(
                "cannot be tried again",
                'category = ["unrecoverable_error", "configuration", "ambiguous_requirement"]',
                OPERATIONS,
                ON_CALL,
            ),
        ),
        (
            ("retries_exhausted", "service_health", "resource_exhaustion"),
            Line(
                "tried in vain",
                'category = ["retries_exhausted", "service_health", "resource_exhaustion"]',
                OPERATIONS,
                ON_CALL,
            ),
        ),
        (
            ("pattern_change",),
            Line("pattern change", 'match = { category = "pattern_change" }', OPERATIONS, ON_CALL),
        ),
        (
            ("schema_migration", "data_migration"),
            Line(
                "migrations",
                'match = { category = ["schema_migration", "data_migration"] }',
                DATABASE,
                DATABASES,
            ),
        ),
        (
            ("api_change", "deployment", "architecture"),
            Line(
                "changes",
                'match = { category = ["api_change", "deployment", "architecture"] }',
                OPERATIONS,
                ON_CALL,
            ),
        ),
        (
            ("large_transaction",),
            Line(
                "large transactions",
                'money = { currency = "EUR", above_minor = 5000000, sum_24h = ["account"] }',
                PAYMENTS,
                SECURITY,
            ),
        ),
        (
            ("other",),
            Line(
                "recovered by itself",
                'match = { category = "other", kind = "incident" }',
                OPERATIONS,
                ON_CALL,
            ),
        ),
    )
    for category in categories
}


@dataclass(frozen=True)
class Course:
    """What the document wants of a severity, under "Error Severity Classification"."""

    says: str  #: in our words
    at_once: tuple[str, ...]  #: of card, everyone, current, page, ticket
    next_s: int | None  #: seconds until somebody else is called, where nobody looked
    deadline_s: int


COURSES: Mapping[Severity, Course] = {
    Severity.CRITICAL: Course(
        "immediately: page whoever is on call, and record an incident",
        ("card", "everyone", "page"),
        300,
        1800,
    ),
    Severity.HIGH: Course(
        "within 15 minutes: alert the team's channel, and record an incident",
        ("card", "everyone"),
        900,
        3600,
    ),
    Severity.MEDIUM: Course(
        "within an hour: make a ticket",
        ("card", "current", "ticket"),
        3600,
        4 * 3600,
    ),
    Severity.LOW: Course("log it for review", (), None, 4 * 3600),
}
