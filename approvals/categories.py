"""What each category means: how bad at least, what cannot be undone, and the words no request has.

One row a category, one table (DESIGN section 5, the seed's severity statements).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from approvals.words import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category's row."""

    slug: str
    severity: Severity = Severity.MEDIUM  #: at least
    irreversible: bool = False  #: its release options cannot be undone, unless the policy says so
    nothing: str = "nothing runs"  #: what an abort means
    nothing_past: str = "Nothing ran."
    question: str = "Why is this right?"  #: asked before something irreversible
    private: bool = False  #: belongs into a private channel or direct messages

    @property
    def name(self) -> str:
        """The category for people: `schema migration`."""
        return self.slug.replace("_", " ")


_ROWS = (
    Category(slug="data_corruption", severity=Severity.CRITICAL),
    Category(slug="security", severity=Severity.CRITICAL, private=True),
    Category(slug="compliance", severity=Severity.CRITICAL, private=True),
    Category(slug="unrecoverable_error", severity=Severity.HIGH),
    Category(slug="configuration"),
    Category(slug="ambiguous_requirement"),
    Category(
        slug="retries_exhausted",
        nothing="it stays stopped",
        nothing_past="It stays stopped.",
    ),
    Category(slug="pattern_change", severity=Severity.HIGH),
    Category(slug="resource_exhaustion", severity=Severity.HIGH),
    Category(slug="service_health"),
    Category(slug="service_outage", severity=Severity.HIGH),
    Category(slug="schema_migration", irreversible=True),
    Category(slug="data_migration", irreversible=True),
    Category(slug="api_change"),
    Category(slug="deployment"),
    Category(slug="architecture"),
    Category(
        slug="large_transaction",
        irreversible=True,
        nothing="no money moves",
        nothing_past="No money moved.",
        question="What did you check?",
        private=True,
    ),
    Category(slug="decision"),
    Category(slug="other"),
)

CATEGORIES: Mapping[str, Category] = {row.slug: row for row in _ROWS}


def category(slug: str) -> Category:
    """The row of a category; one the table does not know is `other` under its own name."""
    return CATEGORIES.get(slug) or replace(CATEGORIES["other"], slug=slug)


def severity_floor(slug: str) -> Severity:
    """How bad the category is at least."""
    return (CATEGORIES.get(slug) or CATEGORIES["other"]).severity
