"""Wait: by version or until it is decided; a wait without news is a 304."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.client.contract.wires import Wire, pointers

Said = Callable[[Wire, str], None]


def approved(wire: Wire, id_: str) -> None:
    """Sam says yes."""
    wire.approve(id_)


def rejected(wire: Wire, id_: str) -> None:
    """Sam says no."""
    wire.reject(id_)


def withdrawn(wire: Wire, id_: str) -> None:
    """The service takes it back."""
    assert wire.call("POST", f"/v1/escalations/{id_}/withdraw", {}).status_code == 200


def expired(wire: Wire, id_: str) -> None:
    """Nobody decides in time."""
    wire.let_pass(4 * 3600)


def waited(wire: Wire, made: dict[str, Any], **headers: str) -> Any:
    """A read that may be parked."""
    return wire.call("GET", f"/v1/escalations/{made['id']}", **headers)


@pytest.mark.parametrize(
    ("say", "status", "effect", "by"),
    [
        (approved, "approved", "release", "votes"),
        (rejected, "rejected", "abort", "votes"),
        (withdrawn, "withdrawn", "abort", "requester"),
        (expired, "expired", "abort", "expiry"),
    ],
)
def test_what_is_decided_is_told_at_once(
    wire: Wire, say: Said, status: str, effect: str, by: str
) -> None:
    made = wire.open()
    say(wire, made["id"])
    response = waited(wire, made, Prefer="wait=30")
    told = response.json()
    assert response.headers["preference-applied"] == "wait=30"
    assert response.headers["etag"] == f'"{told["version"]}"'
    assert told["version"] > made["version"]
    assert (told["status"], told["decision"]["effect"], told["decision"]["by"]) == (
        status,
        effect,
        by,
    )


def test_who_decided_and_why_is_told(wire: Wire) -> None:
    made = wire.open()
    wire.reject(made["id"], "the vendor is on it")
    told = wire.read(made["id"])
    vote = told["votes"][0]
    assert (vote["person"], vote["rationale"], vote["option"], vote["counts"]) == (
        "sam",
        "the vendor is on it",
        "leave",
        True,
    )
    assert told["decision"]["option"] == "leave"
    assert told["operation"]["state"] == "aborted"


def test_an_approval_is_held_until_it_is_taken(wire: Wire) -> None:
    made = wire.open(claim_within_s=600)
    wire.approve(made["id"])
    told = wire.read(made["id"])
    assert (told["operation"]["state"], told["claim"]) == ("held", None)
    assert told["claim_until"] > told["decided_at"]


def test_a_parked_read_is_woken_by_the_decision(wire: Wire) -> None:
    made = wire.open()
    speaking = threading.Timer(0.1, wire.approve, [made["id"]])
    speaking.start()
    told = waited(wire, made, Prefer="wait=20").json()
    speaking.join()
    assert told["status"] == "approved"


def test_a_parked_read_that_knows_the_version_is_woken_by_any_change(wire: Wire) -> None:
    made = wire.open()
    speaking = threading.Timer(0.1, wire.ask, [made["id"], "is it tested?"])
    speaking.start()
    response = waited(wire, made, Prefer="wait=20", If_None_Match=f'"{made["version"]}"')
    speaking.join()
    assert response.json()["questions"][0]["text"] == "is it tested?"


@pytest.mark.parametrize("tag", ['"{}"', "{}", 'W/"{}"', '"7", "{}"', "*"])
def test_who_knows_the_version_hears_that_nothing_is_new(wire: Wire, tag: str) -> None:
    made = wire.open()
    response = waited(wire, made, If_None_Match=tag.format(made["version"]))
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == f'"{made["version"]}"'


def test_who_knows_an_older_version_is_told_the_newest(wire: Wire) -> None:
    made = wire.open()
    wire.tell(made, "context", {"rollback": "none"})
    response = waited(wire, made, If_None_Match=f'"{made["version"]}"', Prefer="wait=30")
    assert response.json()["context"] == {"rollback": "none"}


def test_a_wait_that_ends_without_news_is_a_304_or_the_same_again(wire: Wire) -> None:
    made = wire.open()
    knows = waited(wire, made, Prefer="wait=1", If_None_Match=f'"{made["version"]}"')
    asks = wire.call("GET", f"/v1/escalations/{made['id']}?wait=1")
    assert (knows.status_code, asks.status_code) == (304, 200)
    assert asks.json()["status"] == "pending"


def test_nobody_reads_a_pending_one_that_is_over(wire: Wire) -> None:
    made = wire.open(decide_within_s=60)
    wire.let_pass(61)
    told = wire.read(made["id"])
    assert (told["status"], told["decision"]["by"]) == ("expired", "expiry")
    assert (told["decision"]["option"], told["operation"]["state"]) == (None, "aborted")


@pytest.mark.parametrize("query", ["wait=-1", "wait=soon", "wait=1&wait=2", "patience=1"])
def test_the_query_is_strict(wire: Wire, query: str) -> None:
    made = wire.open()
    response = wire.call("GET", f"/v1/escalations/{made['id']}?{query}")
    assert pointers(response) == {f"/{query.partition('=')[0]}"}


def test_a_preference_that_cannot_be_read_is_passed_over(wire: Wire) -> None:
    made = wire.open()
    response = waited(wire, made, Prefer="wait=soon")
    assert response.status_code == 200
    assert "preference-applied" not in response.headers
