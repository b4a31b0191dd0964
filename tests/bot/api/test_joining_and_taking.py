"""Same key, same answer; equal questions join; the release is given once and said why not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from approvals import commands
from approvals.canonical import DEFAULT_OPTIONS, operation_digest
from approvals.commands import Actor
from approvals.policy.load import parse_policy
from bot.ids import new_id
from tests.bot.api.conftest import BODY, World
from tests.building import OPERATION, OPTIONS, SAMPLE, a_vote

PAY: dict[str, Any] = {
    "category": "large_transaction",
    "requested_by": {"id": "lena@example.com"},
    "title": "Pay",
}


async def test_the_same_body_in_another_order_and_spacing_is_the_same_body(world: World) -> None:
    made = await world.open("k")
    raw = b'{ "title":"Data sync failed 3 \\u0074imes", "environment" : "production",'
    raw += b'"options":[{"effect":"release","label":"Try 3 more times","key":"retry"},'
    raw += b'{"label":"Leave it","effect":"abort","key":"leave"}],"category":"retries_exhausted",'
    raw += b'"operation":{"arguments":{"argv":["sync","--batch","8813"]},"name":"sync_data"}}'
    again = await world.post(raw)
    assert (again.status, (await again.json())["id"]) == (200, made["id"])
    assert "Location" not in again.headers


async def test_the_key_is_remembered_after_the_end(world: World) -> None:
    made = await world.open("k")
    await world.call("POST", f"/v1/escalations/{made['id']}/withdraw", {})
    again = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    assert (again.status, (await again.json())["status"]) == (200, "withdrawn")


async def test_of_many_equal_opens_at_once_one_is_new(world: World) -> None:
    calls = (world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k") for _ in range(16))
    answers = await asyncio.gather(*calls)
    assert sorted(a.status for a in answers) == [200] * 15 + [201]
    assert len({(await a.json())["id"] for a in answers}) == 1


async def test_a_refused_open_leaves_its_key_free(world: World) -> None:
    wrong = await world.call(
        "POST", "/v1/escalations", {**BODY, "approvers": ["nobody"]}, Idempotency_Key="k"
    )
    right = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    assert (wrong.status, right.status) == (422, 201)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other words"},
        {"summary": "more"},
        {"severity": "high"},
        {"context": {"rollback": "none"}},
        {"reference": "CHG-2"},
        {"decide_within_s": 60},
    ],
)
async def test_words_around_the_question_do_not_keep_it_from_joining(
    world: World, change: dict[str, Any]
) -> None:
    first = await world.open("k1", dedup_key="d")
    second = await world.open("k2", dedup_key="d", **change)
    assert (second["id"], second["occurrences"]) == (first["id"], 2)


async def test_a_join_brings_its_context_along_and_is_no_new_place(world: World) -> None:
    first = await world.open("k1", dedup_key="d", context={"rollback": "none"})
    body = {**BODY, "dedup_key": "d", "context": {"user_impact": "checkout is slow"}}
    joined = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k2")
    told = await joined.json()
    assert joined.status == 200
    assert "Location" not in joined.headers
    assert told["context"] == {"rollback": "none", "user_impact": "checkout is slow"}
    assert told["version"] > first["version"]


@pytest.mark.parametrize(
    "change",
    [
        {"requested_by": {"id": "dana@example.com", "name": "Dana"}},
        {"approvers": ["database-admin"]},
        {"operation": {**OPERATION, "target": "batch-8814"}},
        {"options": [{**OPTIONS[0], "label": "Try again"}, OPTIONS[1]]},
        {"category": "service_health"},
        {"callback_url": "https://service.example/elsewhere"},
        {"environment": "Production"},
    ],
)
async def test_another_question_under_the_same_key_stands_for_itself_in_the_same_group(
    world: World, change: dict[str, Any]
) -> None:
    first = await world.open("k1", dedup_key="d", approvers=["platform-oncall"])
    second = await world.open("k2", dedup_key="d", **{"approvers": ["platform-oncall"], **change})
    assert second["id"] != first["id"]
    assert (second["group_id"], second["occurrences"]) == (first["group_id"], 1)


async def test_what_is_decided_is_joined_by_nobody(world: World) -> None:
    first = await world.open("k1", dedup_key="d")
    await world.approve(first["id"])
    second = await world.open("k2", dedup_key="d")
    assert (second["id"] != first["id"], second["status"]) == (True, "pending")


async def test_what_expired_unnoticed_is_joined_by_nobody(world: World) -> None:
    first = await world.open("k1", dedup_key="d")
    world.clock.pass_(4 * 3600)
    second = await world.open("k2", dedup_key="d")
    assert (second["id"] != first["id"], second["status"]) == (True, "pending")


async def test_without_options_the_default_ones_are_digested(world: World) -> None:
    body = {name: value for name, value in BODY.items() if name != "options"}
    left_out = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k1")
    spelt_out = await world.open("k2", options=[dict(o) for o in DEFAULT_OPTIONS])
    told = await left_out.json()
    assert told["digest"] == operation_digest(OPERATION, None) == spelt_out["digest"]
    assert [(o["key"], o["effect"]) for o in told["options"]] == [
        ("approve", "release"),
        ("reject", "abort"),
    ]


@pytest.mark.parametrize("arguments", [[None, None], [{}, {"sql": "x"}], [{"sql": "x"}, None]])
async def test_of_several_releases_each_says_what_it_runs(
    world: World, arguments: list[Any]
) -> None:
    options = [
        {"key": f"o{n}", "label": f"Go {n}", "effect": "release"}
        | ({} if given is None else {"arguments": given})
        for n, given in enumerate(arguments)
    ]
    body = {**BODY, "options": [*options, OPTIONS[1]]}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    wrong = [f"/options/{n}/arguments" for n, given in enumerate(arguments) if not given]
    assert [e["pointer"] for e in (await response.json())["errors"]] == wrong


Story = Callable[[World, str], Awaitable[Any]]


async def pending(world: World, id_: str) -> None:
    """Nobody has said anything."""


async def approved(world: World, id_: str) -> None:
    """Sam says yes."""
    await world.approve(id_)


async def rejected(world: World, id_: str) -> None:
    """Sam says no."""
    await world.store.writer.submit(a_vote(id_, option="leave"))


async def withdrawn(world: World, id_: str) -> None:
    """The service takes it back."""
    await world.call("POST", f"/v1/escalations/{id_}/withdraw", {})


async def expired(world: World, id_: str) -> None:
    """Nobody decides in time, and no clock ticks."""
    world.clock.pass_(4 * 3600)


async def lapsed(world: World, id_: str) -> None:
    """Approved, and not taken in time."""
    await world.approve(id_)
    world.clock.pass_(15 * 60)


async def stopped(world: World, id_: str) -> None:
    """Priya stops it after all."""
    await world.approve(id_)
    stop = commands.Stop(id=new_id("cmd"), escalation_id=id_, actor=Actor(account="UPRIYA"))
    await world.store.writer.submit(stop)


async def void(world: World, id_: str) -> None:
    """Sam leaves the group between the vote and the claim."""
    await world.approve(id_)
    left = SAMPLE.replace('members = ["sam", "priya"]', 'members = ["priya"]')
    world.facts.policy = parse_policy(left)


async def unknown(world: World, id_: str) -> None:
    """Slack cannot be asked who is who."""
    await world.approve(id_)
    world.facts.known = False


async def claimed(world: World, id_: str) -> None:
    """Another caller was first."""
    await world.approve(id_)
    await world.claim(id_, operation_digest(OPERATION, OPTIONS), "first")


@pytest.mark.parametrize(
    ("story", "status", "name", "state"),
    [
        (pending, 409, "not-approved", "held"),
        (rejected, 409, "not-approved", "aborted"),
        (withdrawn, 409, "not-approved", "aborted"),
        (expired, 409, "not-approved", "aborted"),
        (stopped, 409, "stopped", "aborted"),
        (void, 409, "approval-void", "aborted"),
        (lapsed, 410, "lapsed", "lapsed"),
        (claimed, 409, "already-claimed", "released"),
        (unknown, 503, "people-unknown", "held"),
    ],
)
async def test_a_claim_that_gets_nothing_has_a_problem_of_its_own(
    world: World, story: Story, status: int, name: str, state: str
) -> None:
    made = await world.open()
    await story(world, made["id"])
    for _ in range(2):
        response = await world.claim(made["id"], made["digest"])
        told = await response.json()
        assert (response.status, told["type"]) == (status, f"/problems/{name}")
        assert "grant" not in told
        assert ("Retry-After" in response.headers) is (status == 503)
    read = await (await world.call("GET", f"/v1/escalations/{made['id']}")).json()
    assert read["operation"]["state"] == state


async def test_when_people_can_be_asked_again_the_same_claim_succeeds(world: World) -> None:
    made = await world.open()
    await unknown(world, made["id"])
    held = await world.claim(made["id"], made["digest"])
    assert held.headers["Retry-After"] == "60"
    world.facts.known = True
    assert (await world.claim(made["id"], made["digest"])).status == 200


async def test_a_claim_of_another_digest_is_refused_and_audited(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    other = operation_digest({**OPERATION, "name": "rm"}, OPTIONS)
    response = await world.claim(made["id"], other)
    assert (response.status, (await response.json())["type"]) == (409, "/problems/digest-mismatch")
    log = await (await world.call("GET", f"/v1/escalations/{made['id']}/events")).json()
    assert log["items"][-1]["kind"] == "refusal:recorded"
    assert other in log["items"][-1]["text"]
    assert (await world.claim(made["id"], made["digest"])).status == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"digest": "sha256:" + "0" * 63}, "/digest"),
        ({"digest": "SHA256:" + "0" * 64}, "/digest"),
        ({"digest": None}, "/digest"),
        ({"nonce": ""}, "/nonce"),
        ({"nonce": "a b"}, "/nonce"),
        ({"nonce": "x" * 256}, "/nonce"),
        ({"option": "retry"}, "/option"),
    ],
)
async def test_a_claim_names_just_a_digest_and_a_nonce(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    made = await world.open()
    body = {"digest": made["digest"], "nonce": "n", **change}
    path = f"/v1/escalations/{made['id']}/claim"
    response = await world.call("POST", path, body, Idempotency_Key="c")
    assert response.status == 422
    assert pointer in {e["pointer"] for e in (await response.json())["errors"]}


async def test_a_claim_needs_a_key(world: World) -> None:
    made = await world.open()
    body = {"digest": made["digest"], "nonce": "n"}
    response = await world.call("POST", f"/v1/escalations/{made['id']}/claim", body)
    assert response.status == 400


async def test_the_same_claim_key_with_another_digest_is_a_422(world: World) -> None:
    made = await world.open()
    await world.approve(made["id"])
    await world.claim(made["id"], made["digest"])
    response = await world.claim(made["id"], "sha256:" + "0" * 64)
    told = await response.json()
    assert (response.status, told["type"]) == (422, "/problems/idempotency-key-reused")


async def test_the_answer_to_a_claim_is_the_same_for_ever(world: World) -> None:
    """Also when the grant is over and the operation reported."""
    made = await world.open()
    await world.approve(made["id"])
    first = await (await world.claim(made["id"], made["digest"])).json()
    world.clock.pass_(24 * 3600)
    again = await (await world.claim(made["id"], made["digest"])).json()
    assert first == again
    assert set(first) == {"grant", "option", "claimed_at", "expires_at"}
    assert (first["claimed_at"], first["expires_at"]) == (
        "2026-11-12T21:30:00.000000Z",
        "2026-11-12T21:35:00.000000Z",
    )


@pytest.mark.parametrize(
    ("story", "status", "name"),
    [(pending, 409, "not-claimed"), (approved, 409, "not-claimed"), (rejected, 409, "not-claimed")],
)
async def test_what_was_not_claimed_has_no_outcome(
    world: World, story: Story, status: int, name: str
) -> None:
    made = await world.open()
    await story(world, made["id"])
    path = f"/v1/escalations/{made['id']}/outcome"
    response = await world.call("POST", path, {"result": "succeeded"})
    assert (response.status, (await response.json())["type"]) == (status, f"/problems/{name}")


@pytest.mark.parametrize("result", ["succeeded", "failed", "unknown"])
async def test_an_outcome_is_told_once_and_repeated_freely(world: World, result: str) -> None:
    made = await world.open()
    await claimed(world, made["id"])
    path = f"/v1/escalations/{made['id']}/outcome"
    body = {"result": result, "detail": "4.1 s", "undo": "alembic downgrade -1"}
    first = await world.call("POST", path, body)
    again = await world.call("POST", path, body)
    other = await world.call("POST", path, {**body, "detail": "5 s"})
    told = await first.json()
    assert [r.status for r in (first, again, other)] == [200, 200, 409]
    assert (await other.json())["type"] == "/problems/outcome-differs"
    assert told["operation"]["state"] == result
    assert {k: told["outcome"][k] for k in body} == body


@pytest.mark.parametrize("story", [approved, rejected, withdrawn, expired, lapsed, claimed])
@pytest.mark.parametrize("verb", ["withdraw", "context"])
async def test_what_is_over_is_neither_taken_back_nor_added_to(
    world: World, story: Story, verb: str
) -> None:
    made = await world.open()
    await story(world, made["id"])
    response = await world.call("POST", f"/v1/escalations/{made['id']}/{verb}", {})
    told = await response.json()
    assert (response.status, told["type"]) == (409, "/problems/already-terminal")


async def test_context_never_touches_the_operation(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}/context"
    refused = await world.call("POST", path, {"operation": {"name": "rm"}})
    told = await (await world.call("POST", path, {"blast_radius": "one table"})).json()
    assert refused.status == 422
    assert (told["digest"], told["operation"]) == (made["digest"], made["operation"])
