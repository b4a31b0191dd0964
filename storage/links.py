"""What the shared SQL knows of a database: statements, links to run them on, and whose turn it is.

The rooms `storage.sqlite` and `storage.postgres` implement this; nothing else here knows a driver.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, NamedTuple, Protocol

from approvals.ports import Elsewhere

Row = Sequence[Any]


class Query(NamedTuple):
    """A statement run once, with `?` for each value."""

    sql: str
    values: Sequence[Any] = ()


class Many(NamedTuple):
    """A statement run for each row."""

    sql: str
    rows: Sequence[Sequence[Any]]


class Begin(NamedTuple):
    """A transaction begins. Until it ends nobody else has these rows of the ledger.

    A row is named whether it is there or not. Nobody looks at the names where one writes alone.
    """

    rows: Iterable[str] = ()


class Commit(NamedTuple):
    """The transaction ends, and is kept.

    Whoever listens elsewhere is told these escalations with it, so that nobody hears of what was
    not kept. Nobody looks at them where one writes alone.
    """

    changed: Sequence[str] = ()


Statement = Query | Many | Begin | Commit

COMMIT = Commit()

#: What is asked where nothing is wanted; no rows.
NOTHING = Query("")


def among_writers(words: str) -> str:
    """Words for a database with several writers, such as FOR UPDATE; a comment to any other."""
    return f"/*among writers: {words}*/"


class Link(Protocol):
    """One connection. Statements are plain SQL with `?`."""

    async def together(self, *statements: Statement) -> list[list[Row]]:
        """Run one statement after the other; the rows of each."""

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""

    async def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched."""

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row."""

    async def undo(self) -> None:
        """Roll back what is open, if anything is."""


class Looking(Protocol):
    """A connection that only reads, for commands: nobody waits beside it, so it needs no loop."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""

    def moment(self) -> AbstractContextManager[None]:
        """All that is read within is of one moment."""


class Database(Protocol):
    """A database, open. Links other than the writer's raise StoreError where it fails."""

    #: Whether nobody else writes: a transaction then has everything, and what was counted once
    #: stays right. Otherwise several replicas do, and each has what it asked for.
    alone: bool

    #: Whose turn it is to write in this process.
    turn: asyncio.Lock

    @property
    def writer(self) -> Link:
        """The link of the one write path; its errors are the driver's own."""

    @property
    def reader(self) -> Link:
        """A link for reading."""

    def beside(self, *rows: str) -> AbstractAsyncContextManager[Link]:
        """A short write beside the one write path: rows of work, services, signatures.

        `rows` names what nobody else may have meanwhile, as `Begin` does.
        """

    def saying(self, marks: Sequence[str], most: int) -> Query:
        """Places of memories that say one of these words, the latest first."""

    def listening(self, elsewhere: Elsewhere) -> AbstractAsyncContextManager[None]:
        """For the length of the block, tell what others commit. Nothing where one writes alone."""

    @property
    def hears(self) -> bool:
        """Whether what others commit is told at once, as far as is known."""

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """As `Leases`."""

    def check(self) -> None:
        """Raise where what is written would not be kept."""

    def is_of_the_place(self, error: BaseException) -> bool:
        """Whether the database is at fault, and not what was to be written."""

    def is_busy(self, error: BaseException) -> bool:
        """Whether all that wait would fail alike, each after waiting as long."""

    def may_pass(self, error: BaseException) -> bool:
        """Whether another writer was in the way: the same may succeed in a moment."""

    def reason(self, error: BaseException) -> str:
        """Why the database cannot be used, and what to do."""
