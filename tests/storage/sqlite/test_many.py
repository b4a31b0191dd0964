"""Rows that one statement takes at once end up as if each had had its own."""

import sqlite3

import pytest

from storage.sqlite.many import SIZES, run_many

UPSERT = (
    "INSERT INTO seen (id, times) VALUES (?, 1) "
    "ON CONFLICT (id) DO UPDATE SET times = seen.times + excluded.times"
)


@pytest.fixture
def file() -> sqlite3.Connection:
    """A table that keeps the order in which its rows came."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, times INTEGER)")
    return connection


@pytest.mark.parametrize("n", [0, 1, *SIZES, sum(SIZES) + 1, 3 * SIZES[0] + 5])
def test_every_row_is_inserted_once_and_in_order(file: sqlite3.Connection, n: int) -> None:
    rows = [(f"row {i}", i) for i in range(n)]
    run_many(file, "INSERT INTO seen (id, times) VALUES (?, ?)", rows)
    assert file.execute("SELECT id, times FROM seen ORDER BY rowid").fetchall() == rows


def test_a_row_that_comes_twice_at_once_is_updated(file: sqlite3.Connection) -> None:
    run_many(file, UPSERT, [("a",), ("b",), ("a",), ("a",)] * SIZES[0])
    found = file.execute("SELECT id, times FROM seen ORDER BY id").fetchall()
    assert found == [("a", 3 * SIZES[0]), ("b", SIZES[0])]


def test_what_is_no_insertion_runs_for_each_row(file: sqlite3.Connection) -> None:
    run_many(file, UPSERT, [("a",), ("b",), ("c",)])
    run_many(file, "UPDATE seen SET times = ? WHERE id = ?", [(7, "a"), (8, "b")])
    run_many(file, "DELETE FROM seen WHERE id = ?", [("c",)])
    assert file.execute("SELECT id, times FROM seen").fetchall() == [("a", 7), ("b", 8)]


def test_one_bad_row_stops_the_statement(file: sqlite3.Connection) -> None:
    file.execute(
        "CREATE TRIGGER fence BEFORE INSERT ON seen WHEN NEW.times > 5 "
        "BEGIN SELECT RAISE(ABORT, 'too many'); END"
    )
    rows = [(str(n), n) for n in range(SIZES[0])]
    with pytest.raises(sqlite3.IntegrityError, match="too many"):
        run_many(file, "INSERT INTO seen (id, times) VALUES (?, ?)", rows)
    assert file.execute("SELECT COUNT(*) FROM seen").fetchone() == (0,)
