"""Expand first, contract later: each migration since there are rolling upgrades is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

import storage.migrate
from storage.migrate import SCRIPTS, known_schemas
from storage.scripts import alembic_config
from tests import pinned
from tests.storage.expanding import said, taking
from tests.trust.rolling.migrations import CONTRACTED, EXPANDED, contracting

#: The last schema that says nothing of older programs.
BEFORE = "0006"
SINCE = [revision for revision in known_schemas() if revision > BEFORE]


@contextmanager
def before(revision: str, path: Path) -> Iterator[Connection]:
    """A file that is just before that schema."""
    script = ScriptDirectory(str(storage.migrate.SCRIPTS)).get_revision(revision)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), script.down_revision)
        yield connection
    engine.dispose()


def oldest(revision: str) -> str:
    """The oldest schema whose programs go on after that migration."""
    module = ScriptDirectory(str(SCRIPTS)).get_revision(revision).module
    return str(getattr(module, "oldest", BEFORE))


@pytest.mark.parametrize("revision", SINCE)
def test_a_migration_takes_nothing_away_from_programs_that_may_go_on(
    revision: str, tmp_path: Path
) -> None:
    """One that takes away says so, by an `oldest` above that of the one before it."""
    last = known_schemas()[known_schemas().index(revision) - 1]
    with before(revision, tmp_path / "andon.db") as connection:
        taken = taking(said(connection, revision))
    if oldest(revision) == oldest(last):
        assert taken == []


def test_the_pinned_version_may_go_on_with_the_newest_schema() -> None:
    """What takes away waits until programs that still need it are two versions back."""
    assert pinned.SCHEMA in known_schemas()
    assert oldest(known_schemas()[-1]) <= pinned.SCHEMA


def test_of_two_planted_migrations_one_expands_and_the_other_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = contracting(tmp_path / "planted", pinned.SCHEMA)
    monkeypatch.setattr(storage.migrate, "SCRIPTS", planted)
    with before(EXPANDED, tmp_path / "andon.db") as connection:
        added = said(connection, EXPANDED)
        removed = said(connection, CONTRACTED)
    assert (len(added) > 20, taking(added)) == (True, [])
    assert taking(removed) == removed != []


TABLE = "CREATE TABLE reviews (id VARCHAR NOT NULL, PRIMARY KEY (id))"


@pytest.mark.parametrize(
    "statements",
    [
        (TABLE,),
        ("CREATE INDEX ix_votes_at ON votes (at)",),
        ("ALTER TABLE votes ADD COLUMN colour TEXT",),
        ("ALTER TABLE votes ADD COLUMN weight INTEGER DEFAULT 1 NOT NULL",),
        (TABLE, "CREATE UNIQUE INDEX uq_reviews ON reviews (id)"),
        (TABLE, "INSERT INTO reviews SELECT id FROM escalations"),
        (TABLE, "ALTER TABLE reviews ADD COLUMN at TEXT REFERENCES votes (at)"),
        (
            TABLE,
            "DROP TRIGGER IF EXISTS reviews_stay",
            "CREATE TRIGGER reviews_stay BEFORE UPDATE ON reviews BEGIN SELECT 1; END",
        ),
        (
            TABLE,
            "DROP FUNCTION IF EXISTS fence_reviews_remain CASCADE",
            "CREATE FUNCTION fence_reviews_remain() RETURNS trigger LANGUAGE plpgsql AS $$ $$",
            "CREATE TRIGGER reviews_remain BEFORE DELETE ON reviews FOR EACH ROW EXECUTE x()",
            "CREATE TRIGGER reviews_remain_whole BEFORE TRUNCATE ON reviews EXECUTE x()",
        ),
    ],
)
def test_what_only_adds_may_come_beside_older_programs(statements: tuple[str, ...]) -> None:
    assert taking(statements) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE notes",
        "DROP INDEX ix_escalations_due",
        "DROP TRIGGER votes_stay",
        "DROP TRIGGER IF EXISTS votes_stay",
        "ALTER TABLE votes DROP COLUMN at",
        "ALTER TABLE votes RENAME COLUMN at TO cast_at",
        "ALTER TABLE votes RENAME TO ballots",
        "ALTER TABLE votes ALTER COLUMN at SET NOT NULL",
        "ALTER TABLE votes ALTER COLUMN seq TYPE BIGINT",
        "ALTER TABLE votes ADD COLUMN weight INTEGER NOT NULL",
        "ALTER TABLE votes ADD COLUMN review TEXT REFERENCES reviews (id)",
        "ALTER TABLE votes ADD COLUMN review TEXT UNIQUE",
        "ALTER TABLE votes ADD CONSTRAINT ck CHECK (seq > 0)",
        "CREATE UNIQUE INDEX uq_votes ON votes (at)",
        "CREATE TRIGGER votes_wait BEFORE INSERT ON votes BEGIN SELECT 1; END",
        "UPDATE escalations SET reference = ''",
        "DELETE FROM signatures",
        "INSERT INTO votes SELECT 1",
        "CREATE VIEW open AS SELECT 1",
    ],
)
def test_what_could_harm_an_older_program_is_found(statement: str) -> None:
    assert taking((TABLE, statement)) == [statement]
