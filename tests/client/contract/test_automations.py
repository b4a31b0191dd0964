"""What runs by itself: the fake says what the server says, so that services can test theirs."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.client.contract.test_alike import flat
from tests.client.contract.wires import Wire, fake_wire, problem_of, real_wire
from tests.client.serving import Served

RESTART: dict[str, Any] = {
    "recovery": "restart",
    "category": "service_health",
    "title": "Restart web-3",
    "environment": "production",
    "operation": {"name": "docker restart", "target": "web-3"},
}


def automate(wire: Wire, key: str = "a1", **changes: Any) -> httpx2.Response:
    """A service is about to recover by itself."""
    body = {**RESTART, **changes}
    return wire.call("POST", "/v1/automations", body, Idempotency_Key=key)


def told(response: httpx2.Response) -> dict[str, Any]:
    """What was put on the record."""
    assert response.status_code in (200, 201), response.text
    return dict(response.json())


def ran_by_itself(wire: Wire) -> Iterator[Any]:
    """On the record, and how it ended."""
    made = told(automate(wire))
    yield made
    yield wire.tell(made, "outcome", {"result": "succeeded", "detail": "it answers"}).json()


def test_the_fake_tells_the_same_story_of_it(real: Served) -> None:
    with fake_wire() as faked, real_wire(real) as served:
        by_fake, by_server = ([flat(one) for one in ran_by_itself(w)] for w in (faked, served))
        assert by_fake == by_server


def test_it_is_never_taken(wire: Wire) -> None:
    assert problem_of(wire.claim(told(automate(wire)))) == (409, "not-held")


def test_the_same_key_is_the_same_record(wire: Wire) -> None:
    first, again = automate(wire), automate(wire)
    assert (first.status_code, again.status_code) == (201, 200)
    assert told(first)["id"] == told(again)["id"]
    other = automate(wire, title="Restart web-4")
    assert problem_of(other) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"category": "deployment"}, "/category"),
        ({"category": "unheard_of"}, "/category"),
        ({"recovery": "migration"}, "/recovery"),
        ({"operation": {"name": "x", "arguments": {"sql": "x"}}}, "/operation/arguments/sql"),
    ],
)
def test_what_people_decide_never_runs_by_itself(
    wire: Wire, change: dict[str, Any], pointer: str
) -> None:
    refused = automate(wire, **change)
    assert problem_of(refused) == (422, "not-automatable")
    assert [e["pointer"] for e in refused.json()["errors"]] == [pointer]


def test_a_failure_turns_it_manual_until_people_released_one_that_succeeded(wire: Wire) -> None:
    made = told(automate(wire))
    assert wire.tell(made, "outcome", {"result": "failed"}).status_code == 200
    assert problem_of(automate(wire, "a2")) == (409, "turned-manual")
    wire.let_pass(1)
    asked = wire.open(dedup_key="automation:restart")
    wire.approve(asked["id"])
    wire.claim(asked)
    wire.tell(asked, "outcome", {"result": "succeeded"})
    assert automate(wire, "a3").status_code == 201


def test_too_often_turns_it_manual_until_the_window_has_passed(wire: Wire) -> None:
    for n in range(5):
        made = told(automate(wire, f"a{n}"))
        wire.tell(made, "outcome", {"result": "succeeded"})
    assert problem_of(automate(wire, "a5")) == (409, "turned-manual")
    wire.let_pass(3600)
    assert automate(wire, "a6").status_code == 201


def test_silence_is_unknown_and_turns_it_manual(wire: Wire) -> None:
    made = told(automate(wire))
    wire.let_pass(900)
    assert wire.read(made["id"])["operation"]["state"] == "unknown"
    assert problem_of(automate(wire, "a2")) == (409, "turned-manual")
