"""Rows by one of many keys, in statements that a connection knows soon."""

from collections.abc import Iterable
from typing import Any

from storage.links import NOTHING, Query


def among(sql: str, values: Iterable[Any], then: str = "") -> Query:
    """Rows whose last-named column is one of the values, in key order; `then` is what follows.

    The number of marks is a power of two, so that a connection knows all its statements soon; the
    last value stands in for those that are missing.
    """
    wanted = sorted({value for value in values if value})
    if not wanted:
        return NOTHING
    marks = 1 << (len(wanted) - 1).bit_length()
    wanted += [wanted[-1]] * (marks - len(wanted))
    return Query(f"{sql} IN ({', '.join('?' * marks)}){then}", wanted)
