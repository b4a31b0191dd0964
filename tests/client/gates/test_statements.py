"""SQL read as text."""

import pytest
from andon.migrating.statements import HOLE, fits, shared, split, touched


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("UPDATE a SET b = 'x;y'; SELECT 1", ["UPDATE a SET b = 'x;y'", "SELECT 1"]),
        ("SELECT 'it''s; here'", ["SELECT 'it''s; here'"]),
        (r"SELECT E'a\';b'; SELECT 1", [r"SELECT E'a\';b'", "SELECT 1"]),
        ('ALTER TABLE "a;b" ADD c int', ['ALTER TABLE "a;b" ADD c int']),
        ("DO $$ BEGIN a; b; END $$; SELECT 1", ["DO $$ BEGIN a; b; END $$", "SELECT 1"]),
        ("DO $x$ $$; $x$", ["DO $x$ $$; $x$"]),
        ("-- one; two\nSELECT 1 -- three;\n", ["SELECT 1"]),
        ("/* a;\n b */ SELECT 1;;", ["SELECT 1"]),
    ],
)
def test_a_script_is_split_where_its_statements_end(script: str, statements: list[str]) -> None:
    """Not within strings, names, bodies and comments."""
    assert split(script) == statements


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("ALTER TABLE orders ADD COLUMN x int", ("orders",)),
        ("alter table if exists only shop.orders drop column x", ("shop.orders",)),
        ('ALTER TABLE "Big T"."x y" ADD z int', ('"Big T"."x y"',)),
        ("DROP TABLE a, b CASCADE", ("a", "b")),
        ("DROP INDEX CONCURRENTLY IF EXISTS ix", ("ix",)),
        ("CREATE UNIQUE INDEX CONCURRENTLY ix ON ONLY orders (a, b)", ("orders",)),
        ("CREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f()", ("orders",)),
        ("TRUNCATE orders, customers", ("orders", "customers")),
        ("UPDATE orders SET x = 1", ("orders",)),
        ("DELETE FROM orders", ("orders",)),
        ("INSERT INTO orders VALUES (' REFERENCES nothing ')", ("orders",)),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (c) REFERENCES customers (id)",
            ("orders", "customers"),
        ),
        ("-- about orders\nUPDATE customers SET x = 1", ("customers",)),
        ("CREATE TABLE fresh (id int)", ()),
        ("SELECT 1", ()),
    ],
)
def test_a_statement_names_the_tables_it_touches(statement: str, names: tuple[str, ...]) -> None:
    """As it writes them."""
    assert touched(statement) == names


def test_what_is_computed_anew_each_time_is_a_hole() -> None:
    """Everything else is shown as it is."""
    one = ["INSERT INTO a VALUES (1, '7c9e')", "SELECT 1"]
    other = ["INSERT INTO a VALUES (2, 'b1f0')", "SELECT 1"]
    assert shared(one, other) == [f"INSERT INTO a VALUES ({HOLE}, {HOLE})", "SELECT 1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(["DROP TABLE a"], ["DROP TABLE b"]), (["SELECT 1"], ["SELECT 1", "SELECT 2"])],
)
def test_statements_that_differ_in_more_than_a_literal_share_nothing(
    one: list[str], other: list[str]
) -> None:
    """They are other statements."""
    assert shared(one, other) is None


@pytest.mark.parametrize(
    ("statement", "let_through"),
    [
        ("UPDATE a SET t = 'noon' WHERE n = 3", True),
        ("UPDATE a SET t = 'night' WHERE n = 3", True),
        ("UPDATE a SET t = 'noon' WHERE n = 4", False),
        ("UPDATE b SET t = 'noon' WHERE n = 3", False),
        ("UPDATE a SET t = 'noon' WHERE n = 3; DROP TABLE a", False),
        ("UPDATE a SET t = 'noon', u = 'x' WHERE n = 3", False),
    ],
)
def test_a_statement_fits_what_was_shown_but_for_its_holes(
    statement: str, let_through: bool
) -> None:
    """A hole takes one literal, nothing more."""
    assert fits(statement, f"UPDATE a SET t = {HOLE} WHERE n = 3") == let_through
