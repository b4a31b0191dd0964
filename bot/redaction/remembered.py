"""What was found of a text, remembered while the text is short: names and paths come again."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

#: Characters of what is remembered; longer ones come once, and thousands would fill the memory.
LONGEST = 100

Found = TypeVar("Found")


def remembered(find: Callable[[str], Found]) -> Callable[[str], Found]:
    """The function, asked once for each of the short texts that came lately."""
    known = lru_cache(maxsize=4096)(find)

    @wraps(find)
    def found(text: str) -> Found:
        return known(text) if len(text) <= LONGEST else find(text)

    return found
