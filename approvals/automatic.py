"""What may run by itself: which recoveries, of what, how often, and when people decide instead.

The breaker has no row of its own. It is reckoned from what the store keeps of the same recovery of
the same service: those that ran by themselves, and those that people released under the same
`dedup_key` (`automation:restart`)::

    automatic --+-- as many within the window as may be ------> manual, until the window has passed
                +-- one failed, or nobody knows what became --> manual, for as long as policy says

    manual -- people released one, and it succeeded ----------> automatic, counted from there
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.categories import CATEGORIES, category
from approvals.escalation import Escalation, Json
from approvals.policy.entries import AutomationEntry
from approvals.refusals import FieldError
from approvals.words import Kind, OperationState, Recovery

#: What names the breaker: automations have it as `dedup_key`, and so have approvals after them.
PREFIX = "automation:"

BREAKERS = tuple(f"{PREFIX}{recovery}" for recovery in Recovery)

#: How nobody wants an automatic recovery to end.
_BAD = (OperationState.FAILED, OperationState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One recovery of a service: by itself, or released by people."""

    at: datetime
    alone: bool
    state: OperationState
    due_at: datetime | None = None  #: when silence about it becomes `unknown`

    def went_wrong(self, now: datetime) -> bool:
        """It failed, or nobody knows: also where no clock has come by to say so yet."""
        late = self.due_at is not None and self.due_at <= now
        return self.state in _BAD or (late and self.state is OperationState.RELEASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Manual, why, and until when if people do nothing."""

    failed: bool  #: else it ran too often
    times: int  #: how often it ran by itself in the window
    until: datetime


def breaker_of(recovery: str) -> str:
    """The `dedup_key` under which recoveries of one kind count together."""
    return f"{PREFIX}{recovery}"


def past_of(escalation: Escalation) -> Past:
    """What the breaker knows of an escalation."""
    alone = escalation.kind is Kind.AUTOMATION
    return Past(
        at=escalation.created_at, alone=alone, state=escalation.state, due_at=escalation.due_at
    )


def never(request: Mapping[str, Json]) -> Iterator[FieldError]:
    """Why this may not run by itself, whatever the caller and the policy say."""
    recovery, slug = request.get("recovery"), str(request.get("category"))
    if recovery not in tuple(Recovery):
        known = ", ".join(f"`{one}`" for one in Recovery)
        detail = f"Only these may run by themselves: {known}. Ask for an approval."
        yield FieldError(pointer="/recovery", detail=detail)
    if not category(slug).automatic:
        known = ", ".join(f"`{one.slug}`" for one in CATEGORIES.values() if one.automatic)
        detail = (
            f"People decide about {category(slug).name}: ask for an approval. A recovery runs by "
            f"itself only from {known}."
        )
        yield FieldError(pointer="/category", detail=detail)
    operation = request.get("operation") or {}
    if operation.get("money"):
        detail = "Money never moves by itself: ask for an approval."
        yield FieldError(pointer="/operation/money", detail=detail)
    if "sql" in (operation.get("arguments") or {}):
        detail = "People read a statement before it runs: ask for an approval."
        yield FieldError(pointer="/operation/arguments/sql", detail=detail)


def turned(past: Sequence[Past], terms: AutomationEntry, now: datetime) -> Turned | None:
    """Whether people decide for now; None while it may run by itself."""
    good = OperationState.SUCCEEDED
    vouched = max((one.at for one in past if not one.alone and one.state is good), default=None)
    alone = [one for one in past if one.alone and (vouched is None or one.at > vouched)]
    within, rest = timedelta(seconds=terms.within_s), timedelta(seconds=terms.manual_for_s)
    recent = sorted(one.at for one in alone if one.at > now - within)
    failed = [one.at for one in alone if one.went_wrong(now) and one.at > now - rest]
    if failed:
        return Turned(failed=True, times=len(recent), until=max(failed) + rest)
    if len(recent) >= terms.most:
        return Turned(failed=False, times=len(recent), until=recent[-terms.most] + within)
    return None


def looks_back(terms: AutomationEntry) -> timedelta:
    """How far back the breaker has to look."""
    return timedelta(seconds=max(terms.within_s, terms.manual_for_s))
