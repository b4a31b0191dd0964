"""Moving a whole history from a file to a server: it may be cut short anywhere, and goes on.

::

    begin (the target is closed to servers) -> copy -> compare -> audit, by who calls -> finish

What is copied is not believed to be there: all of it is read back and compared before the target
opens, and the audit of what was read says whether it can be what happened.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from approvals.auditing import Finding
from storage.extents import Extent, Table, pieces, without_nul
from storage.links import Row
from storage.needing import needs_asyncpg
from storage.sqlite.source import Source, open_source

if TYPE_CHECKING:
    from storage.postgres.target import Target

#: Told about the way so far: what is done, rows so far, rows in all.
Progress = Callable[[str, int, int], None]


class Move:
    """A move that has begun."""

    def __init__(
        self, source: Source, target: "Target", extents: dict[Table, Extent], progress: Progress
    ) -> None:
        self._source, self._target, self._extents = source, target, extents
        self._progress = progress
        #: The latest moment the history has seen.
        self.latest = source.latest()

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(extent.rows for extent in self._extents.values())

    @property
    def was_done(self) -> bool:
        """Whether all of it was there already, and the target open."""
        return self._target.is_whole

    async def copy(self) -> Finding | None:
        """Copy what is not there yet; the first record that PostgreSQL does not take."""
        done = 0
        for table in self._extents:
            there = await self._target.extent(table)
            done += there.rows
            for piece in pieces(self._source.rows(table, there.last)):
                if found := await self._target.take(table, piece):
                    return found
                done += len(piece)
                self._progress("copied", done, self.rows)
        return None

    async def compare(self) -> Finding | None:
        """Read all of it back; the first record that is not the same in both."""
        done = 0
        for table in self._extents:
            last: Row | None = None
            for piece in pieces(self._source.rows(table)):
                theirs = await self._target.rows(table, last, len(piece))
                if piece != theirs and (found := _difference(table, piece, theirs)):
                    return found
                last, done = table.key_of(without_nul(piece[-1])), done + len(piece)
                self._progress("compared", done, self.rows)
            for row in await self._target.rows(table, last, 1):
                return Finding(where=table.named(row), what="the file has no such record")
        return None

    async def finish(self) -> None:
        """Open the target to servers. Raises MoveError where the file went on meanwhile."""
        self._source.refuse_changed()
        if not self.was_done:
            await self._target.finish()


def _difference(table: Table, ours: list[Row], theirs: list[Row]) -> Finding | None:
    """The first record that is another one in the target, is missing there, or there alone."""
    for our, their in zip_longest(map(without_nul, ours), theirs):
        if our is None or (their is not None and table.key_of(their) < table.key_of(our)):
            return Finding(where=table.named(their), what="the file has no such record")
        if their is None or table.key_of(our) < table.key_of(their):
            return Finding(where=table.named(our), what="it is missing in the target")
        if our != their:
            what = f"{table.differing(our, their)} is not what the file has"
            return Finding(where=table.named(our), what=what)
    return None


@asynccontextmanager
async def open_move(path: Path, url: str, progress: Progress) -> AsyncIterator[Move]:
    """Begin a move, or go on with one.

    Raises what `storage.errors` names, OSError, sqlite3.Error.
    """
    with needs_asyncpg():
        from storage.postgres.target import open_target
    with open_source(path) as source:
        extents = {table: source.extent(table) for table in source.tables()}
        async with open_target(url) as target:
            await target.begin(list(extents), {t.name: e for t, e in extents.items()})
            yield Move(source, target, extents, progress)
