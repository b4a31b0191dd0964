"""Open: once per key, joined where it is the same question, refused where it makes no sense."""

from typing import Any

import pytest

from approvals.canonical import operation_digest
from tests.building import OPERATION, OPTIONS
from tests.client.contract.wires import BODY, TROUBLE, Wire, pointers, problem_of


def test_what_is_opened_is_pending_and_says_where_it_is(wire: Wire) -> None:
    response = wire.opening()
    told = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/escalations/{told['id']}"
    assert response.headers["etag"] == f'"{told["version"]}"'
    assert (told["status"], told["operation"]["state"]) == ("pending", "held")
    assert told["digest"] == operation_digest(OPERATION, OPTIONS)
    assert told == wire.read(told["id"]) | {"progress": told["progress"]}


def test_without_options_people_may_approve_or_reject(wire: Wire) -> None:
    told = wire.open(options=...)
    assert told["digest"] == operation_digest(OPERATION, None)
    assert [(o["key"], o["effect"]) for o in told["options"]] == [
        ("approve", "release"),
        ("reject", "abort"),
    ]


def test_the_digest_is_over_what_was_sent_not_over_how_it_is_told(wire: Wire) -> None:
    operation = {"name": "sync", "arguments": {"n": [1.0, 2.50, 1e21, "é", "\U0001f600"]}}
    told = wire.open(operation=operation)
    assert told["digest"] == operation_digest(operation, OPTIONS)


def test_the_same_key_with_the_same_body_is_the_same_escalation(wire: Wire) -> None:
    first = wire.open("k")
    raw = b'{ "title":"Data sync failed 3 \\u0074imes", "environment" : "production",'
    raw += b'"options":[{"effect":"release","label":"Try 3 more times","key":"retry"},'
    raw += b'{"label":"Leave it","effect":"abort","key":"leave"}],"category":"retries_exhausted",'
    raw += b'"operation":{"arguments":{"argv":["sync","--batch","8813"]},"name":"sync_data"}}'
    again = wire.post(raw)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert "location" not in again.headers
    assert again.json()["occurrences"] == 1


def test_the_same_key_with_another_body_is_refused(wire: Wire) -> None:
    wire.open("k")
    other = wire.opening("k", title="Something else")
    assert problem_of(other) == (422, "idempotency-key-reused")


def test_keys_of_services_are_their_own(wire: Wire) -> None:
    mine = wire.open("k")
    theirs = wire.call("POST", "/v1/escalations", BODY, key="other", Idempotency_Key="k")
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine["id"]


def test_a_key_is_remembered_after_the_end(wire: Wire) -> None:
    made = wire.open("k")
    wire.tell(made, "withdraw", {})
    again = wire.opening("k")
    assert (again.status_code, again.json()["status"]) == (200, "withdrawn")


def test_a_refused_open_leaves_its_key_free(wire: Wire) -> None:
    assert pointers(wire.opening("k", approvers=[])) == {"/approvers"}
    assert wire.opening("k").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_is_needed_and_visible(wire: Wire, key: str) -> None:
    headers = {"Idempotency_Key": key} if key else {}
    response = wire.call("POST", "/v1/escalations", BODY, **headers)
    assert problem_of(response) == (400, "idempotency-key-missing")


def test_an_equal_question_under_the_same_dedup_key_joins_while_it_is_pending(wire: Wire) -> None:
    first = wire.open("k1", dedup_key="d", context={"rollback": "none"})
    joined = wire.opening(
        "k2", dedup_key="d", title="Again", context={"user_impact": "checkout is slow"}
    )
    told = joined.json()
    assert (joined.status_code, told["id"], told["occurrences"]) == (200, first["id"], 2)
    assert "location" not in joined.headers
    assert told["context"] == {"rollback": "none", "user_impact": "checkout is slow"}
    assert told["version"] > first["version"]


