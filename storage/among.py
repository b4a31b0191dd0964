"""Rows by one of many keys, in statements that a connection knows soon."""

from collections.abc import Iterable

from storage.links import Query


def among(sql: str, values: Iterable[str | None]) -> Query:
    """Rows whose last-named column is one of the values, in key order.

    The number of marks is a power of two, so that a connection knows all its statements soon; the
    last value stands in for those that are missing, and no value for a NULL that equals nothing.
    """
    wanted: list[str | None] = sorted({value for value in values if value})  # type: ignore[assignment]
    marks = 1 << max(0, len(wanted) - 1).bit_length()
    wanted += [wanted[-1] if wanted else None] * (marks - len(wanted))
    return Query(f"{sql} IN ({', '.join('?' * marks)})", wanted)
