"""When the file fails: nobody is told a lie, nothing is done twice, nobody else is harmed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from approvals.commands import AddContext
from approvals.ports import NotSavedError, UnsureError
from approvals.verdict import Case
from bot.ids import new_id
from storage import Store
from storage.links import Commit, Many
from storage.reads import SqlReads
from storage.sqlite.database import open_database
from storage.writer import LONGEST_RETRY_S, TRY_AGAIN_S, GroupCommitWriter
from tests.building import Clock, FileFacts, PlainSigner, a_claim, a_vote, an_open, store_at


async def opened(store: Store, key: str = "k1", **changes: object) -> str:
    """The id of a new escalation."""
    settled = await store.writer.submit(an_open(key, **changes))
    assert settled.escalation is not None, settled.refusal
    return settled.escalation.id


async def outcomes(store: Store, n: int, **changes: object) -> list[object]:
    """What comes of so many opens at once: an answer's case, or an error's type."""
    opens = (store.writer.submit(an_open(f"k{k}", **changes)) for k in range(n))
    done = await asyncio.gather(*opens, return_exceptions=True)
    return [type(s) if isinstance(s, BaseException) else s.answer.case for s in done]


async def test_a_database_error_fails_the_command_that_causes_it_alone(store: Store) -> None:
    await store.database.writer.run(
        "CREATE TRIGGER fail BEFORE INSERT ON escalations WHEN NEW.title = 'bad' "
        "BEGIN SELECT RAISE(ABORT, 'planted'); END"
    )
    opens = [an_open(f"k{n}", title="bad" if n == 3 else "good") for n in range(8)]
    done = await asyncio.gather(*map(store.writer.submit, opens), return_exceptions=True)
    assert [isinstance(s, NotSavedError) for s in done] == [n == 3 for n in range(8)]
    assert len(await store.reads.pending()) == 7


async def test_an_error_after_the_first_rows_leaves_none_of_them(store: Store) -> None:
    """The last statement of a batch fails: not even the escalation is there."""
    await store.database.writer.run(
        "CREATE TRIGGER fail BEFORE INSERT ON cards BEGIN SELECT RAISE(ABORT, 'planted'); END"
    )
    command = an_open()
    with pytest.raises(NotSavedError, match="planted"):
        await store.writer.submit(command)
    for table in ("escalations", "events", "event_bodies", "idempotency", "deliveries"):
        assert await store.database.reader.rows(f"SELECT * FROM {table}") == []
    await store.database.writer.run("DROP TRIGGER fail")
    assert (await store.writer.submit(command)).answer.case is Case.OPENED


async def test_a_full_disk_saves_nothing_and_says_so_and_reads_go_on(store: Store) -> None:
    id_ = await opened(store)
    ((pages,),) = await store.database.writer.rows("PRAGMA page_count")
    await store.database.writer.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NotSavedError, match="full"):
        await store.writer.submit(an_open("big", context={"log": "x" * 60_000}))
    assert await store.reads.escalation(id_) is not None
    await store.database.writer.rows("PRAGMA max_page_count = 1000000")
    assert await outcomes(store, 3) == [Case.REPEATED if n == 1 else Case.OPENED for n in range(3)]


async def test_on_a_nearly_full_disk_everything_answered_is_there(store: Store) -> None:
    ((pages,),) = await store.database.writer.rows("PRAGMA page_count")
    await store.database.writer.rows(f"PRAGMA max_page_count = {pages + 30}")
    found = await outcomes(store, 20, context={"log": "x" * 20_000})
    assert set(found) == {Case.OPENED, NotSavedError}
    assert len(await store.reads.pending()) == found.count(Case.OPENED)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program writes to the file and does not end."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_file_held_by_another_program_fails_all_that_wait_after_one_wait(
    store: Store, tmp_path: Path
) -> None:
    """Each alone would wait as long again: thirty commands, half a minute."""
    id_ = await opened(store, "before")
    with held(tmp_path / "andon.db"):
        async with asyncio.timeout(10):
            found = await outcomes(store, 30)
        assert await store.reads.escalation(id_) is not None
    assert found == [NotSavedError] * 30
    assert await outcomes(store, 30) == [Case.OPENED] * 30


async def test_while_nothing_can_be_saved_it_is_told_and_callers_come_ever_later(
    store: Store, tmp_path: Path, clock: Clock, logged: list[Any]
) -> None:
    assert (store.writer.failing, store.writer.retry_s) == (None, TRY_AGAIN_S)
    with held(tmp_path / "andon.db"):
        assert await outcomes(store, 2) == [NotSavedError] * 2
        assert str(store.writer.failing).startswith("Another program holds the database")
        waits = []
        for _ in range(4):
            clock.pass_(40)
            waits.append(store.writer.retry_s)
        assert waits == [20, 40, LONGEST_RETRY_S, LONGEST_RETRY_S]
    assert await outcomes(store, 1) == [Case.OPENED]
    assert (store.writer.failing, store.writer.retry_s) == (None, TRY_AGAIN_S)
    told = [line["event"] for line in logged]
    assert (told.count("nothing-can-be-saved"), told.count("saved-again")) == (1, 1)


async def test_a_fault_that_is_gone_is_noticed_before_anybody_asks_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.TRY_AGAIN_S", 0.01)
    with held(tmp_path / "andon.db"):
        assert await outcomes(store, 1) == [NotSavedError]
    async with asyncio.timeout(10):
        while store.writer.failing:  # noqa: ASYNC110  it tries by itself
            await asyncio.sleep(0.01)


async def test_what_a_command_does_wrong_is_no_fault_of_the_file(store: Store) -> None:
    lone = a_vote("esc_\ud800")  # no text in UTF-8
    with pytest.raises(NotSavedError):
        await store.writer.submit(lone)
    assert store.writer.failing is None


async def test_a_file_that_fails_at_the_stop_does_not_keep_the_server_from_ending(
    tmp_path: Path, clock: Clock
) -> None:
    """What was to be written alongside was tried for ever."""
    async with asyncio.timeout(20):
        async with store_at(tmp_path / "andon.db", clock) as store:
            await opened(store)
            with held(tmp_path / "andon.db"):
                store.writer.alongside(Many("INSERT INTO signatures VALUES (?, ?)", [("s", "t")]))
                store.writer.close()
                await asyncio.sleep(1.5)  # the file is busy for a second before it is given up


async def test_a_batch_that_breaks_what_nobody_thought_of_leaves_the_path_open(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one writer must never be gone: everybody would wait for ever."""

    async def breaks(batch: Any, error: Exception) -> None:
        raise KeyError("nobody thought of it")

    monkeypatch.setattr(store.writer, "_recover", breaks)
    monkeypatch.setattr(store.database.writer, "together", breaks)
    with pytest.raises(UnsureError):
        await store.writer.submit(an_open("k1"))
    monkeypatch.undo()
    assert (await store.writer.submit(an_open("k1"))).answer.case is Case.OPENED


