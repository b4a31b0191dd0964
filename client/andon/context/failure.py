"""An error with everything that caused it, and what was tried before people were asked."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from andon.context.plain import words

#: Frames of one error's traceback, and errors of one group, that are shown.
FRAMES, GROUP = 60, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One thing that was tried."""

    at: datetime  #: when it began
    action: str  #: what it was: `attempt 2 of 3`, the name of a fallback
    error: BaseException | str | None = None  #: what came of it

    def as_sent(self) -> dict[str, str]:
        """As the contract says it."""
        said = {"at": moment(self.at), "action": words(self.action, 900)}
        if isinstance(self.error, BaseException):
            return said | {"error": in_words(self.error)}
        return said | ({"error": words(self.error, 1_000)} if self.error else {})


def moment(at: datetime) -> str:
    """A time as RFC 3339 in UTC writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def named(kind: type[BaseException]) -> str:
    """The name of an error's type, with its module unless it is Python's own."""
    is_own = kind.__module__ == "builtins"
    return kind.__qualname__ if is_own else f"{kind.__module__}.{kind.__qualname__}"


def in_words(error: BaseException, most: int = 1_000) -> str:
    """`ConnectionError: refused`."""
    return f"{named(type(error))}: {words(error, most)}".removesuffix(": ")


def chained(error: BaseException) -> Iterator[BaseException]:
    """The error, then what caused it, back to the first; each once."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def told(error: BaseException) -> dict[str, str]:
    """Type, message and traceback, as the contract takes them."""
    kind = named(type(error))
    return {"type": kind, "message": _message(error), "traceback": _traceback(error)}


def _message(error: BaseException) -> str:
    """What it says, what was noted, and what it holds and came from."""
    notes = [words(note, 1_000) for note in getattr(error, "__notes__", ())]
    members = [f"with {in_words(one)}" for one in getattr(error, "exceptions", ())[:GROUP]]
    causes = [f"from {in_words(one)}" for one in islice(chained(error), 1, 11)]
    return "\n".join([words(error), *notes, *members, *causes])


def _traceback(error: BaseException) -> str:
    """Frames of all of them, without the values of their variables."""
    found = traceback.TracebackException.from_exception(
        error, limit=-FRAMES, max_group_width=GROUP, compact=True
    )
    return words("".join(found.format()))
