"""Accepted rules in the store: each has one breaker, it survives everything, and it is told."""

import asyncio
from datetime import timedelta

import pytest

from approvals.commands import Actor, Open, Stop
from approvals.memory.values import Suspension
from approvals.words import DecidedBy, Status
from bot.ids import new_id
from tests.building import a_claim, a_report, a_vote, an_open
from tests.storage.contract.accepting import accepted
from tests.storage.stand import Stand


async def by(stand: Stand, *commands: Open) -> list[str]:
    """Who decided each, sent at once; `people` where it waits for them."""
    settled = await asyncio.gather(*(stand.submit(command) for command in commands))
    found = [s.escalation.decision if s.escalation else None for s in settled]
    return [made.by.value if made else "people" for made in found]


async def let(stand: Stand, key: str) -> str:
    """One that the rule decided."""
    settled = await stand.submit(an_open(key))
    e = settled.escalation
    assert e is not None, settled.refusal
    assert e.decision is not None, "nobody decided it"
    assert e.decision.by is DecidedBy.POLICY
    return e.id


async def test_what_a_rule_decides_is_kept_and_follows_from_its_events(stand: Stand) -> None:
    proposal = await accepted(stand)
    id_ = await let(stand, "a")
    kept = await stand.read(id_)
    assert kept.status is Status.APPROVED
    assert kept.decision is not None
    assert (kept.decision.option, kept.decision.rule) == ("retry", proposal)
    assert await stand.refolded(id_) == kept
    assert await stand.kinds(id_) == ["escalation:opened", "escalation:decided"]
    assert await stand.refolded(proposal) == await stand.read(proposal)


async def test_it_is_taken_once_with_a_grant_and_reported(stand: Stand) -> None:
    await accepted(stand)
    id_ = await let(stand, "a")
    taken = await stand.submit(a_claim(id_, "x"))
    assert taken.grant is not None
    again = await stand.submit(a_claim(id_, "y"))
    assert again.refusal is not None
    await stand.submit(a_report(id_))
    assert (await stand.read(id_)).state.value == "succeeded"


async def test_those_of_one_batch_count_one_another(stand: Stand) -> None:
    """More than five within an hour is a burst: the sixth is asked, and no rule decides again."""
    proposal = await accepted(stand)
    got = await by(stand, *(an_open(f"k{n}") for n in range(7)))
    assert sorted(got) == ["people"] * 2 + ["policy"] * 5
    suspended = (await stand.read(proposal)).suspended
    assert suspended is not None
    assert suspended.why == "burst"
    stand.clock.pass_(2 * 3600)
    assert await by(stand, an_open("later")) == ["people"]


async def test_a_failure_counts_for_those_of_its_own_batch(stand: Stand) -> None:
    proposal = await accepted(stand)
    id_ = await let(stand, "a")
    await stand.submit(a_claim(id_))
    report = stand.submit(a_report(id_, "failed"))
    _, after = await asyncio.gather(report, stand.submit(an_open("b")))
    assert after.escalation is not None
    assert after.escalation.decision is None
    suspended = (await stand.read(proposal)).suspended
    assert suspended == Suspension(at=stand.clock.now, why="failed", because=id_)


async def test_the_breaker_survives_a_restart_and_stale_facts(stand: Stand) -> None:
    """Nobody has looked at the rules since it failed, long ago."""
    await accepted(stand)
    id_ = await let(stand, "a")
    await stand.submit(a_claim(id_))
    await stand.submit(a_report(id_, "failed"))
    await stand.restart()
    stand.clock.pass_(3 * 24 * 3600)
    assert await by(stand, an_open("b")) == ["people"]


async def test_a_rule_that_people_end_decides_nothing_of_its_own_batch(stand: Stand) -> None:
    proposal = await accepted(stand)
    stop = Stop(id=new_id("cmd"), escalation_id=proposal, actor=Actor(account="ULENA"))
    ended, after = await asyncio.gather(stand.submit(stop), stand.submit(an_open("b")))
    assert ended.refusal is None
    assert after.escalation is not None
    assert after.escalation.decision is None
    assert await stand.refolded(proposal) == await stand.read(proposal)


@pytest.mark.parametrize("how", ["unknown", "undone", "stopped", "silence"])
async def test_whatever_goes_wrong_ends_it(stand: Stand, how: str) -> None:
    proposal = await accepted(stand)
    id_ = await let(stand, "a")
    if how == "stopped":
        actor = Actor(account="UPRIYA")
        await stand.submit(Stop(id=new_id("cmd"), escalation_id=id_, actor=actor))
    else:
        await stand.submit(a_claim(id_))
    if how == "unknown":
        await stand.submit(a_report(id_, "unknown"))
    if how == "undone":
        await stand.submit(a_report(id_, undo="restored from the backup"))
    stand.clock.pass_(3601 if how == "silence" else 1)
    assert await by(stand, an_open("b")) == ["people"]
    suspended = (await stand.read(proposal)).suspended
    assert suspended is not None
    why = {"stopped": "undone", "silence": "unknown"}.get(how, how)
    assert (suspended.why, suspended.because) == (why, id_)


