"""Slack may deliver a click twice: it is carried out once, and answered both times alike."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import storage.memory.rows
import storage.statements
from approvals.commands import Acknowledge, Actor, AddReason, Command, ReplyTo
from approvals.refusals import Why
from bot.ids import new_id
from storage import Store
from tests.building import a_vote
from tests.storage.stand import THEIR_DIGEST, THREE_OPTIONS, TWO_PEOPLE, Stand

SAM = Actor(account="USAM")


def clicks(id_: str) -> dict[str, Command]:
    """Clicks that would each leave a record of their own every time."""
    return {
        "reason": AddReason(id=new_id("cmd"), escalation_id=id_, actor=SAM, text="It is time now."),
        "acknowledge": Acknowledge(id=new_id("cmd"), escalation_id=id_, actor=SAM),
    }


async def counted(stand: Stand) -> str:
    """An escalation that Sam has agreed to, and that needs one more."""
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open()
    await stand.submit(a_vote(id_))
    return id_


@pytest.mark.parametrize("name", ["reason", "acknowledge"])
async def test_a_click_that_comes_again_leaves_one_record(stand: Stand, name: str) -> None:
    id_ = await counted(stand)
    click = clicks(id_)[name]
    first = await stand.submit(click)
    stand.clock.pass_(5)
    recorded = await stand.kinds(id_)
    again = await stand.submit(click)
    assert (again.answer, again.refusal) == (first.answer, None)
    assert again.escalation == await stand.read(id_)
    assert await stand.kinds(id_) == recorded


async def test_a_click_that_comes_twice_at_once_leaves_one_record(stand: Stand) -> None:
    id_ = await counted(stand)
    click = clicks(id_)["reason"]
    first, second = await asyncio.gather(stand.submit(click), stand.submit(click))
    assert first.answer == second.answer
    assert (await stand.kinds(id_)).count("vote:reasoned") == 1


async def test_the_same_said_in_another_click_is_said_again(stand: Stand) -> None:
    id_ = await counted(stand)
    for click in (clicks(id_)["reason"], clicks(id_)["reason"]):
        await stand.submit(click)
    assert (await stand.kinds(id_)).count("vote:reasoned") == 2


async def test_a_vote_that_comes_again_takes_back_no_later_one(stand: Stand) -> None:
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open(options=THREE_OPTIONS)
    early, late = (a_vote(id_, option=option, digest=THEIR_DIGEST) for option in ("retry", "slow"))
    for vote in (early, late, early):
        await stand.submit(vote)
    assert [vote.option for vote in (await stand.read(id_)).votes] == ["slow"]


async def test_a_click_that_was_carried_out_hears_what_is_true_of_it_now(stand: Stand) -> None:
    """Whoever sends a window off again is not told what was true a minute ago."""
    vote = a_vote(await stand.open())
    assert str((await stand.submit(vote)).answer.case) == "decided"
    again = (await stand.submit(vote)).refusal
    assert again is not None
    assert again.why is Why.ALREADY_VOTED
    assert not await stand.refused()


async def test_a_click_that_was_refused_is_decided_anew(stand: Stand) -> None:
    vote = a_vote(await stand.open())
    stand.facts.just_started = True
    refused = (await stand.submit(vote)).refusal
    assert refused is not None
    assert refused.why is Why.PEOPLE_UNKNOWN
    stand.facts.just_started = False
    assert str((await stand.submit(vote)).answer.case) == "decided"


async def test_what_a_form_could_not_take_is_taken_once_it_is_mended(stand: Stand) -> None:
    """The window stays open, and what is sent off again from it has the same name."""
    id_ = await counted(stand)
    bad: Any = replace(clicks(id_)["reason"], text="", reply=ReplyTo(in_modal=True))
    refused = await stand.submit(bad)
    assert refused.refusal is not None
    assert refused.refusal.why is Why.REASON_NEEDED
    assert str((await stand.submit(replace(bad, text="It is time now."))).answer.case) == (
        "reason-added"
    )


async def test_a_store_that_forgot_its_answers_would_do_it_twice(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: nobody looks what was answered before."""
    room = storage.statements if isinstance(stand.store, Store) else storage.memory.rows
    monkeypatch.setattr(room, "answered", lambda payloads: {})
    id_ = await counted(stand)
    click = clicks(id_)["reason"]
    for _ in range(2):
        await stand.submit(click)
    assert (await stand.kinds(id_)).count("vote:reasoned") == 2
