"""Opens: stored as folded, once a key, joined while an equal one is pending."""

import asyncio
from dataclasses import replace

import pytest

from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Status
from tests.building import a_vote, an_open
from tests.storage.stand import Stand


async def test_an_open_is_read_back_as_it_was_folded(stand: Stand) -> None:
    settled = await stand.submit(an_open(context={"graph": {"load": [1, 2.5, None]}}))
    assert settled.answer.case is Case.OPENED
    assert settled.escalation is not None
    assert await stand.read(settled.escalation.id) == settled.escalation


async def test_what_nobody_may_decide_is_refused_and_leaves_nothing(stand: Stand) -> None:
    command = an_open(environment="staging", category="deployment")
    settled = await stand.submit(command)
    assert settled.refusal is not None
    assert settled.refusal.why is Why.UNPROCESSABLE
    assert settled.escalation is None
    assert await stand.store.reads.escalation(command.escalation_id) is None
    assert stand.told == []


async def test_a_refused_open_does_not_use_up_its_key(stand: Stand) -> None:
    await stand.submit(an_open("k", environment="staging", category="deployment"))
    assert (await stand.submit(an_open("k"))).answer.case is Case.OPENED


async def test_the_same_key_and_body_give_the_same_escalation(stand: Stand) -> None:
    first = await stand.submit(an_open("k"))
    again = await stand.submit(an_open("k"))
    assert again.escalation == first.escalation
    assert again.answer.case is Case.REPEATED


async def test_the_same_key_with_another_body_is_refused(stand: Stand) -> None:
    await stand.open("k")
    other = await stand.submit(an_open("k", title="Something else"))
    assert other.refusal is not None
    assert other.refusal.why is Why.KEY_REUSED


async def test_a_used_key_is_refused_another_body_also_while_a_twin_waits(stand: Stand) -> None:
    """The no is recorded with the twin, and changes it; the key is no new one for that."""
    await stand.submit(an_open("k", dedup_key="d"))
    other = await stand.submit(an_open("k", dedup_key="d", title="Something else"))
    assert other.refusal is not None
    assert other.refusal.why is Why.KEY_REUSED


async def test_a_key_is_a_services_own(stand: Stand) -> None:
    first = await stand.submit(an_open("k"))
    other = await stand.submit(replace(an_open("k"), service="payments"))
    assert other.answer.case is Case.OPENED
    assert first.escalation != other.escalation


async def test_a_key_is_kept_over_a_restart(stand: Stand) -> None:
    id_ = await stand.open("k")
    await stand.restart()
    assert await stand.open("k") == id_


async def test_fifty_opens_with_one_key_at_once_make_one_escalation(stand: Stand) -> None:
    done = await asyncio.gather(*(stand.submit(an_open("k")) for _ in range(50)))
    assert len({s.escalation.id for s in done if s.escalation}) == 1
    assert sum(s.answer.case is Case.OPENED for s in done) == 1


async def test_of_two_bodies_with_one_key_at_once_the_second_is_refused(stand: Stand) -> None:
    first, second = await asyncio.gather(
        stand.submit(an_open("k")), stand.submit(an_open("k", title="Something else"))
    )
    assert first.answer.case is Case.OPENED
    assert second.refusal is not None
    assert second.refusal.why is Why.KEY_REUSED


async def test_an_equal_question_with_a_dedup_key_joins_the_pending_one(stand: Stand) -> None:
    first = await stand.open("k1", dedup_key="sync")
    joined = await stand.submit(an_open("k2", dedup_key="sync", context={"rollback": "x"}))
    assert joined.escalation is not None
    assert (joined.escalation.id, joined.escalation.occurrences) == (first, 2)
    assert joined.escalation.context == {"rollback": "x"}
    assert joined.escalation.shown == 0


async def test_the_key_of_a_joined_open_gives_the_joined_escalation_again(stand: Stand) -> None:
    first = await stand.open("k1", dedup_key="sync")
    await stand.open("k2", dedup_key="sync")
    again = await stand.submit(an_open("k2", dedup_key="sync"))
    assert again.answer.case is Case.REPEATED
    assert again.escalation is not None
    assert (again.escalation.id, again.escalation.occurrences) == (first, 2)


@pytest.mark.parametrize("at_once", [False, True])
async def test_eight_equal_questions_make_one_escalation_of_eight(
    stand: Stand, at_once: bool
) -> None:
    opens = [an_open(f"k{n}", dedup_key="sync") for n in range(8)]
    if at_once:
        await asyncio.gather(*map(stand.submit, opens))
    else:
        for command in opens:
            await stand.submit(command)
    (found,) = await stand.store.reads.pending()
    assert found.occurrences == 8
    assert await stand.kinds(found.id) == ["escalation:opened"] + ["escalation:joined"] * 7


async def test_a_decided_twin_is_not_joined_but_shares_its_group(stand: Stand) -> None:
    first = await stand.read(await stand.open("k1", dedup_key="sync"))
    await stand.submit(a_vote(first.id, option="leave"))
    second = await stand.read(await stand.open("k2", dedup_key="sync"))
    assert second.id != first.id
    assert second.group_id == first.group_id


async def test_an_overdue_twin_is_ended_and_not_joined(stand: Stand) -> None:
    first = await stand.open("k1", dedup_key="sync")
    stand.clock.pass_(5 * 3600)
    second = await stand.read(await stand.open("k2", dedup_key="sync"))
    assert second.id != first
    ended = await stand.read(first)
    assert ended.status is Status.EXPIRED
    assert ended.group_id == second.group_id


async def test_of_two_opens_at_once_after_an_overdue_twin_one_opens_and_one_joins(
    stand: Stand,
) -> None:
    first = await stand.open("k1", dedup_key="sync")
    stand.clock.pass_(5 * 3600)
    second, third = await asyncio.gather(
        stand.submit(an_open("k2", dedup_key="sync")), stand.submit(an_open("k3", dedup_key="sync"))
    )
    assert (second.answer.case, third.answer.case) == (Case.OPENED, Case.JOINED)
    assert (await stand.read(first)).status is Status.EXPIRED
