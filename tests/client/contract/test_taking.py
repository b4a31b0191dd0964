"""Claim once, with a grant that verifies; every other claim says why not. Report once."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.client.contract.wires import Wire, pointers, problem_of

OTHER = "sha256:" + "0" * 64

Story = Callable[[Wire, dict[str, Any]], None]


def pending(wire: Wire, made: dict[str, Any]) -> None:
    """Nobody has said anything."""


def approved(wire: Wire, made: dict[str, Any]) -> None:
    """Sam says yes."""
    wire.approve(made["id"])


def rejected(wire: Wire, made: dict[str, Any]) -> None:
    """Sam says no."""
    wire.reject(made["id"])


def withdrawn(wire: Wire, made: dict[str, Any]) -> None:
    """The service takes it back."""
    wire.tell(made, "withdraw", {"reason": "not needed"})


def expired(wire: Wire, made: dict[str, Any]) -> None:
    """Nobody decides in time."""
    wire.let_pass(4 * 3600)


def lapsed(wire: Wire, made: dict[str, Any]) -> None:
    """Approved, and not taken in time."""
    wire.approve(made["id"])
    wire.let_pass(901)


def stopped(wire: Wire, made: dict[str, Any]) -> None:
    """Priya stops it after all."""
    wire.approve(made["id"])
    wire.stop(made["id"])


def void(wire: Wire, made: dict[str, Any]) -> None:
    """Sam may not decide any more."""
    wire.approve(made["id"])
    wire.void(made["id"])


def taken(wire: Wire, made: dict[str, Any]) -> None:
    """Another caller was first."""
    wire.approve(made["id"])
    assert wire.claim(made, "first").status_code == 200


def key_of(wire: Wire, kid: str) -> jwt.PyJWK:
    """The server's public key of that name."""
    keys = wire.call("GET", "/.well-known/jwks.json", key="").json()["keys"]
    return jwt.PyJWK(next(key for key in keys if key["kid"] == kid), algorithm="EdDSA")


