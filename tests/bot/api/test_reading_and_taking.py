"""Waiting, claiming, reporting; and who may see what."""

import asyncio
import re
from typing import Any

import jwt
import pytest
from openapi_spec_validator import validate

from bot.api.models import OpenIn
from bot.api.routes import ROUTES
from tests.bot.api.conftest import World
from tests.building import a_vote


async def parked(world: World) -> None:
    """Until a request is parked."""
    async with asyncio.timeout(5):
        while not world.waiters.count:  # noqa: ASYNC110  parking tells nobody
            await asyncio.sleep(0)


async def test_a_parked_request_returns_with_the_commit_that_decides(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}"
    waiting = asyncio.create_task(world.call("GET", path, Prefer="wait=30"))
    await parked(world)
    await world.approve(made["id"])
    response = await waiting
    assert response.headers["Preference-Applied"] == "wait=30"
    told = await response.json()
    assert (told["status"], told["decision"]["option"]) == ("approved", "retry")
    assert told["votes"][0]["rationale"] == "the firewall rule is gone"


async def test_with_a_known_version_any_change_wakes_also_after_the_decision(
    world: World,
) -> None:
    made = await world.open()
    await world.approve(made["id"])
    now = await world.call("GET", f"/v1/escalations/{made['id']}")
    tag = now.headers["ETag"]
    path = f"/v1/escalations/{made['id']}?wait=30"
    waiting = asyncio.create_task(world.call("GET", path, If_None_Match=tag))
    await parked(world)
    await world.claim(made["id"], made["digest"])
    assert (await (await waiting).json())["operation"]["state"] == "released"


async def test_an_unchanged_version_is_a_304(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}"
    response = await world.call("GET", path, If_None_Match=f'"{made["version"]}"')
    assert response.status == 304


async def test_a_read_past_the_deadline_says_expired_with_a_dead_clock(world: World) -> None:
    made = await world.open()
    world.clock.pass_(4 * 3600)
    told = await (await world.call("GET", f"/v1/escalations/{made['id']}")).json()
    assert (told["status"], told["operation"]["state"]) == ("expired", "aborted")
    assert told["decision"]["by"] == "expiry"


async def test_the_list_shows_nothing_stale_either(world: World) -> None:
    await world.open()
    world.clock.pass_(4 * 3600)
    listed = await (await world.call("GET", "/v1/escalations")).json()
    assert [e["status"] for e in listed["items"]] == ["expired"]


