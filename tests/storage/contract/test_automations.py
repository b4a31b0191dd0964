"""Automations in the store: a service has one breaker a kind, and it survives everything."""

import asyncio
from dataclasses import replace

from approvals.commands import Open
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState
from tests.building import a_claim, a_report, a_vote, an_automation, an_open
from tests.storage.stand import Stand


async def cases(stand: Stand, *commands: Open) -> list[str]:
    """What became of each, sent at once."""
    settled = await asyncio.gather(*(stand.submit(c) for c in commands))
    return [s.refusal.why.value if s.refusal else s.answer.case.value for s in settled]


async def ran(stand: Stand, key: str, result: str = "succeeded", recovery: str = "restart") -> str:
    """One that ran by itself and ended so."""
    settled = await stand.submit(an_automation(key, recovery=recovery))
    assert settled.escalation is not None, settled.refusal
    await stand.submit(a_report(settled.escalation.id, result))
    return settled.escalation.id


async def test_its_record_is_kept_and_follows_from_its_events(stand: Stand) -> None:
    id_ = await ran(stand, "a")
    kept = await stand.read(id_)
    assert kept.state is OperationState.SUCCEEDED
    assert await stand.refolded(id_) == kept
    assert await stand.kinds(id_) == [
        "escalation:opened",
        "escalation:decided",
        "operation:reported",
    ]


async def test_those_of_one_batch_count_one_another(stand: Stand) -> None:
    got = await cases(stand, *(an_automation(f"k{n}") for n in range(7)))
    assert sorted(got) == ["opened"] * 5 + ["turned-manual"] * 2


async def test_a_failure_counts_for_those_of_its_own_batch(stand: Stand) -> None:
    """The report and the next automation may be committed together."""
    settled = await stand.submit(an_automation("a"))
    assert settled.escalation is not None
    report = stand.submit(a_report(settled.escalation.id, "failed"))
    after = await asyncio.gather(report, stand.submit(an_automation("b")))
    assert after[1].refusal is not None
    assert after[1].refusal.why is Why.TURNED_MANUAL


async def test_the_breaker_survives_a_restart(stand: Stand) -> None:
    await ran(stand, "a", "failed")
    await stand.restart()
    assert await cases(stand, an_automation("b")) == ["turned-manual"]
    stand.clock.pass_(24 * 3600)
    assert await cases(stand, an_automation("b")) == ["opened"]


async def test_kinds_of_recovery_count_apart(stand: Stand) -> None:
    await ran(stand, "a", "failed")
    assert await cases(stand, an_automation("b", recovery="cache")) == ["opened"]


async def test_services_count_apart(stand: Stand) -> None:
    await ran(stand, "a", "failed")
    theirs = replace(an_automation("b"), service="other")
    assert await cases(stand, theirs) == ["opened"]


async def test_one_that_people_released_turns_it_automatic_again(stand: Stand) -> None:
    await ran(stand, "a", "failed")
    stand.clock.pass_(1)
    asked = await stand.submit(an_open("b", dedup_key="automation:restart"))
    assert asked.escalation is not None
    await stand.submit(a_vote(asked.escalation.id))
    await stand.submit(a_claim(asked.escalation.id))
    assert await cases(stand, an_automation("c")) == ["turned-manual"]
    await stand.submit(a_report(asked.escalation.id))
    assert await cases(stand, an_automation("d")) == ["opened"]


async def test_it_shares_its_group_with_the_approvals_after_it(stand: Stand) -> None:
    first = await stand.read(await ran(stand, "a", "failed"))
    asked = await stand.submit(an_open("b", dedup_key="automation:restart"))
    assert asked.escalation is not None
    assert asked.escalation.group_id == first.group_id


async def test_nobody_is_owed_anything_of_it(stand: Stand) -> None:
    """Not even when many come at once: they are no storm."""
    for n in range(5):
        await ran(stand, f"k{n}")
    work = await stand.store.deliveries.due(
        ("direct", "thread", "page", "callback"), stand.clock(), 9
    )
    assert work == ()
    assert await stand.store.cards.due(stand.clock(), 9) == ()


async def test_it_waits_for_nobody_and_is_nobodys_decision(stand: Stand) -> None:
    await ran(stand, "a")
    assert await stand.store.reads.pending() == ()
    assert await stand.store.reads.last_decided() == ()


async def test_a_used_key_is_the_same_record(stand: Stand) -> None:
    command = an_automation("a")
    first, again = await stand.submit(command), await stand.submit(an_automation("a"))
    assert again.answer.case is Case.REPEATED
    assert first.escalation is not None
    assert again.escalation is not None
    assert again.escalation.id == first.escalation.id


async def test_silence_turns_it_manual(stand: Stand) -> None:
    """A process that died of its own recovery does not start it again and again."""
    settled = await stand.submit(an_automation("a"))
    assert settled.escalation is not None
    stand.clock.pass_(900)
    assert await cases(stand, an_automation("b")) == ["turned-manual"]
