"""How unlikely a count is: the upper tail of the Poisson distribution, exact at any size."""

from math import exp, inf, lgamma, log, log1p

#: A term that much smaller than the sum changes no digit of it any more.
_NEGLIGIBLE = 1e-17


def log_tail(count: int, mean: float) -> float:
    """The logarithm of the chance to see `count` or more where `mean` are expected.

    Summed outwards from the largest term, so that nothing cancels and nothing underflows: the
    chance itself may be far below the smallest double.
    """
    if count <= 0:
        return 0.0
    if mean <= 0:
        return -inf
    if count > mean:
        return _log_term(count, mean) + log(_series(mean, count, up=True))
    below = _log_term(count - 1, mean) + log(_series(mean, count - 1, up=False))
    return log1p(-exp(below))


def _log_term(count: int, mean: float) -> float:
    return count * log(mean) - mean - lgamma(count + 1)


def _series(mean: float, count: int, *, up: bool) -> float:
    """The terms from `count` up, or from `count` down to none, in units of the first one."""
    total = term = 1.0
    while term > total * _NEGLIGIBLE and (up or count > 0):
        if up:
            count += 1
            term *= mean / count
        else:
            term *= count / mean
            count -= 1
        total += term
    return total
