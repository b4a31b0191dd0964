"""Migrations at the start: Alembic, from Python, in one transaction that is whole or not at all.

Before a schema is changed the file is copied, so that the version before can go on with the copy.
"""

from pathlib import Path

import structlog
from alembic import command
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import CopyError
from storage.migrate import is_brought_up, newest, refuse_newer
from storage.scripts import alembic_config, schema_of
from storage.sqlite.copies import back_up

log = structlog.get_logger(__name__)

#: Copies from before a migration that are kept, the newest.
KEPT = 3


def upgrade(path: Path) -> None:
    """Bring the SQLite file to the newest schema, unless a later version brought one with which
    this one may work. Raises NewerDatabaseError, CopyError, sqlite3.Error.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _no_implicit_transactions)
    event.listen(engine, "begin", _begin_at_once)
    try:
        with engine.begin() as connection:
            current = schema_of(connection)
            refuse_newer(current)
            if is_brought_up(current):
                return
            if current.revision is not None:
                # Others may read meanwhile, and nobody may write: the copy is what is migrated.
                _copy_before(path, current.revision)
            command.upgrade(alembic_config(connection), "head")
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        engine.dispose()


def copies_before(path: Path) -> list[Path]:
    """The copies from before a migration, oldest schema first."""
    return sorted(path.parent.glob(f"{path.name}.before-[0-9][0-9][0-9][0-9]"))


def _copy_before(path: Path, current: str) -> None:
    target = path.with_name(f"{path.name}.before-{newest()}")
    try:
        made = back_up(path, target, replaces=True)
    except (CopyError, OSError) as error:
        raise CopyError(
            f"The schema of {path} was not changed from {current} to {newest()}, because it could "
            f"not be copied first. {error}"
        ) from error
    for older in copies_before(path)[:-KEPT]:
        older.unlink()
    log.info("copied-before-migration", file=str(made.path), schema=current, to=newest())


def _no_implicit_transactions(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """The legacy mode of sqlite3 would commit before each DDL statement."""
    connection.isolation_level = None


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
