"""The gates of migrations as ways in: the guarded thing is a row that a migration writes."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alembic import command
from alembic.config import Config

from tests.client.gates.projects import alembic_project

#: Beside the file of effects that other ways in append to.
DATABASE = "effects.db"

INSERT = "INSERT INTO effects VALUES ('it happened')"

#: A migration of Django, as its users write them.
MIGRATION = f"""
from django.db import migrations

class Migration(migrations.Migration):
    operations = [migrations.RunSQL("{INSERT}", "DELETE FROM effects")]
"""


def upgrade(job: dict[str, Any], asking: dict[str, Any]) -> int:
    """`alembic upgrade head`, of a project that is made when it is first needed."""
    folder = Path(job["effects"]).parent
    project, database = folder / "project", folder / DATABASE
    if not project.exists():
        _make(database)
        made = alembic_project(project, SimpleNamespace(url=f"sqlite:///{database}"))
        made.revision("a1", None, f'op.execute("{INSERT}")')
    config = Config(project / "alembic.ini")
    config.attributes["asking"] = asking
    command.upgrade(config, "head")
    return 0


def manage(job: dict[str, Any], asking: dict[str, Any]) -> int:
    """`manage.py migrate`, of a project that is made when it is first needed."""
    from django.conf import settings
    from django.core.management import execute_from_command_line

    folder = Path(job["effects"]).parent
    project, database = folder / "project", folder / DATABASE
    if not project.exists():
        _make(database)
        (project / "pending").mkdir(parents=True)
        (project / "pending" / "__init__.py").touch()
        (project / "pending" / "0001_initial.py").write_text(MIGRATION)
    sys.path.insert(0, str(project))
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        INSTALLED_APPS=["andon.django", "tests.client.gates.shopping"],
        MIGRATION_MODULES={"shop": "pending"},
        ANDON=asking,
        USE_TZ=True,
    )
    execute_from_command_line(["manage.py", "migrate", "--no-color"])
    return 0


def _make(database: Path) -> None:
    """The database, with a table to write to."""
    with closing(sqlite3.connect(database)) as link:
        link.execute("CREATE TABLE effects (what text)")
        link.commit()


def effects(folder: Path) -> int:
    """How often it happened."""
    database = folder / DATABASE
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as link:
        return len(link.execute("SELECT * FROM effects").fetchall())
