"""What `/readyz` looks at besides the store and the clock, and what the metrics alone look at."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from approvals.ports import Clock
from bot.api.door import Check
from bot.background.loop import Loop
from bot.people import KnownPeople


class Saving(Protocol):
    """The write path."""

    failing: str | None  #: why nothing can be saved; None while it can


class Hearing(Protocol):
    """A database, which other replicas may share."""

    alone: bool  #: nobody else writes to it

    @property
    def hears(self) -> bool:
        """What others commit is heard of at once."""


def readiness(
    loops: Sequence[Loop], people: KnownPeople, clock: Clock, *more: Check
) -> tuple[Check, ...]:
    """All that must work before anybody is sent here."""

    async def background() -> tuple[str, bool]:
        return "background", all(loop.works for loop in loops)

    async def known() -> tuple[str, bool]:
        now = clock()
        return "people", people.facts(now).people.known_at(now)

    return (background, known, *more)


def saving(writer: Saving) -> Check:
    """Whether what is accepted can be saved: a disk that is full still lets itself be read."""

    async def saves() -> tuple[str, bool]:
        return "saving", writer.failing is None

    return saves


def hearing(database: Hearing) -> Iterator[Check]:
    """Whether we are told of other replicas at once. For the metrics alone: whoever waits here for
    what is decided there would only be told some seconds later.
    """

    async def hears() -> tuple[str, bool]:
        return "hearing", database.hears

    if not database.alone:
        yield hears