def test_the_grant_verifies_and_says_what_is_released(wire: Wire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    before = wire.now()
    answer = wire.claim(made, nonce="n-4711").json()
    header = jwt.get_unverified_header(answer["grant"])
    assert (header["alg"], header["typ"]) == ("Ed25519", "andon-grant+jwt")
    signed, _, signature = answer["grant"].rpartition(".")
    raw = jwt.utils.base64url_decode(signature)
    key_of(wire, header["kid"]).key.verify(raw, signed.encode())
    claims = jwt.decode(answer["grant"], options={"verify_signature": False})
    read = wire.read(made["id"])
    names = ("iss", "aud", "sub", "digest", "option", "nonce")
    assert {name: claims[name] for name in names} == {
        "iss": "andon",
        "aud": made["service"],
        "sub": made["id"],
        "digest": made["digest"],
        "option": "retry",
        "nonce": "n-4711",
    }
    assert (claims["environment"], claims["approvers"]) == ("production", ["sam"])
    assert (claims["policy"], claims["head"]) == (
        made["policy"]["version"],
        read["decision"]["head"],
    )
    assert claims["exp"] - claims["iat"] == 300
    assert int(before.timestamp()) <= claims["iat"] <= wire.now().timestamp()
    assert claims["jti"].startswith("gnt_")


def test_the_answer_says_what_was_chosen_and_until_when_it_is_good(wire: Wire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    answer = wire.claim(made).json()
    assert set(answer) == {"grant", "option", "claimed_at", "expires_at"}
    assert answer["option"] == "retry"
    assert answer["claimed_at"] < answer["expires_at"]
    read = wire.read(made["id"])
    assert (read["operation"]["state"], read["claim"]["by"]) == ("released", made["service"])
    assert read["claim"]["at"] == answer["claimed_at"]


def test_the_same_key_gets_the_same_grant_for_ever(wire: Wire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    first = wire.claim(made, "c").json()
    wire.tell(made, "outcome", {"result": "succeeded"})
    wire.let_pass(24 * 3600)
    assert wire.claim(made, "c").json() == first


def test_the_same_key_with_another_digest_or_nonce_is_refused(wire: Wire) -> None:
    made = wire.open()
    taken(wire, made)
    reused = (422, "idempotency-key-reused")
    assert problem_of(wire.claim(made, "first", digest=OTHER)) == reused
    assert problem_of(wire.claim(made, "first", nonce="n2")) == reused


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
        (taken, 409, "already-claimed", "released"),
    ],
)
def test_a_claim_that_gets_nothing_says_why(
    wire: Wire, story: Story, status: int, name: str, state: str
) -> None:
    made = wire.open()
    story(wire, made)
    for _ in range(2):
        response = wire.claim(made, "late")
        assert problem_of(response) == (status, name)
        assert "grant" not in response.json()
    assert wire.read(made["id"])["operation"]["state"] == state


@pytest.mark.parametrize("story", [pending, approved, rejected, taken])
def test_another_digest_gets_nothing_however_it_stands(wire: Wire, story: Story) -> None:
    made = wire.open()
    story(wire, made)
    assert problem_of(wire.claim(made, "other", digest=OTHER)) == (409, "digest-mismatch")


def test_a_claim_of_another_digest_leaves_the_release_and_its_key_free(wire: Wire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    wire.claim(made, "c", digest=OTHER)
    assert wire.claim(made, "c").status_code == 200


@pytest.mark.parametrize(
    ("change", "where"),
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
def test_a_claim_names_a_digest_and_a_nonce(wire: Wire, change: dict[str, Any], where: str) -> None:
    made = wire.open()
    assert pointers(wire.claim(made, **change)) == {where}


def test_a_claim_needs_a_key_of_its_own(wire: Wire) -> None:
    made = wire.open()
    response = wire.tell(made, "claim", {"digest": made["digest"], "nonce": "n"})
    assert problem_of(response) == (400, "idempotency-key-missing")


def test_an_incident_holds_nothing_to_take(wire: Wire) -> None:
    made = wire.open_incident()
    assert problem_of(wire.claim(made)) == (409, "not-held")
    assert problem_of(wire.tell(made, "outcome", {"result": "succeeded"})) == (409, "not-held")


@pytest.mark.parametrize("story", [pending, approved, rejected, lapsed])
def test_what_was_not_claimed_has_no_outcome(wire: Wire, story: Story) -> None:
    made = wire.open()
    story(wire, made)
    response = wire.tell(made, "outcome", {"result": "succeeded"})
    assert problem_of(response) == (409, "not-claimed")


@pytest.mark.parametrize("result", ["succeeded", "failed", "unknown"])
def test_an_outcome_is_told_once_and_repeated_freely(wire: Wire, result: str) -> None:
    made = wire.open()
    taken(wire, made)
    body = {"result": result, "detail": "4.1 s", "undo": "alembic downgrade -1"}
    first = wire.tell(made, "outcome", body)
    again = wire.tell(made, "outcome", body)
    other = wire.tell(made, "outcome", {**body, "detail": "5 s"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert problem_of(other) == (409, "outcome-differs")
    told = first.json()
    assert told["operation"]["state"] == result
    assert {name: told["outcome"][name] for name in body} == body
    assert set(told["outcome"]) == {"result", "detail", "undo", "at"}


def test_an_outcome_that_does_not_come_is_unknown_until_it_comes(wire: Wire) -> None:
    made = wire.open()
    taken(wire, made)
    wire.let_pass(3601)
    assert wire.read(made["id"])["operation"]["state"] == "unknown"
    late = wire.tell(made, "outcome", {"result": "failed"})
    assert (late.status_code, late.json()["operation"]["state"]) == (200, "failed")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "/result"),
        ({"result": "fine"}, "/result"),
        ({"result": "failed", "exit": 1}, "/exit"),
        ({"result": "failed", "detail": None}, "/detail"),
    ],
)
def test_an_outcome_is_strict(wire: Wire, body: dict[str, Any], where: str) -> None:
    assert pointers(wire.tell(wire.open(), "outcome", body)) == {where}


@pytest.mark.parametrize("story", [approved, rejected, withdrawn, expired, lapsed, taken])
@pytest.mark.parametrize("verb", ["withdraw", "context"])
def test_what_is_over_is_neither_taken_back_nor_added_to(
    wire: Wire, story: Story, verb: str
) -> None:
    made = wire.open()
    story(wire, made)
    assert problem_of(wire.tell(made, verb, {})) == (409, "already-terminal")


def test_what_is_taken_back_says_why(wire: Wire) -> None:
    made = wire.open()
    told = wire.tell(made, "withdraw", {"reason": " the merge worked "}).json()
    assert (told["status"], told["decision"]["reason"]) == ("withdrawn", "the merge worked")
    assert told["operation"]["state"] == "aborted"


def test_context_is_added_and_never_touches_the_operation(wire: Wire) -> None:
    made = wire.open()
    told = wire.tell(made, "context", {"blast_radius": "one table"}).json()
    assert told["version"] > made["version"]
    assert (told["context"], told["digest"]) == ({"blast_radius": "one table"}, made["digest"])
    again = wire.tell(made, "context", {"blast_radius": "one table"}).json()
    assert again["version"] == told["version"]
    assert pointers(wire.tell(made, "context", {"operation": {"name": "rm"}})) == {"/operation"}


def test_a_question_is_answered_once(wire: Wire) -> None:
    made = wire.open()
    assert problem_of(wire.tell(made, "context", {"answer": "yes"})) == (409, "no-question")
    wire.ask(made["id"], "is it tested?")
    asked = wire.read(made["id"])["questions"][0]
    assert (asked["by"], asked["answer"]) == ("sam", None)
    body = {"answer": "yes, on staging", "question": asked["id"], "rollback": "none"}
    told = wire.tell(made, "context", body).json()
    assert told["questions"][0]["answer"] == "yes, on staging"
    assert told["questions"][0]["answered_by"] == f"service:{made['service']}"
    assert told["context"] == {"rollback": "none"}
    assert wire.tell(made, "context", {"answer": "yes, on staging"}).status_code == 200
    other = wire.tell(made, "context", {"answer": "no"})
    assert problem_of(other) == (409, "already-answered")
    assert pointers(wire.tell(made, "context", {"question": asked["id"]})) == {"/question"}


def test_an_incident_is_resolved_once_and_an_approval_never(wire: Wire) -> None:
    made = wire.open_incident()
    body = {"root_cause": "a full disk", "by_hand": "deleted old logs", "automatable": True}
    told = wire.tell(made, "resolve", body).json()
    assert (told["status"], told["decision"]) == ("resolved", None)
    assert {name: told["resolution"][name] for name in body} == body
    assert told["resolution"]["by"] == f"service:{made['service']}"
    assert wire.tell(made, "resolve", body).status_code == 200
    other = wire.tell(made, "resolve", {"root_cause": "something else"})
    assert problem_of(other) == (409, "already-terminal")
    approval = wire.tell(wire.open(), "resolve", body)
    assert problem_of(approval) == (409, "not-an-incident")
    assert pointers(wire.tell(made, "resolve", {"root_cause": "x"})) == {"/root_cause"}


def test_an_incident_recovers_by_itself(wire: Wire) -> None:
    made = wire.open_incident()
    told = wire.tell(made, "withdraw", {"reason": "it answers again"}).json()
    assert (told["status"], told["decision"]["reason"]) == ("withdrawn", "it answers again")


def test_incidents_that_read_alike_are_one(wire: Wire) -> None:
    error = {"type": "ConnectTimeout", "message": "web-3:443"}
    first = wire.open_incident("i1", context={"error": error})
    again = wire.open_incident("i2", context={"error": error})
    worse = wire.open_incident("i3", context={"error": {"type": "DiskFull"}})
    assert (again["id"], again["occurrences"]) == (first["id"], 2)
    assert worse["id"] != first["id"]
