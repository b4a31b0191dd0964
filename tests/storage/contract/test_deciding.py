"""Votes, decisions, claims: one effective vote a person, one decision, one grant."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from approvals.commands import Actor, AddContext, RecheckPeople, Report, Stop, Withdraw
from approvals.policy.load import parse_policy
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import OperationState, Result, Status
from bot.ids import new_id
from tests.building import SAMPLE, a_claim, a_vote
from tests.storage.stand import THEIR_DIGEST, THREE_OPTIONS, TWO_PEOPLE, Stand


def whys(settled: Iterable[Any]) -> list[Why]:
    """Why each of those refused was refused."""
    return [s.refusal.why for s in settled if s.refusal is not None]


async def test_a_vote_decides_and_the_decision_is_kept(stand: Stand) -> None:
    id_ = await stand.open()
    voted = await stand.submit(a_vote(id_))
    assert voted.answer.case is Case.DECIDED
    kept = await stand.read(id_)
    assert (kept.status, kept.state) == (Status.APPROVED, OperationState.HELD)
    assert kept.decision is not None
    assert kept.decision.people == ("sam",)


async def test_the_first_abort_ends_it(stand: Stand) -> None:
    id_ = await stand.open()
    assert (await stand.submit(a_vote(id_, option="leave"))).answer.case is Case.ABORTED
    assert whys([await stand.submit(a_vote(id_, "UPRIYA"))]) == [Why.ALREADY_DECIDED]
    assert (await stand.read(id_)).status is Status.REJECTED


async def test_racing_approvers_decide_once_and_the_late_one_hears_who(stand: Stand) -> None:
    id_ = await stand.open()
    first, second = await asyncio.gather(
        stand.submit(a_vote(id_)), stand.submit(a_vote(id_, "UPRIYA", "leave"))
    )
    assert first.answer.case is Case.DECIDED
    assert second.refusal is not None
    assert second.refusal.why is Why.ALREADY_DECIDED
    assert second.refusal.values["by"] == ["Sam"]
    assert (await stand.kinds(id_)).count("escalation:decided") == 1


@pytest.mark.parametrize("at_once", [False, True])
async def test_one_person_counts_once_however_often_they_click(stand: Stand, at_once: bool) -> None:
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open()
    clicks = [stand.submit(a_vote(id_)) for _ in range(4)]
    done = await asyncio.gather(*clicks) if at_once else [await click for click in clicks]
    assert done[0].answer.case is Case.COUNTED
    assert whys(done) == [Why.ALREADY_VOTED] * 3
    assert [v.person for v in (await stand.read(id_)).votes] == ["sam"]
    assert (await stand.submit(a_vote(id_, "UPRIYA"))).answer.case is Case.DECIDED


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_changed_vote_replaces_the_one_before(stand: Stand, at_once: bool) -> None:
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open(options=THREE_OPTIONS)
    clicks = [
        stand.submit(a_vote(id_, option=option, digest=THEIR_DIGEST))
        for option in ("retry", "slow", "retry")
    ]
    done = await asyncio.gather(*clicks) if at_once else [await click for click in clicks]
    assert [s.answer.case for s in done] == [Case.COUNTED, Case.CHANGED, Case.CHANGED]
    assert [(v.person, v.option) for v in (await stand.read(id_)).votes] == [("sam", "retry")]
    assert (await stand.kinds(id_)).count("vote:cast") == 3


async def test_split_votes_decide_nothing(stand: Stand) -> None:
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open(options=THREE_OPTIONS)
    await stand.submit(a_vote(id_, "USAM", "retry", digest=THEIR_DIGEST))
    await stand.submit(a_vote(id_, "UPRIYA", "slow", digest=THEIR_DIGEST))
    assert (await stand.read(id_)).status is Status.PENDING


async def test_a_vote_of_someone_who_left_is_void_and_a_new_one_counts(stand: Stand) -> None:
    stand.facts.policy = TWO_PEOPLE
    id_ = await stand.open()
    await stand.submit(a_vote(id_))
    stand.facts.policy = parse_policy(SAMPLE.replace('["sam", "priya"]', '["priya"]'))
    await stand.submit(RecheckPeople(id=new_id("cmd"), escalation_id=id_))
    assert [v.void is None for v in (await stand.read(id_)).votes] == [False]
    stand.facts.policy = TWO_PEOPLE
    assert (await stand.submit(a_vote(id_))).answer.case in (Case.COUNTED, Case.CHANGED)
    assert [v.void is None for v in (await stand.read(id_)).votes] == [True]


async def test_one_of_32_claims_gets_the_grant(stand: Stand) -> None:
    id_ = await stand.approved()
    claims = await asyncio.gather(*(stand.submit(a_claim(id_, f"c{n}")) for n in range(32)))
    assert sum(s.grant is not None for s in claims) == 1
    assert whys(claims) == [Why.ALREADY_CLAIMED] * 31
    assert (await stand.kinds(id_)).count("operation:claimed") == 1


async def test_32_equal_claims_all_get_the_one_grant(stand: Stand) -> None:
    id_ = await stand.approved()
    claims = await asyncio.gather(*(stand.submit(a_claim(id_)) for _ in range(32)))
    assert len({s.grant for s in claims}) == 1
    assert claims[0].grant is not None


async def test_the_same_claim_gets_the_same_grant_after_a_restart(stand: Stand) -> None:
    id_ = await stand.approved()
    first = await stand.submit(a_claim(id_))
    await stand.restart()
    again = await stand.submit(a_claim(id_))
    assert first.grant is not None
    assert first.grant == again.grant


async def test_a_vote_and_its_claim_may_share_a_batch(stand: Stand) -> None:
    id_ = await stand.open()
    voted, claimed = await asyncio.gather(stand.submit(a_vote(id_)), stand.submit(a_claim(id_)))
    assert voted.answer.case is Case.DECIDED
    assert claimed.grant is not None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"digest": "sha256:" + "0" * 64}, Why.DIGEST_MISMATCH),
        ({"service": "payments"}, Why.NOT_FOUND),
    ],
)
async def test_a_claim_of_something_else_gets_nothing(
    stand: Stand, changes: dict[str, str], why: Why
) -> None:
    id_ = await stand.approved()
    refused = await stand.submit(replace(a_claim(id_), **changes))
    assert (refused.grant, whys([refused])) == (None, [why])


async def test_what_is_pending_aborted_or_unknown_is_never_granted(stand: Stand) -> None:
    pending = await stand.open("k1")
    aborted = await stand.open("k2")
    await stand.submit(a_vote(aborted, option="leave"))
    refused = [await stand.submit(a_claim(id_)) for id_ in (pending, aborted, "esc_unknown")]
    assert whys(refused) == [Why.NOT_APPROVED, Why.NOT_APPROVED, Why.NOT_FOUND]
    assert [s.grant for s in refused] == [None] * 3


async def test_a_stop_and_a_claim_at_once_never_both_win(stand: Stand) -> None:
    id_ = await stand.approved()
    stop = Stop(id=new_id("cmd"), escalation_id=id_, actor=Actor(account="UPRIYA"))
    stopped, claimed = await asyncio.gather(stand.submit(stop), stand.submit(a_claim(id_)))
    assert (stopped.answer.case, claimed.grant) == (Case.STOPPED, None)
    assert (await stand.read(id_)).state is OperationState.ABORTED


async def test_nothing_is_released_while_people_are_unknown(stand: Stand) -> None:
    id_ = await stand.approved()
    stand.facts.known = False
    refused = await stand.submit(a_claim(id_))
    assert (refused.grant, whys([refused])) == (None, [Why.PEOPLE_UNKNOWN])
    stand.facts.known = True
    assert (await stand.submit(a_claim(id_))).grant is not None


async def test_a_withdrawn_question_stays_withdrawn(stand: Stand) -> None:
    id_ = await stand.open()
    await stand.submit(Withdraw(id=new_id("cmd"), escalation_id=id_, service="data-sync"))
    assert whys([await stand.submit(a_vote(id_))]) == [Why.WITHDRAWN]
    assert (await stand.read(id_)).status is Status.WITHDRAWN


async def test_a_vote_on_an_older_card_is_refused_after_new_context(stand: Stand) -> None:
    id_ = await stand.open()
    told = {"service": "data-sync", "context": {"lag": "9 h"}}
    await stand.submit(AddContext(id=new_id("cmd"), escalation_id=id_, **told))
    assert whys([await stand.submit(a_vote(id_, shown=0))]) == [Why.OUT_OF_DATE]
    assert (await stand.submit(a_vote(id_, shown=1))).answer.case is Case.DECIDED


async def test_the_first_report_stands(stand: Stand) -> None:
    id_ = await stand.approved()
    await stand.submit(a_claim(id_))
    report = {"escalation_id": id_, "service": "data-sync"}
    first = await stand.submit(Report(id=new_id("cmd"), result=Result.SUCCEEDED, **report))
    other = await stand.submit(Report(id=new_id("cmd"), result=Result.FAILED, **report))
    assert first.answer.case is Case.REPORTED
    assert whys([other]) == [Why.OUTCOME_DIFFERS]
    assert (await stand.read(id_)).state is OperationState.SUCCEEDED
