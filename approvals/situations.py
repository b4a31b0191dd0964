"""Every situation the seed document names, and what stands for it here: a category and attributes.

The document contradicts itself in places; the table in `severities` decides, for the worse: an
unauthorised payment is security and so critical, a type error is unrecoverable and so never low,
exhausted retries are medium and repeated failures of one service high.
"""

from dataclasses import dataclass
from enum import StrEnum

from approvals.severities import REPEATED
from approvals.words import Kind, Severity


class Heading(StrEnum):
    """Where in the document it stands."""

    IMMEDIATE = "Immediate Escalation (No Retry)"
    AFTER_RETRIES = "Escalate After Retry Exhausted"
    PATTERN = "Escalate on Pattern Change"
    AUTOMATED = "Automated Recovery Suitable For"
    MANUAL = "Manual Recovery Required For"
    CRITICAL = "CRITICAL (Immediate escalation)"
    HIGH = "HIGH (Escalate within 15 minutes)"
    MEDIUM = "MEDIUM (Escalate within 1 hour)"
    LOW = "LOW (Log for review)"
    EXAMPLE = "the examples in code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A sentence of the document, and the request that stands for it."""

    heading: Heading
    text: str
    category: str
    severity: Severity  #: what the table makes of it, in production
    kind: Kind = Kind.INCIDENT
    attempts: int = 0


def _all(
    heading: Heading, severity: Severity, kind: Kind, *rows: tuple[str, str], attempts: int = 0
) -> tuple[Situation, ...]:
    return tuple(
        Situation(
            heading=heading,
            text=text,
            category=category,
            severity=severity,
            kind=kind,
            attempts=attempts,
        )
        for text, category in rows
    )


_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_APPROVAL, _INCIDENT = Kind.APPROVAL, Kind.INCIDENT

SITUATIONS: tuple[Situation, ...] = (
    *_all(
        Heading.IMMEDIATE,
        _CRITICAL,
        _INCIDENT,
        ("Data corruption detected", "data_corruption"),
        ("Security issues (authentication bypass, unauthorized access)", "security"),
        ("Compliance violations", "compliance"),
    ),
    *_all(
        Heading.IMMEDIATE,
        _HIGH,
        _INCIDENT,
        ("Unrecoverable errors (syntax errors, type errors)", "unrecoverable_error"),
    ),
    *_all(
        Heading.IMMEDIATE,
        _MEDIUM,
        _APPROVAL,
        ("Configuration errors requiring human decision", "configuration"),
        ("Ambiguous requirements", "ambiguous_requirement"),
    ),
    *_all(
        Heading.AFTER_RETRIES,
        _MEDIUM,
        _APPROVAL,
        ("Maximum retry attempts reached", "retries_exhausted"),
        ("All fallbacks failed", "retries_exhausted"),
    ),
    *_all(
        Heading.AFTER_RETRIES,
        _CRITICAL,
        _INCIDENT,
        ("Service down for extended period", "service_outage"),
    ),
    *_all(
        Heading.AFTER_RETRIES,
        _HIGH,
        _INCIDENT,
        ("Circuit breaker repeatedly opening", "service_health"),
        ("Resource exhaustion", "resource_exhaustion"),
        attempts=REPEATED,
    ),
    *_all(
        Heading.PATTERN,
        _HIGH,
        _INCIDENT,
        ("Error rate suddenly increases", "pattern_change"),
        ("New error types appear", "pattern_change"),
        ("Performance degrades unexpectedly", "pattern_change"),
        ("Resource usage spikes", "pattern_change"),
    ),
    *_all(
        Heading.AUTOMATED,
        _LOW,
        _INCIDENT,
        ("Known error patterns with proven fixes", "other"),
        ("Idempotent operations", "other"),
        ("Service restarts (with safeguards)", "other"),
        ("Cache clearing", "other"),
        ("Resource cleanup", "other"),
        ("Retry with backoff", "other"),
    ),
    *_all(
        Heading.MANUAL,
        _MEDIUM,
        _APPROVAL,
        ("Data migration decisions", "data_migration"),
        ("Schema changes", "schema_migration"),
        ("Breaking API changes", "api_change"),
        ("Production deployment approvals", "deployment"),
        ("Architecture decisions", "architecture"),
    ),
    *_all(
        Heading.MANUAL,
        _CRITICAL,
        _APPROVAL,
        ("Security incident response", "security"),
    ),
    *_all(
        Heading.CRITICAL,
        _CRITICAL,
        _INCIDENT,
        ("Production outage", "service_outage"),
        ("Data loss", "data_corruption"),
        ("Security breach", "security"),
        ("Compliance violation", "compliance"),
    ),
    *_all(
        Heading.HIGH,
        _HIGH,
        _INCIDENT,
        ("Service degradation", "pattern_change"),
        ("Repeated failures", "service_health"),
        ("Resource exhaustion", "resource_exhaustion"),
        ("Error rate spike", "pattern_change"),
        attempts=REPEATED,
    ),
    *_all(
        Heading.MEDIUM,
        _MEDIUM,
        _INCIDENT,
        ("Non-critical feature broken", "service_health"),
        ("Performance degradation", "service_health"),
        ("Elevated error rates", "service_health"),
        ("Retry exhaustion", "retries_exhausted"),
    ),
    *_all(
        Heading.LOW,
        _LOW,
        _INCIDENT,
        ("Transient errors (recovered)", "other"),
        ("Expected failures (rate limits)", "other"),
        ("Non-critical warnings", "other"),
    ),
    *_all(
        Heading.EXAMPLE,
        _CRITICAL,
        _INCIDENT,
        ("Unauthorized payment attempt", "security"),
        ("DataCorruptionError, SecurityError", "data_corruption"),
        ("ServiceUnavailableError in production", "service_outage"),
    ),
    *_all(
        Heading.EXAMPLE,
        _HIGH,
        _INCIDENT,
        ("Error rate spike: {error_rate} (baseline: {baseline_rate})", "pattern_change"),
        ("retry_count >= 3", "service_health"),
        ("Service repeatedly unhealthy", "service_health"),
        attempts=REPEATED,
    ),
    *_all(
        Heading.EXAMPLE,
        _MEDIUM,
        _APPROVAL,
        ("Large transaction requires approval", "large_transaction"),
        ("Data sync failed after retries", "retries_exhausted"),
        ("Schema Migration Required", "schema_migration"),
    ),
    *_all(
        Heading.EXAMPLE,
        _MEDIUM,
        _INCIDENT,
        ("ConnectionError, TimeoutError", "service_health"),
    ),
    *_all(
        Heading.EXAMPLE,
        _LOW,
        _INCIDENT,
        ("recovered", "other"),
        ("everything else", "other"),
    ),
)
