"""Migrations of versions to come, planted behind the real ones: one expands, the next contracts."""

import shutil
from pathlib import Path

from storage.migrate import SCRIPTS, known_schemas

_EXPANDING = '''"""A column more in every table, a table, an index: it comes while others work."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, oldest = "{revision}", "{before}", "{oldest}"


def upgrade() -> None:
    for table in sa.inspect(op.get_bind()).get_table_names():
        if table != "alembic_version" and not table.startswith("memory_words"):
            op.add_column(table, sa.Column("later", sa.Text(), nullable=True))
    op.create_table("laters", sa.Column("id", sa.Text(), primary_key=True))
    op.create_index("ix_escalations_later", "escalations", ["later"])


def downgrade() -> None:
    raise NotImplementedError
'''

_CONTRACTING = '''"""All of that goes again: whoever knows it as it was before has to be gone."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, oldest = "{revision}", "{before}", "{oldest}"


def upgrade() -> None:
    op.drop_index("ix_escalations_later", "escalations")
    op.drop_table("laters")
    for table in sa.inspect(op.get_bind()).get_table_names():
        if table != "alembic_version" and not table.startswith("memory_words"):
            op.drop_column(table, "later")


def downgrade() -> None:
    raise NotImplementedError
'''


def _next(revision: str) -> str:
    return f"{int(revision) + 1:04}"


#: The schemas they bring.
EXPANDED = _next(known_schemas()[-1])
CONTRACTED = _next(EXPANDED)


def expanding(folder: Path, oldest: str) -> Path:
    """The scripts of a version that only expands: programs that know `oldest` go on with it."""
    return _planted(folder, _EXPANDING, EXPANDED, known_schemas()[-1], oldest)


def contracting(folder: Path, oldest: str) -> Path:
    """Those of the version after it, which takes only programs that know `EXPANDED`."""
    expanding(folder, oldest)
    return _planted(folder, _CONTRACTING, CONTRACTED, EXPANDED, EXPANDED)


def _planted(folder: Path, text: str, revision: str, before: str, oldest: str) -> Path:
    if not folder.exists():
        shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = text.format(revision=revision, before=before, oldest=oldest)
    (folder / "versions" / f"{revision}_planted.py").write_text(script, encoding="utf-8")
    return folder
