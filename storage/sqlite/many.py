"""A statement for many rows, several of them at a time.

Around each step of a statement the interpreter's lock is given back and taken again, and beside a
busy loop that costs more than writing a row. So rows are inserted by statements of several each.
"""

import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from storage.links import Row

#: Rows a statement takes at once, largest first; the rest go one by one.
SIZES = (32, 8, 2)

_INSERT = re.compile(r"(INSERT INTO \w+ \([^()]*\) VALUES )(\([^()]*\))(.*)", re.S)


def run_many(connection: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> None:
    """Run a statement for each row, in their order."""
    begun = 0
    for size in SIZES if _INSERT.fullmatch(sql) else ():
        ends = begun + (len(rows) - begun) // size * size
        wide = [tuple(chain.from_iterable(rows[at : at + size])) for at in range(begun, ends, size)]
        if wide:
            connection.executemany(_widened(sql, size), wide)
        begun = ends
    if begun < len(rows):
        connection.executemany(sql, rows[begun:])


@lru_cache(maxsize=256)  # as many statements as there are, and no more
def _widened(sql: str, size: int) -> str:
    """The same insertion, of so many rows."""
    return _INSERT.sub(lambda found: found[1] + ", ".join([found[2]] * size) + found[3], sql)
