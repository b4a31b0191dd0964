"""How long people were waited for, by severity: from asked until the first look, and the decision.

Seconds and days stand on one axis, so it is logarithmic; dots need no zero, bars would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from approvals.memory.observing import Wait
from approvals.memory.oversight import Oversight, Spread
from approvals.words import Severity
from bot.report.svg import NARROW, dot, line, svg, text
from bot.report.words import lasted

#: What is measured: its name, and the class of its marks.
MEASURED = ((Wait.LOOKED, "first look", "looked"), (Wait.DECIDED, "decision", "people"))

#: Places of the axis that have a name, in seconds.
_NAMED = (
    *(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
    *(hours * 3600 for hours in (2, 6, 12, 24, 48, 7 * 24, 30 * 24, 365 * 24)),
)
#: Room that the name of a place takes.
_NAME = 48

_ROW, _HEAD, _TOP, _AXIS = 24, 26, 4, 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One severity and one thing measured."""

    severity: Severity
    name: str
    kind: str
    spread: Spread


def rows(oversight: Oversight) -> list[Row]:
    """The worst first; what was never measured is left out."""
    found = []
    for severity in sorted(oversight.severities, key=lambda s: -s.rank):
        for wait, name, kind in MEASURED:
            spread = oversight.severities[severity].spread(wait)
            if spread.n:
                found.append(Row(severity=severity, name=name, kind=kind, spread=spread))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    low: float
    high: float
    left: float
    right: float

    def x(self, seconds: float) -> float:
        part = log(max(seconds, self.low) / self.low) / log(self.high / self.low)
        return self.left + (self.right - self.left) * min(1.0, part)


def waiting_plot(found: Sequence[Row], width: int) -> str:
    """A line from the median to what nine in ten took, one for each row."""
    severities = list(dict.fromkeys(row.severity for row in found))
    height = _TOP + len(severities) * _HEAD + len(found) * _ROW + _AXIS
    slim = width <= NARROW
    axis = _axis(found, 78 if slim else 104, width - (24 if slim else 40), slim=slim)
    drawn = list(_scale(axis, height))
    y = float(_TOP)
    for severity in severities:
        y += _HEAD
        drawn.append(text(0, y - 6, severity.value, "strong"))
        for row in (r for r in found if r.severity is severity):
            drawn += _row(row, axis, y + _ROW / 2, width)
            y += _ROW
    name = "Waiting time by severity, median and nine in ten. The table below has the numbers."
    return svg(width, height, name, drawn)


def _axis(found: Sequence[Row], left: float, right: float, *, slim: bool) -> _Axis:
    """From a named place below the least to one above the most."""
    known = [s for row in found for s in (row.spread.median, row.spread.p90) if s is not None]
    least, most = min(known, default=1), max(known, default=60)
    low = max((n for n in _NAMED[:-1] if n <= least), default=_NAMED[0])
    high = min((n for n in _NAMED if n > max(low, most)), default=_NAMED[-1])
    room = 48 if slim else 60  # for the words beside the dots
    return _Axis(low=low, high=high, left=left + room, right=right - room)


def _scale(axis: _Axis, height: float) -> Iterator[str]:
    named = [n for n in _NAMED if axis.low <= n <= axis.high]
    bottom = height - _AXIS
    for n in _apart(named, axis):
        x = axis.x(n)
        yield line(x, _TOP + 8, x, bottom, "grid")
        yield text(x, bottom + 18, lasted(n), anchor="middle")


def _apart(named: Sequence[int], axis: _Axis) -> list[int]:
    """Those whose names do not touch; of two that would, the first stays."""
    kept = list(named[:1])
    for _, n in pairwise(named):
        if axis.x(n) - axis.x(kept[-1]) >= _NAME:
            kept.append(n)
    return kept


def _row(row: Row, axis: _Axis, y: float, width: int) -> Iterator[str]:
    found = row.spread
    median, p90 = found.median or 0.0, found.p90 or 0.0
    a, b = axis.x(median), axis.x(p90)
    said = f"{row.severity}, {row.name}: median {lasted(median)}, 9 in 10 within {lasted(p90)}"
    title = f"{said} (of {found.n:,})"
    yield text(10, y + 4, row.name)
    yield line(a, y, b, y, f"stroke {row.kind}")
    yield dot(b, y, 4.5, f"ring {row.kind}", title=title)
    yield dot(a, y, 5.5, f"fill {row.kind}", title=title)
    yield text(a - 10, y + 4, lasted(median), "value", anchor="end")
    yield text(b + 10, y + 4, lasted(p90), "value")
