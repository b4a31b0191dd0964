"""Commands look at a server's database as at a file: nothing changes, and all is of one moment."""

import asyncio
from datetime import timedelta

import pytest

from approvals.auditing import Auditor
from approvals.codec import instant
from storage import DamagedDatabaseError
from storage.archive import open_archive
from storage.errors import UnreachableError
from storage.evidence import columns_of, open_evidence
from storage.history import open_history
from storage.inspection import hash_of_block, inspect_store
from storage.looking import looking_at
from storage.truth import refuse_untrue
from tests.building import START, Clock, a_claim, an_open
from tests.postgres import Running
from tests.storage.stand import Stand, on

FAR = instant(START + timedelta(days=1))


@pytest.fixture
def lived(emptied: str) -> str:
    """A database with a released escalation, sealed, and a pending one."""

    async def live() -> None:
        async with Stand(on(emptied)).opened() as stand:
            id_ = await stand.approved()
            await stand.submit(a_claim(id_))
            await stand.store.seals.seal(START)
            await stand.submit(an_open("k2", title="Another", reference="CHG-1"))

    asyncio.run(live())
    return emptied


def untrue(server: Running, *statements: str) -> None:
    """What somebody does who passes by the fences."""
    server.run("andon", "SET session_replication_role = replica", *statements)


def test_all_that_an_audit_looks_at_is_there_and_holds(lived: str) -> None:
    with open_evidence(lived) as evidence:
        auditor = Auditor(columns_of=columns_of, keys=None, sealed_by="")
        kept = list(evidence.escalations())
        found = [finding.what for one in kept for finding in auditor.look(one)]
        assert found == ["it is no signed token"]  # the tests sign with words
        assert (evidence.count(), len(kept)) == (2, 2)
        (block,) = evidence.blocks()
        assert [head.head.escalation_id for head in block.heads] == [kept[0].id]
        assert evidence.escalation("esc_none") is None
        assert (list(evidence.strays()), len(list(evidence.policies()))) == ([], 1)


def test_the_archive_and_the_history_are_read_there(lived: str) -> None:
    with open_archive(lived) as archive:
        (named,) = archive.named("CHG-1")
        assert [told.escalation.reference for told in archive.told([named])] == ["CHG-1"]
        touched = archive.touched(START - timedelta(days=1), START + timedelta(days=1))
        assert len(touched) == 2
        assert len(list(archive.blocks(START, START + timedelta(days=1), touched))) == 1
    with open_history(lived) as history:
        assert history.count(START) == 2
        assert [len(records) for _, records in history.since(START)] == [4, 1]
        assert [len(past.records) for past in history.overseen(START)] == [1, 4]
        assert list(history.overseen(START + timedelta(days=1))) == []


def test_what_is_read_in_a_moment_is_of_that_moment(lived: str, server: Running) -> None:
    with looking_at(lived) as link:
        with link.moment():
            before = link.rows("SELECT count(*) FROM notes")
            server.run("andon", "INSERT INTO notes VALUES ('new', 'x')")
            assert link.rows("SELECT count(*) FROM notes") == before
        assert link.rows("SELECT count(*) FROM notes") != before


def test_who_looks_cannot_write(lived: str) -> None:
    with looking_at(lived) as link, pytest.raises(UnreachableError, match="read-only"):
        link.rows("DELETE FROM notes")


def test_nothing_starts_on_what_does_not_follow_from_its_records(
    lived: str, server: Running
) -> None:
    refuse_untrue(lived)
    untrue(server, "UPDATE escalations SET body = replace(body, 'Another', 'A harmless one')")
    with pytest.raises(DamagedDatabaseError, match="The database is damaged"):
        refuse_untrue(lived)


def test_doctor_says_what_the_server_is_like(lived: str, server: Running) -> None:
    found = list(inspect_store(lived, START))
    assert [one.do for one in found] == [""] * 2
    assert found[0].said.startswith("PostgreSQL ")
    assert "database andon" in found[0].said
    assert "synchronous_commit is on" in found[0].said
    assert "connections are taken" in found[1].said


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "UPDATE alembic_version SET version_num = '9999', oldest = '9998'",
            "its schema is 9999, newer than",
        ),
        ("UPDATE alembic_version SET version_num = '0001'", "its schema is 0001; `serve` brings"),
        (f"UPDATE notes SET value = '{FAR}' WHERE name = 'latest'", "the clock was set back"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_database(
    lived: str, server: Running, statement: str, says: str
) -> None:
    ((schema, oldest),) = server.run("andon", "SELECT version_num, oldest FROM alembic_version")
    server.run("andon", statement)
    try:
        assert says in [one.said for one in inspect_store(lived, Clock().now)][-1]
    finally:
        server.run(
            "andon", f"UPDATE alembic_version SET version_num = '{schema}', oldest = '{oldest}'"
        )


def test_doctor_says_where_there_is_no_schema_or_no_server(server: Running) -> None:
    found = list(inspect_store(server.url("postgres"), START))
    assert found[-1].said == "there is no schema yet; `serve` brings it"
    (away,) = inspect_store("postgresql://127.0.0.1:1/andon", START)
    assert "look whether it runs" in away.said
    assert away.do


def test_a_block_is_found_by_its_number(lived: str) -> None:
    assert str(hash_of_block(lived, 1)).startswith("sha256:")
    assert hash_of_block(lived, 2) is None
