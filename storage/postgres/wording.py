"""The shared SQL as PostgreSQL wants it: numbered values, and the words for several writers."""

import re
from functools import lru_cache
from itertools import count

from storage.links import among_writers

_AMONG_WRITERS = re.compile(re.escape(among_writers("\0")).replace("\0", "(.*?)"))


@lru_cache(maxsize=4096)
def worded(sql: str) -> str:
    """The statement, `?` written as `$1`, `$2` … Raises ValueError for a `?` inside a literal."""
    spoken = _AMONG_WRITERS.sub(r"\1", sql)
    if any("?" in literal for literal in spoken.split("'")[1::2]):
        raise ValueError(f"A literal holds a mark: {sql}")
    numbers = count(1)
    return re.sub(r"\?", lambda mark: f"${next(numbers)}", spoken)
