"""The disk and the file fail: nothing is acknowledged that is not stored, nothing is released.

Each fault is real, done to a real server from outside: what it says while it lasts, that it works
again by itself when it is gone, and what a start says that cannot be.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog

from approvals.ports import NotSavedError, StoreError
from approvals.verdict import Case
from bot.observing import configure_logging
from storage import DamagedDatabaseError, NewerDatabaseError, Store
from storage.sqlite.database import open_database
from tests.building import Clock, a_vote, an_open, store_at
from tests.trust.disks import Disk, FileLimit, SmallFileSystem, may_mount, read_only
from tests.trust.lane import rounds
from tests.trust.standing import Standing

Figure = Callable[[str, str], None]

#: More than fits into what the log beside the database has taken already.
LARGE: dict[str, Any] = {"context": {"error": {"traceback": "at line one\n" * 4000}}}


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    """A server that is ended whatever happens."""
    made = Standing(tmp_path / "andon")
    yield made
    made.end()


async def refuses_to_save(standing: Standing, approved: dict[str, str], **asked: Any) -> None:
    """What every fault of the file has in common while it lasts."""
    status, said = await standing.open("during", **asked)
    assert (status, said["type"]) == (503, "/problems/not-saved"), said
    status, said = await standing.claim(approved)
    assert (status, said["type"]) == (503, "/problems/not-saved"), said
    assert "grant" not in said
    assert (await standing.read(approved["id"]))["claim"] is None
    status, said = await standing.health()
    assert (status, said["checks"]["saving"]["ok"]) == (503, False)
    assert standing.events("nothing-can-be-saved")


async def works_again(standing: Standing, approved: dict[str, str], **asked: Any) -> None:
    """By itself, before anybody asks again."""
    await standing.until(standing.ready)
    assert standing.events("saved-again")
    assert (await standing.open("during", **asked))[0] == 201
    assert (await standing.claim(approved))[0] == 200


@pytest.mark.parametrize("disk", [SmallFileSystem(), FileLimit()], ids=lambda d: type(d).__name__)
async def test_on_a_full_disk_nothing_is_acknowledged_or_released_until_there_is_room(
    standing: Standing, disk: Disk, figure: Figure
) -> None:
    if isinstance(disk, SmallFileSystem) and not may_mount():
        pytest.skip("this machine lets nobody mount")
    (approved,) = await standing.seed(approved=1)
    standing.before = disk.before(standing.folder)
    await standing.start()
    disk.fill(standing)
    told = [await standing.open(f"k{n}", **LARGE) for n in range(12)]
    assert {status for status, _ in told} <= {201, 503}
    await refuses_to_save(standing, approved, **LARGE)
    acknowledged = [said["id"] for status, said in told if status == 201]
    assert [(await standing.read(id_))["id"] for id_ in acknowledged] == acknowledged
    disk.free(standing)
    await works_again(standing, approved, **LARGE)
    assert [(await standing.read(id_))["id"] for id_ in acknowledged] == acknowledged
    figure("disk full", f"{type(disk).__name__}: {len(told)} asked, 0 acknowledged and not stored")


async def test_another_program_that_holds_the_file_holds_up_nothing_longer_than_it_holds_it(
    standing: Standing,
) -> None:
    (approved,) = await standing.seed(approved=1)
    await standing.start()
    with closing(sqlite3.connect(standing.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await refuses_to_save(standing, approved)
        assert "Another program holds" in standing.events("nothing-can-be-saved")[0]["why"]
        other.execute("ROLLBACK")
    await works_again(standing, approved)


@pytest.mark.parametrize("part", ["andon.db", "andon.db-wal"])
async def test_a_file_that_is_put_in_the_place_of_ours_takes_nothing_with_it(
    standing: Standing, tmp_path: Path, part: str
) -> None:
    """What would be written into a file without a name would be gone with the process."""
    (approved,) = await standing.seed(approved=1)
    await standing.start()
    ours, other = standing.folder / part, tmp_path / "other"
    before = (await standing.open("before"))[1]
    ours.rename(tmp_path / "away")
    other.write_bytes(b"")
    other.rename(ours)
    await refuses_to_save(standing, approved)
    assert "no longer the file that was opened" in standing.events("nothing-can-be-saved")[0]["why"]
    (tmp_path / "away").rename(ours)
    await works_again(standing, approved)
    assert standing.stop() == 0
    await standing.start()
    assert (await standing.read(before["id"]))["status"] == "pending"


async def test_a_deleted_log_is_noticed_and_a_stop_saves_what_was_acknowledged(
    standing: Standing,
) -> None:
    (approved,) = await standing.seed(approved=1)
    await standing.start()
    before = (await standing.open("before"))[1]
    (standing.folder / "andon.db-wal").unlink()
    await refuses_to_save(standing, approved)
    assert standing.stop() == 0
    await standing.start()
    assert (await standing.read(before["id"]))["status"] == "pending"
    assert (await standing.claim(approved))[0] == 200


def spoil(path: Path, fault: str) -> None:
    """Damage a database file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        if fault == "truncated":
            file.truncate(size // 2 + 100)
        elif fault == "no database":
            file.write(b"this is no database, whatever its name says")
        else:
            page = page_of(path, fault)
            file.seek(page)
            (byte,) = file.read(1)
            file.seek(page)
            file.write(bytes([byte ^ 0xFF]))


def page_of(path: Path, name: str) -> int:
    """Where the page of a table or an index begins: its first byte says what kind it is."""
    with closing(sqlite3.connect(path)) as link:
        (size,) = link.execute("PRAGMA page_size").fetchone()
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return int((link.execute(sql, (name,)).fetchone()[0] - 1) * size)


@pytest.mark.parametrize(
    "fault", ["truncated", "no database", "escalations", "events", "ix_escalations_due"]
)
async def test_a_damaged_file_is_not_opened(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "andon.db"
    async with store_at(path, Clock()) as store:
        await store.writer.submit(an_open())
    spoil(path, fault)
    before = path.read_bytes()
    with pytest.raises(DamagedDatabaseError, match="Restore a backup"):
        async with store_at(path, Clock()):
            pass
    assert path.read_bytes() == before


async def test_an_index_that_no_longer_names_what_is_there_is_not_believed(tmp_path: Path) -> None:
    """One byte of an id in it, and the escalation would be said not to exist."""
    path = tmp_path / "andon.db"
    (id_, *_) = await waiting_in(path)
    whole, page = path.read_bytes(), page_of(path, "sqlite_autoindex_escalations_1")
    at = whole.index(id_.encode(), page) + 8
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises(DamagedDatabaseError, match="Restore a backup"):
        async with store_at(path, Clock()):
            pass


FLIPS = rounds(short=60, full=1000)


async def test_no_flipped_byte_changes_what_is_shown_or_taken(
    tmp_path: Path, figure: Figure
) -> None:
    """SQLite keeps no sums: the records behind what waits do."""
    path, spoiled = tmp_path / "andon.db", tmp_path / "spoiled.db"
    before = await waiting_in(path)
    whole, random, refused = path.read_bytes(), Random(4), 0
    written = [at for at, byte in enumerate(whole) if byte]  # most of a young file is empty
    for at in random.choices(written, k=FLIPS):
        bit = 1 << random.randrange(8)
        spoiled.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        try:
            async with store_at(spoiled, Clock()) as store:
                assert await all_of(store, before) == before, at
        except (DamagedDatabaseError, NewerDatabaseError, StoreError, sqlite3.Error):
            refused += 1
        for part in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(f"{spoiled}{part}")
    assert refused > FLIPS / 20
    figure("flipped byte", f"{FLIPS} flips: {refused} refused, 0 changed what is shown or taken")


async def test_a_start_that_looks_only_at_pages_lets_flipped_bytes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """The bug: nobody looks behind what SQLite calls whole."""
    path = tmp_path / "andon.db"
    (id_, *_) = await waiting_in(path)
    whole = path.read_bytes()
    # The document of the escalation, not the record of its opening.
    path.write_bytes(whole.replace(b'"title":"Sync 0"', b'"title":"Sync 9"'))
    with pytest.raises(DamagedDatabaseError, match="Nothing starts on it"):
        async with store_at(path, Clock()):
            pass
    monkeypatch.setattr("storage.store.refuse_untrue", lambda path: None)
    async with store_at(path, Clock()) as store:
        found = await store.reads.escalation(id_)
    assert found is not None
    assert found.title == "Sync 9"
    figure("planted bugs", "damage: a start that looks at pages alone is found")


async def waiting_in(path: Path) -> dict[str, Any]:
    """A file in which one is approved and two wait; all of them."""
    async with store_at(path, Clock()) as store:
        ids = []
        for n in range(3):
            done = await store.writer.submit(an_open(f"k{n}", title=f"Sync {n}"))
            assert done.escalation is not None
            ids.append(done.escalation.id)
        await store.writer.submit(a_vote(ids[0]))
        found = await all_of(store, ids)
        await store.database.reader.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return found


async def all_of(store: Store, ids: Iterable[str]) -> dict[str, Any]:
    """What a reader is told of each."""
    return {id_: await store.reads.escalation(id_) for id_ in ids}


async def test_on_a_damaged_file_no_server_starts_and_the_way_back_is_named(
    standing: Standing,
) -> None:
    await standing.seed(approved=1, pending=2)
    spoil(standing.database, "escalations")
    before = standing.database.read_bytes()
    code, said = standing.ended()
    assert (code, said.startswith("andon.db is damaged or no database")) == (3, True), said
    assert said.endswith(
        "Nothing was changed. Restore a backup: `andon-server restore FILE`; the damaged file "
        "is kept."
    )
    assert standing.database.read_bytes() == before


@pytest.mark.skipif(not may_mount(), reason="this machine lets nobody mount")
async def test_on_a_read_only_file_system_nothing_starts_and_nothing_is_changed(
    standing: Standing,
) -> None:
    await standing.seed(approved=1)
    standing.before = read_only(standing.folder)
    before = standing.database.read_bytes()
    code, said = standing.ended()
    assert (code, "Read-only file system" in said) == (3, True), said
    assert standing.database.read_bytes() == before


async def test_a_file_that_cannot_be_written_says_whose_it_has_to_be(tmp_path: Path) -> None:
    path = tmp_path / "andon.db"
    async with store_at(path, Clock()) as store:
        link = store.database.writer
        await link.rows("PRAGMA query_only = ON")
        with pytest.raises(NotSavedError, match="readonly database"):
            await store.writer.submit(an_open())
        assert str(store.writer.failing).startswith("The database cannot be written: give the file")
        await link.rows("PRAGMA query_only = OFF")
        assert (await store.writer.submit(an_open())).answer.case is Case.OPENED


async def test_a_newer_database_is_left_alone(standing: Standing) -> None:
    await standing.seed()
    with closing(sqlite3.connect(standing.database)) as link, link:
        link.execute("UPDATE alembic_version SET version_num = '9999', oldest = '9999'")
    before = standing.database.read_bytes()
    code, said = standing.ended()
    assert (code, "Start the newer version, or restore a backup." in said) == (3, True)
    assert standing.database.read_bytes() == before


def test_a_log_on_a_full_disk_stops_nothing() -> None:
    """`2>> andon.log` often lies on the disk that is full."""
    before = structlog.get_config()
    try:
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            configure_logging(lambda text: text, full)
            structlog.get_logger("x").error("nothing-can-be-saved", why="the disk is full")
            with suppress(OSError):
                full.close()
    finally:
        structlog.configure(**before)


async def test_the_file_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """It holds the secrets that callbacks are signed with."""
    async with open_database(tmp_path / "andon.db", server=True):
        modes = {
            name: oct(os.stat(tmp_path / name).st_mode & 0o777) for name in os.listdir(tmp_path)
        }
    assert set(modes.values()) == {"0o600"}, modes
