"""The second fence on a server: what is refused in a file is refused there, in the same words.

What a transaction tries is rolled back, so all tamper with one database.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.postgres import Running
from tests.storage.test_fences import DOUBLES, FENCES, TAMPERINGS, lives

#: What only SQLite can be asked: to put a row in the place of another, without a word of it.
REPLACING = "is never replaced"


@pytest.fixture(scope="module")
def lived(server: Running) -> str:
    """A database with everything in it."""
    name = server.copied("untouched")
    asyncio.run(lives(server.url(name)))
    return name


@pytest.fixture
def raw(server: Running, lived: str) -> Iterator[psycopg.Connection[Any]]:
    """Another program's connection, within a transaction that is rolled back."""
    with closing(server.connect(lived, autocommit=False)) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        (sql.replace("INSERT OR REPLACE", "INSERT"), says)
        for sql, says in TAMPERINGS
        if not sql.startswith("UPDATE OR") and says != REPLACING
    ],
)
def test_what_is_refused_in_a_file_is_refused_on_a_server(
    raw: psycopg.Connection[Any], tampering: str, says: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityError, match=says):
        raw.execute(tampering)  # type: ignore[call-overload]


def test_every_fence_is_there_and_no_other(raw: psycopg.Connection[Any]) -> None:
    found = raw.execute("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal").fetchall()
    whole = {f"{f.name}_whole" for f in FENCES if f.change.startswith("BEFORE DELETE")}
    assert {name for (name,) in found} == {fence.name for fence in FENCES} | whole


def test_nothing_that_is_fenced_can_be_emptied_at_once(raw: psycopg.Connection[Any]) -> None:
    for fence in FENCES:
        if fence.change.startswith("BEFORE DELETE"):
            table = fence.change.rpartition(" ")[2]
            with pytest.raises(psycopg.errors.IntegrityError, match=fence.message):
                raw.execute(f"TRUNCATE {table} CASCADE")  # type: ignore[call-overload]
            raw.rollback()


@pytest.mark.parametrize(("index", "double"), DOUBLES, ids=lambda text: text[:20])
def test_under_the_fences_each_unique_index_stands(
    raw: psycopg.Connection[Any], index: str, double: str
) -> None:
    raw.execute("SET LOCAL session_replication_role = replica")
    with pytest.raises(psycopg.errors.UniqueViolation, match=index):
        raw.execute(double)  # type: ignore[call-overload]
