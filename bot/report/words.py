"""How numbers are written: times with units, shares, moments; and what each count is called."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from approvals.memory.observing import Fact
from approvals.memory.oversight import Spread
from approvals.showing import visible

#: What there is no number for.
NONE = "–"

#: Between a number and its unit: they stay on one line.
_GAP = "\u00a0"

#: Each fact as a column's head or a list's name.
CALLED: Mapping[Fact, str] = {
    Fact.ASKED: "asked",
    Fact.DECIDED: "decided by people",
    Fact.BY_RULE: "by accepted rule",
    Fact.BY_ITSELF: "ran by itself",
    Fact.RESOLVED: "incidents resolved",
    Fact.NOBODY: "decided by nobody",
    Fact.WAITING: "still waiting",
    Fact.APPROVED: "approved",
    Fact.REJECTED: "rejected",
    Fact.EXPIRED: "expired",
    Fact.WITHDRAWN: "withdrawn",
    Fact.OVERRIDDEN: "overridden",
    Fact.QUICK: f"under 3{_GAP}s",
    Fact.SUCCEEDED: "succeeded",
    Fact.FAILED: "failed",
    Fact.UNKNOWN: "result unknown",
    Fact.LAPSED: "never taken",
    Fact.STOPPED: "stopped in time",
    Fact.VOID: "void before it ran",
    Fact.RUNNING: "not reported yet",
    Fact.UNDONE: "undone",
    Fact.REVIEW_OVERDUE: "reviews overdue",
    Fact.ISSUE_OPEN: "issues open",
}

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))


def lasted(seconds: float | None) -> str:
    """`2.1 s`, `38 s`, `4 min`, `1 h 20 min`, `2 d 3 h`: as exact as anybody needs."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + f"{_GAP}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{_GAP}s"
    whole = round(whole / 60) * 60
    return _in_units(whole)


def _in_units(seconds: int) -> str:
    """The largest unit, and the next one where it says something; no minutes beside days."""
    for n, (unit, size) in enumerate(_UNITS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            below = _UNITS[n + 1] if n + 1 < len(_UNITS) else None
            more = rest // below[1] if below and count < 10 else 0
            return f"{count}{_GAP}{unit}" + (
                f"{_GAP}{more}{_GAP}{below[0]}" if below and more else ""
            )
    return f"{seconds}{_GAP}s"


def share(part: float | None) -> str:
    """`8 %`; a little is not nothing, and nearly all is not all."""
    if part is None:
        return NONE
    percent = round(part * 100)
    if part > 0 and percent == 0:
        return f"under{_GAP}1{_GAP}%"
    if part < 1 and percent == 100:
        return f"over{_GAP}99{_GAP}%"
    return f"{percent}{_GAP}%"


def half_and_most(found: Spread) -> str:
    """`median 4 min, 9 in 10 within 22 min`."""
    if not found.n:
        return NONE
    return f"median {lasted(found.median)}, 9 in 10 within {lasted(found.p90)}"


def moment(at: datetime, zone: str, *, year: bool = False) -> str:
    """`12 Nov 22:41` there."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y %H:%M}" if year else f"{local.day} {local:%b %H:%M}"


def line(text: str | None, most: int = 100) -> str:
    """What somebody wrote, on one line with nothing invisible in it; None is what was erased."""
    if text is None:
        return "(erased)"
    found = " ".join(visible(" ".join(text.split())).split())
    return found if len(found) <= most else f"{found[: most - 1].rstrip()}…"
