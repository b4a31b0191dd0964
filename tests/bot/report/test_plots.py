"""Plots say what is in the figures: where bars stand, how long they are, which shade a cell has."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from approvals.memory.observing import Fact
from approvals.memory.oversight import Count, Oversight
from approvals.words import Severity
from bot.report.hours import bounds, hours_plot, shade, shades
from bot.report.load import bars, load_plot
from bot.report.outcomes import approved, outcome_plot, outcomes
from bot.report.svg import NARROW, WIDE, text, ticks
from bot.report.waiting import rows, waiting_plot
from tests.approvals.memory.overseen import MONDAY, Told, added, month

WIDTHS = (WIDE, NARROW)


def rects(drawn: str, kind: str) -> list[tuple[float, float]]:
    """Where each bar of a kind ends at the top, and how tall it is."""
    found = re.findall(
        rf'<rect class="fill {kind}" [^>]*y="([\d.]+)"[^>]* height="([\d.]+)"', drawn
    )
    return [(float(y), float(h)) for y, h in found]


def words(drawn: str) -> list[str]:
    """What can be read in it."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


# -- load ------------------------------------------------------------------------------------------


def asked(*days: int, until: int = 30) -> Oversight:
    """One on each of these days after a Monday."""
    stories = [Told(n=n, at=MONDAY + timedelta(days=day)) for n, day in enumerate(days)]
    found = Oversight(since=MONDAY, now=MONDAY + timedelta(days=until))
    for told in stories:
        found.add(told.observed())
    return found


def test_a_day_without_any_has_its_place() -> None:
    found = bars(asked(0, 2, 2, until=3))
    assert found.unit == "day"
    assert [(bar.name, bar.asked.n) for bar in found.bars] == [
        ("Mon 2 Nov", 1),
        ("Tue 3 Nov", 0),
        ("Wed 4 Nov", 2),
        ("Thu 5 Nov", 0),
    ]


@pytest.mark.parametrize(
    ("days", "unit", "n"), [(61, "day", 62), (62, "week", 9), (419, "week", 60), (420, "month", 14)]
)
def test_longer_times_are_drawn_by_weeks_and_by_months(days: int, unit: str, n: int) -> None:
    """Nothing is lost."""
    found = bars(asked(0, 3, days, until=days))
    assert (found.unit, len(found.bars)) == (unit, n)
    assert sum(bar.asked.n for bar in found.bars) == 3


def test_a_long_time_begins_with_what_was_asked_first() -> None:
    oversight = asked(400, 401, until=410)
    assert [bar.name for bar in bars(oversight).bars] == [
        f"{day:%a} {day.day} {day:%b}"
        for day in ((MONDAY + timedelta(days=n)).date() for n in range(400, 411))
    ]
    assert [bar.asked.n for bar in bars(Oversight(since=MONDAY, now=MONDAY)).bars] == [0]


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_stand_on_zero_and_on_one_another(width: int) -> None:
    """As tall as they count; the scale begins with nothing and ends above the most."""
    stories = [Told(n=n) for n in range(6)] + [Told(n=n, end="expired") for n in (6, 7)]
    drawn = load_plot(bars(added(stories)), width)
    ((top, people),) = rects(drawn, "people")
    ((above, nobody),) = rects(drawn, "nobody")
    assert people == pytest.approx(3 * nobody)
    assert top + people == pytest.approx(248)
    assert above + nobody == pytest.approx(top, abs=0.2)
    assert words(drawn)[1:5] == ["0", "2", "4", "6"]
    assert "Mon 2 Nov: 6 of 8, people decided or resolved it" in drawn


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (19, [0, 5, 10, 15, 20]),
        (1234, [0, 500, 1000, 1500]),
    ],
)
def test_a_scale_has_few_round_whole_numbers(most: int, expected: list[int]) -> None:
    assert ticks(most) == expected
    assert expected[-1] >= most


# -- waiting ---------------------------------------------------------------------------------------


