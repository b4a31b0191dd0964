"""The shared SQL in PostgreSQL's words, and what its links make of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.ports import StoreError, Wanted
from storage.links import among_writers
from storage.postgres.connecting import dsn_of
from storage.postgres.database import READERS, Database
from storage.postgres.link import number_of
from storage.postgres.wording import worded
from storage.store import open_database
from tests.storage.postgres.other import another
from tests.storage.stand import Stand, on

NOTE = "INSERT INTO notes (name, value) VALUES ('a', ?)"


@pytest.fixture
async def database(emptied: str) -> AsyncIterator[Database]:
    """The database on the server, as a server opens it."""
    async with open_database(emptied, server=True) as opened:
        assert isinstance(opened, Database)
        yield opened


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1", "SELECT 1"),
        (
            "SELECT a FROM t WHERE b = ? AND c IN (?, ?)",
            "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)",
        ),
        ("SELECT ' it''s ' WHERE ? = 'x'", "SELECT ' it''s ' WHERE $1 = 'x'"),
        (f"SELECT a FROM t {among_writers('FOR UPDATE')}", "SELECT a FROM t FOR UPDATE"),
    ],
)
def test_values_are_numbered_and_words_for_several_writers_are_said(sql: str, said: str) -> None:
    assert worded(sql) == said


def test_a_mark_inside_a_literal_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="holds a mark"):
        worded("SELECT 'really?' WHERE a = ?")


def test_names_are_had_by_numbers_postgresql_can_hold() -> None:
    assert number_of("key:data-sync:k1") == number_of("key:data-sync:k1")
    assert 0 <= number_of("flow:a|b") < 2**63


@pytest.mark.parametrize(
    "url", ["postgresql://a@h/d?x=1", "postgres://a@h/d?x=1", "postgresql+asyncpg://a@h/d?x=1"]
)
def test_an_address_may_be_written_in_each_of_the_usual_ways(url: str) -> None:
    assert dsn_of(url) == "postgresql://a@h/d?x=1"


async def test_a_text_with_a_nul_in_it_is_found_nowhere(emptied: str) -> None:
    """No text holds one here, and a stranger may ask for it: that is no fault of the database."""
    async with Stand(on(emptied)).opened() as stand:
        await stand.open()
        assert await stand.store.reads.ending_in("a\0b") == ()
        assert (await stand.store.reads.page(Wanted(q="\0"), None, 10)).items == ()
        assert await stand.store.reads.escalation("esc_\0") is None


async def test_what_others_answered_is_kept_also_with_a_nul_in_it(emptied: str) -> None:
    async with Stand(on(emptied)).opened() as stand:
        await stand.open()
        (card, *_) = await stand.store.cards.due(stand.clock.now, 9)
        await stand.store.cards.again(card, stand.clock.now, "bad \0 answer")
        found = {c.id: c.error for c in await stand.store.cards.of(card.escalation_id)}
        assert found[card.id] == "bad \ufffd answer"


async def test_many_reads_at_once_share_a_few_connections(database: Database) -> None:
    rows = await asyncio.gather(*(database.reader.rows("SELECT ?", ("x",)) for _ in range(50)))
    assert [row[0][0] for row in rows] == ["x"] * 50
    ((n,),) = await database.reader.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'andon' "
        "AND datname = current_database()"
    )
    assert n <= READERS + 1


async def test_a_read_that_is_given_up_leaves_its_link_in_order(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.reader.rows("SELECT pg_sleep(10)")
    assert [tuple(row) for row in await database.reader.rows("SELECT 1")] == [(1,)]


async def test_what_fails_halfway_beside_the_writer_leaves_nothing(database: Database) -> None:

    async def half() -> None:
        async with database.beside() as link:
            await link.run(NOTE, ("b",))
            await link.run("INSERT INTO nothing VALUES (1)")

    with pytest.raises(StoreError, match="cannot be used just now"):
        await half()
    assert await database.reader.rows("SELECT * FROM notes") == []
    async with database.beside() as link:
        assert await link.run(NOTE, ("b",)) == 1


async def test_a_write_whose_failure_was_overheard_does_not_seem_to_be_committed(
    database: Database,
) -> None:
    """A COMMIT after a failure rolls back, and says so in a word that is easily missed."""

    async def overheard() -> None:
        async with database.beside() as link:
            await link.run(NOTE, ("b",))
            with pytest.raises(StoreError):
                await link.run("INSERT INTO nothing VALUES (1)")

    with pytest.raises(StoreError, match="nothing was committed"):
        await overheard()
    assert await database.reader.rows("SELECT * FROM notes") == []


async def test_each_connection_is_set_as_ours_are(database: Database) -> None:
    asked = (
        "SELECT current_setting('default_transaction_isolation'), current_setting('lock_timeout')"
    )
    async with database.beside() as side:
        for link in (database.writer, database.reader, side):
            assert [tuple(row) for row in await link.rows(asked)] == [("read committed", "2s")]


async def test_the_latest_moment_seen_never_goes_back(emptied: str) -> None:
    """Two replicas note it, and one of them has a clock that is behind."""
    ahead = Stand(on(emptied))
    async with ahead.opened():
        await ahead.open()
    behind = Stand(on(emptied))
    behind.clock.pass_(-7200)
    async with behind.opened(), another(emptied) as link:
        id_ = await behind.open("later")
        noted = await link.fetchval("SELECT value FROM notes WHERE name = 'latest'")
        assert noted == ahead.clock.now.isoformat()
        assert (await behind.read(id_)).created_at == ahead.clock.now
