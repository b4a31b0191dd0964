"""Alertmanager as a caller: each alert is an incident, repeats are counted, an end withdraws it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from approvals.commands import Command
from approvals.facts import Facts
from approvals.people import People
from approvals.ports import NotSavedError, Settled, UnsureError
from bot.api.alerts import RESOLVED
from tests.bot.api.conftest import World
from tests.bot.api.test_alerts import a_notification, an_alert

PATH = "/v1/hooks/alertmanager"
ONE = a_notification(an_alert())
OTHER = an_alert(fingerprint="ffff000011112222", labels={"alertname": "DiskFull"})
OVER = a_notification(an_alert(status="resolved", endsAt="2026-11-12T21:40:00Z"), status="resolved")


async def told(world: World, body: Any, status: int = 200, path: str = PATH) -> Any:
    """What a notification is answered."""
    response = await world.call("POST", path, body)
    assert response.status == status, await response.text()
    return await response.json()


async def did(world: World, body: Any) -> list[str]:
    """What became of each alert."""
    return [one["did"] for one in (await told(world, body))["incidents"]]


async def listed(world: World, query: str = "") -> list[dict[str, Any]]:
    """All there is."""
    response = await world.call("GET", f"/v1/escalations{query}")
    return list((await response.json())["items"])


async def test_an_alert_opens_an_incident(world: World) -> None:
    answer = await told(world, ONE)
    (made,) = await listed(world)
    assert answer == {
        "incidents": [{"fingerprint": "3dbf1a56b88343c9", "did": "opened", "id": made["id"]}]
    }
    shown = ("kind", "severity", "environment", "title", "reference", "status", "occurrences")
    assert [made[name] for name in shown] == [
        "incident",
        "critical",
        "production",
        "p99 latency is 4 s",
        "3dbf1a56b88343c9",
        "pending",
        1,
    ]
    assert made["context"]["runbook"] == "https://runbooks.example/latency"


async def test_a_repeat_is_counted_and_opens_nothing(world: World) -> None:
    assert [await did(world, ONE) for _ in range(3)] == [["opened"], ["joined"], ["joined"]]
    (made,) = await listed(world)
    assert made["occurrences"] == 3


async def test_alerts_of_a_group_are_incidents_of_their_own(world: World) -> None:
    assert await did(world, a_notification(an_alert(), OTHER)) == ["opened", "opened"]
    assert await did(world, a_notification(OTHER)) == ["joined"]
    assert sorted(made["occurrences"] for made in await listed(world)) == [1, 2]


async def test_the_same_alert_in_another_group_is_another_incident(world: World) -> None:
    await told(world, ONE)
    assert await did(world, a_notification(groupKey="{}:{}")) == ["opened"]


async def test_an_alert_that_resolved_withdraws_its_incident_and_no_other(world: World) -> None:
    await told(world, a_notification(an_alert(), OTHER))
    assert await did(world, OVER) == ["withdrawn"]
    by_reference = {made["reference"]: made for made in await listed(world)}
    over, other = by_reference["3dbf1a56b88343c9"], by_reference[OTHER["fingerprint"]]
    assert (over["status"], over["decision"]["reason"]) == ("withdrawn", RESOLVED)
    assert other["status"] == "pending"


async def test_what_resolved_twice_or_was_never_told_changes_nothing(world: World) -> None:
    assert await did(world, OVER) == ["nothing"]
    await told(world, ONE)
    assert [await did(world, OVER) for _ in range(2)] == [["withdrawn"], ["nothing"]]


async def test_what_fires_again_after_it_resolved_is_a_new_incident_of_the_group(
    world: World,
) -> None:
    for body in (ONE, OVER, a_notification(an_alert(startsAt="2026-11-12T22:00:00Z"))):
        await told(world, body)
    made = await listed(world)
    assert sorted(one["status"] for one in made) == ["pending", "withdrawn"]
    assert len({one["group_id"] for one in made}) == 1


async def test_a_mixed_notification_does_both(world: World) -> None:
    await told(world, ONE)
    mixed = a_notification(an_alert(status="resolved"), OTHER)
    assert await did(world, mixed) == ["withdrawn", "opened"]


async def test_another_service_withdraws_nothing_of_ours(world: World) -> None:
    await told(world, ONE)
    theirs = await world.call("POST", PATH, OVER, service="other")
    assert (await theirs.json())["incidents"][0]["did"] == "nothing"
    assert (await listed(world))[0]["status"] == "pending"


Fault = Callable[[World], Any]


def not_saved(world: World) -> Any:
    """Nothing is stored."""

    async def submit(command: Command) -> Settled:
        raise NotSavedError

    return submit


def saved_but_unsure(world: World) -> Any:
    """All is stored, and our answer is lost."""
    real = world.store.writer.submit

    async def submit(command: Command) -> Settled:
        await real(command)
        raise UnsureError

    return submit


def half_saved(world: World) -> Any:
    """Every second command is stored."""
    real, n = world.store.writer.submit, 0

    async def submit(command: Command) -> Settled:
        nonlocal n
        n += 1
        if n % 2:
            return await real(command)
        raise NotSavedError

    return submit


@pytest.mark.parametrize("fault", [not_saved, saved_but_unsure, half_saved])
@pytest.mark.parametrize("known", [False, True], ids=["first", "repeat"])
async def test_what_could_not_be_stored_is_sent_again_and_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Fault, known: bool
) -> None:
    both = a_notification(an_alert(), OTHER)
    if known:
        await told(world, both)
    with monkeypatch.context() as away:
        away.setattr(world.store.writer, "submit", fault(world))
        for _ in range(2):
            await told(world, both, 503)
    await told(world, both)
    assert [made["occurrences"] for made in await listed(world)] == [1 + known] * 2
    await told(world, both)
    assert [made["occurrences"] for made in await listed(world)] == [2 + known] * 2


async def test_a_withdrawal_that_could_not_be_stored_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(world, ONE)
    with monkeypatch.context() as away:
        away.setattr(world.store.writer, "submit", not_saved(world))
        await told(world, OVER, 503)
    assert await did(world, OVER) == ["withdrawn"]


async def test_while_people_are_unknown_it_is_asked_to_send_it_again(world: World) -> None:
    before = world.facts.facts
    nobody = Facts(people=People(), policy=world.facts.policy)
    world.facts.facts = lambda now: nobody  # type: ignore[method-assign]
    response = await world.call("POST", PATH, ONE)
    assert response.status == 503
    assert int(response.headers["Retry-After"]) >= 1
    world.facts.facts = before  # type: ignore[method-assign]
    assert await did(world, ONE) == ["opened"]


async def test_an_alert_nobody_is_asked_for_is_named_and_the_others_are_taken_once(
    world: World,
) -> None:
    """The sample policy has no rule for this category outside production."""
    nowhere = an_alert(
        fingerprint="aaaa", labels={"environment": "lab", "andon_category": "deployment"}
    )
    both = a_notification(nowhere, an_alert())
    for _ in range(2):
        problem = await told(world, both, 422)
        assert {error["pointer"] for error in problem["errors"]} == {"/alerts/0"}
    assert [made["occurrences"] for made in await listed(world)] == [1]


def without(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A field is missing."""
    return {k: v for k, v in body.items() if k != name}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (a_notification(version="3"), "/version"),
        (without("version", ONE), "/version"),
        (without("groupKey", ONE), "/groupKey"),
        (a_notification() | {"alerts": []}, "/alerts"),
        (without("alerts", ONE), "/alerts"),
        (a_notification(without("fingerprint", an_alert())), "/alerts/0/fingerprint"),
        (a_notification(an_alert(fingerprint="a b")), "/alerts/0/fingerprint"),
        (a_notification(without("startsAt", an_alert())), "/alerts/0/startsAt"),
        (a_notification(an_alert(status="suppressed")), "/alerts/0/status"),
        (a_notification(an_alert(labels=[])), "/alerts/0/labels"),
        (a_notification(an_alert(), an_alert(labels={"a": 1})), "/alerts/1/labels/a"),
    ],
)
async def test_what_is_no_notification_is_refused_and_named(
    world: World, body: Any, pointer: str
) -> None:
    problem = await told(world, body, 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await listed(world) == []


async def test_what_later_versions_of_theirs_add_is_taken(world: World) -> None:
    body = a_notification(an_alert(silenceURL="http://x"), notification_reason="first", new={})
    assert await did(world, body) == ["opened"]


async def test_the_address_may_name_the_environment(world: World) -> None:
    await told(world, ONE, path=f"{PATH}?environment=production-eu")
    assert [made["environment"] for made in await listed(world)] == ["production-eu"]
    await told(world, ONE, 422, f"{PATH}?environmet=staging")


async def test_the_same_bytes_for_another_environment_are_another_notification(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(world.store.writer, "submit", saved_but_unsure(world))
        await told(world, ONE, 503)
        await told(world, ONE, 503, f"{PATH}?environment=production-eu")
    for path in (PATH, f"{PATH}?environment=production-eu"):
        await told(world, ONE, path=path)
    found = {made["environment"]: made["occurrences"] for made in await listed(world)}
    assert found == {"production": 1, "production-eu": 1}


async def test_a_notification_too_large_is_refused(world: World) -> None:
    response = await world.post(b"[" + b" " * (1 << 20) + b"]", PATH)
    assert response.status == 413


async def test_a_secret_in_a_label_or_an_annotation_is_never_stored(world: World) -> None:
    secret = "xoxb-123456789012-abcdefGHIJKL"
    alert = an_alert(
        labels={"alertname": "Leak", "api_token": secret},
        annotations={"summary": f"failed with {secret}", "description": f"password={secret}"},
    )
    await told(world, a_notification(alert))
    (made,) = await listed(world)
    assert secret not in json.dumps(made)
    stored = [file.read_bytes() for file in sorted(world.folder.glob("andon.db*"))]
    assert stored
    assert not any(secret.encode() in each for each in stored)


async def test_a_large_group_is_taken_at_once(world: World) -> None:
    many = [an_alert(fingerprint=f"{n:016x}") for n in range(150)]
    assert await did(world, a_notification(*many)) == ["opened"] * 150
    over = [alert | {"status": "resolved"} for alert in many]
    assert await did(world, a_notification(*over)) == ["withdrawn"] * 150
