"""The gate of Alembic as a way in: the guarded thing is a row that a migration writes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alembic import command
from alembic.config import Config

from tests.client.gates.projects import alembic_project

#: Beside the file of effects that other ways in append to.
DATABASE = "effects.db"


def migrate(job: dict[str, Any], asking: dict[str, Any]) -> int:
    """`alembic upgrade head`, of a project that is made when it is first needed."""
    folder = Path(job["effects"]).parent
    project, database = folder / "project", folder / DATABASE
    if not project.exists():
        with closing(sqlite3.connect(database)) as link:
            link.execute("CREATE TABLE effects (what text)")
            link.commit()
        made = alembic_project(project, SimpleNamespace(url=f"sqlite:///{database}"))
        made.revision("a1", None, "op.execute(\"INSERT INTO effects VALUES ('it happened')\")")
    config = Config(project / "alembic.ini")
    config.attributes["asking"] = asking
    command.upgrade(config, "head")
    return 0


def effects(folder: Path) -> int:
    """How often it happened."""
    database = folder / DATABASE
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as link:
        return len(link.execute("SELECT * FROM effects").fetchall())
