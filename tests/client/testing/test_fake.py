"""FakeAndon: people say what they are told to, when somebody looks; it keeps what it was asked."""

import asyncio
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from andon.testing import FakeAndon
from andon.testing.verdicts import Saying

from tests.client.contract.wires import BODY, FakeWire, problem_of


def wire_of(fake: FakeAndon) -> FakeWire:
    """Plain calls, without a network."""
    wire = FakeWire(fake, httpx2.Client(base_url=fake.url, transport=fake.transport))
    wire.keys["own"] = fake.key
    return wire


@pytest.mark.parametrize(
    ("saying", "status", "state"),
    [
        ("approve", "approved", "held"),
        ("reject", "rejected", "aborted"),
        ("expire", "expired", "aborted"),
        ("withdraw", "withdrawn", "aborted"),
        ("lapse", "approved", "lapsed"),
        ("stop", "approved", "aborted"),
        ("void", "approved", "aborted"),
        ("taken", "approved", "released"),
        ("silent", "pending", "held"),
    ],
)
def test_people_say_what_they_are_told_to(saying: Saying, status: str, state: str) -> None:
    wire = wire_of(FakeAndon(saying))
    made = wire.open()
    told = wire.read(made["id"])
    assert made["status"] == "pending"
    assert (told["status"], told["operation"]["state"]) == (status, state)


@pytest.mark.parametrize(
    ("saying", "name"),
    [
        ("reject", "not-approved"),
        ("expire", "not-approved"),
        ("withdraw", "not-approved"),
        ("silent", "not-approved"),
        ("lapse", "lapsed"),
        ("stop", "stopped"),
        ("void", "approval-void"),
        ("taken", "already-claimed"),
    ],
)
def test_only_what_is_approved_and_untouched_is_released(saying: Saying, name: str) -> None:
    wire = wire_of(FakeAndon(saying))
    assert problem_of(wire.claim(wire.open()))[1] == name


def test_who_claims_without_waiting_is_heard_as_well() -> None:
    wire = wire_of(FakeAndon("approve"))
    assert wire.claim(wire.open()).status_code == 200


def test_every_verdict_is_tried_above() -> None:
    tried = test_people_say_what_they_are_told_to.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in tried} == set(get_args(Saying))


def test_a_verdict_has_an_option_a_reason_and_somebody_who_says_it() -> None:
    fake = FakeAndon()
    fake.say("reject", option="leave", reason="not tonight", by="priya")
    wire = wire_of(fake)
    told = wire.read(wire.open()["id"])
    assert (told["decision"]["option"], told["decision"]["reason"]) == ("leave", "not tonight")
    assert (told["votes"][0]["person"], told["votes"][0]["rationale"]) == ("priya", "not tonight")


def test_what_was_said_last_about_it_counts() -> None:
    fake = FakeAndon("approve")
    fake.say("reject", category="retries_*")
    fake.say("expire", title="Drop *")
    fake.say("withdraw", title="Drop *", environment="staging")
    wire = wire_of(fake)

    def said(**changes: Any) -> str:
        return str(wire.read(wire.open("-".join(changes) or "k", **changes)["id"])["status"])

    assert said() == "rejected"
    assert said(category="deployment") == "approved"
    assert said(category="deployment", title="Drop a table") == "expired"
    assert said(category="deployment", title="Drop a table", environment="staging") == "withdrawn"


def test_what_nobody_could_say_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="say one of approve"):
        FakeAndon("approved")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="say one of refused"):
        FakeAndon().go_away("gone")  # type: ignore[arg-type]
    wire = wire_of(FakeAndon())
    with pytest.raises(LookupError, match="offers no option sometimes to release"):
        wire.fake.approve(wire.open()["id"], option="sometimes")
    with pytest.raises(LookupError, match="no escalation 'esc_1'"):
        wire.fake.approve("esc_1")


def test_what_is_over_is_decided_by_nobody() -> None:
    wire = wire_of(FakeAndon("silent"))
    made = wire.open()
    wire.fake.reject(made["id"])
    for verb in (wire.fake.approve, wire.fake.expire, wire.fake.withdraw, wire.fake.stop):
        with pytest.raises(LookupError, match="is rejected and aborted"):
            verb(made["id"])


