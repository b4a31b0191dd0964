"""Waiting: parked until the commit that concerns it, woken by time too, and cheap to repeat."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from bot.api import reading
from storage.work import SqlCards
from tests.bot.api.conftest import BODY, World, a_world
from tests.bot.api.test_reading_and_taking import parked
from tests.building import a_vote


def waiting(
    world: World, id_: str, query: str = "", **headers: str
) -> asyncio.Task[ClientResponse]:
    """A read that may be parked."""
    return asyncio.create_task(world.call("GET", f"/v1/escalations/{id_}{query}", **headers))


async def told(response: ClientResponse) -> dict[str, Any]:
    """The escalation as answered."""
    return dict(await response.json())


async def test_the_version_is_the_tag_of_every_answer_about_an_escalation(world: World) -> None:
    opened = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    made = await told(opened)
    path = f"/v1/escalations/{made['id']}"
    more = await world.call("POST", f"{path}/context", {"rollback": "downgrade -1"})
    read = await world.call("GET", path)
    await world.store.writer.submit(a_vote(made["id"], shown=1))
    await world.claim(made["id"], made["digest"])
    done = await world.call("POST", f"{path}/outcome", {"result": "succeeded"})
    for response in (opened, more, read, done):
        assert response.headers["ETag"] == f'"{(await told(response))["version"]}"'


@pytest.mark.parametrize(
    "prefer", ["wait=30", "respond-async, wait=30", 'wait="30"; x', "Wait = 30"]
)
async def test_a_preference_to_wait_is_understood_as_clients_write_it(
    world: World, prefer: str
) -> None:
    made = await world.open()
    asked = waiting(world, made["id"], Prefer=prefer)
    await parked(world)
    await world.store.writer.submit(a_vote(made["id"], option="leave"))
    response = await asked
    assert response.headers["Preference-Applied"] == "wait=30"
    assert (await told(response))["status"] == "rejected"


async def test_nobody_waits_longer_than_the_longest_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST_WAIT", 1)
    made = await world.open()
    response = await waiting(world, made["id"], "?wait=86400")
    assert response.headers["Preference-Applied"] == "wait=1"


async def test_a_wait_that_ends_without_news_is_a_304_for_who_knows_and_a_200_for_who_does_not(
    world: World,
) -> None:
    made = await world.open()
    tag = f'"{made["version"]}"'
    knows, asks = await asyncio.gather(
        waiting(world, made["id"], "?wait=1", If_None_Match=tag),
        waiting(world, made["id"], "?wait=1"),
    )
    assert (knows.status, asks.status) == (304, 200)
    assert (await told(asks))["status"] == "pending"


async def test_what_is_decided_already_is_answered_at_once(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    response = await waiting(world, made["id"], "?wait=30")
    assert (await told(response))["status"] == "approved"


async def test_a_vote_that_does_not_decide_wakes_only_who_follows_the_version(
    world: World,
) -> None:
    made = await world.open(
        category="large_transaction", requested_by={"id": "lena@example.com"}, title="Pay"
    )
    follows = waiting(world, made["id"], "?wait=30", If_None_Match=f'"{made["version"]}"')
    decides = waiting(world, made["id"], "?wait=30")
    async with asyncio.timeout(5):
        while world.waiters.count < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await world.store.writer.submit(a_vote(made["id"], "UMIA"))
    first = await told(await follows)
    assert (first["status"], first["requirements"][0]["have"]) == ("pending", {"retry": 1})
    assert not decides.done()
    await world.store.writer.submit(a_vote(made["id"], "UTOM"))
    assert (await told(await decides))["status"] == "approved"


async def test_the_deadline_wakes_a_parked_request_though_no_clock_ticks(world: World) -> None:
    made = await world.open(decide_within_s=1)
    asked = waiting(world, made["id"], "?wait=30")
    await parked(world)
    world.clock.pass_(1)
    async with asyncio.timeout(15):  # long before its own wait is over
        response = await told(await asked)
    assert (response["status"], response["decision"]["by"]) == ("expired", "expiry")


async def test_while_it_is_parked_and_when_it_is_woken_the_store_is_asked_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody polls: the commit itself brings what is answered."""
    made = await world.open()
    asked = waiting(world, made["id"], "?wait=30")
    await parked(world)
    questions: list[str] = []
    for link in {id(one): one for one in (world.store.database.reader for _ in range(8))}.values():
        monkeypatch.setattr(link, "rows", _noting(questions))
    await world.approve(made["id"])
    assert (await told(await asked))["status"] == "approved"
    assert questions == []


def _noting(questions: list[str]) -> Callable[..., Awaitable[list[Any]]]:
    """In place of a link's `rows`: what is asked is noted, and nothing is found."""

    async def rows(sql: str, values: Sequence[Any] = ()) -> list[Any]:
        questions.append(sql)
        return []

    return rows


async def test_a_caller_that_goes_away_leaves_nothing_parked(world: World) -> None:
    made = await world.open()
    asked = waiting(world, made["id"], "?wait=30")
    await parked(world)
    asked.cancel()
    async with asyncio.timeout(5):
        while world.waiters.count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_hundred_parked_requests_are_all_woken_by_one_commit(world: World) -> None:
    made = await world.open()
    asked = [waiting(world, made["id"], "?wait=30") for _ in range(100)]
    async with asyncio.timeout(10):
        while world.waiters.count < 100:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await world.approve(made["id"])
    statuses = {(await told(r))["status"] for r in await asyncio.gather(*asked)}
    assert statuses == {"approved"}


