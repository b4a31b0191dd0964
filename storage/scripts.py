"""Alembic's scripts, on SQLAlchemy: loaded where a schema is brought, and by nobody else.

Both are a sixth of what a start would import. All of it, with the tables' classes, is loaded before
a database is had alone: while nobody can write a migration reads its own scripts and nothing else.
"""

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from storage import migrate
from storage.migrate import ASKED, Schema, known_schemas, newest, read_schema
from storage.modelled import TABLES


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings; no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.attributes.update(connection=connection, tables=TABLES)
    return config


def schema_of(connection: Connection) -> Schema:
    """The schema a database has."""
    if not inspect(connection).has_table("alembic_version"):
        return Schema()
    return read_schema(connection.exec_driver_sql(ASKED).fetchall())


def shut_out() -> tuple[str, ...]:
    """Schemas whose programs cannot work with the one this version brings."""
    script = ScriptDirectory(str(migrate.SCRIPTS)).get_revision(newest())
    return known_schemas()[: known_schemas().index(script.module.oldest)]
