"""How much was asked from day to day, and who had it: bars that stand on zero."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from approvals.memory.observing import Fact
from approvals.memory.oversight import Count, Figures, Oversight
from bot.report.svg import line, rect, svg, text, ticks

#: Days that are drawn one by one; longer times are drawn by weeks, very long ones by months.
MOST_DAYS, MOST_WEEKS = 62, 60

#: What a bar is made of, from zero up: its class, its name, what it counts.
PARTS: Sequence[tuple[str, str, tuple[Fact, ...]]] = (
    ("people", "people decided or resolved it", (Fact.DECIDED, Fact.RESOLVED)),
    ("rules", "a rule decided it, or it ran by itself", (Fact.BY_RULE, Fact.BY_ITSELF)),
    ("nobody", "nobody decided: expired or withdrawn", (Fact.NOBODY,)),
    ("waiting", "still waiting", (Fact.WAITING,)),
)

_LEFT, _TOP, _BOTTOM, _HEIGHT = 34, 28, 26, 220


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day, a week or a month. `parts` counts by the classes of `PARTS`."""

    first: date
    name: str
    asked: Count
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """All of them, those without anything included; `unit` says what one stands for."""

    unit: str
    bars: Sequence[Bar]


def bars(oversight: Oversight) -> Bars:
    """The bars of that time. Before the first escalation a long time is left out."""
    begin, end = (m.astimezone(ZoneInfo(oversight.zone)).date() for m in _ends(oversight))
    if (end - begin).days >= MOST_DAYS:
        begin = min(oversight.days, default=end)
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    if len(days) <= MOST_DAYS:
        return Bars(unit="day", bars=[_bar(day, [day], oversight, _weekday(day)) for day in days])
    weeks: dict[date, list[date]] = {}
    months: dict[date, list[date]] = {}
    for day in days:
        weeks.setdefault(day - timedelta(days=day.weekday()), []).append(day)
        months.setdefault(day.replace(day=1), []).append(day)
    if len(weeks) <= MOST_WEEKS:
        named = ((first, within, f"week of {_day(first)}") for first, within in weeks.items())
        return Bars(unit="week", bars=[_bar(f, w, oversight, name) for f, w, name in named])
    return Bars(unit="month", bars=[_bar(f, w, oversight, f"{f:%B %Y}") for f, w in months.items()])


def _ends(oversight: Oversight) -> tuple[datetime, datetime]:
    return oversight.since, oversight.now


def _bar(first: date, days: Sequence[date], oversight: Oversight, name: str) -> Bar:
    found = [oversight.days[day] for day in days if day in oversight.days]
    return Bar(
        first=first,
        name=name,
        asked=Count.together(f.of(Fact.ASKED) for f in found),
        parts={kind: _sum(found, facts) for kind, _, facts in PARTS},
    )


def _sum(found: Sequence[Figures], facts: Sequence[Fact]) -> int:
    return sum(figures.n(fact) for figures in found for fact in facts)


def _weekday(day: date) -> str:
    return f"{day:%a} {_day(day)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def load_plot(found: Bars, width: int) -> str:
    """The bars, one on another by who had it."""
    marks = ticks(max((bar.asked.n for bar in found.bars), default=0))
    inner = width - _LEFT
    place = inner / max(1, len(found.bars))
    drawn = [text(0, 10, f"escalations a {found.unit}", "unit")]
    drawn += _scale(marks, width)
    for n, bar in enumerate(found.bars):
        drawn += _stack(bar, _LEFT + n * place, place, marks[-1])
    drawn += _dates(found, place, width)
    name = f"Escalations a {found.unit}, by who decided them. The table below has the numbers."
    return svg(width, _TOP + _HEIGHT + _BOTTOM, name, drawn)


def _scale(marks: Sequence[int], width: int) -> Iterator[str]:
    for mark in marks:
        y = _y(mark, marks[-1])
        yield line(_LEFT, y, width, y, "axis" if mark == 0 else "grid")
        yield text(_LEFT - 8, y + 4, f"{mark:,}", anchor="end")


def _y(value: float, most: int) -> float:
    return _TOP + _HEIGHT * (1 - value / most)


def _stack(bar: Bar, x: float, place: float, most: int) -> Iterator[str]:
    wide = min(28.0, place * 0.78)
    below = 0
    for kind, name, _ in PARTS:
        n = bar.parts[kind]
        if n:
            top = _y(below + n, most)
            tall = _HEIGHT * n / most
            title = f"{bar.name}: {n:,} of {bar.asked.n:,}, {name}"
            yield rect(x + (place - wide) / 2, top, wide, tall, f"fill {kind}", title=title)
            below += n


def _dates(found: Bars, place: float, width: int) -> Iterator[str]:
    """So many dates that none touches the next: Mondays, where bars are days."""
    seen = [
        (n, bar)
        for n, bar in enumerate(found.bars)
        if found.unit != "day" or bar.first.weekday() == 0 or len(found.bars) < 7
    ]
    apart = 1 if len(seen) < 2 else (seen[1][0] - seen[0][0]) * place
    every = max(1, -(-64 // max(1, int(apart))))
    for n, bar in seen[::every]:
        x = _LEFT + (n + 0.5) * place
        said = f"{bar.first:%b %Y}" if found.unit == "month" else _day(bar.first)
        y = _TOP + _HEIGHT
        yield line(x, y, x, y + 5, "axis")
        end = x > width - 24
        yield text(width if end else x, y + 20, said, anchor="end" if end else "middle")
