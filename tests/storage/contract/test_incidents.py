"""Incidents and questions: joined by what they are about, resolved once, read back whole."""

import asyncio
from datetime import timedelta

import pytest

from approvals.commands import AnswerQuestion, Withdraw
from approvals.ports import Wanted
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Kind, Status
from bot.ids import new_id
from tests.building import a_claim, a_question, a_resolution, a_vote, an_incident
from tests.storage.stand import Stand


async def opened(stand: Stand, key: str = "i1", **changes: object) -> str:
    """The id of an incident, new or joined."""
    settled = await stand.submit(an_incident(key, **changes))
    assert settled.escalation is not None, settled.refusal
    return settled.escalation.id


async def test_an_incident_is_read_back_as_it_was_folded(stand: Stand) -> None:
    settled = await stand.submit(an_incident())
    assert settled.answer.case is Case.OPENED
    assert settled.escalation is not None
    kept = await stand.read(settled.escalation.id)
    assert (kept, kept.kind, kept.operation, kept.options) == (
        settled.escalation,
        Kind.INCIDENT,
        None,
        (),
    )


@pytest.mark.parametrize("at_once", [True, False])
async def test_incidents_that_read_alike_are_one(stand: Stand, at_once: bool) -> None:
    """In one batch, or one after the other; the store's fence lets no second one in."""
    asked = [stand.submit(an_incident(f"i{n}", title=f"{n} hosts are away")) for n in range(4)]
    done = await asyncio.gather(*asked) if at_once else [await one for one in asked]
    assert [s.answer.case for s in done] == [Case.OPENED, *[Case.JOINED] * 3]
    (id_,) = {s.escalation.id for s in done if s.escalation}
    assert (await stand.read(id_)).occurrences == 4


async def test_an_incident_past_its_time_is_still_the_one_that_is_joined(stand: Stand) -> None:
    """It never expires, so what comes hours later is no second one."""
    id_ = await opened(stand)
    stand.clock.pass_(30 * 3600)
    assert await opened(stand, "i2") == id_
    assert (await stand.read(id_)).status is Status.PENDING


async def test_a_resolved_incident_is_over_and_joined_by_nobody(stand: Stand) -> None:
    id_ = await opened(stand)
    done = await stand.submit(a_resolution(id_))
    assert done.answer.case is Case.RESOLVED
    kept = await stand.read(id_)
    assert (kept.status, kept.due_at, kept.decision) == (Status.RESOLVED, None, None)
    assert kept.resolution is not None
    assert kept.resolution.by == "person:sam"
    assert await opened(stand, "i2") != id_
    assert await stand.refolded(id_) == kept


async def test_a_resolution_is_kept_over_a_restart(stand: Stand) -> None:
    id_ = await opened(stand)
    await stand.submit(a_resolution(id_))
    before = await stand.read(id_)
    await stand.restart()
    assert await stand.read(id_) == before
    late = await stand.submit(a_resolution(id_, "UPRIYA"))
    assert late.refusal is not None
    assert (late.refusal.why, late.refusal.values["by"]) == (Why.ALREADY_TERMINAL, ["Sam"])


async def test_of_two_who_resolve_at_once_one_does(stand: Stand) -> None:
    id_ = await opened(stand)
    await asyncio.gather(stand.submit(a_resolution(id_)), stand.submit(a_resolution(id_, "UPRIYA")))
    assert (await stand.kinds(id_)).count("escalation:resolved") == 1


async def test_an_incident_that_recovered_is_decided_by_its_service(stand: Stand) -> None:
    id_ = await opened(stand)
    await stand.submit(Withdraw(id=new_id("cmd"), escalation_id=id_, service="data-sync"))
    kept = await stand.read(id_)
    assert kept.decision is not None
    assert kept.status is Status.WITHDRAWN


async def test_nothing_of_an_incident_is_voted_for_or_taken(stand: Stand) -> None:
    id_ = await opened(stand)
    refused = [await stand.submit(command) for command in (a_vote(id_), a_claim(id_))]
    assert [s.refusal.why for s in refused if s.refusal] == [Why.NOT_HELD, Why.NOT_HELD]


async def test_the_resolved_stand_among_those_that_ended_last(stand: Stand) -> None:
    """By when they ended; the pending do not."""
    incident, approval = await opened(stand), await stand.open()
    await opened(stand, "i2", environment="staging")
    await stand.submit(a_vote(approval, option="leave"))
    stand.clock.pass_(1)
    await stand.submit(a_resolution(incident))
    last = await stand.store.reads.last_decided()
    assert [e.id for e in last] == [incident, approval]


async def test_lists_are_filtered_by_kind_and_by_resolved(stand: Stand) -> None:
    done, waits, approval = (
        await opened(stand),
        await opened(stand, "i2", environment="staging"),
        await stand.open(),
    )
    await stand.submit(a_resolution(done))

    async def listed(**wanted: str) -> set[str]:
        found = await stand.store.reads.page(Wanted(**wanted), None, 10)
        return {e.id for e in found.items}

    assert await listed(status="resolved") == {done}
    assert await listed(kind="incident") == {done, waits}
    assert await listed(kind="incident", status="pending") == {waits}
    assert await listed(kind="approval") == {approval}


async def test_what_is_over_is_due_no_more(stand: Stand) -> None:
    id_ = await opened(stand)
    await stand.submit(a_resolution(id_))
    later = stand.clock.now + timedelta(days=30)
    assert await stand.store.reads.overdue(later, 10) == ()


async def test_questions_and_their_answers_are_kept(stand: Stand) -> None:
    id_ = await stand.open()
    await asyncio.gather(*(stand.submit(a_question(id_, text=f"what of {n}?")) for n in range(3)))
    await stand.submit(
        AnswerQuestion(
            id=new_id("cmd"),
            escalation_id=id_,
            service="data-sync",
            text="all is well",
            context={"rollback": "none"},
        )
    )
    await stand.restart()
    kept = await stand.read(id_)
    assert [(q.text, q.answer) for q in kept.questions] == [
        (f"what of {n}?", "all is well") for n in range(3)
    ]
    assert kept.context == {"rollback": "none"}
    assert await stand.refolded(id_) == kept