async def test_no_more_than_its_text_says_in_a_day(stand: Stand) -> None:
    await accepted(stand)
    for n in range(20):
        id_ = await let(stand, f"k{n}")
        await stand.submit(a_claim(id_, f"x{n}"))
        await stand.submit(a_report(id_, "succeeded"))
        stand.clock.pass_(1000)
    assert await by(stand, an_open("more")) == ["people"]
    stand.clock.pass_(20 * 3600)
    assert await by(stand, an_open("next day")) == ["policy"]


async def test_an_equal_question_that_waits_is_joined(stand: Stand) -> None:
    """One that people are asked already is not decided beside them."""
    await accepted(stand)
    stand.facts.rules, rules = {}, stand.facts.rules
    waits = await stand.open("first", dedup_key="d")
    stand.facts.rules = rules
    settled = await stand.submit(an_open("second", dedup_key="d"))
    assert settled.escalation is not None
    assert settled.escalation.id == waits


async def test_another_value_is_asked_about(stand: Stand) -> None:
    await accepted(stand)
    other = {"name": "sync_data", "arguments": {"argv": ["sync", "--all"]}}
    assert await by(stand, an_open("a", operation=other)) == ["people"]


async def test_it_rings_nobody_and_can_be_seen_and_stopped(stand: Stand) -> None:
    await accepted(stand)
    id_ = await let(stand, "a")
    cards = await stand.store.cards.of(id_)
    assert [(card.surface, card.target) for card in cards] == [("channel", "C0OPERATIONS")]
    assert await stand.store.deliveries.of(id_) == ()


async def test_everyone_concerned_is_told_of_its_end(stand: Stand) -> None:
    proposal = await accepted(stand)
    id_ = await let(stand, "a")
    await stand.submit(a_claim(id_))
    await stand.submit(a_report(id_, "failed"))
    await stand.submit(an_open("b"))
    owed = [d for d in await stand.store.deliveries.of(proposal) if "rule-suspended" in str(d)]
    told = {(d.kind, d.target, d.payload.get("reason")) for d in owed}
    assert told == {
        ("thread", "", None),
        ("direct", "person:sam", "may decide"),
        ("direct", "person:priya", "may decide"),
        ("direct", "person:ravi", "accepted it"),
        ("direct", "person:lena", "accepted it"),
    }


async def test_without_a_rule_in_force_everything_is_asked(stand: Stand) -> None:
    id_ = await stand.open("a")
    await stand.submit(a_vote(id_))
    assert (await stand.read(id_)).decision is not None
    assert await by(stand, an_open("b")) == ["people"]


async def test_the_digest_tells_what_it_decided_and_that_it_ended(stand: Stand) -> None:
    proposal = await accepted(stand)
    began = stand.clock.now
    stand.clock.pass_(1)
    id_ = await let(stand, "a")
    await stand.submit(a_claim(id_))
    await stand.submit(a_report(id_, "failed"))
    await stand.submit(an_open("b"))
    found = await stand.store.digests.quiet(began, stand.clock.now)
    assert [e.id for e in found.ruled] == [id_]
    assert [e.id for e in found.suspended] == [proposal]
    after = await stand.store.digests.quiet(stand.clock.now, stand.clock.now)
    assert not after


async def test_what_a_rule_decided_can_be_asked_for(stand: Stand) -> None:
    """Long ago only where it went wrong, or is not over."""
    proposal = await accepted(stand)
    good, bad = await let(stand, "a"), await let(stand, "b")
    for id_, result in ((good, "succeeded"), (bad, "failed")):
        await stand.submit(a_claim(id_, f"c{id_}"))
        await stand.submit(a_report(id_, result))
    long_ago = (await stand.read(good)).created_at
    found = await stand.store.rulings.uses({proposal, "esc_none"}, long_ago - timedelta(seconds=1))
    assert {use.id: use.state.value for use in found[proposal]} == {
        good: "succeeded",
        bad: "failed",
    }
    assert list(found["esc_none"]) == []
    lately = await stand.store.rulings.uses({proposal}, stand.clock.now + timedelta(days=1))
    assert bad in {use.id for use in lately[proposal]}
    assert await stand.store.rulings.uses(set(), long_ago) == {}
