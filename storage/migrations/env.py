"""Alembic's environment: always online, on the connection it is given."""

from alembic import context
from sqlmodel import SQLModel

from storage import replica_tables

assert replica_tables  # the import fills the metadata, of all tables  # noqa: S101

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
