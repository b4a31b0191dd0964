"""Alembic's environment: always online, on the connection it is given."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text

from storage.derived import WORDS


def remember_oldest(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    """Beside the schema's name: the oldest schema whose programs may go on with it."""
    for script in step.destination_revisions:
        if oldest := getattr(getattr(script, "module", None), "oldest", None):
            kept = text("UPDATE alembic_version SET oldest = :oldest")
            ctx.impl.execute(kept.bindparams(oldest=oldest))


def is_modelled(name: str | None, kind: str, parents: Any) -> bool:
    """Whether the tables say it; each database keeps the full text in its own way."""
    return not (kind == "table" and name and name.startswith(WORDS))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["tables"],
    compare_type=True,
    include_name=is_modelled,
    transactional_ddl=True,
    on_version_apply=remember_oldest,
)
context.run_migrations()
