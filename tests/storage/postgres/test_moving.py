"""A history moves from a file to a server whole, and nothing opens that is not whole."""

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

import storage.postgres.target
from storage import AlreadyRunningError, NewerDatabaseError
from storage.errors import MoveError, OlderDatabaseError, UnreachableError
from storage.extents import MOST_ROWS, MOST_TEXT, pieces, without_nul
from storage.inspection import inspect_store
from storage.links import Row
from storage.migrate import newest
from storage.moving import open_move
from storage.sqlite.source import Source, open_source
from storage.store import open_database
from tests.building import START, Clock, store_at, store_on
from tests.postgres import Running
from tests.storage.postgres.histories import (
    Everything,
    everything_in_file,
    everything_on_server,
)
from tests.storage.postgres.moving import (
    a_database,
    begun,
    copied_only,
    moved,
    unheard,
    was_done,
)
from tests.trust.past import Past

#: Tables of today, each of which has something in it: what is moved must be there to be seen.
TABLES = {
    "absences", "blocks", "cards", "decisions", "deliveries", "escalations", "event_bodies",
    "events", "flows", "grants", "groups", "idempotency", "money_moves", "notes", "policies",
    "refusals", "seals", "service_keys", "service_secrets", "services", "signatures", "storms",
    "unsealed", "votes",
}  # fmt: skip


def expected(path: Path) -> Everything:
    """What has to be there, where no text holds a NUL."""
    found = everything_in_file(path)
    return {name: sorted(map(without_nul, rows), key=repr) for name, rows in found.items()}


def tampered(path: Path, *statements: str) -> None:
    """What somebody does who passes by the fences."""
    with closing(sqlite3.connect(path)) as link, link:
        names = link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            link.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert link.execute(statement).rowcount, statement


def schema_of(server: Running, name: str) -> str:
    """The schema a database says it has."""
    return str(server.run(name, "SELECT version_num FROM alembic_version")[0][0])


# -- all of it ------------------------------------------------------------------------------------


def test_the_history_has_something_in_every_table(rich: Past) -> None:
    assert {name for name, rows in everything_in_file(rich.database).items() if rows} >= TABLES


