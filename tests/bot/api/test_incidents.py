"""Incidents over HTTP: opened, joined, read, resolved, recovered; nothing of them is held."""

from typing import Any

import pytest

from approvals.canonical import sha256_of
from tests.bot.api.conftest import TROUBLE, World

OVER = {"root_cause": "a full disk", "by_hand": "deleted old logs", "automatable": True}


async def test_an_incident_is_opened_with_nothing_held(world: World) -> None:
    made = await world.open_incident()
    assert (made["kind"], made["status"], made["severity"]) == ("incident", "pending", "medium")
    assert (made["operation"], made["options"], made["decision"]) == (None, [], None)
    assert made["digest"] == sha256_of({"operation": None, "options": []})
    assert made["missing_context"] == ["user_impact", "runbook"]
    assert made["requirements"] == [{"group": "platform-oncall", "needed": 1, "have": {}}]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"operation": {"name": "x"}}, "/operation"),
        ({"operation": None}, "/operation"),
        ({"claim_within_s": 60}, "/claim_within_s"),
        ({"options": []}, "/options"),
        (
            {
                "options": [
                    {"key": "a", "label": "A", "effect": "release"},
                    {"key": "b", "label": "B", "effect": "abort"},
                ]
            },
            "/options",
        ),
        ({"title": ""}, "/title"),
    ],
)
async def test_what_an_incident_cannot_have_is_named_by_its_place(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    body = {**TROUBLE, **change}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    assert pointer in {e["pointer"] for e in (await response.json())["errors"]}


async def test_incidents_that_read_alike_are_one(world: World) -> None:
    first = await world.open_incident("i1")
    error = {"type": "ConnectTimeout", "message": "web-4:443 after 12.5 s"}
    again = await world.open_incident("i2", context={"error": error, "user_impact": "logins fail"})
    assert (again["id"], again["occurrences"]) == (first["id"], 2)
    assert again["context"] == {"error": error, "user_impact": "logins fail"}


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "staging"},
        {"category": "service_outage"},
        {"context": {"error": {"message": "no route to host"}}},
        {"severity": "critical"},
        {"dedup_key": "d"},
    ],
)
async def test_another_incident_is_its_own(world: World, change: dict[str, Any]) -> None:
    first = await world.open_incident("i1")
    assert (await world.open_incident("i2", **change))["id"] != first["id"]


async def test_after_the_end_the_next_one_is_new(world: World) -> None:
    first = await world.open_incident("i1")
    await world.call("POST", f"/v1/escalations/{first['id']}/resolve", OVER)
    second = await world.open_incident("i2")
    assert (second["id"] != first["id"], second["status"]) == (True, "pending")


async def test_the_service_resolves_its_incident(world: World) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/resolve"
    response = await world.call("POST", path, OVER)
    told = await response.json()
    assert (response.status, told["status"]) == (200, "resolved")
    assert response.headers["ETag"] == f'"{told["version"]}"'
    assert told["resolution"] == {
        "by": "service:data-sync",
        "at": "2026-11-12T21:30:00.000000Z",
        **OVER,
    }
    assert (told["decided_at"], told["decision"]) == ("2026-11-12T21:30:00.000000Z", None)
    again = await world.call("POST", path, OVER)
    other = await world.call("POST", path, {**OVER, "root_cause": "the network"})
    assert (again.status, other.status) == (200, 409)
    assert (await other.json())["type"] == "/problems/already-terminal"


async def test_a_root_cause_alone_will_do(world: World) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/resolve"
    told = await (await world.call("POST", path, {"root_cause": " a full disk "})).json()
    ended = told["resolution"]
    assert (ended["root_cause"], ended["by_hand"], ended["automatable"]) == (
        "a full disk",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"root_cause": None}, "/root_cause"),
        ({"root_cause": " x "}, "/root_cause"),
        ({"root_cause": "x" * 1001}, "/root_cause"),
        ({"by_hand": ""}, "/by_hand"),
        ({"by_hand": None}, "/by_hand"),
        ({"automatable": "yes"}, "/automatable"),
        ({"cause": "x"}, "/cause"),
    ],
)
async def test_a_resolution_is_looked_at_closely(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/resolve"
    response = await world.call("POST", path, {**OVER, **change})
    assert response.status == 422
    assert {e["pointer"] for e in (await response.json())["errors"]} == {pointer}


async def test_secrets_that_make_a_root_cause_too_long_are_no_fault_of_ours(world: World) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/resolve"
    long = " ".join(["pwd=x"] * 160)
    response = await world.call("POST", path, {"root_cause": long})
    assert (response.status, (await response.json())["type"]) == (422, "/problems/reason-too-long")


async def test_an_approval_is_not_resolved(world: World) -> None:
    made = await world.open()
    response = await world.call("POST", f"/v1/escalations/{made['id']}/resolve", OVER)
    assert (response.status, (await response.json())["type"]) == (409, "/problems/not-an-incident")


async def test_another_services_incident_looks_like_none(world: World) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/resolve"
    response = await world.call("POST", path, OVER, service="other")
    assert response.status == 404
    assert (await world.read(made["id"]))["status"] == "pending"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("claim", {"digest": "sha256:" + "0" * 64, "nonce": "n"}),
        ("outcome", {"result": "succeeded"}),
    ],
)
async def test_nothing_of_an_incident_is_taken_or_reported(
    world: World, verb: str, body: dict[str, Any]
) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/{verb}"
    response = await world.call("POST", path, body, Idempotency_Key="c")
    told = await response.json()
    assert (response.status, told["type"]) == (409, "/problems/not-held")
    assert "An incident is resolved or withdrawn" in told["detail"]


async def test_what_recovered_by_itself_is_withdrawn(world: World) -> None:
    made = await world.open_incident()
    path = f"/v1/escalations/{made['id']}/withdraw"
    told = await (await world.call("POST", path, {"reason": "it answers again"})).json()
    assert (told["status"], told["decision"]["reason"]) == ("withdrawn", "it answers again")


async def test_a_reader_waits_for_the_end_of_an_incident(world: World) -> None:
    made = await world.open_incident()
    await world.call("POST", f"/v1/escalations/{made['id']}/resolve", OVER)
    told = await world.read(made["id"], Prefer="wait=30")
    assert told["status"] == "resolved"


async def test_lists_tell_incidents_from_approvals_and_the_resolved_from_the_rest(
    world: World,
) -> None:
    approval, done = await world.open(), await world.open_incident("i1")
    waits = await world.open_incident("i2", environment="staging")
    await world.call("POST", f"/v1/escalations/{done['id']}/resolve", OVER)

    async def listed(query: str) -> list[str]:
        response = await world.call("GET", f"/v1/escalations?{query}")
        return [item["id"] for item in (await response.json())["items"]]

    assert await listed("kind=approval") == [approval["id"]]
    assert set(await listed("kind=incident")) == {done["id"], waits["id"]}
    assert await listed("status=resolved") == [done["id"]]
    assert await listed("kind=incident&status=pending") == [waits["id"]]
    assert await listed("kind=approval&status=resolved") == []


async def test_no_secret_of_a_root_cause_is_kept(world: World) -> None:
    made = await world.open_incident()
    body = {"root_cause": "the password=hunter2 leaked", "by_hand": "set token: abc123def"}
    path = f"/v1/escalations/{made['id']}/resolve"
    told = await (await world.call("POST", path, body)).json()
    assert told["resolution"]["root_cause"] == "the password=[hidden: password] leaked"
    files = [file.read_bytes() for file in world.folder.glob("andon.db*")]
    assert not any(b"hunter2" in data or b"abc123def" in data for data in files)
