"""The SQLite file: who may open it, how each connection is set, and migrations at the start.

Every connection is asserted to be durable: WAL with `synchronous=FULL`. A kill cannot tell FULL
from NORMAL, only a loss of power can, so nobody would notice the mistake in time.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import aiosqlite

from storage.migrate import upgrade

Row = Sequence[Any]

#: Milliseconds to wait for a command beside the server.
BUSY_MS = 1000

#: Connections for reading; writing has one of its own.
READERS = 2

#: Seconds between checkpoints, which run off the write path.
CHECKPOINT_S = 5.0


class AlreadyRunningError(RuntimeError):
    """Another server uses this database. Stop it first, or give this one a database of its own."""


class NewerDatabaseError(RuntimeError):
    """The database was written by a newer version. Start that version, or restore a backup."""


class Link:
    """One connection. Statements are plain SQL with `?`; a statement is one hop to its thread."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row, in one hop."""
        await (await self._connection.executemany(sql, rows)).close()

    async def undo(self) -> None:
        """Roll back what is open, if anything is."""
        with suppress(aiosqlite.Error):
            await self._connection.execute("ROLLBACK")

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


class Database:
    """The file, open: one link that writes, a few that read."""

    def __init__(self, writer: Link, readers: Sequence[Link], side: Link) -> None:
        self.writer, self._side = writer, side
        self._readers = cycle(readers)
        self._side_lock = asyncio.Lock()

    @property
    def reader(self) -> Link:
        """A link for reading."""
        return next(self._readers)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Link]:
        """A short write beside the one write path: rows of work, services, signatures."""
        async with self._side_lock:
            await self._side.run("BEGIN IMMEDIATE")
            try:
                yield self._side
                await self._side.run("COMMIT")
            except BaseException:
                await self._side.undo()
                raise

    async def checkpoint(self) -> None:
        """Move the log into the file now and then, for as long as the server runs."""
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            with suppress(aiosqlite.Error):
                await self.reader.rows("PRAGMA wal_checkpoint(PASSIVE)")


@asynccontextmanager
async def open_database(path: Path, *, server: bool) -> AsyncIterator[Database]:
    """Open and migrate the file. Raises AlreadyRunningError, NewerDatabaseError, OSError."""
    lock = _lock(path) if server else None
    links: list[Link] = []
    try:
        # Commands beside a server find the schema as the server left it; alone, they bring it.
        await asyncio.to_thread(upgrade, path)
        links = [await _connect(path) for _ in range(READERS + 2)]
        database = Database(links[0], links[2:], links[1])
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


async def _connect(path: Path) -> Link:
    connection = await aiosqlite.connect(path, isolation_level=None)
    link = Link(connection)
    # SQLite's own lower() knows only ASCII, and people search for words in every language.
    await connection.create_function("lower", 1, str.lower, deterministic=True)
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
    ):
        await link.rows(f"PRAGMA {pragma}")
    await assert_durable(link)
    return link


async def assert_durable(link: Link) -> None:
    """Raise RuntimeError unless the connection keeps what it acknowledged."""
    found = {
        name: (await link.rows(f"PRAGMA {name}"))[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    if found != {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}:
        raise RuntimeError(f"This SQLite connection would not be durable: {found}")


def _lock(path: Path) -> int:
    """Take the server's lock on the file; the operating system frees it however we end."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunningError(
            f"Another server (process {pid}) uses {path}. Stop it first, or set "
            "ANDON_DATABASE_URL to another file."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
