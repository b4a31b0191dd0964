"""The numbers beneath the plots, and those of rules, groups and people. Cells are HTML already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from approvals.memory.observing import Fact, Wait
from approvals.memory.oversight import Figures, Oversight
from bot.report.hours import DAYS, LONG_DAYS
from bot.report.lists import Lists
from bot.report.load import PARTS, Bar, Bars
from bot.report.outcomes import approved, outcomes
from bot.report.waiting import MEASURED
from bot.report.words import CALLED, NONE, lasted, line, share

#: Escalations that are listed of a bar, and of an hour: there are many of those.
OF_BAR, OF_HOUR = 20, 10

#: A row: its name, and its cells.
Row = tuple[str, Sequence[str]]

#: What each rule and group is counted by.
COUNTED = (
    Fact.ASKED,
    Fact.DECIDED,
    Fact.BY_RULE,
    Fact.REJECTED,
    Fact.QUICK,
    Fact.EXPIRED,
    Fact.FAILED,
    Fact.UNDONE,
)


def table(heads: Sequence[str], rows: Iterable[Row], *, caption: str, kind: str = "tight") -> str:
    """A table. One of kind `stack` is drawn on phones as a list, and says then what it is."""
    first, *others = map(escape, heads)
    columns = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in others)
    body = "".join(_row(row, others) for row in rows)
    return (
        f'<table class="{kind}" role="table"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">{first}</th>'
        f'{columns}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(row: Row, heads: Sequence[str]) -> str:
    name, cells = row
    drawn = "".join(
        f'<td role="cell" data-head="{head}"{_faint(cell)}>{cell}</td>'
        for head, cell in zip(heads, cells, strict=True)
    )
    return f'<tr role="row"><th scope="row" role="rowheader">{escape(name)}</th>{drawn}</tr>'


def _faint(cell: str) -> str:
    return ' class="zero"' if cell in ("0", NONE) else ""


def load_table(found: Bars, lists: Lists) -> str:
    """What each bar is made of."""
    heads = [found.unit, "asked", "people", "rules", "nobody", "waiting"]
    rows = (
        (
            bar.name,
            [
                lists.number(bar.asked, _asked(found, bar), OF_BAR),
                *(f"{bar.parts[kind]:,}" for kind, _, _ in PARTS),
            ],
        )
        for bar in reversed(found.bars)
    )
    return table(heads, rows, caption="Escalations by who had them, newest first")


def _asked(found: Bars, bar: Bar) -> str:
    return f"asked {'on' if found.unit == 'day' else 'in'} {bar.name}"


def waiting_table(oversight: Oversight, lists: Lists) -> str:
    """Every time that is measured, by severity."""
    heads = ["from asked until", "known", "median", "9 in 10 within", "longest", "not known"]
    measured = (
        (Wait.DELIVERED, "first card posted"),
        *((wait, name) for wait, name, _ in MEASURED),
    )
    rows = []
    for severity in sorted(oversight.severities, key=lambda s: -s.rank):
        figures = oversight.severities[severity]
        for wait, name in measured:
            cells = _times(figures, wait, f"{severity}, {name}", lists)
            if cells:
                rows.append((f"{severity}: {name}", cells))
    return table(heads, rows, caption="Waiting time by severity", kind="stack")


def _times(figures: Figures, wait: Wait, what: str, lists: Lists) -> list[str]:
    """None where nothing was measured, and nothing should have been."""
    found = figures.spread(wait)
    if not found.n and not found.untold:
        return []
    longest = lists.link(lasted(found.longest), figures.longest(wait), f"{what}: the slowest")
    untold = lists.number(figures.without(wait), f"{what}: not known")
    return [f"{found.n:,}", lasted(found.median), lasted(found.p90), longest, untold]


def outcome_table(figures: Figures, lists: Lists) -> str:
    """What became of what was approved."""
    found = outcomes(figures)
    all_ = approved(found)
    rows = (
        (
            CALLED[fact],
            [
                lists.number(figures.of(fact), f"approved, {CALLED[fact]}"),
                share(n / all_ if all_ else None),
            ],
        )
        for fact, n in found
    )
    return table(["after approval", "escalations", "share"], rows, caption="")


def hours_table(oversight: Oversight, lists: Lists) -> str:
    """All hours of the week, those in which nothing was asked left out."""
    busy = sorted({hour for _, hour in oversight.hours})
    rows = (
        (f"{hour:02}:00", [_hour(oversight, day, hour, lists) for day in range(7)]) for hour in busy
    )
    return table(["hour", *DAYS], rows, caption="Escalations asked, by hour and weekday")


def _hour(oversight: Oversight, day: int, hour: int, lists: Lists) -> str:
    count = oversight.hours.get((day, hour))
    if count is None:
        return "0"
    return lists.number(count, f"asked on {LONG_DAYS[day]}s from {hour:02}:00", OF_HOUR)


def rules_table(figures: Mapping[str, Figures], what: str, lists: Lists) -> str:
    """All that is counted of each rule or group, the busiest first."""
    heads = [what, *(CALLED[f] for f in COUNTED), "median wait", "9 in 10 within"]
    ranked = sorted(figures.items(), key=lambda one: (-one[1].n(Fact.ASKED), one[0]))
    rows = ((line(name), list(_figures(name, found, what, lists))) for name, found in ranked)
    return table(heads, rows, caption=f"By {what}, the busiest first", kind="stack")


def _figures(name: str, found: Figures, what: str, lists: Lists) -> Iterator[str]:
    for fact in COUNTED:
        yield lists.number(found.of(fact), f"{what} «{line(name)}», {CALLED[fact]}")
    took = found.spread(Wait.DECIDED)
    yield from (lasted(took.median), lasted(took.p90))


def people_table(oversight: Oversight, names: Mapping[str, str], lists: Lists) -> str:
    """The load of each person, the busiest first."""
    ranked = sorted(
        oversight.people.items(), key=lambda one: (-one[1].decided.n, -one[1].called.n, one[0])
    )
    rows = []
    for person, load in ranked:
        name = line(names.get(person, person), 60)
        cells = [
            lists.number(load.decided, f"decided by {name}"),
            lists.number(load.called, f"{name} was called"),
            f"{load.pages:,}",
        ]
        rows.append((name, cells))
    return table(["person", "decided", "called about", "pages"], rows, caption="Load per person")