async def test_the_list_lets_time_pass_before_it_filters(world: World) -> None:
    made = await world.open()
    world.clock.pass_(4 * 3600)
    pending = await (await world.call("GET", "/v1/escalations?status=pending")).json()
    expired = await (await world.call("GET", "/v1/escalations?status=expired")).json()
    assert pending["items"] == []
    assert [e["id"] for e in expired["items"]] == [made["id"]]


async def test_pages_follow_the_link_without_gap_or_repeat_while_new_ones_arrive(
    world: World,
) -> None:
    made = [(await world.open(f"k{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    path, pages = "/v1/escalations?limit=2&kind=approval", 0
    while path:
        response = await world.call("GET", path)
        seen += [e["id"] for e in (await response.json())["items"]]
        link = response.headers.get("Link", "")
        assert not link or link.endswith('; rel="next"')
        assert not link or "kind=approval" in link
        path, pages = link.partition("<")[2].partition(">")[0], pages + 1
        await world.open(f"late{pages}")
        world.clock.pass_(1)
    assert sorted(seen) == sorted(made)


async def test_what_is_committed_between_reading_and_parking_is_heard(world: World) -> None:
    """Whoever listens first and reads then misses nothing, and hears the newest once."""
    made = await world.open()
    with world.waiters.listening(made["id"]) as listener:
        await world.ask(made["id"], "is it tested?")
        await world.ask(made["id"], "by whom?")
        heard = await listener.changed(30)
        assert heard is not None
        assert len(heard.questions) == 2
        assert await listener.changed(0) is None


async def test_whose_time_ends_together_is_woken_together_and_nobody_else(world: World) -> None:
    """They share one timer. Who was told is not woken by it any more."""
    made = await world.open()
    waiters = world.waiters
    with (
        waiters.listening(made["id"]) as first,
        waiters.listening(made["id"]) as second,
        waiters.listening(made["id"]) as longer,
    ):
        asked = [asyncio.create_task(one.changed(0)) for one in (first, second)]
        waits = asyncio.create_task(longer.changed(60))
        assert await asyncio.gather(*asked) == [None, None]
        assert (waiters.count, waits.done()) == (1, False)
        await world.ask(made["id"])
        heard = await waits
        assert heard is not None
        assert (waiters.count, await longer.changed(0)) == (0, None)


async def test_a_caller_that_hangs_up_is_not_waited_for(world: World) -> None:
    """Thousands that come again at once would else be there twice."""
    made = await world.open()
    asked = waiting(world, made["id"], Prefer="wait=60")
    await parked(world)
    asked.cancel()
    async with asyncio.timeout(5):
        while world.waiters.count:  # noqa: ASYNC110  leaving tells nobody
            await asyncio.sleep(0.01)
    assert not world.waiters.are_for(made["id"])


async def test_who_hangs_up_leaves_nothing_behind(world: World) -> None:
    made = await world.open()
    with world.waiters.listening(made["id"]) as listener:
        waits = asyncio.create_task(listener.changed(60))
        await asyncio.sleep(0)
        assert world.waiters.count == 1
        waits.cancel()
        await asyncio.wait({waits})
        assert world.waiters.count == 0
        listener.wake()
    assert not world.waiters.are_for(made["id"])


async def test_who_knows_the_newest_is_not_answered_with_an_older_one(world: World) -> None:
    """News of before the read, told late, is none."""
    made = await world.open()
    await world.ask(made["id"])
    old = await world.store.reads.escalation(made["id"])
    assert old is not None
    await world.ask(made["id"], "by whom?")
    asked = waiting(world, made["id"], "?wait=1", If_None_Match='"3"')
    await parked(world)
    world.waiters.committed([old])
    assert (await asked).status == 304


@pytest.mark.parametrize("among_others", [True, False])
async def test_a_card_that_another_replica_posts_meanwhile_counts_as_delivered(
    tmp_path: Path, migrated: Path, among_others: bool
) -> None:
    """Whoever is alone knows what it posted, and reads nothing before the answer."""
    async with a_world(tmp_path, migrated, among_others=among_others) as world:
        made = await world.open()
        asked = waiting(world, made["id"], "?wait=30")
        await parked(world)
        elsewhere = SqlCards(world.store.database, world.clock)
        (card, *_) = await elsewhere.due(world.clock.now, 9)
        await elsewhere.shown(card, "C1", "1.0", "drawing", 1)
        await world.store.writer.submit(a_vote(made["id"]))
        delivered_at = (await told(await asked))["progress"]["delivered_at"]
    assert (delivered_at is not None) is among_others


async def test_what_is_due_and_cannot_be_done_is_not_asked_for_without_end(world: World) -> None:
    """Just started, nobody is known whom the next stage could call; who waits lets it be."""
    made = await world.open()
    world.clock.pass_(3600)
    world.facts.just_started = True
    asked = await waiting(world, made["id"], "?wait=1")
    assert (await told(asked))["status"] == "pending"
    counted = await (await world.call("GET", "/metrics")).text()
    ticks = [line for line in counted.splitlines() if "commands_total" in line and "tick" in line]
    assert sum(float(line.rpartition(" ")[2]) for line in ticks) <= 4