def test_where_two_are_needed_one_is_not_enough() -> None:
    wire = wire_of(FakeAndon("silent", needed=2))
    made = wire.open()
    wire.fake.approve(made["id"], by="mia")
    wire.fake.approve(made["id"], by="mia")
    half = wire.read(made["id"])
    assert half["requirements"] == [{"group": "approvers", "needed": 2, "have": {"retry": 1}}]
    wire.fake.approve(made["id"], by="tom")
    assert (half["status"], wire.read(made["id"])["status"]) == ("pending", "approved")


def test_as_many_as_are_needed_approve_by_themselves() -> None:
    wire = wire_of(FakeAndon("approve", needed=3))
    told = wire.read(wire.open()["id"])
    assert (told["status"], len({v["person"] for v in told["votes"]})) == ("approved", 3)


def test_who_looks_at_it_is_told() -> None:
    wire = wire_of(FakeAndon("silent"))
    made = wire.open()
    wire.fake.look(made["id"])
    looked = wire.read(made["id"])
    wire.fake.acknowledge(made["id"], by="mia")
    looking = wire.read(made["id"])
    assert looked["progress"]["looked_at"] is not None
    assert looked["version"] == made["version"]
    assert looking["progress"]["acknowledged_by"] == "mia"
    assert looking["version"] > made["version"]


def test_an_incident_waits_for_somebody_to_resolve_it() -> None:
    wire = wire_of(FakeAndon("approve"))
    made = wire.open_incident()
    assert wire.read(made["id"])["status"] == "pending"
    wire.fake.resolve(made["id"], "a full disk", by="mia")
    assert wire.read(made["id"])["resolution"]["by"] == "person:mia"


def test_it_keeps_what_it_was_asked() -> None:
    wire = wire_of(FakeAndon())
    made = wire.open("k-1")
    wire.claim(made)
    asked = wire.fake.asked
    assert [each.action for each in asked] == ["open", "claim"]
    assert asked[0].json["title"] == BODY["title"]
    assert asked[0].header("idempotency-key") == "k-1"
    assert [e["id"] for e in wire.fake.escalations] == [made["id"]]
    assert wire.fake.escalation(made["id"])["operation"]["state"] == "released"


def test_its_time_is_the_one_that_is_given() -> None:
    fake = FakeAndon("silent", clock=lambda: datetime(2026, 11, 12, 21, 30, tzinfo=UTC))
    wire = wire_of(fake)
    made = wire.open(decide_within_s=60)
    assert made["created_at"] == "2026-11-12T21:30:00.000000Z"
    assert made["deadline_at"] == "2026-11-12T21:31:00.000000Z"
    fake.let_pass(60)
    assert wire.read(made["id"])["status"] == "expired"


async def test_an_async_client_is_woken_while_others_go_on() -> None:
    fake = FakeAndon("silent")
    made = wire_of(fake).open()
    async with httpx2.AsyncClient(base_url=fake.url, transport=fake.transport) as http:
        headers = {"Authorization": f"Bearer {fake.key}", "Prefer": "wait=30"}
        asked = asyncio.create_task(http.get(f"/v1/escalations/{made['id']}", headers=headers))
        while len(fake.asked) < 2:  # noqa: ASYNC110  until it is parked
            await asyncio.sleep(0)
        fake.approve(made["id"])
        assert (await asked).json()["status"] == "approved"


def test_who_is_parked_is_let_go_when_it_ends() -> None:
    heard: list[Any] = []
    with FakeAndon("silent") as fake:
        wire = wire_of(fake)
        made = wire.open()

        def ask() -> None:
            heard.append(wire.call("GET", f"/v1/escalations/{made['id']}", Prefer="wait=60"))

        asking = threading.Thread(target=ask)
        asking.start()
        while len(fake.asked) < 2:
            asking.join(0.001)
    asking.join()
    assert heard[0].json()["status"] == "pending"


def test_settings_for_another_process(tmp_path: Path) -> None:
    code = (
        "import os, urllib.request as u;"
        "print(u.urlopen(os.environ['ANDON_URL'] + '/healthz').read().decode())"
    )
    with FakeAndon() as fake:
        environment = fake.environment(tmp_path)
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], env=environment, capture_output=True, text=True
        )
    assert done.stdout == '{"ok": true, "checks": {}}\n', done.stderr
    assert (tmp_path / "jwks.json").read_text().count('"kid"') == 1
