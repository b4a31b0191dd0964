"""Migrations at the start: Alembic, from Python, in one transaction that is whole or not at all."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import NewerDatabaseError

SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings; no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def upgrade(path: Path) -> None:
    """Bring the SQLite file to the newest schema. Raises NewerDatabaseError."""
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _no_implicit_transactions)
    event.listen(engine, "begin", _begin_at_once)
    try:
        with engine.begin() as connection:
            _refuse_newer(connection)
            command.upgrade(alembic_config(connection), "head")
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}
    if current is not None and current not in known:
        raise NewerDatabaseError(
            f"This database has schema {current}, which this version does not know. "
            "Start the newer version, or restore a backup."
        )


def _no_implicit_transactions(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """The legacy mode of sqlite3 would commit before each DDL statement."""
    connection.isolation_level = None


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
