"""What is shown, digested and compared."""

from dataclasses import replace
from typing import Any

import pytest
from andon.migrating.catalogue import Table
from andon.migrating.gate import OPTIONS, operation
from andon.migrating.pending import LONGEST_TEXT, Facts, Pending, Section
from andon.operation import digest_of

PENDING = Pending(
    command="alembic upgrade head",
    database="shop on db.internal:5432",
    session="as deploy in public",
    applied=("a1",),
    sections=(Section(title="upgrade a1 -> b2, Drop a column", statements=("ALTER TABLE a;",)),),
    shape="sha256:77",
)


def test_what_the_digest_covers_reads_as_a_person_would_write_it() -> None:
    """The SQL first."""
    assert operation(PENDING).as_sent() == {
        "name": "alembic upgrade head",
        "target": "shop",
        "arguments": {
            "sql": "-- upgrade a1 -> b2, Drop a column\nALTER TABLE a;",
            "database": "shop on db.internal:5432 as deploy in public",
            "applied": "a1",
            "tables": "sha256:77",
        },
    }


@pytest.mark.parametrize(
    "change",
    [
        {"command": "alembic upgrade b2"},
        {"database": "shop on other.internal"},
        {"session": "as root in public"},
        {"applied": ()},
        {"sections": (replace(PENDING.sections[0], statements=("ALTER TABLE b;",)),)},
        {"sections": (replace(PENDING.sections[0], why="Its file runs:", source="pass"),)},
        {"shape": "sha256:78"},
    ],
)
def test_whatever_differs_is_another_question(change: dict[str, Any]) -> None:
    """No approval carries over."""
    other = replace(PENDING, **change)
    assert digest_of(operation(other), OPTIONS) != digest_of(operation(PENDING), OPTIONS)


@pytest.mark.parametrize(
    ("database", "target"),
    [
        ("Shop_EU on db", "shop_eu"),
        ("/var/lib/shop.db", "var-lib-shop.db"),
        ("a-very-long-name-of-a-database", "name-of-a-database"),
        ("/srv/newcomer/shop/db.sqlite3", "shop-db.sqlite3"),
        ("/x/abcdefgh/ijklmnopqrs", "abcdefgh-ijklmnopqrs"),
        ("thenameofaverylongdatabase", "eofaverylongdatabase"),
        ("Ünïcode", "n-code"),
        ("数据", "database"),
    ],
)
def test_the_word_to_type_is_the_databases_name_made_plain(database: str, target: str) -> None:
    """At most twenty plain characters."""
    assert replace(PENDING, database=database).target() == target


def test_a_title_fits_into_one_line() -> None:
    """Whatever a revision is called."""
    long = Section(title="upgrade a1 -> b2, " + "all the words " * 40)
    title = replace(PENDING, sections=(long, long)).title()
    assert (len(title), title[:24], title[-1]) == (150, "shop: upgrade a1 -> b2, ", "…")


def test_facts_that_are_too_long_are_cut_and_none_is_left_out_empty() -> None:
    """The server takes ten thousand characters of each."""
    facts = Facts(
        rollback="x" * 20_000, tables={"a": Table(name="a"), "b": Table(name="b", rows=5)}
    )
    told = facts.context()
    assert (len(told["rollback"]), told["rollback"][-1]) == (LONGEST_TEXT, "…")
    assert told["system_state"] == {"tables": {"a": "there", "b": "about 5 rows"}}
    assert Facts().context() == {}