@pytest.mark.parametrize("rows_at_once", [MOST_ROWS, 3])
async def test_everything_arrives_as_it_was_and_the_file_is_as_before(
    rich: Past,
    server: Running,
    target: str,
    rows_at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.extents.MOST_ROWS", rows_at_once)
    before = rich.database.read_bytes()
    assert await moved(rich.database, server.url(target)) is None
    assert await everything_on_server(server.url(target)) == expected(rich.database)
    assert rich.database.read_bytes() == before
    assert schema_of(server, target) == newest()


async def test_all_that_ended_waits_to_be_remembered_where_it_arrives(
    rich: Past, server: Running, target: str
) -> None:
    assert await moved(rich.database, server.url(target)) is None
    ended = "SELECT id FROM escalations WHERE status <> 'pending' ORDER BY id"
    waits = "SELECT escalation_id FROM unremembered ORDER BY escalation_id"
    assert server.run(target, waits) == server.run(target, ended) != []
    assert server.run(target, "SELECT 1 FROM memories") == []


async def test_a_database_without_a_schema_gets_it(rich: Past, server: Running) -> None:
    with a_database(server, "template1") as name:
        assert await moved(rich.database, server.url(name)) is None
        assert await everything_on_server(server.url(name)) == expected(rich.database)


async def test_what_a_killed_server_left_in_its_log_is_moved_too(
    past: Past, server: Running, target: str, tmp_path: Path
) -> None:
    files = [tmp_path / "left.db", tmp_path / "left.db-wal"]
    async with store_at(past.database, Clock()) as store:
        await store.services.add("the-last")
        for name, left in zip(("andon.db", "andon.db-wal"), files, strict=True):
            shutil.copy(past.folder / name, left)
    before = [file.read_bytes() for file in files]
    assert await moved(files[0], server.url(target)) is None
    assert server.run(target, "SELECT name FROM services ORDER BY 1") == [
        ("data-sync",),
        ("the-last",),
    ]
    assert [file.read_bytes() for file in files] == before


async def test_afterwards_numbers_go_on_and_every_fence_stands(
    rich: Past, server: Running, target: str
) -> None:
    await moved(rich.database, server.url(target))
    ((last,),) = server.run(target, "SELECT max(id) FROM absences")
    columns = "person, substitute, since, until, set_at, set_by"
    again = f"INSERT INTO absences ({columns}) SELECT {columns} FROM absences LIMIT 1 RETURNING id"
    assert server.run(target, again) == [(last + 1,)]
    down = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'"
    assert server.run(target, down) == []
    with pytest.raises(psycopg.errors.IntegrityError, match="an event never changes"):
        server.run(target, "UPDATE events SET by = 'person:mia'")


async def test_a_table_the_move_has_never_heard_of_moves_too(
    past: Past, server: Running, own: str
) -> None:
    """Whatever its types, its order among the others, its fences and its own numbers."""
    with closing(sqlite3.connect(past.database)) as link, link:
        link.execute(
            "CREATE TABLE aaa (n INTEGER PRIMARY KEY, service VARCHAR REFERENCES services (name), "
            '"is" BOOLEAN, raw BLOB, said JSON, big BIGINT, part DOUBLE)'
        )
        for n in (1, 2, 12):
            row = (n, "data-sync", n % 2, b"\0\xff", '{"a": "\\u0000"}', 1 << 62, 0.1)
            link.execute("INSERT INTO aaa VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        link.execute("INSERT INTO aaa (n) VALUES (13)")
    server.run(
        own,
        "CREATE TABLE aaa (n INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, service VARCHAR "
        'REFERENCES services (name), "is" BOOLEAN, raw BYTEA, said JSON, big BIGINT, '
        "part DOUBLE PRECISION)",
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'never'; END $$",
        "CREATE TRIGGER never BEFORE INSERT ON aaa FOR EACH ROW EXECUTE FUNCTION never()",
    )
    assert await moved(past.database, server.url(own)) is None
    found = await everything_on_server(server.url(own))
    assert sorted(found["aaa"], key=_n) == sorted(
        expected(past.database)["aaa"], key=_n
    )  # 1 == True
    assert server.run(own, "SELECT nextval(pg_get_serial_sequence('aaa', 'n'))") == [(14,)]


def _n(row: Row) -> int:
    """Its key; columns are in the order of their names."""
    return int(row[2])


async def test_a_move_that_is_done_is_only_looked_at_again(
    rich: Past, server: Running, target: str
) -> None:
    """Nobody could tell whether the first one was cut short just before it said so."""
    for done in (False, True):
        async with open_move(rich.database, server.url(target), unheard) as move:
            assert await was_done(move) is done
    assert schema_of(server, target) == newest()


async def test_an_empty_history_moves(server: Running, target: str, migrated: Path) -> None:
    assert await moved(migrated, server.url(target)) is None
    assert schema_of(server, target) == newest()


def test_pieces_are_bounded_by_rows_and_by_what_they_hold() -> None:
    short, long = ("x",), ("x" * (MOST_TEXT // 2),)
    assert [len(piece) for piece in pieces([short] * (MOST_ROWS + 1))] == [MOST_ROWS, 1]
    assert [len(piece) for piece in pieces([long] * 5)] == [2, 2, 1]
    assert list(pieces([])) == []


# -- closed until it is whole ---------------------------------------------------------------------


@pytest.mark.parametrize("as_server", [True, False])
async def test_nothing_starts_on_half_a_history(
    rich: Past, server: Running, target: str, as_server: bool
) -> None:
    await copied_only(rich.database, server.url(target))
    with pytest.raises(MoveError, match=r"is unfinished: nothing starts.*`andon-server migrate`"):
        async with open_database(server.url(target), server=as_server):
            pass
    assert await moved(rich.database, server.url(target)) is None
    async with open_database(server.url(target), server=as_server):
        pass


async def test_doctor_says_that_a_move_is_unfinished(
    rich: Past, server: Running, target: str
) -> None:
    await begun(rich.database, server.url(target))
    found = await asyncio.to_thread(lambda: list(inspect_store(server.url(target), START)))
    (unfinished,) = (one for one in found if one.do)
    assert unfinished.said == "a move into it is unfinished; no server starts on it"
    assert "`andon-server migrate`" in unfinished.do


CHANGES = [
    (
        "UPDATE votes SET option = 'leave' WHERE (escalation_id, seq) = "
        "(SELECT escalation_id, seq FROM votes ORDER BY 1, 2 LIMIT 1)",
        r"votes, escalation_id esc_\w+, seq \d+: option is not what the file has",
    ),
    (
        "DELETE FROM idempotency WHERE id = 'data-sync:k2'",
        "idempotency, id data-sync:k2: it is missing in the target",
    ),
    (
        "INSERT INTO flows VALUES ('0', '{}')",
        "flows, id 0: the file has no such record",
    ),
    (
        "INSERT INTO storms VALUES ('z', '0', 1)",
        "storms, id z: the file has no such record",
    ),
    (
        "UPDATE service_secrets SET revoked_at = '2026'",
        "service_secrets, secret …: revoked_at is not what the file has",
    ),
]


@pytest.mark.parametrize(("change", "says"), CHANGES, ids=[change[:20] for change, _ in CHANGES])
async def test_a_record_that_came_otherwise_is_named_and_the_target_stays_closed(
    rich: Past, server: Running, target: str, change: str, says: str
) -> None:
    await copied_only(rich.database, server.url(target))
    server.run(target, "SET session_replication_role = replica", change)
    found = await moved(rich.database, server.url(target))
    assert found is not None
    assert re.fullmatch(says, str(found)), found
    assert schema_of(server, target).startswith("moving ")


WRONG = [
    ("UPDATE votes SET at = CAST('x' AS BLOB) WHERE seq = 3", r"votes, escalation_id esc_\w+, seq"),
    ("UPDATE escalations SET title = CAST(x'ff41' AS TEXT)", r"escalations, id esc_\w+: "),
    ("UPDATE storms SET version = 'many'", "storms, id "),
    ("UPDATE signatures SET signature = CAST('x' AS BLOB)", "signatures, signature b'x': "),
    ("UPDATE blocks SET count = 1 << 40 WHERE number = 2", "blocks, number 2: "),
    ("UPDATE cards SET escalation_id = 'esc_gone'", r"cards, id card_\w+: .*foreign key"),
]


@pytest.mark.parametrize(("change", "says"), WRONG, ids=[change[:20] for change, _ in WRONG])
async def test_a_record_that_no_row_of_ours_is_like_is_named(
    past: Past, server: Running, target: str, change: str, says: str
) -> None:
    tampered(past.database, change)
    found = await copied_only(past.database, server.url(target))
    assert found is not None
    assert re.match(says, str(found)), found
    assert found.what.startswith("PostgreSQL refuses it")
    assert schema_of(server, target).startswith("moving ")


async def test_what_a_command_writes_during_the_move_is_not_left_behind_in_silence(
    past: Past, server: Running, target: str
) -> None:
    """A key that is revoked in the file would go on in the target."""
    async with open_move(past.database, server.url(target), unheard) as move:
        assert await move.copy() is None
        tampered(past.database, "UPDATE service_keys SET revoked_at = '2026-11-12'")
        assert await move.compare() is None  # of the moment at which it began
        with pytest.raises(MoveError, match=r"was written to during the move.*the target .* anew"):
            await move.finish()
    assert schema_of(server, target).startswith("moving ")


async def test_a_move_whose_connection_is_lost_says_so_and_goes_on_later(
    rich: Past, server: Running, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.extents.MOST_ROWS", 20)

    def ended(doing: str, done: int, total: int) -> None:
        server.run(
            target,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'andon-migrate'",
        )

    async def lost() -> None:
        async with open_move(rich.database, server.url(target), ended) as move:
            await move.copy()

    with pytest.raises(UnreachableError, match=r"being stopped|cannot be reached"):
        await lost()
    assert await moved(rich.database, server.url(target)) is None


# -- refused --------------------------------------------------------------------------------------


async def test_a_target_with_another_history_is_refused_and_left_alone(
    rich: Past, server: Running, target: str
) -> None:
    async with store_on(server.url(target), Clock()) as store:
        await store.services.add("other")
    before = await everything_on_server(server.url(target))
    says = r"another history already \(rows: .*1 in services\b.*`createdb`"
    with pytest.raises(MoveError, match=says):
        await begun(rich.database, server.url(target))
    assert await everything_on_server(server.url(target)) == before
    assert schema_of(server, target) == newest()


async def test_a_move_of_another_history_is_not_gone_on_with(
    rich: Past, server: Running, target: str, tmp_path: Path
) -> None:
    async with store_at(tmp_path / "other.db", Clock()):
        pass
    await copied_only(rich.database, server.url(target))
    with pytest.raises(MoveError, match=r"unfinished move of another history.*dropdb"):
        await begun(tmp_path / "other.db", server.url(target))


async def test_a_history_that_went_on_since_its_move_was_cut_short_is_refused(
    past: Past, server: Running, target: str
) -> None:
    await copied_only(past.database, server.url(target))
    async with store_at(past.database, Clock()) as store:
        await store.services.add("later")
    with pytest.raises(MoveError, match="of this one as it was before a server"):
        await begun(past.database, server.url(target))


async def test_a_move_begun_by_another_version_is_refused(
    past: Past, server: Running, target: str
) -> None:
    await begun(past.database, server.url(target))
    server.run(target, "UPDATE alembic_version SET version_num = 'moving 0001'")
    with pytest.raises(MoveError, match="or another version went on"):
        await begun(past.database, server.url(target))


async def test_a_target_that_a_server_uses_is_refused(
    rich: Past, server: Running, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.postgres.target.LOOKS", 2)
    async with store_on(server.url(target), Clock()):
        with pytest.raises(MoveError, match=r"A server or a command uses the target.*Stop it"):
            await begun(rich.database, server.url(target))
    assert schema_of(server, target) == newest()


async def test_two_moves_at_once_do_not_mix(
    rich: Past, past: Past, server: Running, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_move(rich.database, server.url(target), unheard):
        monkeypatch.setitem(storage.postgres.target._SETTINGS, "lock_timeout", "100")
        with pytest.raises(MoveError, match="Another move into this database is running"):
            await begun(past.database, server.url(target))


async def test_a_file_that_a_server_uses_is_refused_and_none_may_start_during_a_move(
    past: Past, server: Running, target: str
) -> None:
    async with store_at(past.database, Clock()):
        with pytest.raises(AlreadyRunningError, match="Stop it first"):
            await begun(past.database, server.url(target))
    async with open_move(past.database, server.url(target), unheard):
        with pytest.raises(AlreadyRunningError):
            async with store_at(past.database, Clock()):
                pass


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(MoveError, match=r"no file .*gone.db to move from"),
        open_source(tmp_path / "gone.db"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "error", "says"),
    [
        ("DROP TABLE alembic_version", MoveError, "is no database of Andon's"),
        (
            "UPDATE alembic_version SET version_num = '0004'",
            MoveError,
            r"has schema 0004, and this version moves \d+\. Start a server of this version",
        ),
        (
            "UPDATE alembic_version SET version_num = '9999', oldest = '9998'",
            NewerDatabaseError,
            "which this version does not know",
        ),
    ],
)
def test_a_file_of_another_schema_is_refused(
    past: Past, statement: str, error: type[Exception], says: str
) -> None:
    with closing(sqlite3.connect(past.database)) as link, link:
        link.execute(statement)
    with pytest.raises(error, match=says), open_source(past.database):
        pass


async def test_a_target_of_an_older_schema_is_refused(
    rich: Past, server: Running, target: str
) -> None:
    server.run(target, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(OlderDatabaseError, match="Start a server of this version first"):
        await begun(rich.database, server.url(target))


async def test_a_target_whose_tables_are_others_is_refused(
    rich: Past, server: Running, own: str
) -> None:
    server.run(own, "ALTER TABLE storms ADD COLUMN more TEXT")
    with pytest.raises(MoveError, match="The table storms is not the same"):
        await begun(rich.database, server.url(own))
    assert schema_of(server, own) == newest()


async def test_a_server_that_is_not_there_is_said(rich: Past) -> None:
    with pytest.raises(UnreachableError, match="look whether it runs"):
        await begun(rich.database, "postgresql://127.0.0.1:1/andon")


@pytest.mark.parametrize(
    "planted",
    [
        "INSERT INTO signing_keys VALUES ('k', '{}', '2026-01-01', '2026-01-01', NULL)",
        "INSERT INTO policy_activations SELECT 1, min(version), '2026-01-01', 'me' FROM policies",
    ],
)
def test_neither_a_key_nor_a_policy_comes_into_force_by_a_move(past: Past, planted: str) -> None:
    """A server that was alone has written neither, so somebody else has."""
    tampered(past.database, planted)
    with pytest.raises(MoveError, match="Find out who did"), open_source(past.database):
        pass


def test_tables_come_after_those_they_refer_to(rich: Past) -> None:
    with open_source(rich.database) as source:
        assert isinstance(source, Source)
        names = [table.name for table in source.tables()]
    assert set(names) >= TABLES
    assert names.index("escalations") < min(names.index(n) for n in ("events", "votes", "cards"))
    assert names.index("services") < names.index("service_keys")
