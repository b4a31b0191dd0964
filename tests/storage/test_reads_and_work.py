"""Lists page by key; owed work is leased, ordered, and done once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from approvals.commands import Open
from approvals.ports import Wanted
from approvals.words import Status
from storage import Store
from storage.migrate import upgrade
from storage.services import key_hash
from storage.store import file_of
from tests.building import Clock, a_vote, an_open, store_at


@pytest.fixture
def clock() -> Clock:
    """Time under control."""
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """A store on a fresh file."""
    async with store_at(tmp_path / "andon.db", clock) as opened:
        yield opened


async def fill(store: Store, clock: Clock, n: int) -> list[str]:
    """Escalations, one a second."""
    ids = []
    for k in range(n):
        command: Open = an_open(f"k{k}", title=f"Sync {k} of 100%")
        await store.writer.submit(command)
        ids.append(command.escalation_id)
        clock.pass_(1)
    return ids


async def test_pages_of_pending_follow_the_deadline_and_lose_nothing(
    store: Store, clock: Clock
) -> None:
    ids = await fill(store, clock, 7)
    wanted, cursor, seen = Wanted(status="pending"), None, []
    while True:
        page = await store.reads.page(wanted, cursor, 3)
        seen += [e.id for e in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == ids


async def test_a_list_of_everything_is_newest_first(store: Store, clock: Clock) -> None:
    ids = await fill(store, clock, 3)
    page = await store.reads.page(Wanted(service="data-sync"), None, 10)
    assert [e.id for e in page.items] == ids[::-1]


async def test_words_are_searched_literally(store: Store, clock: Clock) -> None:
    ids = await fill(store, clock, 3)
    found = await store.reads.page(Wanted(q="sync 1 OF 100%"), None, 10)
    assert [e.id for e in found.items] == [ids[1]]
    assert (await store.reads.page(Wanted(q="sync_1"), None, 10)).items == ()


async def test_a_foreign_cursor_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        await store.reads.page(Wanted(), "bm9uc2Vuc2U=", 10)


async def test_an_escalation_is_found_by_the_end_of_its_id(store: Store, clock: Clock) -> None:
    (id_,) = await fill(store, clock, 1)
    found = await store.reads.ending_in(id_[-6:])
    assert [e.id for e in found] == [id_]


async def test_overdue_ones_are_named_longest_first(store: Store, clock: Clock) -> None:
    ids = await fill(store, clock, 2)
    assert await store.reads.overdue(clock.now, 10) == ()
    clock.pass_(4 * 3600)
    assert await store.reads.overdue(clock.now, 10) == tuple(ids)
    health = await store.health.check(clock.now)
    assert health["overdue_s"] == 2.0


async def test_an_opening_owes_a_card_in_the_channel_and_one_to_each_approver(
    store: Store, clock: Clock
) -> None:
    (id_,) = await fill(store, clock, 1)
    cards = await store.cards.of(id_)
    assert [(c.surface, c.target) for c in cards] == [
        ("channel", "C0OPERATIONS"),
        ("direct", "priya"),
        ("direct", "sam"),
    ]


async def test_a_leased_card_is_not_taken_twice_until_the_lease_is_over(
    store: Store, clock: Clock
) -> None:
    await fill(store, clock, 1)
    assert len(await store.cards.due(clock.now, 10)) == 3
    assert await store.cards.due(clock.now, 10) == ()
    clock.pass_(31)
    assert len(await store.cards.due(clock.now, 10)) == 3


async def test_a_card_shown_is_due_again_when_its_escalation_changes(
    store: Store, clock: Clock
) -> None:
    (id_,) = await fill(store, clock, 1)
    for card in await store.cards.due(clock.now, 10):
        await store.cards.shown(card, "C1", f"ts{card.target}", "drawing", 1)
    assert await store.cards.due(clock.now, 10) == ()
    await store.writer.submit(a_vote(id_))
    due = await store.cards.due(clock.now, 10)
    assert {c.drawn for c in due} == {"drawing"}
    found = await store.cards.at("C1", "tssam")
    assert found is not None
    assert found.target == "sam"


async def test_a_card_drawn_from_an_older_version_stays_due(store: Store, clock: Clock) -> None:
    (id_,) = await fill(store, clock, 1)
    card = (await store.cards.due(clock.now, 10))[0]
    await store.writer.submit(a_vote(id_))
    await store.cards.shown(card, "C1", "ts", "old drawing", 1)
    assert card.id in {c.id for c in await store.cards.due(clock.now, 10)}


async def test_a_lost_card_is_posted_anew(store: Store, clock: Clock) -> None:
    await fill(store, clock, 1)
    card = (await store.cards.due(clock.now, 10))[0]
    await store.cards.shown(card, "C1", "ts", "drawing", 1)
    await store.cards.lost(card)
    (again,) = (c for c in await store.cards.due(clock.now, 10) if c.id == card.id)
    assert again.ts is None


async def test_a_click_owes_one_answer_however_often_it_is_delivered(
    store: Store, clock: Clock
) -> None:
    (id_,) = await fill(store, clock, 1)
    click = a_vote(id_)
    for _ in range(11):
        await store.writer.submit(click)
    due = await store.deliveries.due(("answer",), clock.now, 50)
    assert [(d.target, d.payload["case"]) for d in due] == [("USAM", "decided")]


async def test_a_delivery_is_settled_once_and_remembers_its_attempts(
    store: Store, clock: Clock
) -> None:
    (id_,) = await fill(store, clock, 1)
    await store.writer.submit(a_vote(id_))
    first = (await store.deliveries.due(("thread",), clock.now, 1))[0]
    await store.deliveries.again(first.id, clock.now, "ratelimited")
    again = next(
        d for d in await store.deliveries.due(("thread",), clock.now, 9) if d.id == first.id
    )
    assert (again.attempts, again.error) == (1, "ratelimited")
    await store.deliveries.delivered(again.id, clock.now)
    await store.deliveries.failed(again.id, clock.now, "too late to fail")
    kept = next(d for d in await store.deliveries.of(id_) if d.id == first.id)
    assert kept.state == "delivered"


async def test_keys_are_stored_hashed_and_die_when_revoked(store: Store) -> None:
    key = await store.services.add("payments", owners=("lena",), callback_hosts=("pay.example",))
    found = await store.services.by_key_hash(key_hash(key))
    assert found is not None
    assert (found.service, found.owners) == ("payments", ("lena",))
    dump = await store.database.reader.rows("SELECT * FROM service_keys")
    assert key not in str(dump)
    second = await store.services.add("payments")
    assert await store.services.revoke("payments") == 2
    for old in (key, second):
        assert await store.services.by_key_hash(key_hash(old)) is None


async def test_a_slack_request_is_new_once_for_ten_minutes(store: Store, clock: Clock) -> None:
    assert await store.signatures.first_time("v0=abc", clock.now)
    assert not await store.signatures.first_time("v0=abc", clock.now)
    clock.pass_(601)
    assert await store.signatures.first_time("v0=abc", clock.now)


async def test_callback_secrets_are_the_services_own(store: Store) -> None:
    await store.services.add("payments")
    secret = await store.services.secret("payments")
    assert secret is not None
    assert secret.startswith("whsec_")
    assert await store.services.callback_secrets("payments") == (secret,)
    assert await store.services.secret("unknown") is None


async def test_decided_ones_leave_the_pending_list(store: Store, clock: Clock) -> None:
    first, second = await fill(store, clock, 2)
    await store.writer.submit(a_vote(first))
    assert [e.id for e in await store.reads.pending()] == [second]
    assert [e.id for e in await store.reads.unclaimed()] == [first]
    assert [e.status for e in await store.reads.last_decided()] == [Status.APPROVED]


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    upgrade(path)
    upgrade(path)  # twice is once
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db/andon", "not supported yet"),
        ("mysql:///x", "is not sqlite"),
        ("sqlite://", "is not sqlite"),
    ],
)
def test_an_unknown_database_address_is_refused_with_what_to_do(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        file_of(url)
