"""Group commit: whole batches, urgent commands first, nobody harmed by anybody else."""

import asyncio
import random
from dataclasses import replace

import pytest

from approvals.commands import AddContext, ReplyTo
from approvals.escalation import Escalation
from approvals.ports import NotSavedError
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Status
from bot.ids import new_id
from storage.writer import QUEUE_BYTES
from tests.building import a_claim, a_vote, an_open
from tests.storage.stand import Stand


async def test_three_hundred_opens_at_once_are_all_there_and_told_in_order(stand: Stand) -> None:
    opens = [an_open(f"k{n}") for n in range(300)]
    done = await asyncio.gather(*map(stand.submit, opens))
    assert [s.escalation.id for s in done if s.escalation] == [c.escalation_id for c in opens]
    assert [e.id for e in stand.told] == [c.escalation_id for c in opens]
    assert {e.id for e in await stand.store.reads.pending()} == {c.escalation_id for c in opens}


async def test_votes_and_claims_overtake_opens(stand: Stand) -> None:
    id_ = await stand.open()
    stand.told.clear()
    await asyncio.gather(
        *(stand.submit(an_open(f"other{n}")) for n in range(20)), stand.submit(a_vote(id_))
    )
    assert (stand.told[0].id, stand.told[0].status) == (id_, Status.APPROVED)


async def test_a_commit_is_told_before_nobody_and_holds_what_was_settled(stand: Stand) -> None:
    settled = await stand.submit(an_open())
    assert stand.told == [settled.escalation]


class Deaf(list[Escalation]):
    """Nobody who could be told."""

    def extend(self, told: object) -> None:
        raise LookupError("nobody listens")


async def test_whoever_is_told_of_commits_can_undo_none(stand: Stand) -> None:
    stand.told = Deaf()
    await stand.restart()
    id_ = await stand.open()
    told = {"service": "data-sync", "context": {"lag": "9 h"}}
    add = AddContext(id=new_id("cmd"), escalation_id=id_, **told)
    done = await asyncio.gather(stand.submit(add), stand.submit(an_open("k2")))
    assert [s.answer.case for s in done] == [Case.CONTEXT_ADDED, Case.OPENED]
    assert await stand.kinds(id_) == ["escalation:opened", "context:added"]


async def test_commits_of_one_escalation_are_told_in_order(stand: Stand) -> None:
    id_ = await stand.approved()
    await stand.submit(a_claim(id_))
    assert [(e.status, e.version) for e in stand.told if e.id == id_] == [
        (Status.PENDING, 1),
        (Status.APPROVED, 3),
        (Status.APPROVED, 4),
    ]


async def test_a_poisonous_command_fails_alone(stand: Stand) -> None:
    poison = an_open("poison", category=["not", "a", "slug"])
    good, bad, also = await asyncio.gather(
        stand.submit(an_open("good")),
        stand.submit(poison),
        stand.submit(an_open("also")),
        return_exceptions=True,
    )
    assert isinstance(bad, NotSavedError)
    assert not isinstance(good, BaseException)
    assert not isinstance(also, BaseException)
    assert await stand.store.reads.escalation(poison.escalation_id) is None


async def test_what_cannot_be_written_fails_alone(stand: Stand) -> None:
    """It can be decided, but its answer cannot be put into words."""
    poison = a_vote(await stand.open("k1"), reply=ReplyTo(channel=object()))  # type: ignore[arg-type]
    good, bad, also = await asyncio.gather(
        stand.submit(an_open("good")),
        stand.submit(poison),
        stand.submit(an_open("also")),
        return_exceptions=True,
    )
    assert isinstance(bad, NotSavedError)
    assert [s.answer.case for s in (good, also)] == [Case.OPENED] * 2
    assert (await stand.read(poison.escalation_id)).status is Status.PENDING


async def test_nothing_is_claimed_without_a_grant_while_the_key_is_out_of_reach(
    stand: Stand,
) -> None:
    id_ = await stand.approved()
    stand.signer.is_locked = True
    with pytest.raises(NotSavedError):
        await stand.submit(a_claim(id_))
    assert (await stand.read(id_)).claim is None
    stand.signer.is_locked = False
    assert (await stand.submit(a_claim(id_))).grant is not None


