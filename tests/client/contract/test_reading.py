"""Who may ask, lists page by page, the audit log, and addresses that are none."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.client.contract.wires import BODY, Wire, pointers, problem_of

CALLS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/escalations", BODY),
    ("GET", "/v1/escalations", None),
    ("GET", "/v1/escalations/{id}", None),
    ("GET", "/v1/escalations/{id}/events", None),
    ("POST", "/v1/escalations/{id}/claim", {"digest": "sha256:" + "0" * 64, "nonce": "n"}),
    ("POST", "/v1/escalations/{id}/outcome", {"result": "failed"}),
    ("POST", "/v1/escalations/{id}/withdraw", {}),
    ("POST", "/v1/escalations/{id}/context", {}),
    ("POST", "/v1/escalations/{id}/resolve", {"root_cause": "a full disk"}),
]
ABOUT_ONE = [call for call in CALLS if "{id}" in call[1]]


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer nobody", "Basic {}", "{}"], ids=lambda g: g or "nothing"
)
@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda c: str(c)[:40])
def test_without_a_live_key_nothing_is_told(
    wire: Wire, method: str, path: str, body: Any, given: str
) -> None:
    headers = {"Idempotency_Key": "k", "Authorization": given.format(wire.key("own"))}
    sent = {name: value for name, value in headers.items() if value}
    response = wire.call(method, path.format(id="esc_1"), body, key="", **sent)
    assert problem_of(response) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "body"), ABOUT_ONE, ids=lambda c: str(c)[:40])
def test_another_services_escalation_looks_like_none(
    wire: Wire, method: str, path: str, body: Any
) -> None:
    made = wire.open()
    told = []
    for key, id_ in (("own", "esc_" + "0" * 32), ("other", made["id"])):
        response = wire.call(method, path.format(id=id_), body, key=key, Idempotency_Key="k")
        assert problem_of(response) == (404, "not-found")
        told.append(response.json())
    assert told[0] == told[1]


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda c: str(c)[:40])
@pytest.mark.parametrize("key", ["reader", "auditor"])
def test_a_key_that_reads_changes_nothing(
    wire: Wire, method: str, path: str, body: Any, key: str
) -> None:
    made = wire.open()
    response = wire.call(method, path.format(id=made["id"]), body, key=key, Idempotency_Key="k")
    if method == "GET":
        assert response.status_code == 200
    else:
        assert problem_of(response) == (403, "scope-missing")
        assert wire.read(made["id"])["version"] == made["version"]


def test_a_list_is_filtered(wire: Wire) -> None:
    first = wire.open("k1", reference="CHG-1", title="Drop the column")
    second = wire.open("k2", category="deployment", dedup_key="d", title="Ship it")
    wire.tell(second, "withdraw", {})
    for query, expected in (
        ("status=pending", [first]),
        ("status=withdrawn", [second]),
        ("status=approved", []),
        ("kind=approval&category=deployment", [second]),
        ("kind=incident", []),
        ("reference=CHG-1", [first]),
        ("dedup_key=d", [second]),
        ("q=DROP", [first]),
        ("q=Drop&category=deployment", []),
    ):
        found = wire.call("GET", f"/v1/escalations?{query}").json()["items"]
        assert [each["id"] for each in found] == [each["id"] for each in expected], query


def test_a_list_lets_time_pass_before_it_is_filtered(wire: Wire) -> None:
    made = wire.open()
    wire.let_pass(4 * 3600)
    assert wire.call("GET", "/v1/escalations?status=pending").json()["items"] == []
    expired = wire.call("GET", "/v1/escalations?status=expired").json()["items"]
    assert [each["id"] for each in expired] == [made["id"]]


def test_pages_follow_the_link_newest_first(wire: Wire) -> None:
    made = [wire.open(f"k{n}")["id"] for n in range(5)]
    seen: list[str] = []
    path = "/v1/escalations?limit=2&kind=approval"
    while path:
        response = wire.call("GET", path)
        seen += [each["id"] for each in response.json()["items"]]
        link = response.headers.get("link", "")
        assert not link or link.endswith('; rel="next"')
        path = link.partition("<")[2].partition(">")[0]
        kept = parse_qs(urlsplit(path).query)
        assert not path or (kept["limit"], kept["kind"]) == (["2"], ["approval"])
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "status=done", "cursor=x", "page=2", "limit=1&limit=2"]
)
def test_what_a_list_cannot_be_asked_is_refused(wire: Wire, query: str) -> None:
    response = wire.call("GET", f"/v1/escalations?{query}")
    assert pointers(response) == {f"/{query.partition('=')[0]}"}


def test_an_auditor_reads_those_of_all_services(wire: Wire) -> None:
    mine = wire.open()
    read = wire.call("GET", f"/v1/escalations/{mine['id']}", key="auditor")
    assert (read.status_code, read.json()["id"]) == (200, mine["id"])


def test_the_audit_log_is_a_chain_of_what_happened(wire: Wire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    wire.claim(made, "c1")
    wire.claim(made, "c2")
    wire.tell(made, "outcome", {"result": "succeeded"})
    told = wire.call("GET", f"/v1/escalations/{made['id']}/events").json()["items"]
    assert [each["kind"] for each in told] == [
        "escalation:opened",
        "vote:cast",
        "escalation:decided",
        "operation:claimed",
        "refusal:recorded",
        "operation:reported",
    ]
    assert [each["seq"] for each in told] == [1, 2, 3, 4, 5, 6]
    assert [each["prev"] for each in told[1:]] == [each["hash"] for each in told[:-1]]
    assert told[0]["by"] == f"service:{made['service']}"
    assert told[1]["by"] == "person:sam"
    assert wire.read(made["id"])["head"] == told[-1]["hash"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/escalations", {"GET", "POST"}),
        ("PUT", "/v1/escalations/esc_1", {"GET"}),
        ("GET", "/v1/escalations/esc_1/claim", {"POST"}),
        ("POST", "/.well-known/jwks.json", {"GET"}),
    ],
)
def test_other_methods_do_nothing(wire: Wire, method: str, path: str, allow: set[str]) -> None:
    response = wire.call(method, path)
    assert problem_of(response) == (405, "method-not-allowed")
    assert set(response.headers["allow"].replace("HEAD", "").strip(",").split(",")) == allow


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/escalations/a-b", "/v1/escalations/x/votes"])
def test_other_addresses_are_none(wire: Wire, path: str) -> None:
    assert problem_of(wire.call("GET", path)) == (404, "no-such-address")


def test_every_answer_is_not_kept_and_says_who_answers(wire: Wire) -> None:
    made = wire.open()
    for path in (f"/v1/escalations/{made['id']}", "/v1/escalations", "/healthz", "/nowhere"):
        headers = wire.call("GET", path).headers
        told = {n: headers[n] for n in ("server", "cache-control", "x-content-type-options")}
        assert set(told.values()) == {"Andon", "no-store", "nosniff"}


def test_the_public_keys_may_be_kept_for_a_while(wire: Wire) -> None:
    response = wire.call("GET", "/.well-known/jwks.json", key="")
    assert response.headers["cache-control"] == "max-age=300"
    for key in response.json()["keys"]:
        assert {n: key[n] for n in ("kty", "crv", "use", "alg")} == {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "Ed25519",
        }
        assert "d" not in key
