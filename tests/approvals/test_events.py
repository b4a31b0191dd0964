"""The chain: any change of any field of any record is found, by hashing alone."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals.events import GENESIS, Record, canonical_text, record_hash, sha256
from tests.approvals.stories import STORIES, half_agreed, unknown_then_failed


def faults(records: Sequence[Record], of: str) -> Iterator[int]:
    """Places in the chain that do not verify: what an auditor without our code does."""
    prev = GENESIS
    for seq, record in enumerate(records, 1):
        body = sha256(record.text)
        made = record_hash(
            of, seq, record.kind, record.at, record.by, record.core, record.prev, record.body_hash
        )
        said = canonical_text(
            {"body": record.body, "command": record.command, "facts": record.facts}
        )
        place = (record.escalation_id, record.seq, record.prev, record.hash)
        texts = (record.body_hash, record.text)
        if place != (of, seq, prev, made) or texts != (body, said):
            yield seq
        prev = record.hash


def another(value: Any) -> Any:
    """A value like it, and not the same."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return {**value, "more": 1}


@pytest.mark.parametrize("name", STORIES)
def test_every_chain_verifies(name: str) -> None:
    """1, 2, 3 without a gap, from the same beginning."""
    scene = STORIES[name]()
    assert list(faults(scene.records, scene.e.id)) == []


@pytest.mark.parametrize("field", [f.name for f in fields(Record)])
def test_a_change_of_any_field_of_any_record_is_found(field: str) -> None:
    """At that record, or at the next where its hash was made anew."""
    scene = unknown_then_failed()
    for n, record in enumerate(scene.records):
        changed = replace(record, **{field: another(getattr(record, field))})
        spoilt = [*scene.records[:n], changed, *scene.records[n + 1 :]]
        assert next(faults(spoilt, scene.e.id)) == n + 1


def test_a_record_that_is_rehashed_breaks_the_next() -> None:
    """Who changes one must change all that follow, and the head is known elsewhere."""
    scene = half_agreed()
    first = scene.records[0]
    text = first.text.replace("svc", "src")
    forged = replace(first, text=text)
    forged = replace(
        forged,
        hash=record_hash(
            first.escalation_id, 1, first.kind, first.at, first.by, 1, first.prev, sha256(text)
        ),
    )
    assert 2 in faults([forged, *scene.records[1:]], scene.e.id)


@pytest.mark.parametrize("how", ["drop", "swap", "repeat", "insert"])
def test_a_record_left_out_moved_or_put_in_is_found(how: str) -> None:
    """Only a cut tail is not: its head is anchored elsewhere."""
    scene = half_agreed()
    for n in range(len(scene.records) - 1):
        records = list(scene.records)
        if how == "drop":
            del records[n]
        elif how == "swap":
            records[n], records[n + 1] = records[n + 1], records[n]
        elif how == "repeat":
            records.insert(n, records[n])
        else:
            records.insert(n, scene.records[-1])
        assert next(faults(records, scene.e.id)) == n + 1 or how == "repeat"
        assert list(faults(records, scene.e.id))


def test_a_body_may_be_erased_and_its_place_still_proved() -> None:
    """Retention: the record's hash needs the body's hash only."""
    record = half_agreed().records[1]
    kept = sha256(record.text)
    again = record_hash(
        record.escalation_id,
        record.seq,
        record.kind,
        record.at,
        record.by,
        record.core,
        record.prev,
        kept,
    )
    assert again == record.hash


def test_the_hash_is_what_anybody_can_make() -> None:
    """Written out once by hand, so that it never changes."""
    at = datetime.fromisoformat("2026-11-12T21:00:00+00:00")
    assert canonical_text({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'
    made = record_hash("esc_1", 1, "escalation:looked", at, "person:ana", 1, GENESIS, sha256("{}"))
    line = (
        '{"at":"2026-11-12T21:00:00.000000Z","body":"' + sha256("{}") + '","by":"person:ana",'
        '"core":1,"escalation":"esc_1","kind":"escalation:looked","prev":"' + GENESIS + '","seq":1}'
    )
    assert made == sha256(line)
    assert sha256("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_record_names_its_command() -> None:
    """Enough to look up what became of it; a vote also its option, an open what its key was."""
    scene = half_agreed()
    assert scene.records[1].command == {"name": "Vote", "id": "cmd_2", "option": "slow"}
    opened = scene.records[0].command
    assert opened["idempotency_key"] == "k1"
    assert (opened["body_hash"], opened["group_id"]) == ("b1", "grp_1")
