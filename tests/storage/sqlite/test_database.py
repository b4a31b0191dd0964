"""The file: durable on every connection, one server at a time, commands welcome beside it."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

import aiosqlite
import pytest

from approvals.verdict import Case
from storage import AlreadyRunningError, NewerDatabaseError, Store
from storage.address import file_of
from storage.services import SqlServices, key_hash
from storage.sqlite.database import Link, assert_durable, open_database
from tests.building import ROOT, Clock, an_open, store_at


async def test_every_connection_is_durable_and_leaves_checkpoints_to_the_background(
    store: Store,
) -> None:
    database = store.database
    readers = {id(link): link for link in (database.reader for _ in range(8))}
    async with database.beside() as side:
        links = [database.writer, side, *readers.values()]
        assert len(links) == 4
        for link in links:
            await assert_durable(link)
            assert (await link.rows("PRAGMA wal_autocheckpoint"))[0][0] == 0


@pytest.mark.parametrize(
    "pragma", ["synchronous=NORMAL", "synchronous=OFF", "foreign_keys=OFF", "journal_mode=DELETE"]
)
async def test_a_connection_that_would_not_be_durable_is_refused(
    tmp_path: Path, pragma: str
) -> None:
    async with aiosqlite.connect(tmp_path / "a.db", isolation_level=None) as connection:
        link = Link(connection)  # type: ignore[arg-type]
        for good in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            await link.rows(f"PRAGMA {good}")
        await assert_durable(link)
        await link.rows(f"PRAGMA {pragma}")
        with pytest.raises(RuntimeError, match="would not be durable"):
            await assert_durable(link)


async def test_a_connection_that_is_refused_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads of connections keep a process from ending: the server would hang, not exit."""

    async def refuse(link: Link) -> None:
        raise RuntimeError("would not be durable")

    monkeypatch.setattr("storage.sqlite.database.assert_durable", refuse)
    before = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="would not be durable"):
        async with open_database(tmp_path / "a.db", server=True):
            pass
    for thread in set(threading.enumerate()) - before:
        if "asyncio" not in thread.name:  # the loop's own wait for work
            thread.join(2)
            assert not thread.is_alive()


async def test_the_log_is_moved_into_the_file_now_and_then(store: Store, tmp_path: Path) -> None:
    await store.writer.submit(an_open(context={"log": "x" * 60_000}))
    assert (tmp_path / "andon.db-wal").stat().st_size > 60_000
    before = (tmp_path / "andon.db").stat().st_size
    await store.database.reader.rows("PRAGMA wal_checkpoint(PASSIVE)")
    assert (tmp_path / "andon.db").stat().st_size > before


async def test_a_second_server_is_refused_and_told_which_process_and_what_to_do(
    store: Store, tmp_path: Path
) -> None:
    with pytest.raises(AlreadyRunningError) as refused:
        async with store_at(tmp_path / "andon.db", Clock()):
            pass
    said = str(refused.value)
    assert f"process {os.getpid()}" in said
    assert "andon.db" in said
    assert "ANDON_DATABASE_URL" in said
    assert (await store.writer.submit(an_open())).answer.case is Case.OPENED


