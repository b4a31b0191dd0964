"""A replica hears what another has committed, and nothing else; what it misses it looks for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from approvals.ports import NotSavedError, UnsureError
from storage.postgres import hearing, link
from tests.building import a_vote
from tests.postgres import Running
from tests.storage.postgres.other import another
from tests.storage.postgres.races import Replicas
from tests.storage.postgres.test_troubles import cut, sent
from tests.storage.stand import Stand, on


async def until(is_so: Callable[[], object]) -> None:
    """Until it is so; a test that waits in vain fails."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def ends(url: str, stand: Stand) -> None:
    """The server ends the connection on which a replica listens."""
    database: Any = stand.store.database  # type: ignore[union-attr]
    async with another(url) as somebody:
        await somebody.execute("SELECT pg_terminate_backend($1)", database._hearing._link.pid)


@pytest.fixture
async def both(replicas: Replicas) -> Replicas:
    """Two replicas that listen already."""
    await until(lambda: replicas.a.heard and replicas.b.heard)
    return replicas


def named(stand: Stand) -> list[str]:
    """The ids a replica was told, in order."""
    return [id_ for ids in stand.heard for id_ in ids or ()]


async def test_a_decision_is_heard_where_it_was_not_made(both: Replicas) -> None:
    id_ = await both.a.open()
    await both.a.submit(a_vote(id_))
    await until(lambda: named(both.b))
    assert named(both.b) == [id_]
    assert str((await both.b.read(id_)).status) == "approved"


async def test_nobody_is_told_of_what_nobody_can_wait_for_yet(both: Replicas) -> None:
    first, second = await both.a.fill(2)
    await both.a.submit(a_vote(second))
    await until(lambda: named(both.b))
    assert first not in named(both.b)


async def test_what_one_told_itself_is_no_news_to_it(both: Replicas) -> None:
    first, second = await both.a.fill(2)
    await both.a.submit(a_vote(first))
    await both.b.submit(a_vote(second))
    await until(lambda: named(both.a) and named(both.b))
    assert (named(both.a), named(both.b)) == ([second], [first])


async def test_of_what_was_not_kept_nobody_hears(both: Replicas) -> None:
    first, second = await both.a.fill(2)
    cut(both.a, lands=False)
    assert await sent(both.a, a_vote(first)) == [NotSavedError]
    await both.a.submit(a_vote(second))
    await until(lambda: named(both.b))
    assert named(both.b) == [second]


async def test_a_commit_whose_answer_was_lost_is_heard_all_the_same(both: Replicas) -> None:
    id_ = await both.a.open()
    cut(both.a, lands=True)
    assert await sent(both.a, a_vote(id_)) == [UnsureError]
    await until(lambda: named(both.b))
    assert named(both.b) == [id_]


async def test_told_in_no_transaction_it_would_be_heard_and_not_be_so(
    both: Replicas, emptied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: it is told a moment before the commit."""

    async def early(connection: Any, changed: Any) -> None:
        async with another(emptied) as telling:
            await telling.execute(link._notes(changed))
        await connection.execute("COMMIT")

    id_ = await both.a.open()
    monkeypatch.setattr(link, "_commit", early)
    cut(both.a, lands=False)
    assert await sent(both.a, a_vote(id_)) == [NotSavedError]
    await until(lambda: named(both.b))
    assert str((await both.b.read(id_)).status) == "pending"


async def test_after_a_lost_connection_all_is_looked_at_and_heard_again(
    both: Replicas, emptied: str
) -> None:
    id_ = await both.a.open()
    looks = both.b.heard.count(None)
    await ends(emptied, both.b)
    await until(lambda: both.b.heard.count(None) > looks)
    await both.a.submit(a_vote(id_))
    await until(lambda: named(both.b))


async def test_all_is_looked_at_now_and_then_whatever_happens(
    both: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody between us and the server may swallow what is told."""
    monkeypatch.setattr(hearing, "SWEEP_S", 0.01)
    monkeypatch.setattr(link, "_notes", lambda changed: "")
    await both.b.restart()
    looks = both.b.heard.count(None)
    await until(lambda: both.b.heard.count(None) > looks + 2)


@pytest.fixture
async def stand(emptied: str) -> AsyncIterator[Stand]:
    """One replica."""
    async with Stand(on(emptied)).opened() as stand:
        yield stand


async def test_while_the_server_is_away_it_is_said_and_afterwards_it_is_heard(
    stand: Stand, emptied: str, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "AWAY_S", 0.01)
    monkeypatch.setattr("storage.postgres.link.LAST_PAUSE_S", 0.05)
    database: Any = stand.store.database  # type: ignore[union-attr]
    await until(lambda: stand.heard)
    door = Path(server.folder) / ".s.PGSQL.5432"
    away = door.rename(door.with_name("away"))
    try:
        database._hearing._link._connection.terminate()
        await until(lambda: not database.hears)
    finally:
        away.rename(door)
    await until(lambda: database.hears)


def test_no_note_is_longer_than_the_server_takes() -> None:
    ids = [f"esc_{n:032x}" for n in range(450)]
    notes = link._notes(ids).split("; ")[:-1]
    assert [len(note) < 8000 for note in notes] == [True] * 3
    assert " ".join(note.split("'")[1] for note in notes).split() == ids


def test_where_nothing_is_awaited_nothing_is_told() -> None:
    assert link._notes([]) == ""
