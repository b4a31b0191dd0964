"""What people of the fake say.

::

    approve     a person chooses an option that releases (the first, or the one named)
    reject      a person chooses one that aborts
    expire      nobody decides in time
    lapse       approved, and taken by nobody in time
    stop        approved, and stopped before it is taken
    void        approved, and whoever approved may no longer decide
    taken       approved, and another caller takes it first
    withdraw    the person it was asked for takes it back
    silent      nobody says anything; whoever waits, waits
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from andon.testing.held import Held

Saying = Literal[
    "approve", "reject", "expire", "lapse", "stop", "void", "taken", "withdraw", "silent"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said, by whom and why, and of which escalations: patterns as file names have them."""

    saying: Saying
    option: str | None = None
    reason: str | None = None
    by: str = "sam"
    title: str = "*"
    category: str = "*"
    environment: str = "*"

    def __post_init__(self) -> None:
        if self.saying not in get_args(Saying):
            known = ", ".join(get_args(Saying))
            raise ValueError(f"{self.saying!r} is no verdict; say one of {known}.")

    def concerns(self, held: Held) -> bool:
        """Whether it is about this one."""
        names = ("title", "category", "environment")
        return all(fnmatchcase(held.body[name], getattr(self, name)) for name in names)
