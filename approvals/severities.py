"""How bad it is at least, and what follows from that: one table, versioned (DESIGN section 5).

A floor is the worst of all rows that fit a request's category, environment and attempts. Rules and
callers raise it and never lower it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from approvals.words import Kind, Severity

#: Rises whenever a row below changes, so that a record can say by which table it was judged.
VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A row: a request that fits all of it is at least that bad."""

    severity: Severity
    category: str
    production: bool = False  #: only there
    attempts: int = 0  #: at least so many were made

    def fits(self, environment: str, attempts: int) -> bool:
        """Whether a request of the row's category is what the row is about."""
        there = environment.casefold() in PRODUCTION
        return (there or not self.production) and attempts >= self.attempts


#: What production is called, in any case.
PRODUCTION = ("production", "prod")

#: How often a service fails before it counts as failing repeatedly.
REPEATED = 3

FLOORS: tuple[Floor, ...] = (
    Floor(category="data_corruption", severity=Severity.CRITICAL),
    Floor(category="security", severity=Severity.CRITICAL),
    Floor(category="compliance", severity=Severity.CRITICAL),
    Floor(category="service_outage", production=True, severity=Severity.CRITICAL),
    Floor(category="service_outage", severity=Severity.HIGH),
    Floor(category="unrecoverable_error", severity=Severity.HIGH),
    Floor(category="pattern_change", severity=Severity.HIGH),
    Floor(category="resource_exhaustion", severity=Severity.HIGH),
    Floor(category="service_health", attempts=REPEATED, severity=Severity.HIGH),
    Floor(category="service_health", severity=Severity.MEDIUM),
    Floor(category="retries_exhausted", severity=Severity.MEDIUM),
    Floor(category="configuration", severity=Severity.MEDIUM),
    Floor(category="ambiguous_requirement", severity=Severity.MEDIUM),
    Floor(category="schema_migration", severity=Severity.MEDIUM),
    Floor(category="data_migration", severity=Severity.MEDIUM),
    Floor(category="api_change", severity=Severity.MEDIUM),
    Floor(category="deployment", severity=Severity.MEDIUM),
    Floor(category="architecture", severity=Severity.MEDIUM),
    Floor(category="large_transaction", severity=Severity.MEDIUM),
    Floor(category="decision", severity=Severity.MEDIUM),
    Floor(category="policy_change", severity=Severity.MEDIUM),
    Floor(category="other", severity=Severity.LOW),
)

_BY_CATEGORY: Mapping[str, tuple[Floor, ...]] = {
    slug: tuple(row for row in FLOORS if row.category == slug)
    for slug in dict.fromkeys(row.category for row in FLOORS)
}


@lru_cache(maxsize=4096)
def severity_floor(
    category: str, kind: Kind = Kind.APPROVAL, environment: str = "", attempts: int = 0
) -> Severity:
    """How bad it is at least. A category that the table does not know counts as `other`.

    What holds an operation is never low: somebody waits for the answer.
    """
    known = _BY_CATEGORY.get(category) or _BY_CATEGORY["other"]
    found = (row.severity for row in known if row.fits(environment, attempts))
    lowest = Severity.MEDIUM if kind is Kind.APPROVAL else Severity.LOW
    return Severity.worst(lowest, *found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The clocks of one severity, in seconds; the policy may change each."""

    respond_within_s: int  #: somebody must have looked; drives the chain
    decide_within_s: int  #: the deadline; after it the operation is aborted
    extend_by_s: int  #: what an approver may add, once
    acknowledge_for_s: int  #: how long "I am looking" holds the chain
    undelivered_max_s: int  #: how far the deadline moves while nobody can be reached


TERMS: Mapping[Severity, Terms] = {
    Severity.CRITICAL: Terms(
        respond_within_s=300,
        decide_within_s=1800,
        extend_by_s=900,
        acknowledge_for_s=600,
        undelivered_max_s=1800,
    ),
    Severity.HIGH: Terms(
        respond_within_s=900,
        decide_within_s=3600,
        extend_by_s=1800,
        acknowledge_for_s=900,
        undelivered_max_s=3600,
    ),
    Severity.MEDIUM: Terms(
        respond_within_s=3600,
        decide_within_s=4 * 3600,
        extend_by_s=2 * 3600,
        acknowledge_for_s=3600,
        undelivered_max_s=4 * 3600,
    ),
    Severity.LOW: Terms(
        respond_within_s=4 * 3600,
        decide_within_s=4 * 3600,
        extend_by_s=0,
        acknowledge_for_s=3600,
        undelivered_max_s=0,
    ),
}
