"""Alembic's environment: always online, on the connection it is given."""

from alembic import context
from sqlmodel import SQLModel

from storage import tables

assert tables  # the import fills the metadata  # noqa: S101

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
