"""Every escalation's records: a chain without a gap, from which its state follows."""

import json
from itertools import pairwise

import pytest

from approvals.codec import dump
from approvals.commands import Actor, AddContext, Look, Tick
from approvals.events import GENESIS, Record, record_hash, sha256
from approvals.words import OperationState
from bot.ids import new_id
from tests.building import a_claim, a_vote
from tests.storage.stand import Stand


@pytest.fixture
async def life(stand: Stand) -> tuple[Record, ...]:
    """The records of an escalation that went through much."""
    id_ = await stand.open(context={"umlaut": "Überweisung", "quote": 'say "no"\u2028'})
    await stand.submit(Look(id=new_id("cmd"), escalation_id=id_, actor=Actor(account="UPRIYA")))
    told = {"service": "data-sync", "context": {"lag": "9 h"}}
    await stand.submit(AddContext(id=new_id("cmd"), escalation_id=id_, **told))
    for account in ("UMIA", "USAM", "UPRIYA"):
        await stand.submit(a_vote(id_, account, shown=1))
    await stand.submit(a_claim(id_))
    stand.clock.pass_(3601)
    await stand.tick(id_)
    return await stand.store.reads.records(id_)


async def test_seq_counts_from_one_without_a_gap(life: tuple[Record, ...]) -> None:
    assert [record.seq for record in life] == list(range(1, len(life) + 1))
    assert [record.kind for record in life] == [
        "escalation:opened",
        "escalation:looked",
        "context:added",
        "refusal:recorded",
        "vote:cast",
        "escalation:decided",
        "refusal:recorded",
        "operation:claimed",
        "operation:reported",
    ]


async def test_each_record_names_the_one_before(life: tuple[Record, ...]) -> None:
    assert life[0].prev == GENESIS
    assert all(after.prev == before.hash for before, after in pairwise(life))


async def test_each_hash_is_that_of_the_record_and_its_text(life: tuple[Record, ...]) -> None:
    assert [r.hash for r in life] == [
        record_hash(r.escalation_id, r.seq, r.kind, r.at, r.by, r.core, r.prev, sha256(r.text))
        for r in life
    ]


async def test_each_text_says_what_the_record_says(life: tuple[Record, ...]) -> None:
    for record in life:
        assert json.loads(record.text) == {
            "body": record.body,
            "command": record.command,
            "facts": record.facts,
        }


async def test_the_stored_state_follows_from_the_records(
    stand: Stand, life: tuple[Record, ...]
) -> None:
    id_ = life[0].escalation_id
    folded, kept = await stand.refolded(id_), await stand.read(id_)
    assert folded is not None
    assert dump(folded) == dump(kept)
    assert kept.state is OperationState.UNKNOWN
    assert (kept.seq, kept.head) == (life[-1].seq, life[-1].hash)


async def test_the_head_is_the_same_after_a_restart(stand: Stand, life: tuple[Record, ...]) -> None:
    await stand.restart()
    assert await stand.store.reads.records(life[0].escalation_id) == life


async def test_each_record_names_its_command(stand: Stand) -> None:
    id_ = await stand.open()
    vote = a_vote(id_)
    await stand.submit(vote)
    records = await stand.store.reads.records(id_)
    assert [r.command["name"] for r in records] == ["Open", "Vote", "Vote"]
    assert [r.command["id"] for r in records[1:]] == [vote.id] * 2


async def test_chains_do_not_mix(stand: Stand) -> None:
    ids = await stand.fill(3)
    for id_ in ids:
        records = await stand.store.reads.records(id_)
        assert [(r.escalation_id, r.seq) for r in records] == [(id_, 1)]


async def test_nothing_is_recorded_of_what_is_not_there(stand: Stand) -> None:
    assert await stand.store.reads.records("esc_unknown") == ()
    assert (await stand.submit(Tick(id="cmd_1", escalation_id="esc_unknown"))).escalation is None