class Forgetful:
    """A link that passes everything on; while told to, answers to COMMIT get lost on their way."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self.loses_answers = self.loses_commits = self.is_cut = False

    def __getattr__(self, name: str) -> Any:
        async def passed_on(*asked: Any) -> Any:
            commits = any(isinstance(one, Commit) for one in asked)
            if name != "undo" and (self.is_cut or (commits and self.loses_commits)):
                raise aiosqlite.OperationalError("disk I/O error")
            done = await getattr(self._link, name)(*asked)
            if commits and self.loses_answers:
                self.loses_answers = False
                raise aiosqlite.OperationalError("disk I/O error")
            return done

        return passed_on


@pytest.fixture
async def unsteady(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Any, Forgetful, SqlReads]]:
    """A writer whose link can be made to forget."""
    async with open_database(tmp_path / "andon.db", server=True) as database:
        link = Forgetful(database.writer)
        database.writer = link  # type: ignore[assignment]
        writer = GroupCommitWriter(
            database,
            facts=FileFacts(),
            signer=PlainSigner(),
            clock=clock,
            committed=lambda escalations: None,
        )
        running = asyncio.create_task(writer.run())
        yield writer, link, SqlReads(database)
        writer.close()
        await running


async def test_a_commit_of_unknown_outcome_is_looked_up_and_told_as_unsure(
    unsteady: tuple[Any, Forgetful, SqlReads],
) -> None:
    writer, link, reads = unsteady
    command = an_open("k")
    link.loses_answers = True
    with pytest.raises(UnsureError):
        await writer.submit(command)
    assert await reads.escalation(command.escalation_id) is not None
    again = await writer.submit(an_open("k"))
    assert again.answer.case is Case.REPEATED
    assert again.escalation.id == command.escalation_id


async def test_a_commit_that_did_not_land_is_told_as_not_saved(
    unsteady: tuple[Any, Forgetful, SqlReads],
) -> None:
    writer, link, reads = unsteady
    command = an_open("k")
    link.loses_commits = True
    with pytest.raises(NotSavedError, match="disk I/O error"):
        await writer.submit(command)
    assert await reads.escalation(command.escalation_id) is None
    link.loses_commits = False
    assert (await writer.submit(an_open("k"))).answer.case is Case.OPENED


async def test_when_nothing_can_be_looked_up_nobody_is_told_that_nothing_was_stored(
    unsteady: tuple[Any, Forgetful, SqlReads],
) -> None:
    writer, link, _ = unsteady
    await writer.submit(an_open("before"))
    link.is_cut = True
    opens = (writer.submit(an_open(f"k{n}")) for n in range(3))
    done = await asyncio.gather(*opens, return_exceptions=True)
    assert [type(error) for error in done] == [UnsureError] * 3
    link.is_cut = False
    assert (await writer.submit(an_open("k0"))).answer.case is Case.OPENED


async def test_a_batch_that_landed_unheard_is_not_done_again(
    unsteady: tuple[Any, Forgetful, SqlReads],
) -> None:
    """Context would be added twice, and a vote would hear that somebody had voted before."""
    writer, link, reads = unsteady
    first, second = an_open("k1"), an_open("k2")
    await asyncio.gather(writer.submit(first), writer.submit(second))
    told = AddContext(
        id=new_id("cmd"),
        escalation_id=first.escalation_id,
        service="data-sync",
        context={"lag": "9 h"},
    )
    link.loses_answers = True
    batch = (told, a_vote(second.escalation_id), a_vote("esc_unknown"))
    done = await asyncio.gather(*map(writer.submit, batch), return_exceptions=True)
    assert [type(s).__name__ for s in done] == ["UnsureError", "UnsureError", "Settled"]
    kinds = [r.kind for r in await reads.records(first.escalation_id)]
    assert kinds == ["escalation:opened", "context:added"]
    kinds = [r.kind for r in await reads.records(second.escalation_id)]
    assert kinds == ["escalation:opened", "vote:cast", "escalation:decided"]
    assert (await writer.submit(a_claim(second.escalation_id))).grant is not None


async def test_what_the_file_cannot_even_look_up_fails_alone(store: Store) -> None:
    votes = [a_vote(await opened(store, f"k{n}")) for n in range(3)]
    lone = a_vote("esc_\ud800")  # no text in UTF-8
    done = await asyncio.gather(*map(store.writer.submit, [*votes, lone]), return_exceptions=True)
    assert [s.answer.case for s in done[:3]] == [Case.DECIDED] * 3
    assert isinstance(done[3], NotSavedError)


async def test_facts_that_cannot_be_had_save_nothing(tmp_path: Path, clock: Clock) -> None:
    class NoFacts(FileFacts):
        def facts(self, now: object) -> Any:
            raise LookupError("no facts")

    async with store_at(tmp_path / "a.db", clock, facts=NoFacts()) as store:
        assert await outcomes(store, 2) == [NotSavedError] * 2
        assert await store.reads.pending() == ()
