"""The schema: Alembic's scripts, the same for every database, and those this version knows."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.errors import MoveError, NewerDatabaseError

SCRIPTS = Path(__file__).parent / "migrations"

#: How the schema of a database begins into which a history is moving: no version knows it.
_MOVING = "moving "


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings; no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def schema_of(connection: Connection) -> str | None:
    """The schema a file has; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str:
    """The schema this version brings."""
    return str(ScriptDirectory(str(SCRIPTS)).get_current_head())


def known_schemas() -> set[str]:
    """The schemas this version knows."""
    return {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}


def moving() -> str:
    """What a database has for a schema until all of a history has come."""
    return f"{_MOVING}{newest()}"


def is_moving(schema: str | None) -> bool:
    """Whether only a part of a history is there."""
    return schema is not None and schema.startswith(_MOVING)


def refuse_newer(schema: str | None) -> None:
    """Raise NewerDatabaseError for a schema that this version does not know, and MoveError where
    only a part of a history is there.
    """
    if is_moving(schema):
        raise MoveError(
            "A move into this database is unfinished: nothing starts on half a history. Run "
            "`andon-server migrate` again with the same file: it goes on where it was."
        )
    if schema is not None and schema not in known_schemas():
        raise NewerDatabaseError(
            f"This database has schema {schema}, which this version does not know. "
            "Start the newer version, or restore a backup."
        )
