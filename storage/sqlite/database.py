"""The SQLite file: who may open it, how each connection is set, and migrations at the start.

Every connection is asserted to be durable: WAL with `synchronous=FULL`. A kill cannot tell FULL
from NORMAL, only a loss of power can, so nobody would notice the mistake in time.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from itertools import cycle
from pathlib import Path
from typing import Any

import aiosqlite

from approvals.ports import Elsewhere, StoreError
from storage.errors import AlreadyRunningError, MovedError
from storage.links import Begin, Commit, Many, Query, Row, Statement
from storage.outside import OutsideLink
from storage.sqlite.looking import is_up
from storage.sqlite.place import Place
from storage.sqlite.reasons import code_of, is_of_the_file, reason
from storage.sqlite.wholeness import refuse_damaged

#: Milliseconds to wait for a command beside the server: on the write path, and beside it, where
#: work comes again by itself and clicks must not wait for it.
BUSY_MS, BUSY_ASIDE_MS = 1000, 250

#: Connections for reading; writing has one of its own.
READERS = 2

#: KiB of pages that the write path keeps: what finds one row among a million by a random key, such
#: as an idempotency key, would not stay in the two MiB that SQLite keeps by itself.
PAGES_KIB = 64 << 10

#: Seconds between checkpoints, which run off the write path.
CHECKPOINT_S = 5.0


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection, able to run several statements in one hop to its thread.

    A hop costs about as much as a statement for a whole batch, and a batch has a dozen of them.
    """

    async def together(self, statements: Sequence[Statement]) -> list[list[Row]]:
        found: list[list[Row]] = await self._execute(_run_all, self._conn, statements)  # type: ignore[no-untyped-call]
        return found


def _run_all(connection: sqlite3.Connection, statements: Sequence[Statement]) -> list[list[Row]]:
    found: list[list[Row]] = []
    for statement in statements:
        if isinstance(statement, Many):
            connection.executemany(*statement)
            found.append([])
        elif isinstance(statement, Begin):
            connection.execute("BEGIN IMMEDIATE")  # the whole file is ours: what is named, too
            found.append([])
        elif isinstance(statement, Commit):
            connection.execute("COMMIT")
            found.append([])
        else:
            found.append(connection.execute(*statement).fetchall())
    return found


