"""What a migration locks, by the real Squawk."""

from pathlib import Path

import pytest
from andon.migrating import locks
from andon.migrating.catalogue import Table

THERE = {
    "orders": Table(name="orders", rows=2_100_000, size=1_503_238_553),
    "customers": Table(name="customers"),
    "ix_orders_note": Table(name="orders", rows=2_100_000, size=1_503_238_553),
}
ORDERS = "orders (1.4 GB, about 2,100,000 rows)"


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        (
            "ALTER TABLE orders DROP COLUMN note",
            f"ACCESS EXCLUSIVE on {ORDERS}; blocks reads and writes",
        ),
        ("CREATE INDEX ix ON orders (note)", f"SHARE on {ORDERS}; blocks writes"),
        (
            "CREATE INDEX CONCURRENTLY ix ON orders (note)",
            f"SHARE UPDATE EXCLUSIVE on {ORDERS}; blocks other schema changes only",
        ),
        ("DROP INDEX ix_orders_note", f"ACCESS EXCLUSIVE on {ORDERS}; blocks reads and writes"),
        ("CREATE TABLE fresh (id bigint)", "Locks no table that exists."),
        ("ALTER TABLE fresh ADD COLUMN x text", "Locks no table that exists."),
    ],
)
def test_a_lock_is_told_in_a_plain_sentence(statement: str, first: str) -> None:
    """The lock, the table with its size, and who has to wait."""
    assert locks.sentences([statement], THERE, squawk=locks.command())[0] == first


def test_every_statement_has_its_own_lock() -> None:
    """Squawk names only the first lock of a file; a foreign key locks both tables."""
    told = locks.sentences(
        [
            "ALTER TABLE customers DROP COLUMN legacy_code",
            "ALTER TABLE orders ADD FOREIGN KEY (c) REFERENCES customers (id)",
        ],
        THERE,
        squawk=locks.command(),
    )
    assert [line for line in told if " on " in line and ";" in line] == [
        "ACCESS EXCLUSIVE on customers; blocks reads and writes",
        f"SHARE ROW EXCLUSIVE on {ORDERS}; blocks writes",
        "SHARE ROW EXCLUSIVE on customers; blocks writes",
    ]


def test_what_else_hurts_is_told_and_taste_is_not() -> None:
    """A rewrite is; a missing IF EXISTS is not."""
    told = locks.sentences(
        ["ALTER TABLE orders ALTER COLUMN note TYPE int"], THERE, squawk=locks.command()
    )
    assert told[1:] == [
        "Changing a column type requires an ACCESS EXCLUSIVE lock on the table which blocks reads "
        "and writes while the table is rewritten. Changing the type of the column may also break "
        "other clients reading from the table."
    ]


def test_no_squawk_is_said() -> None:
    """An approver must not take silence for harmlessness."""
    assert locks.sentences(["SELECT 1"], THERE, squawk=None) == [locks.NOT_INSTALLED]


def test_a_squawk_that_fails_is_said(tmp_path: Path) -> None:
    """Nothing is held up by it."""
    broken = tmp_path / "squawk"
    broken.write_text("#!/bin/sh\necho no json\n")
    broken.chmod(0o755)
    assert locks.sentences(["SELECT 1"], THERE, squawk=str(broken)) == [locks.NOT_READ]
