"""What became of what was approved: bars that stand on zero, each with its number."""

from collections.abc import Sequence

from approvals.memory.observing import AFTER, Fact
from approvals.memory.oversight import Figures
from bot.report.svg import NARROW, line, rect, svg, text
from bot.report.words import CALLED, share

#: What should not have been approved, as it turned out.
BAD = frozenset({Fact.FAILED, Fact.UNDONE})

_ROW = 28


def outcomes(figures: Figures) -> list[tuple[Fact, int]]:
    """What happened, in a fixed order; whether anything failed or was undone is always said."""
    always = (Fact.SUCCEEDED, Fact.FAILED, Fact.UNDONE)
    found = [(fact, figures.n(fact)) for fact in (*AFTER, Fact.UNDONE)]
    return [(fact, n) for fact, n in found if n or fact in always]


def approved(found: Sequence[tuple[Fact, int]]) -> int:
    """All that was approved. What was undone had another outcome before."""
    return sum(n for fact, n in found if fact is not Fact.UNDONE)


def outcome_plot(found: Sequence[tuple[Fact, int]], width: int) -> str:
    """The bars."""
    left, right = (112, 88) if width <= NARROW else (140, 110)
    most, all_ = max((n for _, n in found), default=0) or 1, approved(found) or 1
    drawn = [line(left, 0, left, len(found) * _ROW, "axis")]
    for row, (fact, n) in enumerate(found):
        y, long = row * _ROW, (width - left - right) * n / most
        kind = "bad" if fact in BAD else "people" if fact is Fact.SUCCEEDED else "waiting"
        said = f"{n:,} · {share(n / all_)}"
        title = f"{CALLED[fact]}: {n:,} of {all_:,} approved"
        drawn.append(text(left - 10, y + 19, CALLED[fact], anchor="end"))
        if n:
            drawn.append(rect(left, y + 5, max(2.0, long), _ROW - 10, f"fill {kind}", title=title))
        drawn.append(text(left + max(2.0, long) + 8, y + 19, said, "value"))
    name = "What became of what was approved. The table below has the numbers."
    return svg(width, len(found) * _ROW + 2, name, drawn)
