"""What each category means: what cannot be undone, what nobody retries, the words no request has.

One row a category. How bad each is at least stands in `severities`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category's row."""

    slug: str
    irreversible: bool = False  #: its release options cannot be undone, unless the policy says so
    nothing: str = "nothing runs"  #: what an abort means
    nothing_past: str = "Nothing ran."
    question: str = "Why is this right?"  #: asked before something irreversible
    private: bool = False  #: belongs into a private channel or direct messages
    immediate: bool = False  #: people are asked at once; nothing is retried before
    automatic: bool = False  #: a recovery from it may run by itself; of all others people decide

    @property
    def name(self) -> str:
        """The category for people: `schema migration`."""
        return self.slug.replace("_", " ")


_ROWS = (
    Category(slug="data_corruption", immediate=True),
    Category(slug="security", private=True, immediate=True),
    Category(slug="compliance", private=True, immediate=True),
    Category(slug="unrecoverable_error", immediate=True),
    Category(slug="configuration", immediate=True),
    Category(slug="ambiguous_requirement", immediate=True),
    Category(
        slug="retries_exhausted",
        nothing="it stays stopped",
        nothing_past="It stays stopped.",
        automatic=True,
    ),
    Category(slug="pattern_change", automatic=True),
    Category(slug="resource_exhaustion", automatic=True),
    Category(slug="service_health", automatic=True),
    Category(slug="service_outage", automatic=True),
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
