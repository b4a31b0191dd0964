"""What would run: the value that is shown, digested, and compared again before it runs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from andon.migrating.catalogue import Table
from andon.migrating.statements import touched

#: The server takes no more of it: what cannot be read cannot be judged.
LONGEST_TEXT = 10_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """One revision or migration."""

    title: str  #: `upgrade 8f2c -> 9a41, Drop legacy code`
    statements: tuple[str, ...] = ()  #: its SQL as shown; what is computed anew each time is a hole
    why: str = ""  #: why its SQL is not all that runs; empty when it is
    source: str = ""  #: the Python that runs, where SQL is not all

    @property
    def exact(self) -> bool:
        """Whether its statements are all that runs."""
        return not self.why

    def text(self) -> str:
        """As people read it."""
        lines = [f"-- {self.title}", *self.statements]
        if self.why:
            lines += [f"-- {self.why}", *(f"-- | {line}" for line in self.source.splitlines())]
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What is about to run, on which database as it stands. Equal when it would be shown alike."""

    command: str  #: `alembic upgrade head`
    database: str  #: `shop on db.internal:5432`; never a password
    session: str  #: as whom, in which schemas
    applied: tuple[str, ...]  #: where the database stands
    sections: tuple[Section, ...]
    shape: str  #: a digest over the tables concerned, as they look now

    @property
    def sql(self) -> str:
        """All of it, in the order in which it runs."""
        return "\n\n".join(section.text() for section in self.sections)

    @property
    def statements(self) -> list[str]:
        """Every statement that can be told beforehand."""
        return [text for section in self.sections for text in section.statements]

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of the tables and indexes concerned, as its statements write them."""
        return touched("\n".join(self.statements))

    def arguments(self) -> dict[str, Any]:
        """What the digest covers."""
        return {
            "sql": self.sql,
            "database": f"{self.database} {self.session}".strip(),
            "applied": ", ".join(self.applied) or "nothing",
            **({"tables": self.shape} if self.shape else {}),
        }

    def target(self) -> str:
        """The word that is typed to confirm: the database's name, made plain."""
        name = re.sub(r"[^a-z0-9._-]+", "-", self.database.split(" on ")[0].lower())
        return _last_words(name.strip("-"), 20) or "database"

    def title(self) -> str:
        """In one line."""
        first = self.sections[0].title
        more = f" and {len(self.sections) - 1} more" if len(self.sections) > 1 else ""
        return _cut(" ".join(f"{self.target()}: {first}{more}".split()), 150)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What helps to judge it, and may change from minute to minute: outside the digest."""

    locks: Sequence[str] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    rollback: str = ""

    def context(self) -> dict[str, Any]:
        """As the server takes it."""
        sizes = {
            t.name: t.described().removeprefix(t.name).strip(" ()") for t in self.tables.values()
        }
        told = {
            "blast_radius": _cut("\n".join(self.locks), LONGEST_TEXT),
            "rollback": _cut(self.rollback, LONGEST_TEXT),
            "system_state": {"tables": {name: size or "there" for name, size in sizes.items()}},
        }
        if not sizes:
            del told["system_state"]
        return {name: value for name, value in told.items() if value}


def _last_words(name: str, most: int) -> str:
    """Those that fit, from the end; of a longer one its end."""
    cut = name[-most:]
    if len(name) <= most or name[-most - 1] == "-":
        return cut
    return cut.partition("-")[2] or cut


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