def waited(*pairs: tuple[Severity, float, float]) -> Oversight:
    """Of that severity, looked at and decided so long after."""
    return added(
        [
            Told(n=n, severity=severity, looked=looked, decided=decided)
            for n, (severity, looked, decided) in enumerate(pairs)
        ]
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_worst_severity_comes_first_with_its_times(width: int) -> None:
    """From a second to days on one scale; dots further right took longer."""
    oversight = waited(
        (Severity.MEDIUM, 7200, 3 * 86_400), (Severity.CRITICAL, 2, 8), (Severity.HIGH, 60, 600)
    )
    drawn = waiting_plot(rows(oversight), width)
    said = words(drawn)
    severities = [word for word in said if word in ("critical", "high", "medium", "low")]
    assert severities == ["critical", "high", "medium"]
    dots = [float(x) for x in re.findall(r'<circle class="fill \w+" cx="([\d.]+)"', drawn)]
    assert dots == sorted(dots)
    assert all(0 < x < width for x in dots)


def test_what_was_never_measured_is_left_out() -> None:
    assert rows(added([Told(end="pending", looked=None)])) == []
    looked = rows(added([Told(end="pending", looked=5)]))
    assert [(row.name, row.spread.n) for row in looked] == [("first look", 1)]


@pytest.mark.parametrize("seconds", [0, 0.2, 1, 59, 10**8])
def test_every_time_has_a_place_on_the_scale(seconds: float) -> None:
    drawn = waiting_plot(rows(waited((Severity.LOW, seconds, seconds))), WIDE)
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawn)]
    assert all(0 < x < WIDE for x in places)


# -- outcomes --------------------------------------------------------------------------------------


def test_what_failed_and_what_was_undone_is_said_even_if_nothing_was() -> None:
    found = outcomes(added([Told(), Told(n=2, end="lapsed")]).all)
    assert found == [(Fact.SUCCEEDED, 1), (Fact.FAILED, 0), (Fact.LAPSED, 1), (Fact.UNDONE, 0)]
    assert approved(found) == 2
    assert "0 · 0\u00a0%" in words(outcome_plot(found, WIDE))


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_are_as_long_as_they_count_and_failures_stand_out(width: int) -> None:
    found = outcomes(
        added([Told(n=n) for n in range(8)] + [Told(n=9, end="failed", undo="x")] * 2).all
    )
    drawn = outcome_plot(found, width)
    long = {
        kind: [float(w) for w in re.findall(rf'class="fill {kind}" [^>]*width="([\d.]+)"', drawn)]
        for kind in ("people", "bad")
    }
    assert long["people"][0] == pytest.approx(4 * long["bad"][0], rel=0.01)
    assert len(long["bad"]) == 2


# -- hours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "expected"),
    [(0, []), (1, [1]), (3, [1, 2, 3]), (5, [1, 2, 3, 4, 5]), (11, [3, 5, 7, 9, 11])],
)
def test_each_shade_stands_for_something(most: int, expected: list[int]) -> None:
    hours = {(0, 9): Count(n=most)}
    assert bounds(hours) == expected
    assert [end for _, _, end in shades(hours)] == expected


def test_the_busiest_is_the_darkest_and_nothing_has_no_shade() -> None:
    marks = bounds({(0, 9): Count(n=11)})
    assert [shade(n, marks) for n in (0, 1, 3, 4, 10, 11)] == [0, 1, 1, 2, 5, 5]
    assert shade(1, bounds({(0, 9): Count(n=1)})) == 5


@pytest.mark.parametrize("width", WIDTHS)
def test_every_hour_of_the_week_has_its_cell(width: int) -> None:
    drawn = hours_plot(month().hours, width)
    assert len(re.findall('<g class="cell">', drawn)) == 7 * 24
    assert "Tuesday 10:00 to 11:00: 10" in drawn
    assert "Sunday 23:00 to 00:00: 0" in drawn


# -- all of them -----------------------------------------------------------------------------------


def everywhere(oversight: Oversight) -> Sequence[str]:
    """Each plot in each width."""
    return [
        drawn
        for width in WIDTHS
        for drawn in (
            load_plot(bars(oversight), width),
            waiting_plot(rows(oversight), width),
            outcome_plot(outcomes(oversight.all), width),
            hours_plot(oversight.hours, width),
        )
    ]


@pytest.mark.parametrize(
    "oversight", [month(), added([]), added([Told()])], ids=["month", "", "one"]
)
def test_nothing_is_drawn_outside_of_a_plot(oversight: Oversight) -> None:
    """Also of nothing, and of one."""
    for drawn in everywhere(oversight):
        (width, height) = map(float, re.findall(r'viewBox="0 0 (\d+) ([\d.]+)"', drawn)[0])
        for x, y, w, h in re.findall(
            r'x="([-\d.]+)" y="([-\d.]+)" width="([-\d.]+)" height="([-\d.]+)"', drawn
        ):
            assert 0 <= float(x) <= float(x) + float(w) <= width + 0.2
            assert 0 <= float(y) <= float(y) + float(h) <= height + 0.2
        assert "nan" not in drawn


def test_words_of_a_plot_are_no_markup() -> None:
    assert text(0, 0, '<b>"&') == '<text x="0" y="0">&lt;b&gt;&quot;&amp;</text>'
