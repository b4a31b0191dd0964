"""Migrations at the start, by one replica at a time, in one transaction: whole or not at all.

SQLAlchemy is here for Alembic alone. No copy is made first: a server has backups of its own.
"""

from functools import partial
from typing import Any

import asyncpg
import structlog
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import OlderDatabaseError
from storage.migrate import alembic_config, newest, refuse_newer, schema_of
from storage.postgres.connecting import connect
from storage.postgres.link import Link, number_of

log = structlog.get_logger(__name__)

#: Milliseconds to wait for another replica that migrates, and for tables that are in use.
PATIENCE_MS = 60_000


async def is_newest(link: Link) -> bool:
    """Whether there is nothing to bring up, as at nearly every start. Looks only."""
    try:
        found = await link.rows("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return False
    return [schema for (schema,) in found] == [newest()]


async def bring_up(url: str, *, server: bool) -> None:
    """Bring the newest schema; a command brings it only where there is none yet.

    Raises NewerDatabaseError, OlderDatabaseError, and what asyncpg does.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(connect, url, answer_s=None, lock_timeout=str(PATIENCE_MS)),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_bring_up, server)
    except DBAPIError as error:
        raise _cause_of(error) from error
    finally:
        await engine.dispose()


def _bring_up(connection: Connection, server: bool) -> None:
    """Replicas that start together migrate once: the next one finds it done."""
    lock = number_of("schema")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
    current = schema_of(connection)
    refuse_newer(current)
    if current == newest():
        return
    if current is not None and not server:
        raise OlderDatabaseError(
            f"The database has schema {current}, and this version needs {newest()}. Start a server "
            "of this version first: it brings the schema up."
        )
    log.info("migrating", schema=current, to=newest())
    command.upgrade(alembic_config(connection), "head")


def _cause_of(error: DBAPIError) -> BaseException:
    """What asyncpg raised, below what SQLAlchemy makes of it."""
    found: Any = error
    while found.__cause__ is not None:
        found = found.__cause__
    return found if isinstance(found, BaseException) else error
