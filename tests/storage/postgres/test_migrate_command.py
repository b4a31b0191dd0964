"""`andon-server migrate`: what it says, and that nothing opens which an audit does not believe."""

import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot import migrate_command
from bot.cli import app
from bot.migrate_command import Progress
from storage.derived import DERIVED, WORDS
from tests.postgres import Running
from tests.storage.postgres.moving import a_database
from tests.storage.postgres.test_moving import schema_of, tampered
from tests.trust.past import Past

Migrate = Callable[..., Result]


@pytest.fixture
def migrate(past: Past, server: Running, target: str, monkeypatch: pytest.MonkeyPatch) -> Migrate:
    """The command, in the folder of the history and with the target in the environment."""
    monkeypatch.chdir(past.folder)
    monkeypatch.setenv("ANDON_DATABASE_URL", server.url(target))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["migrate", *(words or ("--from", "andon.db"))])

    return run


def test_a_moved_history_is_counted_and_what_comes_next_is_said(
    past: Past, target: str, migrate: Migrate
) -> None:
    result = migrate()
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"18 escalations, 60 records, 15 blocks, {_rows(past):,} rows moved and compared: "
        "all hold.\n"
    )
    assert result.stderr == (
        "Set ANDON_DATABASE_URL and start `serve`. Put andon.db away, as it is: no server may go "
        "on with it.\n"
    )
    again = migrate("--from", "sqlite:///andon.db")
    assert (again.exit_code, "rows were there already: all hold." in again.stdout) == (0, True)


def _rows(past: Past) -> int:
    with closing(sqlite3.connect(past.database)) as link:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
        tables = [name for (name,) in link.execute(names) if not _is_derived(name)]
        return sum(link.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in tables)


def _is_derived(table: str) -> bool:
    """Whether it is made again where the history comes to."""
    return table in DERIVED or table.startswith(WORDS)


TAMPERINGS = [
    (
        "UPDATE event_bodies SET text = replace(text, 'Sync', 'Sink') WHERE (escalation_id, seq) = "
        "(SELECT escalation_id, seq FROM event_bodies WHERE text LIKE '%Sync%' LIMIT 1)",
        "record 1: its body was changed",
    ),
    (
        "UPDATE decisions SET by = 'person:nobody'",
        "the table of decisions says something else, and 7 more",
    ),
    ("UPDATE blocks SET root = prev WHERE number = 9", "block 9: "),
    ("DELETE FROM seals WHERE block = 15", "block 15: "),
]


@pytest.mark.parametrize(("change", "says"), TAMPERINGS, ids=[c[:20] for c, _ in TAMPERINGS])
def test_a_file_that_was_tampered_with_is_named_by_its_first_bad_record_and_never_served(
    past: Past, server: Running, target: str, migrate: Migrate, change: str, says: str
) -> None:
    tampered(past.database, change)
    result = migrate()
    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert "so it is in the file: `audit verify` names all of it" in result.stderr
    assert "No server starts on the target database, and the file is as it was." in result.stderr
    assert schema_of(server, target).startswith("moving ")


def test_keys_that_are_not_there_are_said_to_be_missing(
    past: Past, target: str, migrate: Migrate
) -> None:
    shutil.rmtree(past.keys)
    result = migrate()
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        0,
        "There are no keys in keys, so no signature was checked; `audit verify` takes --keys.",
    )


def test_without_its_anchors_nobody_can_tell_whether_the_past_is_this_one(
    past: Past, target: str, migrate: Migrate
) -> None:
    past.anchors.unlink()
    result = migrate()
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no file andon.anchors, so no anchor was checked; ")
    assert "block 1: it has no anchor" in result.stderr


def test_a_database_without_a_schema_is_brought_up_and_the_answer_stays_alone(
    past: Past, server: Running, migrate: Migrate
) -> None:
    with a_database(server, "template1") as name:
        result = migrate("--from", "andon.db", "--to", server.url(name))
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stdout.startswith("18 escalations, ")
    assert '"event": "migrating"' in result.stderr


def test_anchors_of_the_file_are_held_against_what_came(
    past: Past, server: Running, target: str, migrate: Migrate
) -> None:
    lines = past.anchors.read_text(encoding="utf-8").splitlines()
    past.anchors.write_text("\n".join([*lines, lines[-1].replace('"block":15', '"block":16')]))
    result = migrate()
    assert (result.exit_code, "16" in result.stderr) == (1, True), result.output
    assert schema_of(server, target).startswith("moving ")


@pytest.mark.parametrize("url", ["sqlite:///other.db", "", "mysql://h/d"])
def test_without_a_server_to_move_to_it_is_asked_for(
    migrate: Migrate, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ANDON_DATABASE_URL", url)
    result = migrate()
    assert (result.exit_code, result.stderr) == (
        2,
        "Where to? Give --to postgresql://HOST/DATABASE, or set ANDON_DATABASE_URL.\n",
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "gone.db"), "There is no file gone.db to move from."),
        (("--from", "policy.toml"), "policy.toml is damaged or no database"),
        (
            ("--from", "andon.db", "--to", "postgresql://127.0.0.1:1/andon"),
            "The database server cannot be reached: look whether it runs",
        ),
        (("--from", "postgresql://h/d"), "names a PostgreSQL server: there is no file"),
    ],
)
def test_what_cannot_be_moved_is_said_in_a_sentence(
    past: Past, migrate: Migrate, words: tuple[str, ...], says: str
) -> None:
    (past.folder / "policy.toml").write_text("[people]" * 100, encoding="utf-8")
    result = migrate(*words)
    assert (result.exit_code, result.stdout) == (3, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_who_ends_it_is_told_that_it_goes_on(
    past: Past, target: str, migrate: Migrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(migrate_command, "verified", ends)
    result = migrate()
    assert (result.exit_code, result.stderr) == (
        3,
        "Cut short. The same command goes on where it was.\n",
    )
    monkeypatch.undo()


class Terminal(io.StringIO):
    """Standard error that is one."""

    def isatty(self) -> bool:
        """It is."""
        return True


def told(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO) -> str:
    """What is told of a move of which ten seconds pass at each look at the clock."""
    monkeypatch.setattr("sys.stderr", stderr)
    moments = count(0, 10)
    with Progress(lambda: float(next(moments))).shown() as progress:
        for done in (50_000, 100_000, 200_000):
            progress.told("copied", done, 400_000)
        for done in (5_000, 15_000):
            progress.told("compared", done, 400_000)
    return stderr.getvalue()


COPIED = [
    "copied 100,000 of 400,000 rows (25%), 5,000 a second",
    "copied 200,000 of 400,000 rows (50%), 7,500 a second",
    "compared 15,000 of 400,000 rows (4%), 1,000 a second",
]


def test_a_long_move_tells_rows_share_and_rate_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told(monkeypatch, io.StringIO()).splitlines() == COPIED


def test_on_a_terminal_one_line_changes_and_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told(monkeypatch, Terminal()).split("\r\x1b[K") == ["", *COPIED, ""]
