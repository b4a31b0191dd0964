"""When the digest is due, and what stands in it: what is low, what ran by itself, what rules
decided and which of them ended, and what ended without a decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.escalation import Escalation
from approvals.words import Kind, Severity, Status

#: What the first digest of a week looks back on.
WEEK = timedelta(days=7)

#: How an escalation ends that nobody decided.
UNDECIDED = (Status.EXPIRED, Status.WITHDRAWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """How far digests have come, as it is kept over restarts."""

    upto: datetime  #: everything until then has been told, or was before the first digest
    trying: datetime | None = None  #: the digest that is being posted; known again by its moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What happened in a stretch of time that rang nobody."""

    low: tuple[Escalation, ...] = ()  #: what is low, opened then, oldest first
    automatic: tuple[Escalation, ...] = ()  #: what ran by itself, begun then, oldest first
    undecided: tuple[Escalation, ...] = ()  #: anything else that ended then, decided by nobody
    ruled: tuple[Escalation, ...] = ()  #: what rules decided then that people accepted
    suspended: tuple[Escalation, ...] = ()  #: proposals whose rules ended then

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.low, self.automatic, self.undecided, self.ruled, self.suspended))


def quiet_of(found: Iterable[Escalation], since: datetime, until: datetime) -> Quiet:
    """Of these, what happened after `since` and not after `until`."""
    low: list[Escalation] = []
    automatic: list[Escalation] = []
    undecided: list[Escalation] = []
    ruled: list[Escalation] = []
    suspended: list[Escalation] = []
    for e in found:
        if e.suspended is not None and since < e.suspended.at <= until:
            suspended.append(e)
        if e.severity is Severity.LOW:
            part = automatic if e.kind is Kind.AUTOMATION else low
            part += [e] if since < e.created_at <= until else []
        elif e.status in UNDECIDED and e.ended_at is not None and since < e.ended_at <= until:
            undecided.append(e)
        elif e.decision is not None and e.decision.rule and since < e.decision.at <= until:
            ruled.append(e)
    return Quiet(
        low=tuple(low),
        automatic=tuple(automatic),
        undecided=tuple(undecided),
        ruled=tuple(ruled),
        suspended=tuple(suspended),
    )


def begins_a_week(upto: datetime, moment: datetime, zone: str) -> bool:
    """Whether the digest of this moment is the first of its week there, on Monday as a rule.

    `upto` is how far digests had come: what a server missed on Monday it tells with the next one.
    """
    here = ZoneInfo(zone)
    return upto.astimezone(here).isocalendar()[:2] != moment.astimezone(here).isocalendar()[:2]


def latest(times: Iterable[str], zone: str, since: datetime, now: datetime) -> datetime | None:
    """The last moment a digest was due after `since`, by local times such as `09:00`; None if none
    was. However many were missed, one is made up for.
    """
    here, clocks = ZoneInfo(zone), tuple(map(time.fromisoformat, times))
    today = now.astimezone(here).date()
    moments = (
        datetime.combine(today - timedelta(days=back), at, here).astimezone(UTC)
        for back in (0, 1)
        for at in clocks
    )
    found = max((m for m in moments if m <= now), default=since)
    return found if found > since else None
