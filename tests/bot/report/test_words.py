"""Numbers as people read them."""

import pytest

from approvals.memory.oversight import Spread
from bot.report.words import half_and_most, lasted, line, share


def plain(said: str) -> str:
    """With ordinary spaces."""
    return said.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.44, "0.4 s"),
        (3, "3 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (100, "2 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (9 * 3600 + 3540, "9 h 59 min"),
        (10 * 3600 + 3000, "10 h"),
        (86_400 + 7200, "1 d 2 h"),
        (12 * 86_400 + 7200, "12 d"),
    ],
)
def test_a_time_is_as_exact_as_anybody_needs(seconds: float | None, said: str) -> None:
    assert plain(lasted(seconds)) == said


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (None, "–"),
        (0, "0 %"),
        (0.001, "under 1 %"),
        (0.125, "12 %"),
        (0.999, "over 99 %"),
        (1, "100 %"),
    ],
)
def test_a_little_is_not_nothing_and_nearly_all_is_not_all(part: float | None, said: str) -> None:
    assert plain(share(part)) == said


def test_a_spread_is_told_by_its_median_and_by_what_most_took() -> None:
    assert half_and_most(Spread(n=0, median=None, p90=None, longest=None)) == "–"
    told = half_and_most(Spread(n=9, median=240, p90=1320, longest=9000))
    assert plain(told) == "median 4 min, 9 in 10 within 22 min"


def test_foreign_words_are_one_line_in_which_everything_is_seen() -> None:
    assert line("a\nb\tc") == "a b c"
    assert "\u202e" not in line("\u202edesrever")
    assert line("x" * 200) == "x" * 99 + "…"
    assert line(None) == "(erased)"