@pytest.mark.parametrize(
    "change",
    [
        {"requested_by": {"id": "dana@example.com"}},
        {"operation": {**OPERATION, "target": "batch-8814"}},
        {"options": [{**OPTIONS[0], "label": "Try again"}, OPTIONS[1]]},
        {"category": "service_health"},
        {"environment": "Production"},
        {"approvers": ["platform-oncall"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_question_under_the_same_dedup_key_stands_for_itself(
    wire: Wire, change: dict[str, Any]
) -> None:
    first = wire.open("k1", dedup_key="d")
    second = wire.open("k2", dedup_key="d", **change)
    assert second["id"] != first["id"]
    assert (second["group_id"], second["occurrences"]) == (first["group_id"], 1)


def test_nothing_joins_what_is_decided(wire: Wire) -> None:
    first = wire.open("k1", dedup_key="d")
    wire.approve(first["id"])
    assert wire.open("k2", dedup_key="d")["id"] != first["id"]


def test_another_service_never_joins(wire: Wire) -> None:
    first = wire.open("k1", dedup_key="d")
    body = {**BODY, "dedup_key": "d"}
    theirs = wire.call("POST", "/v1/escalations", body, key="other", Idempotency_Key="k")
    assert theirs.json()["id"] != first["id"]


def test_an_incident_holds_nothing(wire: Wire) -> None:
    told = wire.open_incident()
    assert (told["kind"], told["status"], told["operation"], told["options"]) == (
        "incident",
        "pending",
        None,
        [],
    )
    assert told["digest"] == operation_digest(None, [])


@pytest.mark.parametrize("name", ["operation", "options", "claim_within_s"])
def test_an_incident_brings_nothing_to_hold(wire: Wire, name: str) -> None:
    given = {"operation": OPERATION, "options": OPTIONS, "claim_within_s": 60}[name]
    response = wire.call("POST", "/v1/escalations", {**TROUBLE, name: given}, Idempotency_Key="k")
    assert pointers(response) == {f"/{name}"}


OPTION: dict[str, Any] = OPTIONS[0]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"severty": "high"}, {"/severty"}),
        ({"title": ""}, {"/title"}),
        ({"title": "two\nlines"}, {"/title"}),
        ({"title": "x" * 151}, {"/title"}),
        ({"title": ..., "category": ...}, {"/title", "/category"}),
        ({"category": "Schema Migration"}, {"/category"}),
        ({"environment": "prod eu"}, {"/environment"}),
        ({"severity": "urgent"}, {"/severity"}),
        ({"summary": None}, {"/summary"}),
        ({"operation": ...}, {"/operation"}),
        ({"operation": None}, {"/operation"}),
        ({"operation": {}}, {"/operation/name"}),
        ({"operation": {"name": "x", "argv": []}}, {"/operation/argv"}),
        ({"operation": {"name": "x", "target": "A B"}}, {"/operation/target"}),
        ({"operation": {"name": "x", "money": {"amount_minor": 1.5, "currency": "EUR"}}},
         {"/operation/money/amount_minor"}),
        ({"operation": {"name": "x", "money": {"amount_minor": "1", "currency": "eur"}}},
         {"/operation/money/amount_minor", "/operation/money/currency"}),
        ({"operation": {"name": "x", "arguments": {"sql": "x" * 60_001}}},
         {"/operation/arguments"}),
        ({"options": [OPTION]}, {"/options"}),
        ({"options": [OPTION, {**OPTION, "key": "b", "label": "B", "arguments": {"a": 1}}]},
         {"/options", "/options/0/arguments"}),
        ({"options": [OPTION, {**OPTIONS[1], "key": "retry"}]}, {"/options/1/key"}),
        ({"options": [OPTION, {**OPTIONS[1], "label": "try 3  MORE times"}]}, {"/options/1/label"}),
        ({"options": [OPTION, {**OPTIONS[1], "effect": "maybe"}]}, {"/options/1/effect"}),
        ({"options": [{**OPTION, "irreversible": "yes"}, OPTIONS[1]]},
         {"/options/0/irreversible"}),
        ({"requested_by": {"name": "Dana"}}, {"/requested_by/id"}),
        ({"requested_by": {"id": "d", "slack": "dana"}}, {"/requested_by/slack"}),
        ({"context": {"why": "because"}}, {"/context/why"}),
        ({"context": {"error": "it broke"}}, {"/context/error"}),
        ({"context": {"attempts": [{"error": "x"}]}}, {"/context/attempts/0/action"}),
        ({"context": {"runbook": "wiki"}}, {"/context/runbook"}),
        ({"decide_within_s": "60"}, {"/decide_within_s"}),
        ({"decide_within_s": 0}, {"/decide_within_s"}),
        ({"claim_within_s": 30 * 24 * 3600 + 1}, {"/claim_within_s"}),
        ({"dedup_key": " "}, {"/dedup_key"}),
        ({"approvers": []}, {"/approvers"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_place(
    wire: Wire, change: dict[str, Any], where: set[str]
) -> None:
    assert pointers(wire.opening(**change)) == where


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"title": "a", "title": "b"}',
        b'{"title": NaN}',
        b'{"title": 9007199254740993}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\u0000"}',
        b'{"context": ' + b"[" * 70 + b"]" * 70 + b"}",
    ],
)
def test_only_strict_json_is_read(wire: Wire, raw: bytes) -> None:
    assert problem_of(wire.post(raw)) == (400, "not-strict-json")


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"1", b"null"])
def test_a_body_is_an_object(wire: Wire, raw: bytes) -> None:
    assert pointers(wire.post(raw)) == {""}


def test_a_body_has_at_most_a_mebibyte(wire: Wire) -> None:
    raw = b'{"title": "' + b"x" * (1 << 20) + b'"}'
    assert problem_of(wire.post(raw)) == (413, "too-large")


def test_a_body_is_json_and_as_it_is(wire: Wire) -> None:
    form = wire.post(b"title=x", Content_Type="application/x-www-form-urlencoded")
    packed = wire.post(b"{}", Content_Encoding="gzip")
    assert problem_of(form) == (415, "not-json")
    assert problem_of(packed) == (415, "encoded")
