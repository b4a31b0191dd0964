"""Which programs may work with a schema: what it says of itself counts, not how new it is."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from storage import NewerDatabaseError
from storage.errors import MoveError
from storage.migrate import (
    SCRIPTS,
    Schema,
    is_brought_up,
    known_schemas,
    may_work_with,
    moving,
    newest,
    refuse_newer,
    refuse_unmoved,
)
from storage.scripts import alembic_config
from storage.sqlite.bringing_up import copies_before, upgrade
from storage.sqlite.database import open_database
from storage.sqlite.looking import is_up

#: Of a later version, which takes programs of this one, and which does not.
EXPANDED, CONTRACTED = Schema("9999", newest()), Schema("9999", "9998")

#: The first that says who may go on.
SINCE = "0007"


@pytest.mark.parametrize(
    ("schema", "may", "up"),
    [
        (Schema(), True, False),
        (Schema("0001"), True, False),
        (Schema(newest(), "0006"), True, True),
        (EXPANDED, True, True),
        (Schema("9999", "0001"), True, True),
        (CONTRACTED, False, False),
        (Schema("9999"), False, False),
        (Schema(moving(), newest()), False, False),
    ],
)
def test_a_version_works_with_what_it_knows_and_with_what_takes_it(
    schema: Schema, may: bool, up: bool
) -> None:
    assert (may_work_with(schema), is_brought_up(schema)) == (may, up)


def test_a_schema_that_takes_no_program_like_ours_says_which_it_takes() -> None:
    with pytest.raises(NewerDatabaseError, match=r"schema 9999.* knows schema 9998 or a later one"):
        refuse_newer(CONTRACTED)
    with pytest.raises(
        NewerDatabaseError, match=r"takes that one or a later one\. Start the newer"
    ):
        refuse_newer(Schema("9999"))
    refuse_newer(EXPANDED)


def test_half_a_history_takes_nobody_whatever_else_it_says() -> None:
    with pytest.raises(MoveError, match="unfinished"):
        refuse_newer(Schema(moving(), newest()))


def test_only_who_brought_a_schema_moves_a_history_of_it() -> None:
    refuse_unmoved("It", Schema(newest()))
    with pytest.raises(NewerDatabaseError, match=r"It has schema 9999.*Move with the version"):
        refuse_unmoved("It", EXPANDED)


def test_every_migration_since_says_who_may_go_on_and_none_takes_it_back() -> None:
    scripts = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    said = [s.module.oldest for s in scripts if s.revision >= SINCE][::-1]
    assert said == sorted(said)
    assert set(said) <= set(known_schemas())


@pytest.mark.parametrize("revision", [r for r in known_schemas() if r >= SINCE])
def test_on_the_way_up_and_down_the_file_says_who_may_go_on(
    migrated: Path, tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "andon.db"
    shutil.copy(migrated, path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)
    engine.dispose()
    script = ScriptDirectory(str(SCRIPTS)).get_revision(revision)
    assert said_by(path) == (revision, script.module.oldest)


def said_by(path: Path) -> tuple[str, str]:
    """The file's schema, and the oldest whose programs go on with it."""
    with closing(sqlite3.connect(path)) as link:
        found = link.execute("SELECT version_num, oldest FROM alembic_version").fetchone()
    return tuple(found)


@pytest.mark.parametrize("server", [True, False])
async def test_a_file_of_a_later_version_that_takes_us_is_used_as_it_is(
    migrated: Path, tmp_path: Path, server: bool
) -> None:
    path = tmp_path / "andon.db"
    shutil.copy(migrated, path)
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("UPDATE alembic_version SET version_num = '9999', oldest = ?", (newest(),))
        link.execute("ALTER TABLE notes ADD COLUMN colour TEXT")
    assert is_up(path)
    upgrade(path)
    async with open_database(path, server=server) as database:
        await database.writer.run("INSERT INTO notes (name, value) VALUES ('a', 'word')")
    assert (said_by(path), copies_before(path)) == (("9999", newest()), [])
