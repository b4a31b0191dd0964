"""What databases say of themselves."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from andon.migrating.catalogue import PostgreSQL, SQLite, Table, catalogue_of, lockable

from tests.client.gates.postgres import Database

NAMES = ("orders", "orders_pkey", "customers", '"Nobody"', "pu'blic")


def test_tables_come_with_their_size_and_the_estimate_of_rows(shop: Database) -> None:
    """An index stands for its table; what is not there is left out."""
    tables = PostgreSQL(shop.rows).tables(NAMES)
    assert {name: (t.name, t.rows) for name, t in tables.items()} == {
        "orders": ("orders", 2000),
        "orders_pkey": ("orders", 2000),
        "customers": ("customers", 500),
    }
    assert all((table.size or 0) > 10_000 for table in tables.values())


def test_the_session_says_who_and_where(shop: Database) -> None:
    """What an unqualified name means depends on it."""
    assert PostgreSQL(shop.rows).session() == "as postgres in public"


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders ADD COLUMN x int",
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'n'",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0)",
        "CREATE INDEX ix ON orders (note)",
        "ALTER TABLE orders DROP COLUMN note",
    ],
)
def test_a_changed_table_has_another_shape(shop: Database, change: str) -> None:
    """Whatever changed it."""
    catalogue = PostgreSQL(shop.rows)
    tables = catalogue.tables(["orders"])
    before = catalogue.shape(tables)
    shop.rows("UPDATE orders SET note = 'written'; ALTER TABLE customers ADD COLUMN y int")
    same = catalogue.shape(tables)
    shop.rows(change)
    assert (same, catalogue.shape(tables) == before) == (before, False)


def test_sqlite_knows_its_tables_and_their_shape() -> None:
    """Without sizes."""
    with closing(sqlite3.connect(":memory:")) as link:
        catalogue = SQLite(lambda sql: link.execute(sql).fetchall())
        link.executescript("CREATE TABLE orders (id int); CREATE INDEX ix ON orders (id)")
        tables = catalogue.tables(['"orders"', "ix", "nobody"])
        before = catalogue.shape(tables)
        link.execute("ALTER TABLE orders ADD COLUMN x int")
        assert tables == {'"orders"': Table(name="orders"), "ix": Table(name="orders")}
        assert (before[:7], catalogue.shape(tables) == before) == ("sha256:", False)


def test_a_database_nobody_can_read_says_nothing() -> None:
    """It is no reason to stop."""
    refuse: Callable[[str], list[tuple[str]]] = lambda sql: [(sql,)]  # noqa: E731
    catalogue = catalogue_of("mssql", refuse)
    assert (catalogue.session(), catalogue.tables(["a"]), catalogue.shape({})) == ("", {}, "")


@pytest.mark.parametrize(
    ("table", "described"),
    [
        (Table(name="t"), "t"),
        (Table(name="t", size=900), "t (900 bytes)"),
        (Table(name="t", rows=0, size=8192), "t (8 kB, about 0 rows)"),
        (Table(name="t", size=3 * 1024**4), "t (3 TB)"),
    ],
)
def test_a_table_is_described_in_a_persons_units(table: Table, described: str) -> None:
    """And only by what is known."""
    assert table.described() == described


def test_a_materialized_view_is_told_but_not_locked(shop: Database) -> None:
    """PostgreSQL locks none by its name."""
    shop.rows("CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders")
    tables = PostgreSQL(shop.rows).tables(["totals", "orders", '"orders"'])
    assert sorted(tables) == ['"orders"', "orders", "totals"]
    assert lockable(tables) == ["orders"]


def test_what_keeps_others_from_migrating(shop: Database) -> None:
    """The tables are locked, too, where nothing says yet where the database stands."""
    catalogue = PostgreSQL(shop.rows)
    table = "LOCK TABLE ONLY orders IN ACCESS SHARE MODE NOWAIT"
    assert list(catalogue.locking(None, ["orders"])) == [table]
    assert list(catalogue.locking("alembic_version", ["orders"])) == [
        "LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE NOWAIT",
        table,
    ]
    assert list(catalogue_of("sqlite", shop.rows).locking("alembic_version", ["orders"])) == []