async def test_lists_page_by_a_link(world: World) -> None:
    ids = [(await world.open(f"k{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    path = "/v1/escalations?status=pending&limit=2"
    while path:
        response = await world.call("GET", path)
        seen += [e["id"] for e in (await response.json())["items"]]
        link = response.headers.get("Link", "")
        path = link.partition("<")[2].partition(">")[0]
    assert sorted(seen) == sorted(ids)


async def test_a_claim_gives_a_grant_that_an_independent_library_verifies(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    granted = await (await world.claim(made["id"], made["digest"])).json()
    jwks = await (await world.call("GET", "/.well-known/jwks.json", service="")).json()
    key = jwt.PyJWK({**jwks["keys"][0], "alg": "EdDSA"}).key
    header = jwt.get_unverified_header(granted["grant"])
    assert (header["alg"], header["kid"]) == ("Ed25519", jwks["keys"][0]["kid"])
    claims = _verified(granted["grant"], key)
    assert (claims["sub"], claims["digest"], claims["option"], claims["nonce"]) == (
        made["id"],
        made["digest"],
        "retry",
        "n1",
    )
    assert claims["approvers"] == ["sam"]


def _verified(token: str, key: Any) -> dict[str, Any]:
    """The claims, with the signature checked by the cryptography library alone."""
    import base64
    import json

    head, body, signature = token.split(".")
    padded = [part + "=" * (-len(part) % 4) for part in (body, signature)]
    key.verify(base64.urlsafe_b64decode(padded[1]), f"{head}.{body}".encode())
    return dict(json.loads(base64.urlsafe_b64decode(padded[0])))


async def test_of_32_claims_one_gets_the_grant_and_31_are_told(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    answers = await asyncio.gather(
        *(world.claim(made["id"], made["digest"], f"c{n}") for n in range(32))
    )
    assert sorted(a.status for a in answers) == [200] + [409] * 31
    types = {(await a.json()).get("type") for a in answers if a.status == 409}
    assert types == {"/problems/already-claimed"}


async def test_the_same_claim_again_is_answered_alike(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    first = await (await world.claim(made["id"], made["digest"])).json()
    again = await (await world.claim(made["id"], made["digest"])).json()
    assert first == again


async def test_the_same_claim_key_with_another_nonce_is_a_422(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    await world.claim(made["id"], made["digest"])
    body = {"digest": made["digest"], "nonce": "other"}
    path = f"/v1/escalations/{made['id']}/claim"
    response = await world.call("POST", path, body, Idempotency_Key="c1")
    assert response.status == 422


OTHER = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("story", "digest", "status", "name"),
    [
        ("pending", None, 409, "not-approved"),
        ("pending", OTHER, 409, "digest-mismatch"),
        ("approved", OTHER, 409, "digest-mismatch"),
        ("rejected", None, 409, "not-approved"),
        ("lapsed", None, 410, "lapsed"),
        ("unknown people", None, 503, "people-unknown"),
    ],
)
async def test_a_claim_that_releases_nothing_says_why(
    world: World, story: str, digest: str | None, status: int, name: str
) -> None:
    made = await world.open()
    if story == "rejected":
        await world.store.writer.submit(a_vote(made["id"], option="leave"))
    elif story != "pending":
        await world.approve(made["id"])
    if story == "lapsed":
        world.clock.pass_(901)
    if story == "unknown people":
        world.facts.known = False
    response = await world.claim(made["id"], digest or made["digest"])
    assert (response.status, (await response.json())["type"]) == (status, f"/problems/{name}")
    if status == 503:
        assert response.headers["Retry-After"]


async def test_an_outcome_is_kept_once_and_another_one_refused(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}/outcome"
    early = await world.call("POST", path, {"result": "succeeded"})
    await world.approve(made["id"])
    await world.claim(made["id"], made["digest"])
    first = await world.call("POST", path, {"result": "succeeded", "detail": "4 s"})
    again = await world.call("POST", path, {"result": "succeeded", "detail": "4 s"})
    other = await world.call("POST", path, {"result": "failed"})
    assert [r.status for r in (early, first, again, other)] == [409, 200, 200, 409]
    assert (await again.json())["operation"]["state"] == "succeeded"


async def test_silence_after_the_claim_becomes_unknown_and_a_late_report_counts(
    world: World,
) -> None:
    made = await world.open()
    await world.approve(made["id"])
    await world.claim(made["id"], made["digest"])
    world.clock.pass_(3601)
    told = await (await world.call("GET", f"/v1/escalations/{made['id']}")).json()
    assert told["outcome"]["result"] == "unknown"
    path = f"/v1/escalations/{made['id']}/outcome"
    late = await world.call("POST", path, {"result": "failed", "detail": "disk full"})
    assert (await late.json())["operation"]["state"] == "failed"


async def test_a_question_taken_back_is_over(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}/withdraw"
    gone = await world.call("POST", path, {"reason": "merge worked"})
    again = await world.call("POST", path, {"reason": "merge worked"})
    assert (await gone.json())["status"] == "withdrawn"
    assert (again.status, (await again.json())["type"]) == (409, "/problems/already-terminal")


@pytest.mark.parametrize(
    ("service", "method", "path", "status"),
    [
        ("", "GET", "/v1/escalations", 401),
        ("reader", "POST", "/v1/escalations", 403),
        ("reader", "POST", "/v1/escalations/{id}/claim", 403),
        ("reader", "GET", "/v1/escalations/{id}", 200),
        ("auditor", "GET", "/v1/escalations/{id}", 200),
        ("auditor", "GET", "/v1/escalations/{id}/events", 200),
        ("auditor", "POST", "/v1/escalations/{id}/withdraw", 403),
        ("other", "GET", "/v1/escalations/{id}", 404),
        ("other", "GET", "/v1/escalations/{id}/events", 404),
        ("other", "POST", "/v1/escalations/{id}/withdraw", 404),
        ("other", "POST", "/v1/escalations/{id}/context", 404),
        ("data-sync", "PATCH", "/v1/escalations/{id}", 405),
        ("data-sync", "GET", "/v2", 404),
    ],
)
async def test_everybody_may_do_just_what_their_key_says(
    world: World, service: str, method: str, path: str, status: int
) -> None:
    made = await world.open()
    body = None if method == "GET" else {}
    response = await world.call(
        method, path.replace("{id}", made["id"]), body, service=service, Idempotency_Key="x"
    )
    assert response.status == status, await response.text()
    if status >= 400:
        assert response.content_type == "application/problem+json"


async def test_a_foreign_escalation_looks_just_like_a_missing_one(world: World) -> None:
    made = await world.open()
    foreign = await world.call("GET", f"/v1/escalations/{made['id']}", service="other")
    missing = await world.call("GET", "/v1/escalations/esc_0", service="other")
    assert (foreign.status, await foreign.text()) == (missing.status, await missing.text())


async def test_another_services_claim_is_as_if_it_did_not_exist(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    body = {"digest": made["digest"], "nonce": "n"}
    path = f"/v1/escalations/{made['id']}/claim"
    response = await world.call("POST", path, body, service="other", Idempotency_Key="c")
    assert response.status == 404


async def test_the_audit_log_chains_from_the_first_event(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    told = await (await world.call("GET", f"/v1/escalations/{made['id']}/events")).json()
    kinds = [e["kind"] for e in told["items"]]
    assert kinds == ["escalation:opened", "vote:cast", "escalation:decided"]
    assert [e["prev"] for e in told["items"][1:]] == [e["hash"] for e in told["items"][:-1]]


async def test_the_document_is_valid_and_names_every_route(world: World) -> None:
    document = await (await world.call("GET", "/openapi.json", service="")).json()
    validate(document)
    assert len(document["paths"]) == len({r.path for r in ROUTES})


async def test_the_page_shows_every_route_and_field_and_asks_nobody_outside(world: World) -> None:
    page = await (await world.call("GET", "/docs", service="")).text()
    assert "/v1/escalations/{id}/claim" in page
    for name in OpenIn.model_fields:
        assert f"<code>{name}</code>" in page
    assert not re.search(r"(?:src|href)=['\"]?(?:https?:)?//|<script|@import|url\(", page)


async def test_no_route_but_health_and_documents_is_public(world: World) -> None:
    public = {route.path for route in ROUTES if route.scope is None}
    assert public == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/.well-known/jwks.json",
        "/openapi.json",
        "/docs",
    }
    declared = {(r.method, r.path) for r in ROUTES}
    for resource in world.client.app.router.routes():  # type: ignore[union-attr]
        if resource.method not in ("HEAD", "OPTIONS"):
            info = resource.get_info() if hasattr(resource, "get_info") else {}
            path = str(info.get("path") or info.get("formatter") or resource.resource.canonical)  # type: ignore[union-attr]
            assert any(m == resource.method and _same(p, path) for m, p in declared), path


def _same(declared: str, path: str) -> bool:
    return declared.partition("{")[0] == path.partition("{")[0]


async def test_health_says_what_works(world: World) -> None:
    alive = await world.call("GET", "/healthz", service="")
    ready = await world.call("GET", "/readyz", service="")
    assert (alive.status, ready.status) == (200, 200)
    await world.open()
    world.clock.pass_(3600 + 120)
    late = await world.call("GET", "/readyz", service="")
    assert late.status == 503
    assert (await late.json())["checks"]["clock"] == {"ok": False, "overdue_s": 120.0}


async def test_a_wait_that_is_no_number_is_refused(world: World) -> None:
    made = await world.open()
    response = await world.call("GET", f"/v1/escalations/{made['id']}?wait=long")
    assert response.status == 422
    assert (await response.json())["errors"][0]["pointer"] == "/wait"
