"""Links to the server: the shared SQL on asyncpg, with another connection where one is lost."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from approvals.ports import StoreError
from storage.links import Begin, Commit, Many, Row, Statement
from storage.postgres.reasons import FAILURES, reason
from storage.postgres.wording import worded

#: Seconds until the next try to connect; twice as many after each, up to the last.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 1.0

#: What those who listen for commits listen to, and how many ids are told in one note: PostgreSQL
#: takes less than 8000 bytes, and an id has 36.
CHANNEL, IDS = "andon", 200

#: The name by which all who write share the schema.
SCHEMA = "schema"


class Link:
    """One connection at a time. Statements are plain SQL with `?`; each is a way to the server."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect
        self._connection: Any = None
        self._is_begun = False  #: what follows belongs to a transaction of this connection
        #: A connection does one thing at a time.
        self._turn = asyncio.Lock()
        self._pause_s, self._again_at, self._error = 0.0, 0.0, Exception()

    @property
    def is_free(self) -> bool:
        """Whether nothing runs on it."""
        return not self._turn.locked()

    @property
    def pid(self) -> int | None:
        """What the server knows the connection by; None before there is one."""
        return self._connection.get_server_pid() if self._connection is not None else None

    async def together(self, *statements: Statement) -> list[list[Row]]:
        """Run one statement after the other; the rows of each."""
        found: list[list[Row]] = await self._in_turn(self._run_all, statements)
        return found

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        try:
            found: list[Row] = await self._in_turn(_fetch, sql, values)
        except asyncpg.CharacterNotInRepertoireError:
            return []  # asked for a text with a NUL in it, which none has
        return found

    async def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched."""
        touched: int = await self._in_turn(_execute, sql, values)
        return touched

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        await self.together(Many(sql, rows))

    async def undo(self) -> None:
        """Roll back what is open, if anything is; a connection that cannot is given up."""
        connection, self._is_begun = self._connection, False
        if connection is None or connection.is_closed() or not connection.is_in_transaction():
            return
        try:
            await connection.execute("ROLLBACK")
        except FAILURES:
            connection.terminate()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None and not self._connection.is_closed():
            try:
                await self._connection.close(timeout=1)
            except FAILURES:
                self._connection.terminate()

    async def _in_turn(self, work: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        async with self._turn:
            connection = await self._connected()
            try:
                return await work(connection, *given)
            except (TimeoutError, asyncio.CancelledError):
                connection.terminate()  # nobody knows what it would answer next
                raise

    async def _connected(self) -> Any:
        """The connection, or another where it is lost; not more often than now and then."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if self._is_begun:
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost in a transaction")
        if time.monotonic() < self._again_at:
            raise self._error
        try:
            self._connection = await self._connect()
        except Exception as error:
            self._pause_s = min(max(FIRST_PAUSE_S, self._pause_s * 2), LAST_PAUSE_S)
            self._again_at, self._error = time.monotonic() + self._pause_s, error
            raise
        self._pause_s = 0.0
        return self._connection

    async def _run_all(self, connection: Any, statements: Sequence[Statement]) -> list[list[Row]]:
        return [await self._run(connection, statement) for statement in statements]

    async def _run(self, connection: Any, statement: Statement) -> list[Row]:
        if isinstance(statement, Many):
            await connection.executemany(worded(statement.sql), statement.rows)
            return []
        if isinstance(statement, Begin):
            await connection.execute(_begin(statement.rows))
            self._is_begun = True
            return []
        if isinstance(statement, Commit):
            await _commit(connection, statement.changed)
            self._is_begun = False
            return []
        return await _fetch(connection, *statement)


@contextmanager
def as_store_errors() -> Iterator[None]:
    """What fails outside the write path, told as StoreError."""
    try:
        yield
    except FAILURES as error:
        raise StoreError(f"The database cannot be used just now. {reason(error)}") from error


async def _commit(connection: Any, changed: Sequence[str]) -> None:
    """Commit, and tell with it, in one way to the server.

    A transaction that failed before is rolled back by a COMMIT, without an error of its own.
    """
    if await connection.execute(f"{_notes(changed)}COMMIT") != "COMMIT":
        raise asyncpg.InFailedSQLTransactionError("nothing was committed")


async def _fetch(connection: Any, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    found: list[Row] = await connection.fetch(worded(sql), *values) if sql else []
    return found


async def _execute(connection: Any, sql: str, values: Sequence[Any]) -> int:
    status: str = await connection.execute(worded(sql), *values)
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else -1


def _begin(rows: Iterable[str]) -> str:
    """Begin, and have these names until the end, in one way to the server and in one order.

    The schema is shared: who changes it has it alone, before any table, so that they and we never
    wait for one another crosswise.
    """
    shared = f"BEGIN; SELECT pg_advisory_xact_lock_shared({number_of(SCHEMA)})"
    locks = ", ".join(map(str, sorted({number_of(row) for row in rows})))
    taken = "SELECT pg_advisory_xact_lock(n) FROM unnest(ARRAY[{}]::bigint[]) AS n"
    return f"{shared}; {taken.format(locks)}" if locks else shared


def _notes(changed: Sequence[str]) -> str:
    """Tells these ids to all who listen, when and if the transaction is committed."""
    notes = (" ".join(changed[n : n + IDS]) for n in range(0, len(changed), IDS))
    return "".join(f"NOTIFY {CHANNEL}, '{ids}'; " for ids in notes)


def number_of(row: str) -> int:
    """What PostgreSQL knows a name by: 63 bits, so that two names hardly ever share one."""
    return int.from_bytes(hashlib.sha256(row.encode()).digest()[:8], "big") >> 1
