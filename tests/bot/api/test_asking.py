"""Asking without changing anything: tags, preferences, filters."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot.api.conftest import World, a_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[World]:
    """One server for all of these: none of them changes anything for another."""
    async with a_world(tmp_path_factory.mktemp("shared"), migrated) as made:
        yield made


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"{v}"', 304),
        ("{v}", 304),
        ('W/"{v}"', 304),
        ('"999", "{v}"', 304),
        ("*", 304),
        ('"999"', 200),
        ('"nonsense"', 200),
        ("", 200),
        (",", 200),
    ],
)
async def test_a_known_version_is_answered_304_however_the_tag_is_written(
    world: World, tag: str, status: int
) -> None:
    made = await world.open(category="resource_exhaustion", title="Another")
    path = f"/v1/escalations/{made['id']}"
    response = await world.call("GET", path, If_None_Match=tag.format(v=made["version"]))
    assert response.status == status
    assert response.headers["ETag"] == f'"{made["version"]}"'
    assert (await response.text() == "") is (status == 304)


@pytest.mark.parametrize("prefer", ["wait", "wait=", "wait=soon", "wait=-1", "return=minimal"])
async def test_a_preference_that_cannot_be_read_is_passed_over(world: World, prefer: str) -> None:
    made = await world.open(category="resource_exhaustion", title="Another")
    response = await world.call("GET", f"/v1/escalations/{made['id']}", Prefer=prefer)
    assert response.status == 200
    assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize("query", ["wait=soon", "wait=-1", "wait=1.5", "wait=1&wait=2", "wait="])
async def test_a_query_is_ours_and_strict(world: World, query: str) -> None:
    made = await world.open(category="resource_exhaustion", title="Another")
    response = await world.call("GET", f"/v1/escalations/{made['id']}?{query}")
    assert response.status == 422
    assert (await response.json())["errors"][0]["pointer"] == "/wait"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["sync", "drop", "health"]),
        ("status=pending", ["sync", "drop", "health"]),
        ("status=approved", []),
        ("kind=approval", ["sync", "drop", "health"]),
        ("kind=incident", []),
        ("severity=high", ["health"]),
        ("category=schema_migration", ["drop"]),
        ("reference=CHG-1042", ["drop"]),
        ("dedup_key=nightly", ["sync"]),
        ("q=DATA", ["sync"]),
        ("q=100%25", ["health"]),
        ("q=_", []),
        ("category=schema_migration&reference=other", []),
    ],
)
async def test_a_list_is_filtered_by_what_was_asked(
    world: World, query: str, found: list[str]
) -> None:
    await world.open("f1", dedup_key="nightly", reference="sync")
    await world.open("f2", category="schema_migration", title="Drop a column",
                     reference="CHG-1042", requested_by={"id": "dana"})  # fmt: skip
    await world.open("f3", title="Disk at 100%", severity="high", category="service_health",
                     reference="health")  # fmt: skip
    names = {"sync": "Data sync failed 3 times", "drop": "Drop a column", "health": "Disk at 100%"}
    listed = await (await world.call("GET", f"/v1/escalations?{query}")).json()
    titles = {e["title"] for e in listed["items"]} - {"Another"}
    assert titles == {names[name] for name in found}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=many", "/limit"),
        ("status=over", "/status"),
        ("status=pending&status=expired", "/status"),
        ("stauts=pending", "/stauts"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=WzEsMl0=", "/cursor"),
        ("cursor=eyJhIjoxfQ==", "/cursor"),
        ("cursor=%C3%A9", "/cursor"),
        ("category=Not%20A%20Slug", "/category"),
    ],
)
async def test_a_filter_that_cannot_be_meant_is_named(
    world: World, query: str, pointer: str
) -> None:
    response = await world.call("GET", f"/v1/escalations?{query}")
    assert response.status == 422
    assert pointer in {e["pointer"] for e in (await response.json())["errors"]}
