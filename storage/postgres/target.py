"""The server's database a history moves into: closed to every server until all of it is there.

Its schema reads as one that no version knows (`storage.migrate.moving`), so that none starts on it,
not even one from before there were moves. Rows come in the order of their keys, each piece in one
transaction: so the last key that is there says where to go on. Within such a transaction the fences
are down, which say how rows come about and not how they are copied; nobody else ever sees that.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from approvals.auditing import Finding
from storage.derived import ALL_WAIT
from storage.errors import MoveError, UnreachableError
from storage.extents import Extent, Table, told, without_nul
from storage.links import Query, Row
from storage.migrate import (
    Schema,
    is_moving,
    moving,
    newest,
    refuse_unmoved,
)
from storage.postgres.bringing_up import bring_up
from storage.postgres.connecting import connect
from storage.postgres.link import number_of
from storage.postgres.reasons import FAILURES, reason
from storage.postgres.schema import schema_at
from storage.postgres.wording import worded

#: How often, and after how many seconds again, it is looked who is connected.
LOOKS, PAUSE_S = 10, 0.1

#: One connection does it all, waits for nobody else's row, and takes its time.
_SETTINGS = {
    "application_name": "andon-migrate",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "0",
}
_COLUMNS = (
    "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns "
    "WHERE table_schema = current_schema()"
)
_SERVERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'andon'"
)
_SEQUENCES = (
    "SELECT c.relname::text, a.attname::text, s.oid::regclass::text FROM pg_class s "
    "JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') "
    "AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass "
    "JOIN pg_class c ON c.oid = d.refobjid "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid "
    "WHERE s.relkind = 'S' AND c.relnamespace = current_schema()::regnamespace"
)

#: What a row that fits nowhere leads to: at the server, or on the way there.
_REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    TypeError,
    ValueError,
    OverflowError,
)

#: What the server, or the way to it, fails with; a file that cannot be read is something else.
_LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)

_ANOTHER = (
    "The target database holds an unfinished move of another history, or of this one as it was "
    "before a server or another version went on with it. Make the database anew (`dropdb`, "
    "`createdb`), and move again."
)


class Target:
    """The database on a server, with the lock that keeps other moves off it."""

    def __init__(self, url: str, connection: Any) -> None:
        self._url, self._connection = url, connection
        self._booleans: dict[str, set[int]] = {}  #: by table; a file keeps them as numbers
        self.is_whole = False  #: all was there already, from an earlier move

    async def begin(self, tables: Sequence[Table], source: Mapping[str, Extent]) -> None:
        """Close it to servers, or go on where an earlier move was cut short. Raises MoveError."""
        await self._connection.fetchval("SELECT pg_advisory_lock($1)", number_of("move"))
        found = await self._schema()
        refuse_unmoved("The target database", found)
        if not is_moving(found.revision) and found.revision != newest():
            await bring_up(self._url, server=False)
        async with self._connection.transaction():
            # A server that starts now waits here, and then finds that it may not.
            await self._connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
            if await self._is_used():
                raise MoveError(
                    "A server or a command uses the target database. Stop it, then move."
                )
            await self._refuse_other_tables(tables)
            await self._mark(tables, told(source))

    async def extent(self, table: Table) -> Extent:
        """How far a table reaches."""
        ((rows,),) = await self._rows(table.count())
        last = await self._rows(table.last())
        return Extent(rows, tuple(last[0]) if last else None)

    async def rows(self, table: Table, after: Row | None, most: int) -> list[Row]:
        """Rows after that key, in order."""
        return [tuple(row) for row in await self._rows(table.after(after, most))]

    async def take(self, table: Table, rows: Sequence[Row]) -> Finding | None:
        """Keep these rows, all or none; what is wrong with the first that cannot be kept."""
        fitted = [self._fitted(table, row) for row in rows]
        try:
            try:
                await self._take(table, fitted)
            except asyncpg.CharacterNotInRepertoireError:
                await self._take(table, [without_nul(row) for row in fitted])
        except _REFUSED as error:
            return await self._first_refused(table, fitted) or _refusal(table.name, error)
        return None

    async def finish(self) -> None:
        """Open it to servers: all of it is there."""
        await self._connection.execute("ANALYZE")
        async with self._connection.transaction():
            for table, column, sequence in await self._connection.fetch(_SEQUENCES):
                last = f'SELECT max("{column}") FROM "{table}"'  # noqa: S608
                await self._connection.execute(
                    f"SELECT setval('{sequence}', n) FROM ({last}) AS last(n) WHERE n > 0"  # noqa: S608
                )
            await self._connection.execute(ALL_WAIT)
            await self._connection.execute("DROP TABLE moving")
            await self._connection.execute("UPDATE alembic_version SET version_num = $1", newest())

    async def _is_used(self) -> bool:
        """Whether somebody of ours is connected; who has just ended is seen for a moment more."""
        for _ in range(LOOKS):
            if not await self._connection.fetchval(_SERVERS):
                return False
            await asyncio.sleep(PAUSE_S)
            await self._connection.fetchval("SELECT pg_stat_clear_snapshot()")
        return True

    async def _schema(self) -> Schema:
        return await schema_at(self._connection.fetch)

    async def _rows(self, query: Query) -> list[Row]:
        found: list[Row] = await self._connection.fetch(worded(query.sql), *query.values)
        return found

    async def _mark(self, tables: Sequence[Table], source: str) -> None:
        """Write down that a move has begun, and of what."""
        schema = (await self._schema()).revision
        if is_moving(schema):
            held = await self._connection.fetchval("SELECT source FROM moving")
            if (schema, held) != (moving(), source):
                raise MoveError(_ANOTHER)
            return
        extents = {table.name: await self.extent(table) for table in tables}
        self.is_whole = any(extent.rows for extent in extents.values())
        if self.is_whole and told(extents) != source:
            raise MoveError(_held(extents))
        if not self.is_whole:
            await self._connection.execute("CREATE TABLE moving (source text NOT NULL)")
            await self._connection.execute("INSERT INTO moving VALUES ($1)", source)
            await self._connection.execute("UPDATE alembic_version SET version_num = $1", moving())

    async def _refuse_other_tables(self, tables: Sequence[Table]) -> None:
        """The same schema has the same tables, unless somebody made others."""
        types: dict[str, dict[str, str]] = {}
        for table, column, type_ in await self._connection.fetch(_COLUMNS):
            types.setdefault(table, {})[column] = type_
        for table in tables:
            there = types.get(table.name, {})
            if set(there) != set(table.columns):
                raise MoveError(
                    f"The table {table.name} is not the same in the file and in the target "
                    "database, though both have one schema: somebody changed one of them."
                )
            booleans = (n for n, c in enumerate(table.columns) if there[c] == "boolean")
            self._booleans[table.name] = set(booleans)

    def _fitted(self, table: Table, row: Row) -> Row:
        booleans = self._booleans[table.name]
        if not booleans:
            return row
        return tuple(
            bool(value) if n in booleans and value in (0, 1) else value
            for n, value in enumerate(row)
        )

    async def _take(self, table: Table, rows: Sequence[Row]) -> None:
        async with self._connection.transaction():
            await self._fences(table, "DISABLE")
            await self._put(table, rows)
            await self._fences(table, "ENABLE")

    async def _fences(self, table: Table, change: str) -> None:
        await self._connection.execute(f"ALTER TABLE {table.quoted} {change} TRIGGER USER")

    async def _put(self, table: Table, rows: Sequence[Row]) -> None:
        await self._connection.copy_records_to_table(
            table.name, records=rows, columns=table.columns
        )

    async def _first_refused(self, table: Table, rows: Sequence[Row]) -> Finding | None:
        """Try them one by one, and keep none."""
        trying = self._connection.transaction()
        await trying.start()
        try:
            await self._fences(table, "DISABLE")
            for row in rows:
                try:
                    async with self._connection.transaction():
                        await self._put(table, [without_nul(row)])
                except _REFUSED as error:
                    return _refusal(table.named(row), error)
            return None
        finally:
            await trying.rollback()


def _refusal(where: str, error: BaseException) -> Finding:
    """What PostgreSQL says of a record, without the detail in which it quotes it."""
    said = getattr(error, "message", None) or error
    return Finding(where=where, what=f"PostgreSQL refuses it ({said})")


def _held(extents: Mapping[str, Extent]) -> str:
    """That there is a history already, and how much of it."""
    held = ", ".join(f"{e.rows:,} in {name}" for name, e in sorted(extents.items()) if e.rows)
    return (
        f"The target database holds another history already (rows: {held}). Name an empty one: "
        "`createdb` makes it."
    )


@asynccontextmanager
async def open_target(url: str) -> AsyncIterator[Target]:
    """Connect. Raises MoveError, NewerDatabaseError, OlderDatabaseError, UnreachableError."""
    try:
        connection = await connect(url, answer_s=None, **_SETTINGS)
    except FAILURES as error:
        raise UnreachableError(reason(error)) from error
    try:
        yield Target(url, connection)
    except asyncpg.LockNotAvailableError as error:
        raise MoveError(
            "Another move into this database is running, or something else holds its tables."
        ) from error
    except _LOST as error:
        raise UnreachableError(reason(error)) from error
    finally:
        connection.terminate()