class Link:
    """One connection. Statements are plain SQL with `?`; each call is one hop to its thread."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def together(self, *statements: Statement) -> list[list[Row]]:
        """Run one statement after the other; the rows of each."""
        return await self._connection.together(statements)

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        await self.together(Many(sql, rows))

    async def undo(self) -> None:
        """Roll back what is open, if anything is."""
        with suppress(aiosqlite.Error, ValueError):  # ValueError: the connection is closed
            await self._connection.execute("ROLLBACK")

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except (aiosqlite.Error, ValueError, MovedError) as error:  # ValueError: it is closed
        raise StoreError(f"The database cannot be used just now ({error}).") from error


class Database:
    """The file, open: one link that writes, a few that read."""

    alone = hears = True

    def __init__(self, writer: Link, readers: Sequence[Link], side: Link, place: Place) -> None:
        self.writer, self._place = writer, place
        self._side = OutsideLink(side, _as_store_errors)
        self._readers = cycle([OutsideLink(link, _as_store_errors) for link in readers])
        #: Whose turn it is to write. SQLite would let the second sleep, and for too long.
        self.turn = asyncio.Lock()
        #: Of those beside the write path one at a time waits for its turn: the path comes next.
        self._aside = asyncio.Lock()

    @property
    def reader(self) -> OutsideLink:
        """A link for reading."""
        return next(self._readers)

    @asynccontextmanager
    async def beside(self, *rows: str) -> AsyncIterator[OutsideLink]:
        """A short write beside the one write path: rows of work, services, signatures."""
        async with self._aside, self.turn:
            try:
                await self._side.run("BEGIN IMMEDIATE")  # begun, too, where we are cancelled here
                yield self._side
                with _as_store_errors():
                    self.check()
                await self._side.run("COMMIT")
            except BaseException:
                await self._side.undo()
                raise

    def saying(self, marks: Sequence[str], most: int) -> Query:
        """Places of memories that say one of these words, the latest first."""
        return Query(
            "SELECT rowid FROM memory_words WHERE memory_words MATCH ? ORDER BY rowid DESC LIMIT ?",
            (" OR ".join(marks), most),
        )

    def listening(self, elsewhere: Elsewhere) -> AbstractAsyncContextManager[None]:
        """There is nobody to listen to."""
        return nullcontext()

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """All is ours to do."""
        return nullcontext(True)

    def check(self) -> None:
        """Raise MovedError where the file is no longer the one that was opened."""
        self._place.check()

    def is_of_the_place(self, error: BaseException) -> bool:
        """Whether the file or its disk is at fault, and not what was to be written."""
        return is_of_the_file(error)

    def is_busy(self, error: BaseException) -> bool:
        """Whether another program holds the file, or it is gone: each would wait as long."""
        return code_of(error) == sqlite3.SQLITE_BUSY or isinstance(error, MovedError)

    def may_pass(self, error: BaseException) -> bool:
        """Never: nobody else writes."""
        return False

    def reason(self, error: BaseException) -> str:
        """Why the file cannot be used, and what to do."""
        return reason(error)

    async def checkpoint(self) -> None:
        """Move the log into the file now and then, for as long as the server runs."""
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            with suppress(StoreError):
                await self.reader.rows("PRAGMA wal_checkpoint(PASSIVE)")


@asynccontextmanager
async def open_database(path: Path, *, server: bool) -> AsyncIterator[Database]:
    """Open and migrate the file. Raises what `storage.errors` names, and OSError."""
    lock = lock_of(path) if server else None
    links: list[Link] = []
    try:
        await asyncio.to_thread(_bring_up if server else _bring_up_alone, path)
        aside_ms = BUSY_ASIDE_MS if server else BUSY_MS
        links = [await _connect(path, BUSY_MS)]
        await links[0].rows(f"PRAGMA cache_size=-{PAGES_KIB}")
        links += [await _connect(path, aside_ms) for _ in range(READERS + 1)]
        database = Database(links[0], links[2:], links[1], Place(path))
        checkpoints = asyncio.create_task(database.checkpoint()) if server else None
        try:
            yield database
        finally:
            if checkpoints is not None:
                checkpoints.cancel()
    finally:
        for link in links:
            await link.close()
        if lock is not None:
            os.close(lock)


def _bring_up(path: Path) -> None:
    """Look whether the file is whole, then bring its schema. The lock is ours."""
    _make(path)
    refuse_damaged(path)
    if not is_up(path):
        _upgrade(path)


def _bring_up_alone(path: Path) -> None:
    """The same for a command; beside a server it finds the schema as the server left it."""
    if is_up(path):
        return
    lock = lock_of(path)  # no schema changes under a server of an older version
    try:
        _make(path)
        _upgrade(path)
    finally:
        os.close(lock)


def _upgrade(path: Path) -> None:
    from storage.sqlite.bringing_up import upgrade  # with Alembic: seldom needed

    upgrade(path)


def _make(path: Path) -> None:
    """An empty file that nobody else may read, where there is none: it will hold secrets."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


async def _connect(path: Path, busy_ms: int) -> Link:
    connection = _Connection(lambda: sqlite3.connect(path, isolation_level=None), 64)
    await connection
    link = Link(connection)
    try:
        # SQLite's own lower() knows only ASCII, and people search for words in every language.
        await connection.create_function("lowered", 1, str.lower, deterministic=True)
        for pragma in (
            f"busy_timeout={busy_ms}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
            "secure_delete=ON",  # what is erased, or replaced, leaves no bytes in the file
        ):
            await link.rows(f"PRAGMA {pragma}")
        await assert_durable(link)
    except BaseException:
        await link.close()  # its thread would keep the process from ending
        raise
    return link


async def assert_durable(link: Link) -> None:
    """Raise RuntimeError unless the connection keeps what it acknowledged."""
    found = {
        name: (await link.rows(f"PRAGMA {name}"))[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    if found != {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}:
        raise RuntimeError(f"This SQLite connection would not be durable: {found}")


def lock_of(path: Path) -> int:
    """Take the server's lock on the file; the operating system frees it however we end.

    Raises AlreadyRunningError, OSError.
    """
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunningError(
            f"Another server (process {pid}) uses {path}. Stop it first, or name another file "
            "(ANDON_DATABASE_URL)."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
