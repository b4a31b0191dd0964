"""When it is asked: the hours of a week, the darker the busier."""

from collections.abc import Iterator, Mapping

from approvals.memory.oversight import Count
from bot.report.svg import NARROW, group, rect, svg, text

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: Shades besides that of nothing.
SHADES = 5

Hours = Mapping[tuple[int, int], Count]


def bounds(hours: Hours) -> list[int]:
    """The most that each shade stands for, lightest first; each stands for something."""
    most = max((count.n for count in hours.values()), default=0)
    shades = min(SHADES, most)
    return [-(-most * n // shades) for n in range(1, shades + 1)]


def shade(n: int, bounds_: list[int]) -> int:
    """0 for nothing, then from light to dark."""
    if n == 0:
        return 0
    place = next(k for k, most in enumerate(bounds_, 1) if n <= most)
    return place + SHADES - len(bounds_)


def shades(hours: Hours) -> list[tuple[int, int, int]]:
    """Each shade that is used: its number, and from how many to how many it stands for."""
    marks = bounds(hours)
    lows = [1, *(most + 1 for most in marks)]
    return [(shade(most, marks), low, most) for low, most in zip(lows, marks, strict=False)]


def hours_plot(hours: Hours, width: int) -> str:
    """Days are rows beside a desk, and columns on a phone."""
    across = width > NARROW
    left, top = 40, 22
    cell_w = (width - left) / (24 if across else 7)
    cell_h = 26 if across else 19
    drawn = list(_names(left, top, cell_w, cell_h, across=across))
    marks = bounds(hours)
    for day in range(7):
        for hour in range(24):
            x, y = (hour, day) if across else (day, hour)
            place = (left + x * cell_w, top + y * cell_h, cell_w - 2, cell_h - 2)
            drawn.append(_cell(place, day, hour, hours, marks))
    name = "When it was asked, by weekday and hour. The table below has the numbers."
    return svg(width, top + cell_h * (7 if across else 24), name, drawn)


def _names(left: float, top: float, w: float, h: float, *, across: bool) -> Iterator[str]:
    days, hours = list(DAYS), [f"{hour:02}" for hour in range(24)]
    columns, rows = (hours, days) if across else (days, hours)
    for n, name in enumerate(columns):
        yield text(left + n * w + (w - 2) / 2, top - 8, name, anchor="middle")
    for n, name in enumerate(rows):
        yield text(left - 10, top + n * h + h / 2 + 3, name, anchor="end")


def _cell(
    place: tuple[float, float, float, float],
    day: int,
    hour: int,
    hours: Hours,
    marks: list[int],
) -> str:
    x, y, w, h = place
    n = hours[day, hour].n if (day, hour) in hours else 0
    dark = shade(n, marks)
    title = f"{LONG_DAYS[day]} {hour:02}:00 to {(hour + 1) % 24:02}:00: {n:,}"
    drawn = [rect(x, y, w, h, f"shade{dark}", title=title, round_=2)]
    if n:
        drawn.append(text(x + w / 2, y + h / 2 + 4, f"{n:,}", f"on{dark}", anchor="middle"))
    return group(drawn, "cell")
