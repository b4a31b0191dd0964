"""The gates on SQLite: no locks to tell, no sizes, the same rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from andon import Client
from andon.testing import FakeAndon
from sqlalchemy import create_engine, text

from tests.client.gates.projects import Project, alembic_project


@dataclass(frozen=True)
class File:
    """A database in a file."""

    path: Path

    @property
    def url(self) -> str:
        """As SQLAlchemy wants it."""
        return f"sqlite:///{self.path}"

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a statement gives."""
        engine = create_engine(self.url)
        with engine.begin() as link:
            rows = [tuple(row) for row in link.execute(text(sql))]
        engine.dispose()
        return rows


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Empty."""
    return File(tmp_path / "shop.db")


@pytest.fixture
def project(tmp_path: Path, file: File) -> Project:
    """Two revisions, both pending."""
    made = alembic_project(tmp_path / "project", file)
    made.revision("b2", "a1", 'op.add_column("customers", sa.Column("name", sa.Text()))')
    return made


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeAndon]:
    """People who say yes at once."""
    with FakeAndon() as made:
        yield made


def upgrade(project: Project, fake: FakeAndon, state: Path) -> None:
    """`alembic upgrade head`."""
    with Client(fake.url, fake.key, state=state, patience_s=0) as client:
        config = Config(str(project.settings))
        config.attributes["asking"] = {"client": client}
        command.upgrade(config, "head")


def test_approved_both_run(project: Project, fake: FakeAndon, file: File, tmp_path: Path) -> None:
    """In Alembic's way, a transaction for each."""
    upgrade(project, fake, tmp_path / "state")
    assert file.rows("SELECT version_num FROM alembic_version") == [("b2",)]
    assert [row[1] for row in file.rows("PRAGMA table_info(customers)")] == ["id", "name"]


def test_rejected_the_file_is_as_it_was(
    project: Project, fake: FakeAndon, file: File, tmp_path: Path
) -> None:
    """Not even the version table is made."""
    fake.say("reject")
    with pytest.raises(CommandError):
        upgrade(project, fake, tmp_path / "state")
    assert file.rows("SELECT * FROM sqlite_master") == []


def test_batch_mode_reads_and_is_shown_as_its_file(
    project: Project, fake: FakeAndon, file: File, tmp_path: Path
) -> None:
    """It rebuilds the table from what is there."""
    batch = 'with op.batch_alter_table("customers") as batch:\n    batch.drop_column("name")'
    project.revision("c3", "b2", batch)
    upgrade(project, fake, tmp_path / "state")
    body = next(asked.body for asked in fake.asked if asked.method == "POST")
    assert b"Its file is what runs:" in body
    assert [row[1] for row in file.rows("PRAGMA table_info(customers)")] == ["id"]
