"""What alarms say to people: titles of one line, and a sentence or two."""

from datetime import datetime

from andon.context.failure import in_words
from andon.context.plain import words
from andon.context.shapes import line
from andon.watching.alarms import Alarm, Reason, Seen, Tried

#: Characters of a title, and of what an error says.
TITLE, MESSAGE = 150, 2_000


def percent(ratio: float) -> str:
    """A ratio as people read it: 0.1 %, 12 %, 100 %."""
    return f"{100 * ratio:.2g} %" if ratio < 0.995 else "100 %"


def minutes(seconds: float) -> str:
    """A length of time as people read it: 40 s, 5 min, 6 h, 3 d."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.0f} s"


def said(error: BaseException | str | None) -> str | None:
    """What a check, or an attempt to recover, says of its failure."""
    if isinstance(error, BaseException):
        return in_words(error, MESSAGE)
    return None if error is None else words(error, MESSAGE)


def error_rate(watching: str, seen: Seen, at: datetime, since: datetime) -> Alarm:
    """Far more requests fail than usually."""
    return Alarm(
        watching=watching,
        reason=Reason.ERROR_RATE,
        category="pattern_change",
        severity="high",
        title=line(f"{watching}: {percent(seen.ratio)} of requests fail", TITLE),
        summary=(
            f"{seen.errors} of {seen.count} requests failed within {minutes(seen.window_s)}; "
            f"{percent(seen.baseline)} is usual."
        ),
        at=at,
        since=since,
        seen=seen,
    )


def burn_rate(watching: str, seen: Seen, page: bool, at: datetime, since: datetime) -> Alarm:
    """The error budget is spent too fast."""
    return Alarm(
        watching=watching,
        reason=Reason.BURN_RATE,
        category="pattern_change" if page else "service_health",
        severity="high" if page else "medium",
        title=line(f"{watching}: error budget spent {_times(seen)} too fast", TITLE),
        summary=(
            f"{seen.errors} of {seen.count} requests failed within {minutes(seen.window_s)}; "
            f"the SLO allows {percent(seen.baseline)}."
        ),
        at=at,
        since=since,
        seen=seen,
    )


def _times(seen: Seen) -> str:
    return f"{seen.ratio / seen.baseline:.3g} times"


def first_seen(watching: str, kind: str, error: BaseException | str, at: datetime) -> Alarm:
    """An error of a type that was not seen before."""
    return Alarm(
        watching=watching,
        reason=Reason.FIRST_SEEN,
        category="pattern_change",
        severity="high",
        title=line(f"{watching}: first {kind}", TITLE),
        summary="An error of this type was not seen before.",
        at=at,
        since=at,
        error_type=kind,
        error=words(error, MESSAGE),
    )


def spike(
    watching: str, seen: Seen, limit: str, usual: str | None, at: datetime, since: datetime
) -> Alarm:
    """A measured value is too high."""
    beside = "" if usual is None else f", {usual} is usual"
    return Alarm(
        watching=watching,
        reason=Reason.SPIKE,
        category="resource_exhaustion" if usual is None else "pattern_change",
        severity="high",
        title=line(f"{watching}: {percent(seen.ratio)} of values above {limit}", TITLE),
        summary=(
            f"{seen.errors} of {seen.count} values within {minutes(seen.window_s)} were above "
            f"{limit}{beside}."
        ),
        at=at,
        since=since,
        seen=seen,
        state={"limit": limit} | ({} if usual is None else {"usual": usual}),
    )


_UNHEALTHY = {
    Reason.FAILING: "fails its checks",
    Reason.FLAPPING: "falls and rises again and again",
    Reason.SILENT: "is silent",
    Reason.DOWN_LONG: "has been down for long",
}


def unhealthy(
    service: str,
    reason: Reason,
    tried: tuple[Tried, ...],
    failures: int,
    at: datetime,
    since: datetime,
) -> Alarm:
    """A service does not recover."""
    attempts = sum(t.action == "recover" for t in tried)
    last = next((t.error for t in reversed(tried) if t.error), None)
    again = f"Tried to recover it {attempts} times." if attempts else "No recovery was tried."
    return Alarm(
        watching=service,
        reason=reason,
        category="service_health",
        severity="high",
        title=line(f"{service} {_UNHEALTHY[reason]}", TITLE),
        summary=f"Not healthy for {minutes((at - since).total_seconds())}. {again}",
        at=at,
        since=since,
        error=last,
        tried=tried,
        affected=(service,),
        state={"failures": failures, "recoveries": attempts},
    )


def mass_failure(failing: tuple[str, ...], services: int, at: datetime, since: datetime) -> Alarm:
    """Too many services fail at once."""
    return Alarm(
        watching="services",
        reason=Reason.MASS_FAILURE,
        category="service_outage",
        severity="high",
        title=f"{len(failing)} of {services} services fail at once",
        summary="Recovery is stopped: what they have in common has to be found first.",
        at=at,
        since=since,
        affected=failing[:100],
        state={"failing": len(failing), "services": services},
    )
