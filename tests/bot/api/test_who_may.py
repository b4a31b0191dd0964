"""Every route against every kind of key: nothing is open that is not declared open."""

import asyncio
from itertools import product
from typing import Any

import pytest

from bot.api import door
from bot.api.routes import ROUTES, Route
from tests.bot.api.conftest import BODY, World

SCOPES = ("open", "read", "claim", "audit", "admin")
GUARDED = [route for route in ROUTES if route.scope]
BODIES: dict[str, Any] = {
    "/v1/escalations": BODY,
    "/v1/automations": {
        "recovery": "restart",
        "category": "service_health",
        "title": "Restart web-3",
        "environment": "production",
        "operation": {"name": "docker restart"},
    },
    "claim": {"digest": "sha256:" + "0" * 64, "nonce": "n"},
    "outcome": {"result": "failed"},
    "withdraw": {},
    "resolve": {"root_cause": "a full disk"},
    "context": {"rollback": "downgrade -1"},
}


def named(route: Route) -> str:
    """A route as a test's name."""
    return f"{route.method} {route.path.partition('{')[0]}{route.path.rpartition('}')[2]}"


async def ask(world: World, route: Route, id_: str, authorization: str) -> tuple[int, str]:
    """Status and problem of a call that is well formed but for who calls."""
    path = route.path.replace("{id:[A-Za-z0-9_]{1,64}}", id_)
    body = BODIES.get(path, BODIES.get(path.rpartition("/")[2])) if route.body else None
    sent = {"Authorization": authorization} if authorization else {}
    response = await world.call(
        route.method, path, body, service="", Idempotency_Key="matrix", **sent
    )
    told = await response.json()
    return response.status, str(told.get("type", ""))


@pytest.mark.parametrize("route", GUARDED, ids=named)
async def test_a_route_is_open_to_its_scope_and_to_no_other(world: World, route: Route) -> None:
    made = await world.open()
    allowed = {route.scope} | ({"audit"} if route.scope == "read" else set())
    for scope in SCOPES:
        key = await world.store.services.add("data-sync", scopes=(scope,))
        status, problem = await ask(world, route, made["id"], f"Bearer {key}")
        expected = scope not in allowed
        assert (problem == "/problems/scope-missing") is expected, (scope, status, problem)
        assert (status == 403) is expected


NOT_KEYS = ("", "Bearer", "Bearer ", "Bearer andon_wrong", "Basic {key}", "{key}", "Bearer {key}x",
            "Bearer {revoked}", "Bearer {swapped}")  # fmt: skip


async def test_without_a_live_key_every_route_is_a_401(world: World) -> None:
    revoked = await world.store.services.add("gone")
    await world.store.services.revoke("gone")
    key = world.keys["data-sync"]
    for route, text in product(GUARDED, NOT_KEYS):
        given = text.format(key=key, revoked=revoked, swapped=key.swapcase())
        answered = await ask(world, route, "esc_0", given)
        assert answered == (401, "/problems/unauthorized"), (named(route), text)


@pytest.mark.parametrize("route", [r for r in GUARDED if "{id" in r.path], ids=named)
async def test_another_services_escalation_is_just_like_a_missing_one(
    world: World, route: Route
) -> None:
    made = await world.open()
    await world.approve(made["id"])
    before = await world.call("GET", f"/v1/escalations/{made['id']}/events")
    key = f"Bearer {world.keys['other']}"
    foreign, missing = [await ask(world, route, i, key) for i in (made["id"], "esc_0")]
    assert foreign == missing == (404, "/problems/not-found")
    after = await world.call("GET", f"/v1/escalations/{made['id']}/events")
    assert await before.text() == await after.text()


async def test_a_key_that_only_audits_reads_every_service_and_changes_none(world: World) -> None:
    mine = await world.open()
    body = {**BODY, "title": "Theirs"}
    await world.call("POST", "/v1/escalations", body, service="other", Idempotency_Key="k")
    listed = await (await world.call("GET", "/v1/escalations", service="auditor")).json()
    assert {e["service"] for e in listed["items"]} == {"data-sync", "other"}
    for route in (r for r in GUARDED if r.method == "POST"):
        assert (await ask(world, route, mine["id"], f"Bearer {world.keys['auditor']}"))[0] == 403


async def test_a_list_shows_a_service_nothing_of_the_others(world: World) -> None:
    await world.open(dedup_key="shared", reference="CHG-1", title="Very secret title")
    for query in ("", "?dedup_key=shared", "?reference=CHG-1", "?q=secret", "?status=pending"):
        listed = await world.call("GET", f"/v1/escalations{query}", service="other")
        assert await listed.json() == {"items": []}


async def test_the_same_dedup_key_of_another_service_joins_nothing(world: World) -> None:
    mine = await world.open(dedup_key="d")
    body = {**BODY, "dedup_key": "d"}
    theirs = await world.call("POST", "/v1/escalations", body, service="other", Idempotency_Key="k")
    told = await theirs.json()
    assert told["id"] != mine["id"]
    assert told["group_id"] != mine["group_id"]


async def everything(world: World) -> dict[str, Any]:
    """All rows of all tables."""
    read = world.store.database.reader.rows
    tables = [r[0] for r in await read("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: sorted(await read(f"SELECT * FROM {name}"), key=repr) for name in tables}


async def test_no_get_changes_anything(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    await asyncio.sleep(0)
    before = await everything(world)
    for route in ROUTES:
        if route.method == "GET":
            path = route.path.replace("{id:[A-Za-z0-9_]{1,64}}", made["id"])
            response = await world.call("GET", path)
            assert response.status == 200, path
    assert await everything(world) == before


METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST", "GET")


async def test_what_a_route_does_not_do_is_a_405_that_says_what_it_does(world: World) -> None:
    for template, method in product({route.path for route in ROUTES}, METHODS):
        path = template.replace("{id:[A-Za-z0-9_]{1,64}}", "esc_0")
        does = {r.method for r in ROUTES if r.path == template}
        if method in does:
            continue
        response = await world.client.request(method, path)
        assert response.status == 405, (method, path)
        assert set(response.headers["Allow"].split(",")) == does
        assert response.content_type == "application/problem+json"
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_a_browser_of_another_origin_is_given_no_leave(world: World) -> None:
    sent = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    asked = await world.client.options("/v1/escalations", headers=sent)
    got = await world.call("GET", "/v1/escalations", Origin="https://evil.example")
    for response in (asked, got):
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_a_revoked_key_is_refused_once_the_server_looks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.call("GET", "/v1/escalations", service="other")
    await world.store.services.revoke("other")
    monkeypatch.setattr(door, "KEY_TTL_S", 0.0)
    after = await world.call("GET", "/v1/escalations", service="other")
    assert (first.status, after.status) == (200, 401)
