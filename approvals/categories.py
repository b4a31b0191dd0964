"""What each category means: what cannot be undone, what nobody retries, what people alone decide,
the words no request has.

One row a category. How bad each is at least stands in `severities`. `reserved` is the seed's list
"Manual Recovery Required For", with what it escalates at once because a person has to decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from approvals.severities import PRODUCTION

#: What Andon itself asks under when it proposes a rule.
POLICY_CHANGE = "policy_change"


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
    reserved: str | None = None  #: why no rule is ever accepted for it; None: one may be
    reserved_where: tuple[str, ...] = ()  #: in these environments alone; none: in all

    @property
    def name(self) -> str:
        """The category for people: `schema migration`."""
        return self.slug.replace("_", " ")


_ROWS = (
    Category(slug="data_corruption", reserved="data corruption", immediate=True),
    Category(slug="security", reserved="security incident response", private=True, immediate=True),
    Category(slug="compliance", reserved="compliance", private=True, immediate=True),
    Category(slug="unrecoverable_error", reserved="an error that no retry heals", immediate=True),
    Category(slug="configuration", reserved="a configuration that people decide", immediate=True),
    Category(slug="ambiguous_requirement", reserved="an ambiguous requirement", immediate=True),
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
    Category(slug="schema_migration", reserved="schema changes", irreversible=True),
    Category(slug="data_migration", reserved="data migration decisions", irreversible=True),
    Category(slug="api_change", reserved="breaking API changes"),
    Category(
        slug="deployment", reserved="production deployment approvals", reserved_where=PRODUCTION
    ),
    Category(slug="architecture", reserved="architecture decisions"),
    Category(
        slug="large_transaction",
        reserved="large transactions",
        irreversible=True,
        nothing="no money moves",
        nothing_past="No money moved.",
        question="What did you check?",
        private=True,
    ),
    Category(slug="decision", reserved="a decision of people"),
    Category(
        slug=POLICY_CHANGE,
        reserved="a change of the policy",
        nothing="nothing changes",
        nothing_past="Nothing changed.",
    ),
    Category(slug="other"),
)

CATEGORIES: Mapping[str, Category] = {row.slug: row for row in _ROWS}


def category(slug: str) -> Category:
    """The row of a category; one the table does not know is `other` under its own name."""
    return CATEGORIES.get(slug) or replace(CATEGORIES["other"], slug=slug)
