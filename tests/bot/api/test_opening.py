"""Open, join, and everything a request may get wrong."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.canonical import operation_digest
from tests.bot.api.conftest import BODY, World
from tests.building import OPERATION, OPTIONS

SHAPE = {
    "id", "group_id", "kind", "category", "title", "summary", "severity", "environment",
    "reference", "service", "requested_by", "status", "version", "digest", "operation", "options",
    "context", "missing_context", "questions", "requirements", "votes", "decision", "claim",
    "stopped", "outcome", "progress", "dedup_key", "occurrences", "precedents", "policy", "head",
    "created_at", "deadline_at", "claim_until", "decided_at", "overrides", "resolution", "extended",
    "erased",
    "storm",
    "recovery",
    "recalled", "runbooks", "issue", "review",
}  # fmt: skip


async def test_a_new_escalation_is_answered_with_everything_and_its_place(world: World) -> None:
    response = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    made = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == f"/v1/escalations/{made['id']}"
    assert set(made) == SHAPE
    assert (made["status"], made["operation"]["state"]) == ("pending", "held")
    assert made["digest"] == operation_digest(OPERATION, OPTIONS)
    assert made["deadline_at"].endswith("Z")


async def test_the_same_key_and_body_are_answered_200_with_the_same_one(world: World) -> None:
    first = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    shuffled = dict(reversed(BODY.items()))
    again = await world.call("POST", "/v1/escalations", shuffled, Idempotency_Key="k")
    assert (first.status, again.status) == (201, 200)
    assert (await first.json())["id"] == (await again.json())["id"]


async def test_the_same_key_with_another_body_is_a_422_that_names_it(world: World) -> None:
    await world.open("k")
    body = {**BODY, "title": "Other"}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    problem = await response.json()
    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert problem["type"] == "/problems/idempotency-key-reused"


async def test_another_service_may_use_the_same_key(world: World) -> None:
    mine = await world.open("k")
    other = await world.call("POST", "/v1/escalations", BODY, service="other", Idempotency_Key="k")
    assert other.status == 201
    assert (await other.json())["id"] != mine["id"]


async def test_without_an_idempotency_key_nothing_is_opened(world: World) -> None:
    response = await world.call("POST", "/v1/escalations", BODY)
    assert response.status == 400
    assert "Idempotency-Key" in (await response.json())["detail"]


async def test_an_equal_question_joins_and_counts(world: World) -> None:
    first = await world.open("k1", dedup_key="d")
    joined = await world.open("k2", dedup_key="d")
    assert (joined["id"], joined["occurrences"]) == (first["id"], 2)


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "staging", "approvers": ["platform-oncall"]},
        {"requested_by": {"id": "dana@example.com"}},
        {"approvers": ["database-admin"]},
        {"operation": {"name": "another"}},
        {"category": "service_health"},
        {"callback_url": "https://service.example/andon"},
    ],
)
async def test_one_approval_never_covers_another_question(
    world: World, change: dict[str, Any]
) -> None:
    first = await world.open("k1", dedup_key="d")
    second = await world.open("k2", dedup_key="d", **change)
    assert second["id"] != first["id"]
    assert second["group_id"] == first["group_id"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": None}, "/title"),
        ({"title": ""}, "/title"),
        ({"title": "x" * 151}, "/title"),
        ({"surprise": 1}, "/surprise"),
        ({"category": "Not A Slug"}, "/category"),
        ({"severity": "urgent"}, "/severity"),
        ({"operation": {"name": "x", "extra": 1}}, "/operation/extra"),
        ({"operation": {"name": "x", "target": "Too Long For A Target!"}}, "/operation/target"),
        ({"options": OPTIONS[:1]}, "/options"),
        ({"options": [*OPTIONS, OPTIONS[0]]}, "/options/2/key"),
        ({"approvers": ["nobody"]}, "/approvers/0"),
        ({"callback_url": "https://elsewhere.example/x"}, "/callback_url"),
        ({"callback_url": "http://service.example/x"}, "/callback_url"),
        ({"callback_url": "http://127.0.0.1:8/x"}, "/callback_url"),
        ({"callback_url": "https://u:p@service.example/x"}, "/callback_url"),
        ({"decide_within_s": 10_000_000}, "/decide_within_s"),
        ({"decide_within_s": 100_000}, "/decide_within_s"),
        ({"options": [OPTIONS[0], {**OPTIONS[0], "key": "b", "label": "B"}]}, "/options"),
        ({"kind": "incident"}, "/operation"),
        ({"kind": "incident"}, "/options"),
        ({"kind": "accident"}, "/kind"),
    ],
)
async def test_what_is_wrong_is_named_by_its_place(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    body = {**BODY, **change}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    problem = await response.json()
    assert response.status == 422
    assert pointer in {e["pointer"] for e in problem["errors"]}, problem


async def test_a_callback_host_must_be_allowed_by_the_service_and_by_the_settings(
    world: World,
) -> None:
    world.keys["wide"] = await world.store.services.add(
        "wide", callback_hosts=("only-the-service.example",)
    )
    asked = (("other", "service.example"), ("wide", "only-the-service.example"))
    for service, host in asked:
        body = {**BODY, "callback_url": f"https://{host}/andon"}
        response = await world.call(
            "POST", "/v1/escalations", body, service=service, Idempotency_Key="k"
        )
        errors = (await response.json())["errors"]
        assert (response.status, errors[0]["pointer"]) == (422, "/callback_url")


async def test_without_rule_or_approvers_nobody_could_decide_and_it_is_refused(
    world: World,
) -> None:
    body = {**BODY, "environment": "staging", "category": "deployment"}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    assert "nobody could decide" in (await response.json())["errors"][0]["detail"]


async def test_two_people_are_refused_when_nobody_says_who_asks(world: World) -> None:
    body = {**BODY, "category": "large_transaction"}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    assert (await response.json())["errors"][0]["pointer"] == "/requested_by"


async def test_an_operation_nobody_could_read_is_refused_with_what_to_do(world: World) -> None:
    body = {**BODY, "operation": {"name": "x", "arguments": {"sql": "x" * 60_001}}}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    assert "Too long for a person to read" in (await response.json())["errors"][0]["detail"]


async def test_several_releases_must_each_say_what_they_run(world: World) -> None:
    options = [OPTIONS[0], {**OPTIONS[0], "key": "second", "label": "Twice"}, OPTIONS[1]]
    body = {**BODY, "options": options}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    problem = await response.json()
    assert [e["pointer"] for e in problem["errors"]] == [
        "/options/0/arguments",
        "/options/1/arguments",
    ]


async def test_secrets_never_reach_the_store_and_the_digest_is_over_the_original(
    world: World,
) -> None:
    token = "ghp_" + "a1B2" * 9
    operation = {"name": "x", "arguments": {"password": "hunter2", "argv": ["x", token]}}
    made = await world.open(operation=operation, context={"user_impact": f"see {token}"})
    assert made["digest"] == operation_digest(operation, OPTIONS)
    assert made["operation"]["redacted"] == ["/arguments/password", "/arguments/argv/1"]
    rows = await world.store.database.reader.rows("SELECT body FROM escalations")
    bodies = await world.store.database.reader.rows("SELECT text FROM event_bodies")
    assert "hunter2" not in str(rows) + str(bodies)
    assert token not in str(rows) + str(bodies)


async def test_what_the_policy_shows_is_not_hidden(world: World) -> None:
    money = {"amount_minor": 9_000_000, "currency": "EUR", "account": "DE02120300000000202051"}
    made = await world.open(
        category="large_transaction",
        requested_by={"id": "lena@example.com"},
        operation={"name": "transfer", "money": money},
    )
    assert made["operation"]["money"]["account"] == money["account"]
    assert made["requirements"] == [{"group": "finance-approvers", "needed": 2, "have": {}}]


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"4"])
async def test_a_body_that_is_no_object_is_refused(world: World, raw: bytes) -> None:
    response = await world.post(raw)
    assert (response.status, (await response.json())["errors"][0]["pointer"]) == (422, "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    field=st.sampled_from(sorted({*BODY, "context", "requested_by", "approvers", "dedup_key"})),
    value=json_values,
    inner=st.sampled_from(["", "name", "arguments", "error", "id"]),
)
def test_no_body_whatever_makes_the_server_fail(field: str, value: Any, inner: str) -> None:
    """Checked on the models and the command alone: nothing but a problem may come out."""
    from bot.api.door import validated
    from bot.api.models import OpenIn
    from bot.api.problems import ProblemError

    body: dict[str, Any] = json.loads(json.dumps(BODY))
    body[field] = {inner: value} if inner else value
    with suppress(ProblemError):
        assert validated(OpenIn, body).category


async def test_context_is_added_and_makes_older_cards_stale(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}/context"
    response = await world.call("POST", path, {"rollback": "downgrade -1"})
    told = await response.json()
    assert told["context"]["rollback"] == "downgrade -1"
    assert told["missing_context"] == ["user_impact", "runbook"]
    assert told["version"] == made["version"] + 1
    assert told["digest"] == made["digest"]


async def test_many_opens_at_once_are_all_durable(world: World) -> None:
    made = await asyncio.gather(*(world.open(f"k{n}") for n in range(40)))
    found = [await world.store.reads.escalation(m["id"]) for m in made]
    assert all(e is not None for e in found)


TOKEN = "gh" + "p_" + "a1b2" * 8


@pytest.mark.parametrize(
    ("pointer", "changes"),
    [
        ("/environment", {"environment": TOKEN}),
        ("/category", {"category": TOKEN}),
        ("/approvers/0", {"approvers": [TOKEN]}),
        ("/callback_url", {"callback_url": f"https://hooks.example/?token={TOKEN}"}),
        ("/options/1/key", {"options": [OPTIONS[0], {**OPTIONS[1], "key": TOKEN}]}),
    ],
)
async def test_a_name_that_looks_like_a_secret_is_refused_for_names_are_kept_as_they_are(
    world: World, pointer: str, changes: dict[str, Any]
) -> None:
    response = await world.call("POST", "/v1/escalations", {**BODY, **changes}, Idempotency_Key="k")
    problem = await response.json()
    assert response.status == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert problem["errors"][0]["detail"].startswith("This looks like a secret; ")
    assert TOKEN not in json.dumps(problem)
