"""Errors of a type that was not seen before: each is worth one look."""

import re
from collections.abc import Callable, Iterable

from andon.context.failure import named

#: What an error is told from others by.
Fingerprint = Callable[[BaseException | str], str]

#: Numbers and long hexadecimal words differ from one error to the next of the same kind.
_PASSING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f-]{8,}\b|\d+", re.IGNORECASE)


def fingerprint(error: BaseException | str) -> str:
    """The type of an exception with its module; of a text, the text without its numbers."""
    if isinstance(error, str):
        return _PASSING.sub("#", error.strip())[:200] or "unnamed"
    return named(type(error))


class FirstSeen:
    """Remembers which errors were seen: at most `limit`, then nothing is new any more."""

    def __init__(
        self,
        known: Iterable[type[BaseException] | str] = (),
        *,
        by: Fingerprint = fingerprint,
        limit: int = 256,
    ) -> None:
        self._by = by
        self._limit = limit
        self._seen = {name if isinstance(name, str) else named(name) for name in known}

    @property
    def full(self) -> bool:
        """Whether there were too many to tell what is new."""
        return len(self._seen) >= self._limit

    def notice(self, error: BaseException | str) -> str | None:
        """Its fingerprint, the first time it is seen."""
        found = self._by(error)
        if found in self._seen or self.full:
            return None
        self._seen.add(found)
        return found
