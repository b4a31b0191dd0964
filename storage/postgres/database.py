"""A database on a server: a link that writes, a few that read, a few for what is done beside it,
and one that listens.

Replicas share it. Each has its own write path; what they must not do at once is had by name or by
row until the commit (`storage.locking`).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import cycle
from typing import Any

from approvals.ports import Elsewhere, StoreError
from storage.errors import MoveError, NewerDatabaseError, UnreachableError
from storage.links import COMMIT, Begin, Query
from storage.migrate import is_brought_up, newest, refuse_newer
from storage.outside import OutsideLink
from storage.postgres import reasons
from storage.postgres.connecting import connect, connect_after
from storage.postgres.hearing import Hearing
from storage.postgres.link import Link, as_store_errors
from storage.postgres.schema import program, schema_at

#: Connections of a replica for reading, and for short writes beside the one write path.
READERS, SIDES = 4, 4


class Database:
    """The server's database, open."""

    alone = False

    def __init__(
        self, writer: Link, readers: list[Link], sides: list[Link], hearing: Hearing
    ) -> None:
        self.writer, self._hearing = writer, hearing
        self._readers = [(link, OutsideLink(link, as_store_errors)) for link in readers]
        self._next = cycle(outside for _, outside in self._readers)
        self._sides: asyncio.LifoQueue[OutsideLink] = asyncio.LifoQueue()
        for side in sides:
            self._sides.put_nowait(OutsideLink(side, as_store_errors))
        self.turn = asyncio.Lock()

    @property
    def reader(self) -> OutsideLink:
        """A link for reading: the first that is free, so that few are opened where few do."""
        free = (outside for link, outside in self._readers if link.is_free)
        return next(free, None) or next(self._next)

    @asynccontextmanager
    async def beside(self, *rows: str) -> AsyncIterator[OutsideLink]:
        """A short write beside the one write path, on a connection of its own."""
        side = await self._sides.get()
        try:
            await side.together(Begin(rows))
            yield side
            await side.together(COMMIT)
        except BaseException as error:
            await side.undo()
            if isinstance(error, StoreError):
                await _let_go(side)
            raise
        finally:
            self._sides.put_nowait(side)

    def saying(self, marks: Sequence[str], most: int) -> Query:
        """Places of memories that say one of these words, the latest first."""
        # Fenced off by the offset: it would rather go through all, the latest first, until it has
        # enough, and of rare words it never has.
        return Query(
            "SELECT rowid FROM (SELECT rowid FROM memory_words "
            "WHERE words @@ CAST(? AS tsquery) OFFSET 0) said ORDER BY rowid DESC LIMIT ?",
            (" | ".join(marks), most),
        )

    def listening(self, elsewhere: Elsewhere) -> AbstractAsyncContextManager[None]:
        """For the length of the block, tell what other replicas commit."""
        return self._hearing.telling(elsewhere)

    @property
    def hears(self) -> bool:
        """Whether the connection that listens was there when it was last looked at."""
        return self._hearing.works

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Whether it is ours alone, until the block ends or the server sees us no more."""
        return self._hearing.leased(name)

    def check(self) -> None:
        """Nothing to look at: a server that is not there any more says so itself."""

    def is_of_the_place(self, error: BaseException) -> bool:
        """Whether the server is at fault, and not what was to be written."""
        return reasons.is_of_the_place(error)

    def is_busy(self, error: BaseException) -> bool:
        """Whether the server is at fault: for all that wait alike."""
        return reasons.is_of_the_place(error)

    def may_pass(self, error: BaseException) -> bool:
        """Whether another replica was in the way."""
        return reasons.may_pass(error)

    def reason(self, error: BaseException) -> str:
        """Why the database cannot be used, and what to do."""
        return reasons.reason(error)


async def _let_go(side: OutsideLink) -> None:
    """Another connection at once where it is lost: what the one before had locked is free then."""
    with suppress(StoreError):
        await side.rows("SELECT 1")


@asynccontextmanager
async def open_database(url: str, *, server: bool) -> AsyncIterator[Database]:
    """Connect, and bring the schema. Raises what `storage.errors` names."""
    writer = Link(partial(_connect_alone, url, secrets.randbits(62)))
    readers = [Link(partial(connect, url)) for _ in range(READERS)]
    sides = [Link(partial(connect_after, url, secrets.randbits(62))) for _ in range(SIDES)]
    hearing = Hearing(url, secrets.randbits(62), lambda: writer.pid)
    async with AsyncExitStack() as stack:
        for link in (writer, *readers, *sides):
            stack.push_async_callback(link.close)
        stack.push_async_callback(hearing.close)
        try:
            if not is_brought_up(await schema_at(writer.rows)):
                from storage.postgres.bringing_up import bring_up  # with Alembic: seldom needed

                await bring_up(url, server=server)
        except (NewerDatabaseError, MoveError):
            raise
        except reasons.FAILURES as error:
            raise UnreachableError(reasons.reason(error)) from error
        yield Database(writer, readers, sides, hearing)


async def _connect_alone(url: str, lock: int) -> Any:
    """A connection for the writer.

    Where the answer of the one before to a COMMIT was lost, it may still have been about to commit.
    Only now that it is over the log tells what was stored. While we were away a later version may
    have brought its schema; as long as we are here it brings none that we could not work with.
    """
    connection = await connect_after(url, lock)
    try:
        await connection.execute("SELECT pg_advisory_lock_shared($1)", program(newest()))
        refuse_newer(await schema_at(connection.fetch))
    except BaseException:
        connection.terminate()
        raise
    return connection