#: Another server, as a process of its own: it says that it is there, and stays.
SERVER = """
import asyncio, sys
from pathlib import Path
from storage.sqlite.database import open_database

async def main():
    async with open_database(Path(sys.argv[1]), server=True):
        print("here", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_server_frees_its_file(tmp_path: Path) -> None:
    path = tmp_path / "andon.db"
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, str(path)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        assert other.stdout is not None
        assert await other.stdout.readline() == b"here\n"
        with pytest.raises(AlreadyRunningError, match=f"process {other.pid}"):
            async with store_at(path, Clock()):
                pass
    finally:
        other.send_signal(signal.SIGKILL)
        await other.wait()
    async with store_at(path, Clock()) as store:
        assert (await store.writer.submit(an_open())).answer.case is Case.OPENED


async def test_a_command_beside_a_busy_server_adds_a_key_that_it_knows_at_once(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    opens = [asyncio.create_task(store.writer.submit(an_open(f"k{n}"))) for n in range(200)]
    async with open_database(tmp_path / "andon.db", server=False) as beside:
        services = SqlServices(beside, clock)
        key = await services.add("payments")
        await services.secret("payments")
        assert [s.name for s in await services.listed()] == ["payments"]
    done = await asyncio.gather(*opens)
    assert {s.answer.case for s in done} == {Case.OPENED}
    found = await store.services.by_key_hash(key_hash(key))
    assert found is not None
    assert found.service == "payments"


async def test_what_fails_halfway_beside_the_writer_leaves_nothing(store: Store) -> None:
    with pytest.raises(TypeError):
        await store.services.add("payments", scopes=(object(),))  # type: ignore[arg-type]
    assert await store.services.listed() == ()
    await store.services.add("payments")
    assert [s.keys for s in await store.services.listed()] == [1]


async def test_a_command_alone_brings_the_schema_and_keeps_no_server_out(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "andon.db"
    async with open_database(path, server=False) as alone:
        key = await SqlServices(alone, clock).add("payments")
        async with store_at(path, clock) as store:
            assert await store.services.by_key_hash(key_hash(key)) is not None


async def test_keys_are_in_the_file_as_hashes_only(store: Store, tmp_path: Path) -> None:
    key = await store.services.add("payments")
    await store.database.reader.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert key.encode() not in (tmp_path / "andon.db").read_bytes()
    assert key_hash(key).encode() in (tmp_path / "andon.db").read_bytes()


@pytest.mark.parametrize("server", [True, False])
async def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    tmp_path: Path, clock: Clock, server: bool
) -> None:
    path = tmp_path / "andon.db"
    async with store_at(path, clock):
        pass
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999', oldest = '9998'")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError, match=r"schema 9999.*Start the newer version"):
        async with open_database(path, server=server):
            pass
    assert path.read_bytes() == before


async def test_a_restart_forgets_no_moment(tmp_path: Path, clock: Clock) -> None:
    """The latest moment seen is in the file, so a clock set back while it was down is noticed."""
    path = tmp_path / "andon.db"
    async with store_at(path, clock) as store:
        await store.writer.submit(an_open("k1"))
    clock.pass_(-7200)
    async with store_at(path, clock) as store:
        settled = await store.writer.submit(an_open("k2"))
    assert settled.escalation is not None
    assert (settled.escalation.created_at - clock.now).total_seconds() == 7200


async def test_a_foreign_key_holds_on_every_connection_of_ours(store: Store) -> None:
    for table, columns in {
        "cards": "'c', 'esc_x', 'direct', 'sam'" + ", NULL" * 3 + ", 0, 0" + ", NULL" * 5,
        "deliveries": "'d', 'esc_x', 'thread', '', '{}', 0, 'pending', '', NULL, NULL, NULL",
        "grants": "'esc_x', 'g', 'k', 'jws'",
        "votes": "'esc_x', 1, 'sam', 'retry', 1, ''",
    }.items():
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            await store.database.writer.run(f"INSERT INTO {table} VALUES ({columns})")


async def test_bodies_of_events_are_json_one_can_read_without_us(store: Store) -> None:
    await store.writer.submit(an_open(title="Überweisung"))
    ((text,),) = await store.database.reader.rows("SELECT text FROM event_bodies")
    assert json.loads(text)["body"]["escalation"]["title"] == "Überweisung"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db/andon", "there is no file"),
        ("mysql://user:secret@db/x", "ANDON_DATABASE_URL=mysql:… is neither"),
        ("mysql:///x", "is neither sqlite:///FILE nor postgresql://HOST/DATABASE"),
        ("sqlite://", "is neither"),
        ("sqlite:///", "is neither"),
        ("", "is neither"),
    ],
)
def test_an_unknown_database_address_is_refused_with_what_to_do(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        file_of(url)


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///andon.db", "andon.db"), ("sqlite:////var/lib/andon.db", "/var/lib/andon.db")],
)
def test_an_address_names_a_file(url: str, path: str) -> None:
    assert file_of(url) == Path(path)
