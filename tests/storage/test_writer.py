"""The one write path: whole batches, exactly once, whatever callers and databases do."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest

from approvals.codec import dump
from approvals.commands import Tick
from approvals.evolve import evolve
from approvals.ports import NotSavedError
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState, Status
from bot.ids import new_id
from storage import AlreadyRunningError, NewerDatabaseError, Store
from storage.database import assert_durable
from tests.building import Clock, a_claim, a_vote, an_open, store_at


@pytest.fixture
def clock() -> Clock:
    """Time under control."""
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store on a fresh file."""
    async with store_at(tmp_path / "andon.db", clock) as opened:
        yield opened


async def opened(store: Store, key: str = "k1", **changes: object) -> str:
    """The id of a new escalation."""
    settled = await store.writer.submit(an_open(key, **changes))
    assert settled.escalation is not None, settled.refusal
    return settled.escalation.id


async def test_an_open_is_read_back_as_it_was_folded(store: Store) -> None:
    settled = await store.writer.submit(an_open())
    assert settled.escalation is not None
    assert await store.reads.escalation(settled.escalation.id) == settled.escalation
    assert settled.answer.case is Case.OPENED


async def test_the_same_key_and_body_give_the_same_escalation(store: Store) -> None:
    first = await store.writer.submit(an_open("k"))
    again = await store.writer.submit(an_open("k"))
    assert first.escalation == again.escalation
    assert again.answer.case is Case.REPEATED


async def test_the_same_key_with_another_body_is_refused(store: Store) -> None:
    await opened(store, "k")
    other = await store.writer.submit(an_open("k", title="Something else"))
    assert other.refusal is not None
    assert other.refusal.why is Why.KEY_REUSED


async def test_fifty_opens_with_one_key_at_once_make_one_escalation(store: Store) -> None:
    done = await asyncio.gather(*(store.writer.submit(an_open("k")) for _ in range(50)))
    assert len({s.escalation.id for s in done if s.escalation}) == 1
    assert sum(s.answer.case is Case.OPENED for s in done) == 1


async def test_an_equal_question_with_a_dedup_key_joins_the_pending_one(store: Store) -> None:
    first = await opened(store, "k1", dedup_key="sync")
    joined = await store.writer.submit(an_open("k2", dedup_key="sync", context={"rollback": "x"}))
    assert joined.escalation is not None
    assert (joined.escalation.id, joined.escalation.occurrences) == (first, 2)
    assert joined.escalation.context == {"rollback": "x"}
    assert joined.escalation.shown == 0


async def test_an_overdue_twin_is_ended_and_not_joined(store: Store, clock: Clock) -> None:
    first = await opened(store, "k1", dedup_key="sync")
    clock.pass_(5 * 3600)
    second = await store.writer.submit(an_open("k2", dedup_key="sync"))
    assert second.escalation is not None
    assert second.escalation.id != first
    ended = await store.reads.escalation(first)
    assert ended is not None
    assert ended.status is Status.EXPIRED
    assert ended.group_id == second.escalation.group_id


async def test_a_vote_decides_and_one_of_32_claims_gets_the_grant(store: Store) -> None:
    id_ = await opened(store)
    voted = await store.writer.submit(a_vote(id_))
    assert voted.answer.case is Case.DECIDED
    claims = await asyncio.gather(*(store.writer.submit(a_claim(id_, f"c{n}")) for n in range(32)))
    assert sum(s.grant is not None for s in claims) == 1
    refused = [s.refusal.why for s in claims if s.refusal]
    assert refused == [Why.ALREADY_CLAIMED] * 31


async def test_the_same_claim_again_gets_the_same_grant(store: Store) -> None:
    id_ = await opened(store)
    await store.writer.submit(a_vote(id_))
    first = await store.writer.submit(a_claim(id_))
    again = await store.writer.submit(a_claim(id_))
    assert first.grant is not None
    assert first.grant == again.grant


async def test_racing_approvers_decide_once_and_the_late_one_hears_who(store: Store) -> None:
    id_ = await opened(store)
    first, second = await asyncio.gather(
        store.writer.submit(a_vote(id_, "USAM")),
        store.writer.submit(a_vote(id_, "UPRIYA", "leave")),
    )
    assert first.answer.case is Case.DECIDED
    assert second.refusal is not None
    assert second.refusal.why is Why.ALREADY_DECIDED
    assert second.refusal.values["by"] == ["Sam"]


async def test_a_click_after_the_deadline_finds_it_expired_with_a_dead_clock(
    store: Store, clock: Clock
) -> None:
    id_ = await opened(store)
    clock.pass_(4 * 3600)
    late = await store.writer.submit(a_vote(id_))
    assert late.refusal is not None
    assert late.refusal.why is Why.EXPIRED
    read = await store.reads.escalation(id_)
    assert read is not None
    assert (read.status, read.state) == (Status.EXPIRED, OperationState.ABORTED)


async def test_a_clock_set_back_revives_nothing(store: Store, clock: Clock) -> None:
    id_ = await opened(store)
    clock.pass_(4 * 3600)
    await opened(store, "another")  # the store has now seen this moment
    clock.pass_(-3 * 3600)
    late = await store.writer.submit(a_vote(id_))
    assert late.refusal is not None
    assert late.refusal.why is Why.EXPIRED


