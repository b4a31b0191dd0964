"""The tail against fractions that round nothing, and where doubles end."""

from fractions import Fraction
from math import exp, inf, isfinite, log

import pytest
from andon.watching.poisson import log_tail


@pytest.mark.parametrize("mean", [0.01, 0.3, 1.0, 5.0, 12.5, 60.0])
@pytest.mark.parametrize("count", [1, 2, 9, 10, 30, 75])
def test_the_tail_is_exact(count: int, mean: float) -> None:
    assert log_tail(count, mean) == pytest.approx(_exactly(count, mean), rel=1e-9, abs=1e-12)


def _exactly(count: int, mean: float) -> float:
    """Summed term by term, without rounding, but for the one factor that is left out."""
    exact, term, terms = Fraction(mean), Fraction(1), list[Fraction]()
    for i in range(count + 250):
        terms.append(term)
        term = term * exact / (i + 1)
    tail = sum(terms[count:], Fraction(0))
    return log(tail.numerator) - log(tail.denominator) - mean


@pytest.mark.parametrize(
    ("count", "mean", "expected"), [(0, 5.0, 0.0), (-3, 5.0, 0.0), (1, 0.0, -inf), (7, 0.0, -inf)]
)
def test_the_ends_of_the_tail(count: int, mean: float, expected: float) -> None:
    assert log_tail(count, mean) == expected


@pytest.mark.parametrize(
    ("count", "mean"), [(1_000_000, 1.0), (10**7, 10**7), (10**7, 10.0**7 - 1), (6000, 5999.5)]
)
def test_the_tail_has_no_edge_where_numbers_are_large(count: int, mean: float) -> None:
    assert isfinite(log_tail(count, mean))
    assert log_tail(count, mean) < 0


def test_half_of_it_lies_above_the_mean() -> None:
    assert exp(log_tail(10_000, 10_000.0)) == pytest.approx(0.5, abs=0.01)


def test_more_is_rarer() -> None:
    tails = [log_tail(count, 20.0) for count in range(200)]
    assert tails == sorted(tails, reverse=True)
