"""Known errors: what reviews confirmed, with what to do about it, as services may ask for them.

One of a service, an error's type and its message (without accidents); the review written last
wins. An issue that is marked fixed since drops it: should it come again, a review says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from approvals.automatic import never
from approvals.memory.remembering import Remembered
from approvals.memory.values import Findings, IssueState, KnownError
from approvals.policy.entries import AutomationEntry
from approvals.words import Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A known error, and the escalation whose review confirmed it."""

    service: str
    error_type: str | None  #: None: of any type
    message: str  #: as `approvals.joining.normalised` makes it
    recovery: Recovery | None  #: may run by itself now, as the policy stands
    steps: str | None  #: what to do by hand
    escalation: str
    reviewed_at: datetime


_Key = tuple[str, str, str]


def known_errors(rows: Iterable[Remembered], automation: AutomationEntry) -> tuple[InForce, ...]:
    """Those in force, by service, type and message. Rows without a known error say nothing."""
    latest: dict[_Key, InForce] = {}
    fixed: dict[_Key, datetime] = {}
    for row, found, known in _confirmed(rows):
        key = (row.service, known.error_type or "", known.message)
        before = latest.get(key)
        if before is None or found.at > before.reviewed_at:
            latest[key] = _in_force(row, found, known, automation)
        if row.issue is not None and row.issue.state is IssueState.FIXED:
            fixed[key] = max(row.issue.at, fixed.get(key, row.issue.at))
    over = {key for key, at in fixed.items() if at >= latest[key].reviewed_at}
    return tuple(one for key, one in sorted(latest.items()) if key not in over)


def _confirmed(rows: Iterable[Remembered]) -> Iterator[tuple[Remembered, Findings, KnownError]]:
    for row in rows:
        found = row.review.findings if row.review is not None else None
        if found is not None and row.known_error is not None:
            yield row, found, row.known_error


def _in_force(
    row: Remembered, found: Findings, known: KnownError, automation: AutomationEntry
) -> InForce:
    return InForce(
        service=row.service,
        error_type=known.error_type,
        message=known.message,
        recovery=_recovery(row, known, automation),
        steps=known.steps,
        escalation=row.id,
        reviewed_at=found.at,
    )


def _recovery(row: Remembered, known: KnownError, automation: AutomationEntry) -> Recovery | None:
    """What may run by itself. What people decide is never said, whatever a review confirmed."""
    if known.recovery is None or not automation.lets(row.service, known.recovery):
        return None
    asked = {
        "recovery": known.recovery,
        "category": row.category,
        "operation": {"money": row.money},
    }
    return None if any(never(asked)) else known.recovery
