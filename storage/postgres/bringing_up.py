"""Migrations at the start, by one replica at a time, in one transaction: whole or not at all.

SQLAlchemy is here for Alembic alone. No copy is made first: a server has backups of its own. Others
work meanwhile: who writes shares the schema's name, and a migration that has it alone meets nobody
halfway. What it cannot have at once, because somebody reads, it does not wait for: it lets go of
all it has, and tries again.
"""

import asyncio
import time
from functools import partial
from typing import Any

import structlog
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import AlreadyRunningError, OlderDatabaseError
from storage.migrate import is_brought_up, newest, refuse_newer
from storage.postgres.connecting import connect
from storage.postgres.link import SCHEMA, number_of
from storage.postgres.reasons import may_pass
from storage.postgres.schema import program
from storage.scripts import alembic_config, schema_of, shut_out

log = structlog.get_logger(__name__)

#: Milliseconds to wait for a lock: whoever wants a table that we wait for waits behind us. And
#: seconds to go on trying, between two tries, and in all.
LOCK_MS, PAUSE_S, PATIENCE_S = 1000, 0.5, 60.0


async def bring_up(url: str, *, server: bool) -> None:
    """Bring the newest schema, unless a later version brought one with which this one may work; a
    command brings it only where there is none yet.

    Raises NewerDatabaseError, OlderDatabaseError, AlreadyRunningError, and what asyncpg does.
    """
    until = time.monotonic() + PATIENCE_S
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(connect, url, answer_s=None, lock_timeout=str(LOCK_MS)),
        poolclass=NullPool,
    )
    try:
        while True:
            is_last = time.monotonic() > until
            if await _tried(engine, server=server, is_last=is_last):
                return
            await asyncio.sleep(PAUSE_S)
    finally:
        await engine.dispose()


async def _tried(engine: AsyncEngine, *, server: bool, is_last: bool) -> bool:
    """Whether it is done, and not in the way of somebody else, or they in ours."""
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_bring_up, server)
    except DBAPIError as error:
        cause = _cause_of(error)
        if is_last or not may_pass(cause):
            raise cause from error
        log.info("migrating-waits", why=str(cause))
        return False
    return True


def _bring_up(connection: Connection, server: bool) -> None:
    """Replicas that start together migrate once: the next one finds it done. No one writes."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({number_of(SCHEMA)})")
    current = schema_of(connection)
    refuse_newer(current)
    if is_brought_up(current):
        return
    if current.revision is not None and not server:
        raise OlderDatabaseError(
            f"The database has schema {current.revision}, and this version needs {newest()}. Start "
            "a server of this version first: it brings the schema up."
        )
    _refuse_running(connection)
    log.info("migrating", schema=current.revision, to=newest())
    command.upgrade(alembic_config(connection), "head")


def _refuse_running(connection: Connection) -> None:
    """Nothing is taken away from programs that run; none of them starts until we are done."""
    for schema in shut_out():
        taken = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({program(schema)})")
        if not taken.scalar_one():
            raise AlreadyRunningError(
                f"A server or a command of an older version, which brings schema {schema}, runs on "
                f"this database, and could not go on with schema {newest()}. Stop it, or bring "
                "every replica to the version between the two first. Nothing was changed."
            )


def _cause_of(error: DBAPIError) -> BaseException:
    """What asyncpg raised, below what SQLAlchemy makes of it."""
    found: Any = error
    while found.__cause__ is not None:
        found = found.__cause__
    return found if isinstance(found, BaseException) else error
