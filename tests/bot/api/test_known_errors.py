"""Known errors over HTTP: each service its own, kept as long as they stand."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from approvals.memory.remembering import Remembered
from approvals.ports import StoreError
from approvals.words import Recovery
from bot.api.known import KEPT_S, Confirmed
from tests.approvals.memory.test_known_errors import row
from tests.bot.api.conftest import World, a_world

PATH = "/v1/known-errors"
TIMEOUT: dict[str, Any] = {
    "service": "data-sync",
    "error_type": "ConnectTimeout",
    "message": "warehouse-db:<n> after <n> s",
    "recovery": "restart",
    "steps": "Restart the pool, then look at the firewall.",
    "escalation": "esc_1",
    "reviewed_at": "2026-11-13T21:30:00.000000Z",
}


class Shelf:
    """What reviews confirmed, put there by hand."""

    def __init__(self) -> None:
        self.rows: list[Remembered] = [row(), row("esc_2", service="other")]
        self.reads, self.is_away = 0, False

    async def known(self, limit: int = 500) -> tuple[Remembered, ...]:
        """As the port says it."""
        if self.is_away:
            raise StoreError
        self.reads += 1
        return tuple(self.rows[:limit])


@pytest.fixture
def shelf() -> Shelf:
    """Two services with one each."""
    return Shelf()


@pytest.fixture
async def world(tmp_path: Path, migrated: Path, shelf: Shelf) -> AsyncIterator[World]:
    """A server that knows errors."""

    async def rows() -> Sequence[Remembered]:
        return await shelf.known()

    async with a_world(tmp_path, migrated, known_errors=rows) as made:
        yield made


async def test_a_service_is_told_its_own_and_an_auditor_all(world: World) -> None:
    response = await world.call("GET", PATH)
    assert response.status == 200
    assert await response.json() == {"items": [TIMEOUT]}
    assert response.headers["Cache-Control"] == "private, max-age=60"
    every = await (await world.call("GET", PATH, service="auditor")).json()
    assert [one["service"] for one in every["items"]] == ["data-sync", "other"]


async def test_it_takes_the_scope_to_read(world: World) -> None:
    assert (await world.call("GET", PATH, service="reader")).status == 200
    refused = await world.call("GET", PATH, service="admin")
    assert (refused.status, (await refused.json())["type"]) == (403, "/problems/scope-missing")


async def test_what_has_not_changed_is_not_sent_again(world: World, shelf: Shelf) -> None:
    tag = (await world.call("GET", PATH)).headers["ETag"]
    for sent in (tag, f'"another", W/{tag}', "*"):
        same = await world.call("GET", PATH, If_None_Match=sent)
        assert (same.status, await same.read(), same.headers["ETag"]) == (304, b"", tag)
    shelf.rows.append(row("esc_3", 2))
    changed = await world.call("GET", PATH, If_None_Match=tag)
    assert changed.status == 200
    assert [one["escalation"] for one in (await changed.json())["items"]] == ["esc_3"]
    assert changed.headers["ETag"] != tag


async def test_another_policy_lets_another_recovery_run(world: World) -> None:
    tag = (await world.call("GET", PATH)).headers["ETag"]
    automation = world.facts.policy.automation.model_copy(update={"allow": (Recovery.CACHE,)})
    world.facts.policy = world.facts.policy.model_copy(update={"automation": automation})
    less = await world.call("GET", PATH, If_None_Match=tag)
    assert (await less.json()) == {"items": [TIMEOUT | {"recovery": None}]}


async def test_a_store_that_is_away_is_a_problem_that_passes(world: World, shelf: Shelf) -> None:
    shelf.is_away = True
    response = await world.call("GET", PATH)
    assert (response.status, (await response.json())["type"]) == (503, "/problems/not-saved")


async def test_many_who_ask_read_once_in_a_while(shelf: Shelf) -> None:
    now = 100.0
    confirmed = Confirmed(shelf, lambda: now)  # type: ignore[arg-type]
    assert list(await confirmed()) == shelf.rows
    now += KEPT_S - 1
    await confirmed()
    assert shelf.reads == 1
    now += 1
    await confirmed()
    assert shelf.reads == 2
