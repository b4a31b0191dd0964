"""What an escalation carries for the next one. Frozen; changed only by `evolve`, by copy.

States of an issue (any of them may follow any other: people say how it stands)::

    open   nobody knows why yet, or what to do
    known  the cause or a way round it is known
    fixed  it should not come again
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from approvals.words import Recovery


class Likeness(StrEnum):
    """In what two escalations are alike, closest first."""

    EXACT = "exact"  #: everything but the accidents of one occurrence
    TEMPLATE = "template"  #: the same operation, with other values
    ERROR = "error"  #: the same error of the same service


class IssueState(StrEnum):
    """How something that stayed unresolved stands."""

    OPEN = "open"
    KNOWN = "known"
    FIXED = "fixed"


class ReviewWhy(StrEnum):
    """Why somebody has to look at it again."""

    CRITICAL = "critical"  #: it was that bad
    HIGH = "high"
    EXPIRED = "expired"  #: nobody decided
    BREAK_GLASS = "break_glass"  #: the policy was overridden
    FAILED = "failed"  #: what was approved failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What an escalation is known again by: hashes, each of a looser look. None: nothing to go by.

    Two of different versions are never compared.
    """

    version: int
    exact: str
    template: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier escalation and how it ended. `option` is None where nobody chose."""

    id: str
    at: datetime  #: when it ended
    option: str | None = None
    outcome: str | None = None  #: `succeeded`, `failed`, `unknown`; None: nothing was reported
    person: str | None = None  #: who decided it last; None where nobody did


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What earlier ones showed when this one was opened: it stays as it was then.

    It says ids and keys only. What people wrote is read where it stands, so that an erasure
    reaches it.
    """

    likeness: Likeness
    times: int  #: how many have ended
    ended: Mapping[str, int] = field(default_factory=dict)  #: by option key, or status without one
    failed: int = 0  #: approved, and then it failed
    undone: int = 0  #: approved, and then it was taken back
    precedents: tuple[Precedent, ...] = ()  #: the last few, newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A page that says what to do, as it was linked when the escalation was opened."""

    name: str  #: its path in the folder, such as `search/reindex.md`
    title: str
    by: str  #: what it was found by: `rule`, `fingerprint` or `match`
    url: str | None = None  #: where people read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What stayed unresolved, as the seed wants it written down; latest words win.

    The first four times are filled in from context and events; `by` is who completed it last.
    """

    state: IssueState
    at: datetime
    by: str  #: `person:ID`, or `andon` as long as nobody has written
    scenario: str | None = None  #: what happened
    trigger: str | None = None  #: what set it off
    attempts: tuple[str, ...] = ()  #: what was tried, oldest first
    retry_count: int = 0
    root_cause: str = "Unknown"
    blockers: str | None = None  #: why it could not be resolved
    system_state: str | None = None
    workarounds: str | None = None  #: also what was done by hand
    requires: str = "Manual investigation"  #: what it needs next
    owner: str | None = None  #: person id; the seed's assignee
    due: str | None = None  #: a day, `2026-12-01`
    priority: str = "medium"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    """An error that a review confirmed as known, with what to do about it."""

    error_type: str | None
    message: str  #: without the accidents of one occurrence (`approvals.joining.normalised`)
    recovery: Recovery | None = None  #: what may run by itself, where the policy lets it
    steps: str | None = None  #: what to do by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a review says."""

    by: str  #: person id
    at: datetime
    root_cause: str
    resolved_by: str  #: how it was resolved
    detected_by: str | None = None  #: how it was noticed
    detect_earlier: str | None = None  #: how it could be noticed earlier
    worked: str | None = None  #: what worked
    automatable: bool | None = None  #: could it be automated
    runbook_change: str | None = None  #: which runbook to change, and how
    runbooks_worked: Mapping[str, bool] = field(default_factory=dict)  #: by name, where answered
    known_error: KnownError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Somebody has to look at it again, until then."""

    why: tuple[ReviewWhy, ...]
    opened_at: datetime
    due_at: datetime
    owner: str | None = None  #: person id
    remind_at: datetime | None = None  #: when the next reminder is due
    reminded: int = 0
    findings: Findings | None = None  #: None while it is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """An accepted rule decides nothing any more: people do, until they accept one anew."""

    at: datetime
    why: str  #: `failed`, `unknown`, `undone`, `burst` or `ended`
    because: str  #: the escalation that showed it; of `ended`, who did it: `person:lena`
