"""One escalation under audit: its state, rows and laws follow from its records, or it is named."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.auditing import Auditor, Entry, Kept
from approvals.auditing.state import refold
from approvals.codec import dump_text, instant
from approvals.commands import Erase
from approvals.escalation import Escalation
from approvals.events import CLAIMED, DECIDED, VOTE_CAST, Event, Record, canonical_text, link
from approvals.events import LOOKED as LOOK
from approvals.grants import grant_claims
from approvals.snapshot import Requirement
from tests.approvals.scene import Scene
from tests.approvals.world import START

#: After everything, so that every record must be in a block.
LATER = instant(START + timedelta(days=1))


def columns_of(e: Escalation) -> dict[str, Any]:
    """A store with few columns."""
    return {"id": e.id, "status": e.status.value, "version": e.version}


def token(claims: dict[str, Any], kid: str = "key_1") -> str:
    """A grant; what signs it knows its own words."""
    parts = (json.dumps(part).encode() for part in ({"kid": kid}, claims))
    header, payload = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{header}.{payload}.signed"


class Keys:
    """Has signed what is signed `signed`."""

    def has_signed(self, kid: str, text: str, signature: str) -> bool:
        """Whether the word is right."""
        return signature == "signed"


def kept(scene: Scene, **changes: Any) -> Kept:
    """The escalation as a store has it."""
    e, records = scene.e, scene.records
    decided = [r.seq for r in records if r.kind == DECIDED]
    made, taken = e.decision, e.claim
    usual: dict[str, Any] = {
        "id": e.id,
        "body": dump_text(e),
        "columns": columns_of(e),
        "entries": tuple(map(Entry.of, records)),
        "votes": tuple(_vote(e, r) for r in records if r.kind == VOTE_CAST and r.text),
        "sealed": len(records),
    }
    if made is not None:
        row = (decided[-1], e.status.value, made.option, made.by.value, instant(made.at))
        usual["decisions"] = (row,)
    if taken is not None:
        usual["grants"] = ((taken.grant_id, "key_1", token(grant_claims(e, taken.at))),)
    return Kept(**(usual | changes))


def _vote(e: Escalation, record: Record) -> tuple[Any, ...]:
    body = record.body
    counts = any(
        (v.person, v.at, v.void) == (body["person"], record.at, None) and v.option == body["option"]
        for v in e.votes
    )
    return record.seq, body["person"], body["option"], int(counts), instant(record.at)


def found(kept: Kept, by: str = LATER) -> list[str]:
    """What an audit says of it, without its name."""
    auditor = Auditor(columns_of=columns_of, keys=Keys(), sealed_by=by)
    return [str(finding).replace(kept.id, "ID") for finding in auditor.look(kept)]


def released() -> Scene:
    """Approved by one of two votes, taken and done."""
    scene = Scene()
    scene.open()
    scene.look("UANA")
    scene.pass_(1)
    scene.vote("UBEN", "go")
    scene.pass_(1)
    scene.claim()
    scene.report()
    return scene


def overridden() -> Scene:
    """Two people broke the glass."""
    scene = Scene().open()
    scene.break_glass("UCEM")
    scene.break_glass("UDEE")
    return scene


def erased() -> Scene:
    """Over, and what was said is gone."""
    scene = Scene().open()
    scene.vote("UBEN", "no")
    scene.send(Erase, by="operator:ops", reason="retention")
    n = len(scene.records) - 1
    scene.records[:n] = [
        replace(r, text="", body={}, command={}, facts={}) for r in scene.records[:n]
    ]
    return scene


def withdrawn() -> Scene:
    """Taken back."""
    scene = Scene().open()
    scene.withdraw()
    return scene


def changed_mind() -> Scene:
    """A vote in the place of an earlier one, and not enough of them."""
    scene = Scene("schema_migration").open()
    scene.vote("UBEN", "go")
    scene.pass_(1)
    scene.vote("UBEN", "slow")
    return scene


def waiting() -> Scene:
    """Nothing was decided yet."""
    return Scene().open()


def automated(recovery: str = "restart", category: str = "service_health") -> Scene:
    """It ran by itself, and failed."""
    scene = Scene(category)
    scene.body |= {"kind": "automation", "recovery": recovery, "options": []}
    scene.open().report("failed")
    return scene


@pytest.mark.parametrize(
    "life", [released, overridden, withdrawn, waiting, changed_mind, automated]
)
def test_a_life_that_was_so_holds(life: Callable[[], Scene]) -> None:
    assert found(kept(life())) == []


def test_what_was_erased_is_no_finding() -> None:
    scene = erased()
    votes = ((2, "ben", "no", 1, instant(START)),)
    assert found(kept(scene, votes=votes, callbacks=(("msg_1", "{}"),))) == []


def test_an_escalation_without_a_record_is_named() -> None:
    assert found(kept(released(), entries=())) == ["escalation ID: it has no record"]


def test_after_a_broken_chain_nothing_else_is_judged() -> None:
    entries = tuple(map(Entry.of, released().records))
    broken = (entries[0], replace(entries[1], by="person:mia"), *entries[2:])
    assert found(kept(released(), entries=broken, body="{}")) == [
        "escalation ID record 2: it was changed: its hash is another one"
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"body": "{}"}, "escalation ID: its state cannot be read"),
        ({"columns": {}}, "escalation ID: its columns do not follow from its records: id, status,"),
        ({"columns": {"version": 4.0}}, "escalation ID: its columns do not follow"),
        ({"sealed": 3}, "escalation ID record 4: it is in no block since 2026"),
        ({"decisions": ()}, "escalation ID record 4: the table of decisions says something else"),
        ({"grants": ()}, "grant of escalation ID: it is missing or another one"),
        ({"grants": (("gnt_c1", "key_1", "x"),)}, "grant of escalation ID: it is no signed token"),
        (
            {"grants": (("gnt_c1", "key_1", token({})),)},
            "grant of escalation ID: it says something else than the records",
        ),
        ({"votes": ()}, "escalation ID record 3: the vote is missing in the table of votes"),
        (
            {"votes": ((3, "ana", "go", 1, instant(START + timedelta(seconds=1))),)},
            "escalation ID record 3: the table of votes has another vote",
        ),
        (
            {"votes": ((3, "ben", "go", 0, instant(START + timedelta(seconds=1))),)},
            "escalation ID: the votes that count in its table are not those of its records",
        ),
        (
            {"callbacks": (("msg_1", '{"head": "sha256:x", "status": "pending"}'),)},
            "escalation ID callback msg_1: it names no record that it could be about",
        ),
        ({"callbacks": (("msg_1", "not json"),)}, "escalation ID callback msg_1: it names no"),
        ({"callbacks": (("msg_1", "[]"),)}, "escalation ID callback msg_1: it names no record"),
        ({"callbacks": ((1, 2),)}, "escalation ID: its rows hold what no row of ours does"),
    ],
)
def test_what_does_not_follow_is_named(changes: dict[str, Any], says: str) -> None:
    said = found(kept(released(), **changes))
    assert any(line.startswith(says) for line in said), said


def test_a_state_that_does_not_follow_says_in_what() -> None:
    scene = released()
    body = dump_text(replace(scene.e, severity=scene.e.severity.CRITICAL, title="another"))
    assert found(kept(scene, body=body)) == [
        "escalation ID: its state does not follow from its records: title, severity"
    ]


def test_a_grant_by_another_key_is_named() -> None:
    scene = released()
    assert scene.e.claim is not None
    claims = grant_claims(scene.e, scene.e.claim.at)
    for kid, jws, says in (
        ("key_2", token(claims), "its key is not the one it is kept under"),
        ("key_1", token(claims)[:-1], "its signature is not by a key given here"),
    ):
        assert found(kept(scene, grants=(("gnt_c1", kid, jws),))) == [
            f"grant of escalation ID: {says}"
        ]


def test_a_grant_that_nobody_claimed_is_named() -> None:
    assert found(kept(withdrawn(), grants=(("gnt_1", "key_1", "x"),))) == [
        "grant of escalation ID: nothing was claimed, yet it is there"
    ]


def test_without_keys_no_signature_is_checked() -> None:
    scene = released()
    assert scene.e.claim is not None
    jws = token(grant_claims(scene.e, scene.e.claim.at))[:-3]
    auditor = Auditor(columns_of=columns_of, keys=None, sealed_by=LATER)
    assert list(auditor.look(kept(scene, grants=(("gnt_c1", "key_1", jws),)))) == []


def test_a_vote_that_no_record_has_cast_is_named() -> None:
    row = (9, "ana", "go", 0, instant(START))
    assert found(kept(withdrawn(), votes=(row,))) == [
        "escalation ID record 9: the table of votes has a vote that no record has cast"
    ]


def test_callbacks_name_the_deciding_record_or_one_before_there_was_any() -> None:
    scene = released()
    assert scene.e.decision is not None
    decided = json.dumps({"head": scene.e.decision.head, "status": "approved"})
    asked = json.dumps({"head": scene.records[0].hash, "status": "pending"})
    wrong = json.dumps({"head": scene.records[0].hash, "status": "approved"})
    assert found(kept(scene, callbacks=(("a", decided), ("b", asked)))) == []
    assert len(found(kept(scene, callbacks=(("c", wrong),)))) == 1


def test_what_is_young_may_be_on_its_way_into_a_block() -> None:
    assert found(kept(withdrawn(), sealed=0), by=instant(START)) == []


# -- laws ---------------------------------------------------------------------------------------


def forged(scene: Scene, kind: str, n: int | None = None, **body: Any) -> Scene:
    """The life with a record more, well chained, from there on: what a bug or a forger would make.

    Where it stands in the place of another, `n` says which; those after it are gone.
    """
    records = scene.records[: len(scene.records) if n is None else n]
    last = records[-1]
    event = Event(kind=kind, at=last.at, by="clock", body=body)
    seq = last.seq + 1
    made = link(event, escalation_id=scene.e.id, seq=seq, prev=last.hash, command={"id": "cmd"})
    scene.records = [*records, made]
    return scene


def laws(scene: Scene) -> list[str]:
    """What the laws say, whatever the rows say."""
    entries = tuple(map(Entry.of, scene.records))
    said = found(kept(scene, entries=entries))
    return [line for line in said if "follow" not in line and "table" not in line]


APPROVED = {"status": "approved", "effect": "release", "by": "votes", "option": "go"}
EXPIRED = {"status": "expired", "effect": "abort", "by": "expiry"}
UNTIL = {"claim_until": instant(START + timedelta(hours=1))}


def test_nothing_is_decided_twice() -> None:
    scene = forged(released(), DECIDED, n=4, **EXPIRED)
    said = laws(scene)
    assert "escalation ID record 5: escalation:decided stands in it twice" in said
    assert "escalation ID record 5: it was decided already" in said


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({**APPROVED, "effect": "abort"}, "its status and its effect do not go together"),
        ({**EXPIRED, "effect": "release"}, "its status and its effect do not go together"),
        ({**APPROVED, "option": "no"}, "no option that releases was chosen"),
        ({**APPROVED, "option": "gone"}, "no option that releases was chosen"),
        ({**APPROVED, "by": "expiry"}, "expiry releases nothing"),
        (APPROVED, "fewer people made it than were needed"),
        ({**APPROVED, "people": ["ben", "ben"]}, "it counts somebody who did not vote for it"),
        ({**APPROVED, "by": "break_glass", "people": ["cem"]}, "it counts somebody who did not"),
        ({**APPROVED, "people": ["req"]}, "it counts somebody who never counts here"),
    ],
)
def test_no_decision_breaks_a_law(body: dict[str, Any], says: str) -> None:
    scene = forged(Scene().open(), DECIDED, **body, **UNTIL)
    assert any(line.startswith(f"escalation ID record 2: {says}") for line in laws(scene))


@pytest.mark.parametrize("fills_many", [True, False])
def test_one_person_for_two_seats_is_what_the_plan_says(fills_many: bool) -> None:
    scene = Scene()
    seats = (Requirement(group="dba", needed=1), Requirement(group="sec", needed=1))
    scene.plan = {"requirements": seats, "one_person_fills_many": fills_many}
    scene.open()
    scene.vote("UBEN", "go")
    alone = forged(scene, DECIDED, **APPROVED, **UNTIL, people=["ben"])
    assert any("fewer people" in line for line in laws(alone)) is not fills_many


CLAIM = {
    "key": "k",
    "digest": "sha256:other",
    "nonce": "n",
    "by": "svc",
    "grant_id": "gnt_1",
    "expires_at": instant(START),
}


def test_nothing_is_taken_without_an_approval_or_of_another_operation() -> None:
    said = laws(forged(withdrawn(), CLAIMED, **CLAIM))
    for what in (
        "it was taken without an approval",
        "another operation was taken than was approved",
        "it was taken too late",
    ):
        assert f"escalation ID: {what}" in said


def test_no_outcome_is_of_what_was_never_taken() -> None:
    scene = forged(withdrawn(), "operation:reported", result="succeeded", by="svc")
    assert "escalation ID: an outcome was reported of what was never taken" in laws(scene)


def test_nothing_runs_without_having_been_taken() -> None:
    """A decision of people lets nobody begin: the release is taken first."""
    scene = forged(Scene().open(), DECIDED, **APPROVED, report_until=instant(START))
    assert "escalation ID: it runs without having been taken" in laws(scene)


def let(by: str = "policy", **fields: Any) -> Scene:
    """What ran by itself, with other words in its opening, and decided by something else."""
    scene = automated()
    opened, decided, _ = scene.records
    asked = {**opened.body["escalation"], **fields}
    event = Event(kind=opened.kind, at=opened.at, by=opened.by, body={"escalation": asked})
    at = {"escalation_id": scene.e.id, "seq": 1, "prev": opened.prev}
    scene.records = [link(event, **at, command={"id": "cmd"})]
    return forged(scene, decided.kind, **{**decided.body, "by": by})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"category": "schema_migration"}, "category never runs by itself"),
        ({"recovery": None}, "recovery never runs by itself"),
        (
            {"operation": {"name": "x", "money": {"amount_minor": 1, "currency": "EUR"}}},
            "operation/money never runs by itself",
        ),
        (
            {"operation": {"name": "x", "arguments": {"sql": "DROP TABLE t"}}},
            "operation/arguments/sql never runs by itself",
        ),
        ({"by": "votes"}, "votes decided what nobody was asked"),
    ],
)
def test_nothing_that_people_decide_has_run_by_itself(changes: dict[str, Any], says: str) -> None:
    assert f"escalation ID record 2: {says}" in laws(let(**changes))


def test_an_automation_is_never_taken() -> None:
    """Nobody approved it, so there is no release of it."""
    scene = forged(automated(), CLAIMED, **{**CLAIM, "report_until": instant(START)})
    assert "escalation ID: an automation was taken like a release" in laws(scene)


def test_there_is_nothing_to_fold_without_a_record() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        refold(())


# -- records that cannot be ---------------------------------------------------------------------


def rechained(scene: Scene, n: int, text: str) -> list[Entry]:
    """The chain with another text in one record, hashed anew to its end."""
    entries: list[Entry] = []
    for seq, record in enumerate(scene.records, 1):
        said = text if seq == n else record.text
        body = json.loads(said)
        event = Event(kind=record.kind, at=record.at, by=record.by, body=body.get("body", {}),
                      facts=body.get("facts", {}))  # fmt: skip
        prev = entries[-1].hash if entries else scene.records[0].prev
        command = body.get("command", {})
        made = link(event, escalation_id=record.escalation_id, seq=seq, prev=prev, command=command)
        kept_as = record.command["id"]
        entries.append(replace(Entry.of(made), command_id=kept_as))
    return entries


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "it cannot follow on the records before it (KeyError)"),
        ({"person": []}, "it cannot follow on the records before it"),
    ],
)
def test_a_record_that_cannot_follow_is_named(body: dict[str, Any], says: str) -> None:
    scene = released()
    n = next(r.seq for r in scene.records if r.kind == VOTE_CAST)
    record = scene.records[n - 1]
    text = canonical_text({"body": body, "command": record.command, "facts": {}})
    said = found(kept(scene, entries=tuple(rechained(scene, n, text))))
    assert said[0].startswith(f"escalation ID record {n}: {says}")


def test_a_command_under_another_id_is_named() -> None:
    scene = released()
    n = next(r.seq for r in scene.records if r.kind == LOOK)
    record = scene.records[n - 1]
    text = canonical_text(
        {"body": record.body, "command": {**record.command, "id": "cmd_x"}, "facts": {}}
    )
    said = found(kept(scene, entries=tuple(rechained(scene, n, text))))
    assert said[0] == f"escalation ID record {n}: its command is kept under another id"
