"""Automations over HTTP: recorded before they run, answered with what to do where people decide."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from approvals.canonical import sha256_of
from tests.bot.api.conftest import BODY, World

RESTART: dict[str, Any] = {
    "recovery": "restart",
    "category": "service_health",
    "title": "Restart web-3",
    "environment": "production",
    "operation": {"name": "docker restart", "target": "web-3", "arguments": {"argv": ["web-3"]}},
}


async def automate(world: World, key: str = "a1", **changes: Any) -> ClientResponse:
    """A service is about to recover by itself."""
    body = {**RESTART, **changes}
    return await world.call("POST", "/v1/automations", body, Idempotency_Key=key)


async def told(response: ClientResponse, status: int) -> dict[str, Any]:
    """What was answered, with this status."""
    assert response.status == status, await response.text()
    return dict(await response.json())


async def test_it_is_answered_once_it_is_on_the_record(world: World) -> None:
    response = await automate(world)
    made = await told(response, 201)
    assert response.headers["Location"] == f"/v1/escalations/{made['id']}"
    assert (made["kind"], made["recovery"], made["severity"]) == ("automation", "restart", "low")
    assert (made["status"], made["operation"]["state"]) == ("approved", "released")
    assert (made["decision"]["by"], made["decision"]["effect"]) == ("policy", "release")
    assert (made["votes"], made["requirements"], made["missing_context"]) == ([], [], [])
    assert made["digest"] == sha256_of({"operation": RESTART["operation"], "options": []})
    assert await world.read(made["id"]) == made


async def test_its_outcome_is_reported_like_any_other(world: World) -> None:
    made = await told(await automate(world), 201)
    path = f"/v1/escalations/{made['id']}/outcome"
    ended = await world.call("POST", path, {"result": "failed", "detail": "still does not answer"})
    assert (await told(ended, 200))["operation"]["state"] == "failed"
    refused = await told(await automate(world, "a2"), 409)
    assert refused["type"] == "/problems/turned-manual"
    assert "`automation:restart`" in refused["detail"]


async def test_it_has_no_release_to_take(world: World) -> None:
    made = await told(await automate(world), 201)
    refused = await told(await world.claim(made["id"], made["digest"]), 409)
    assert refused["type"] == "/problems/not-held"


async def test_the_same_key_is_the_same_record(world: World) -> None:
    first, again = [await automate(world) for _ in range(2)]
    assert (await told(first, 201))["id"] == (await told(again, 200))["id"]
    other = await told(await automate(world, title="Restart web-4"), 422)
    assert other["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"category": "schema_migration"}, "/category"),
        ({"category": "deployment"}, "/category"),
        ({"category": "of_its_own"}, "/category"),
        ({"recovery": "migration"}, "/recovery"),
        (
            {"operation": {"name": "x", "arguments": {"sql": "DROP TABLE t"}}},
            "/operation/arguments/sql",
        ),
        (
            {"operation": {"name": "x", "money": {"amount_minor": 1, "currency": "EUR"}}},
            "/operation/money",
        ),
    ],
)
async def test_what_people_decide_is_a_422_that_names_the_place(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    refused = await told(await automate(world, **change), 422)
    assert refused["type"] == "/problems/not-automatable"
    assert [e["pointer"] for e in refused["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"recovery": "Restart!"}, "/recovery"),
        ({"options": []}, "/options"),
        ({"kind": "approval"}, "/kind"),
        ({"dedup_key": "mine"}, "/dedup_key"),
        ({"callback_url": "https://service.example/a"}, "/callback_url"),
    ],
)
async def test_what_is_wrong_is_named_by_its_place(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    refused = await told(await automate(world, **change), 422)
    assert refused["type"] == "/problems/unprocessable"
    assert [e["pointer"] for e in refused["errors"]] == [pointer]


async def test_no_escalation_is_opened_as_one(world: World) -> None:
    """There is one way to it, and it asks for what an automation has to say."""
    body = {**BODY, "kind": "automation"}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    refused = await told(response, 422)
    assert refused["errors"][0] == {
        "pointer": "/kind",
        "detail": "It asks nobody: send it to `POST /v1/automations`.",
    }


async def test_secrets_are_hidden_and_named(world: World) -> None:
    operation = {"name": "restart", "arguments": {"password": "hunter2"}}
    made = await told(await automate(world, operation=operation), 201)
    assert made["operation"]["redacted"] == ["/arguments/password"]
    assert "hunter2" not in str(made)


async def test_lists_find_them_by_kind_and_breaker(world: World) -> None:
    made = await told(await automate(world), 201)
    await world.open()
    for query in ("kind=automation", "dedup_key=automation:restart", "category=service_health"):
        listed = await told(await world.call("GET", f"/v1/escalations?{query}"), 200)
        assert [e["id"] for e in listed["items"]] == [made["id"]]


async def test_it_counts_as_an_open_of_its_minute(world: World) -> None:
    response = await automate(world)
    assert '"opens"' in response.headers["RateLimit-Policy"]
