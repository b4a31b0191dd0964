"""Real Alembic projects in a folder, as their users write them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Addressed(Protocol):
    """A database, by its address."""

    @property
    def url(self) -> str:
        """As SQLAlchemy wants it."""


ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

from andon.alembic import gate

config = context.config
url = config.get_main_option("sqlalchemy.url")


def offline():
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with gate(context):
        context.run_migrations()


def online(connection):
    context.configure(connection=connection, **config.attributes.get("configure", {}))
    with gate(context, **config.attributes.get("asking", {})):
        context.run_migrations()


if context.is_offline_mode():
    offline()
elif config.attributes.get("async"):
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def main():
        engine = create_async_engine(url, poolclass=pool.NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(online)
        await engine.dispose()

    asyncio.run(main())
else:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() if config.attributes.get("begun") else engine.connect() as connection:
        online(connection)
"""

REVISION = '''"""{doc}"""

from alembic import op
import sqlalchemy as sa

revision = "{name}"
down_revision = {after!r}
branch_labels = {labels!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


@dataclass(frozen=True)
class Project:
    """A folder with alembic.ini, env.py and revisions."""

    folder: Path
    database: Any

    @property
    def settings(self) -> Path:
        """For `alembic -c`."""
        return self.folder / "alembic.ini"

    def revision(
        self,
        name: str,
        after: str | tuple[str, ...] | None,
        upgrade: str,
        downgrade: str = "pass",
        *,
        doc: str = "",
        labels: tuple[str, ...] | None = None,
    ) -> Path:
        """Write one, or write it anew."""
        path = self.folder / "migrations" / "versions" / f"{name}.py"
        path.write_text(
            REVISION.format(
                doc=doc or name,
                name=name,
                after=after,
                labels=labels,
                upgrade=indented(upgrade),
                downgrade=indented(downgrade),
            )
        )
        return path


def on_the_page() -> list[str]:
    """The blocks of Python in docs/migrations.md, in their order."""
    page = (Path(__file__).parents[3] / "docs" / "migrations.md").read_text()
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


def indented(body: str) -> str:
    """Into a block."""
    return "\n".join(f"    {line}" for line in body.strip().splitlines())


def alembic_project(folder: Path, database: Addressed) -> Project:
    """One with its first revision, `a1`, which made the tables that are there."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {folder / 'migrations'}\nsqlalchemy.url = {database.url}\n"
    )
    project = Project(folder, database)
    project.revision("a1", None, 'op.execute("CREATE TABLE customers (id bigint)")')
    return project
