"""Alembic's environment: always online, on the connection it is given."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text
from sqlmodel import SQLModel

from storage import replica_tables

assert replica_tables  # the import fills the metadata, of all tables  # noqa: S101


def remember_oldest(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    """Beside the schema's name: the oldest schema whose programs may go on with it."""
    for script in step.destination_revisions:
        if oldest := getattr(getattr(script, "module", None), "oldest", None):
            kept = text("UPDATE alembic_version SET oldest = :oldest")
            ctx.impl.execute(kept.bindparams(oldest=oldest))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    transactional_ddl=True,
    on_version_apply=remember_oldest,
)
context.run_migrations()