async def test_four_hundred_cancelled_callers_tear_no_batch(store: Store) -> None:
    dice = random.Random(1)
    tasks = [asyncio.create_task(store.writer.submit(an_open(f"k{n}"))) for n in range(400)]
    for task in tasks:
        if dice.random() < 0.7:
            await asyncio.sleep(0)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5):
        probe = await opened(store, "probe")
    assert await store.reads.escalation(probe) is not None


async def test_a_poisonous_command_fails_alone(store: Store) -> None:
    poison = an_open("poison", category=["not", "a", "slug"])
    good, bad, also = await asyncio.gather(
        store.writer.submit(an_open("good")),
        store.writer.submit(poison),
        store.writer.submit(an_open("also")),
        return_exceptions=True,
    )
    assert isinstance(bad, NotSavedError)
    assert not isinstance(good, BaseException)
    assert not isinstance(also, BaseException)


async def test_a_database_error_fails_the_command_that_causes_it_alone(store: Store) -> None:
    link = store.database.writer
    await link.run(
        "CREATE TRIGGER fail BEFORE INSERT ON escalations WHEN NEW.title = 'bad' "
        "BEGIN SELECT RAISE(ABORT, 'planted'); END"
    )
    results = await asyncio.gather(
        *(
            store.writer.submit(an_open(f"k{n}", title="bad" if n == 3 else "good"))
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert [isinstance(r, NotSavedError) for r in results] == [n == 3 for n in range(8)]


async def test_every_stored_state_follows_from_its_records(store: Store, clock: Clock) -> None:
    id_ = await opened(store)
    await store.writer.submit(a_vote(id_, "UMIA"))
    await store.writer.submit(a_vote(id_, "USAM"))
    await store.writer.submit(a_claim(id_))
    clock.pass_(3601)
    await store.writer.submit(Tick(id=new_id("cmd"), escalation_id=id_))
    folded = None
    for record in await store.reads.records(id_):
        folded = evolve(folded, record)
    read = await store.reads.escalation(id_)
    assert folded is not None
    assert read is not None
    assert dump(folded) == dump(read)
    assert read.state is OperationState.UNKNOWN


async def test_a_refusal_is_recorded_once_and_counted_after(store: Store) -> None:
    id_ = await opened(store)
    for _ in range(3):
        await store.writer.submit(a_vote(id_, "UMIA"))
    kinds = [r.kind for r in await store.reads.records(id_)]
    assert kinds.count("refusal:recorded") == 1
    rows = await store.database.reader.rows("SELECT who, why, times FROM refusals")
    assert [tuple(row) for row in rows] == [("person:mia", "not-in-group", 3)]


async def test_commits_are_told_in_order(tmp_path: Path, clock: Clock) -> None:
    told: list[Status] = []
    path = tmp_path / "a.db"
    async with store_at(path, clock, committed=lambda es: told.extend(e.status for e in es)) as s:
        id_ = await opened(s)
        await s.writer.submit(a_vote(id_))
    assert told == [Status.PENDING, Status.APPROVED]


async def test_everything_is_there_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    async with store_at(tmp_path / "a.db", clock) as before:
        id_ = await opened(before)
        await before.writer.submit(a_vote(id_))
        claimed = await before.writer.submit(a_claim(id_))
    async with store_at(tmp_path / "a.db", clock) as after:
        again = await after.writer.submit(a_claim(id_))
    assert again.grant == claimed.grant


async def test_a_second_server_on_the_same_file_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(AlreadyRunningError, match="Stop it first"):
        async with store_at(tmp_path / "andon.db", Clock()):
            pass


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "a.db"
    async with store_at(path, clock):
        pass
    async with aiosqlite.connect(path) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await connection.commit()
    with pytest.raises(NewerDatabaseError, match="9999"):
        async with store_at(path, clock):
            pass


async def test_every_connection_is_durable(store: Store) -> None:
    database = store.database
    for link in (database.writer, database.reader, database.reader):
        await assert_durable(link)
    async with aiosqlite.connect(":memory:") as connection:
        from storage.database import Link

        with pytest.raises(RuntimeError, match="would not be durable"):
            await assert_durable(Link(connection))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE events SET by = 'person:mia'",
        "DELETE FROM events",
        "UPDATE event_bodies SET text = '{}'",
        "UPDATE decisions SET option = 'leave'",
        "DELETE FROM decisions",
        "UPDATE escalations SET status = 'pending'",
        "UPDATE grants SET jws = 'forged'",
        "INSERT INTO decisions SELECT * FROM decisions",
        "INSERT INTO votes SELECT escalation_id, 99, person, option, 1, at FROM votes",
    ],
)
async def test_the_database_itself_refuses_tampering(store: Store, tampering: str) -> None:
    id_ = await opened(store)
    await store.writer.submit(a_vote(id_))
    await store.writer.submit(a_claim(id_))
    with pytest.raises(aiosqlite.IntegrityError):
        await store.database.writer.run(tampering)
