"""The same story told by both: every member stands in the same place with a value of its kind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.building import OPERATION
from tests.client.contract.wires import BODY, Wire, fake_wire, real_wire
from tests.client.serving import Served

#: What tells one escalation, server or moment from another; how it looks is compared.
_OF_ITS_OWN = (
    (re.compile(r"\b(esc|grp|que|gnt)_[0-9a-f]{32}\b"), r"\1_…"),
    (re.compile(r"\bsha256:[0-9a-f]{64}\b"), "sha256:…"),
    (re.compile(r"\bservice-\d+\b"), "tests"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "moment"),
)

#: What the fake has no policy, people or chain for.
_UNKNOWN = frozenset({"/severity", "/policy/rule", "/requirements/0/group", "/service"})
_WRITTEN = ("/issue", "/review")
_PROGRESS = frozenset({"/progress/delivered_at", "/progress/next_step_at"})

FULL: dict[str, Any] = {
    **BODY,
    "summary": "It failed three times.",
    "reference": "CHG-1042",
    "requested_by": {"id": "lena@example.com"},
    "operation": {
        **OPERATION,
        "target": "batch-8813",
        "money": {"amount_minor": 1000, "currency": "EUR"},
    },
    "context": {"rollback": "none", "links": [{"title": "log", "url": "https://log.example"}]},
    "dedup_key": "sync",
}


def approved_and_done(wire: Wire) -> Iterator[Any]:
    """Asked, answered, approved, taken and reported."""
    made = wire.open(**FULL)
    yield made
    wire.ask(made["id"], "is it tested?")
    yield wire.tell(made, "context", {"answer": "yes"}).json()
    wire.approve(made["id"])
    yield wire.read(made["id"])
    answer = wire.claim(made).json()
    yield {**answer, "grant": "…"}
    yield wire.read(made["id"])
    yield wire.tell(made, "outcome", {"result": "succeeded", "detail": "4.1 s"}).json()


def ended_otherwise(wire: Wire) -> Iterator[Any]:
    """Rejected, withdrawn, stopped, lapsed and expired."""
    rejected, withdrawn, stopped, lapsed, expired = (wire.open(f"k{n}") for n in range(5))
    wire.reject(rejected["id"])
    wire.tell(withdrawn, "withdraw", {"reason": "not needed"})
    wire.approve(stopped["id"])
    wire.stop(stopped["id"])
    wire.approve(lapsed["id"])
    wire.let_pass(4 * 3600)
    yield from (wire.read(e["id"]) for e in (rejected, withdrawn, stopped, lapsed, expired))


def in_trouble(wire: Wire) -> Iterator[Any]:
    """Incidents: pending, joined, resolved, recovered."""
    first = wire.open_incident("i1")
    yield first
    yield wire.open_incident("i2")
    yield wire.tell(first, "resolve", {"root_cause": "a full disk"}).json()
    other = wire.open_incident("i3", title="Something else", severity="high")
    yield wire.tell(other, "withdraw", {}).json()


@pytest.mark.parametrize("story", [approved_and_done, ended_otherwise, in_trouble])
def test_the_fake_tells_the_same_story_in_the_same_words(real: Served, story: Any) -> None:
    with fake_wire() as faked, real_wire(real) as served:
        told = [[flat(each) for each in story(wire)] for wire in (faked, served)]
    for by_fake, by_server in zip(*told, strict=True):
        assert without_memory(by_fake) == without_memory(by_server)


def without_memory(told: dict[str, Any]) -> dict[str, Any]:
    """As it stood when it ended: what the server writes down then, the fake has no people for."""
    kept = {place: value for place, value in told.items() if not place.startswith(_WRITTEN)}
    added = sum(
        f"{what}/{when}" in told for what, when in zip(_WRITTEN, ("at", "due_at"), strict=True)
    )
    return {**kept, "/version": told["/version"] - added} if added else kept


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """Every value by its place; what is of its own is named by its kind."""
    if value and isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        parts = (flat(inner, f"{at}/{name}") for name, inner in items)
        return {place: inner for part in parts for place, inner in part.items()}
    if at in _PROGRESS or at in _UNKNOWN:
        return {at: "…"}
    if isinstance(value, str):
        for look, name in _OF_ITS_OWN:
            value = look.sub(name, value)
    return {at: value}