async def test_a_refusal_touches_nobody_else(stand: Stand) -> None:
    id_ = await stand.open()
    first, second, third = await asyncio.gather(
        stand.submit(a_vote(id_, "UMIA")),
        stand.submit(a_vote(id_)),
        stand.submit(a_vote("esc_unknown")),
    )
    assert first.refusal is not None
    assert first.refusal.why is Why.NOT_IN_GROUP
    assert second.answer.case is Case.DECIDED
    assert third.refusal is not None
    assert third.refusal.why is Why.NOT_FOUND


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_refusal_is_recorded_once_and_counted_after(stand: Stand, at_once: bool) -> None:
    id_ = await stand.open()
    clicks = [stand.submit(a_vote(id_, account)) for account in ("UMIA", "UMIA", "UTOM", "UMIA")]
    if at_once:
        await asyncio.gather(*clicks)
    else:
        for click in clicks:
            await click
    assert (await stand.kinds(id_)).count("refusal:recorded") == 2
    assert await stand.refused() == {
        (id_, "person:mia", "not-in-group"): 3,
        (id_, "person:tom", "not-in-group"): 1,
    }


async def test_four_hundred_cancelled_callers_tear_no_batch(stand: Stand) -> None:
    dice = random.Random(1)
    commands = [an_open(f"k{n}") for n in range(400)]
    tasks = [asyncio.create_task(stand.submit(command)) for command in commands]
    for task in tasks:
        if dice.random() < 0.7:
            await asyncio.sleep(0)
            task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5):
        probe = await stand.open("probe")
    there = {e.id for e in await stand.store.reads.pending()}
    answered = {s.escalation.id for s in done if not isinstance(s, BaseException) and s.escalation}
    assert probe in there
    assert answered <= there
    for id_ in there:
        assert await stand.refolded(id_) == await stand.read(id_)


async def test_when_too_much_waits_the_next_one_is_turned_away_at_once(stand: Stand) -> None:
    heavy = replace(an_open("heavy"), weight=QUEUE_BYTES)
    saved, refused = await asyncio.gather(
        stand.submit(heavy), stand.submit(an_open("next")), return_exceptions=True
    )
    assert saved.answer.case is Case.OPENED
    assert isinstance(refused, NotSavedError)
    assert "Too much is waiting" in str(refused)
    assert (await stand.submit(an_open("next"))).answer.case is Case.OPENED


async def test_a_cancelled_callers_command_is_stored_and_asking_again_finds_it(
    stand: Stand,
) -> None:
    command = an_open("k")
    caller = asyncio.create_task(stand.submit(command))
    await asyncio.sleep(0)  # it is queued now
    caller.cancel()
    again = await stand.submit(an_open("k"))
    assert again.answer.case is Case.REPEATED
    assert again.escalation is not None
    assert again.escalation.id == command.escalation_id


async def test_what_waits_when_the_server_stops_is_saved_and_what_comes_after_is_not(
    stand: Stand,
) -> None:
    stopping = stand.store.writer
    commands = [an_open(f"k{n}") for n in range(30)]
    waiting = [asyncio.create_task(stopping.submit(command)) for command in commands]
    await asyncio.sleep(0)
    await stand.restart()
    with pytest.raises(NotSavedError, match="stopping"):
        await stopping.submit(an_open("late"))
    saved = await asyncio.gather(*waiting)
    assert {s.answer.case for s in saved} == {Case.OPENED}
    assert len(await stand.store.reads.pending()) == 30


async def test_a_mixed_storm_leaves_every_chain_whole(stand: Stand) -> None:
    ids = await stand.fill(6)
    dice = random.Random(7)
    accounts = ("USAM", "UPRIYA", "UMIA", "UNOBODY")
    storm = [
        dice.choice(
            (
                a_vote(id_, dice.choice(accounts), dice.choice(("retry", "leave"))),
                a_claim(id_, f"c{n}"),
                an_open(f"k{n % 9}", title="Sync 3 of 100%"),
            )
        )
        for n in range(60)
        for id_ in [dice.choice(ids)]
    ]
    await asyncio.gather(*map(stand.submit, storm))
    for id_ in ids:
        kinds = await stand.kinds(id_)
        assert kinds.count("escalation:decided") <= 1
        assert kinds.count("operation:claimed") <= 1
        assert await stand.refolded(id_) == await stand.read(id_)
