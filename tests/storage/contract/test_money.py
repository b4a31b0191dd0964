"""Amounts of a day add up: splitting a transfer, respelling its account or asking at once hides
nothing; what will never run drops out.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from approvals.commands import Open, Withdraw
from approvals.ports import Settled
from approvals.verdict import Case
from approvals.words import OperationState
from bot.ids import new_id
from tests.building import OPERATION, a_claim, a_vote, an_open
from tests.storage.stand import Stand

DAY = timedelta(hours=24).total_seconds()


def transfer(key: str, amount: int = 1000, *, to: str = "ACME", **more: Any) -> Open:
    """A service asks to move money."""
    money = {"amount_minor": amount, "currency": "EUR", "account": "DE02 1203", "beneficiary": to}
    money |= more.pop("money", {})
    return an_open(key, operation={**OPERATION, "money": money}, **more)


async def sums(stand: Stand, settled: Settled) -> dict[str, int]:
    """What had moved before this one, as its opening event says."""
    assert settled.escalation is not None, settled.refusal
    first = (await stand.store.reads.records(settled.escalation.id))[0]
    return dict(first.facts["asked"]["sums"])


async def moved(stand: Stand, *commands: Open) -> list[dict[str, int]]:
    """The sums that each of these opens, one after the other, was judged by."""
    return [await sums(stand, await stand.submit(command)) for command in commands]


def total(n: int, **other: int) -> dict[str, int]:
    """That much by every key, but for some."""
    return {"account": n, "beneficiary": n, "requester": n} | other


async def test_the_parts_of_a_split_transfer_add_up(stand: Stand) -> None:
    found = await moved(stand, *(transfer(f"k{n}", 1000 + n) for n in range(3)))
    assert found == [total(0), total(1000), total(2001)]


async def test_the_parts_add_up_when_they_are_asked_for_at_once(stand: Stand) -> None:
    """Opens of one batch see each other."""
    commands = (transfer(f"k{n}") for n in range(20))
    done = await asyncio.gather(*map(stand.submit, commands))
    found = sorted([(await sums(stand, settled))["account"] for settled in done])
    assert found == [1000 * n for n in range(20)]


async def test_another_spelling_of_the_account_is_the_same_account(stand: Stand) -> None:
    other = transfer("k2", money={"account": "de021203"})
    assert (await moved(stand, transfer("k1"), other))[1] == total(1000)


async def test_another_requester_pays_the_same_beneficiary(stand: Stand) -> None:
    by_sam = transfer("k1", requested_by={"id": "ravi"})
    by_ravi = transfer("k2", requested_by={"id": "ines@example.com"}, money={"account": "other"})
    again = transfer("k3", requested_by={"id": "UINES"}, to="Else", money={"account": "third"})
    assert await moved(stand, by_sam, by_ravi, again) == [
        total(0),
        total(0, beneficiary=1000),
        total(0, requester=1000),
    ]


async def test_another_currency_is_another_sum(stand: Stand) -> None:
    dollars = transfer("k2", money={"currency": "USD"})
    assert (await moved(stand, transfer("k1"), dollars))[1] == total(0)


async def test_a_repeated_call_and_a_joined_one_count_once(stand: Stand) -> None:
    first = await stand.submit(transfer("k1", dedup_key="d"))
    assert (await stand.submit(transfer("k1", dedup_key="d"))).answer.case is Case.REPEATED
    assert (await stand.submit(transfer("k2", dedup_key="d"))).answer.case is Case.JOINED
    assert (await sums(stand, first), await moved(stand, transfer("k3"))) == (
        total(0),
        [total(1000)],
    )


async def test_what_was_refused_at_opening_does_not_count(stand: Stand) -> None:
    refused = await stand.submit(transfer("k1", approvers=["nobody"]))
    assert refused.refusal is not None
    assert await moved(stand, transfer("k2")) == [total(0)]


async def ended(stand: Stand, how: str) -> OperationState:
    """A transfer that is asked for, and ends like that."""
    made = (await stand.submit(transfer("k1"))).escalation
    assert made is not None
    vote = {"digest": made.digest}
    if how == "withdrawn":
        await stand.submit(
            Withdraw(id=new_id("cmd"), escalation_id=made.id, service="data-sync", reason="no")
        )
    elif how == "rejected":
        await stand.submit(a_vote(made.id, option="leave", **vote))
    elif how == "expired":
        stand.clock.pass_((made.deadline_at - made.created_at).total_seconds())
        await stand.tick(made.id)
    else:
        await stand.submit(a_vote(made.id, **vote))
    if how == "claimed":
        await stand.submit(a_claim(made.id, digest=made.digest))
    if how == "lapsed":
        stand.clock.pass_(made.plan.claim_within_s)
        await stand.tick(made.id)
    return (await stand.read(made.id)).state


@pytest.mark.parametrize(
    ("how", "state", "counts"),
    [
        ("approved", OperationState.HELD, True),
        ("claimed", OperationState.RELEASED, True),
        ("withdrawn", OperationState.ABORTED, False),
        ("rejected", OperationState.ABORTED, False),
        ("expired", OperationState.ABORTED, False),
        ("lapsed", OperationState.LAPSED, False),
    ],
)
async def test_only_what_may_run_or_ran_counts(
    stand: Stand, how: str, state: OperationState, counts: bool
) -> None:
    assert await ended(stand, how) is state
    assert await moved(stand, transfer("k2")) == [total(1000 if counts else 0)]


@pytest.mark.parametrize(("after_s", "counts"), [(DAY - 1e-6, True), (DAY, False)])
async def test_the_day_is_24_hours_and_its_beginning_excluded(
    stand: Stand, after_s: float, counts: bool
) -> None:
    """What moved exactly 24 hours ago no longer counts; approved and taken, so nothing ends it."""
    await ended(stand, "claimed")
    stand.clock.pass_(after_s)
    assert await moved(stand, transfer("k2")) == [total(1000 if counts else 0)]


async def test_sums_are_kept_over_a_restart(stand: Stand) -> None:
    await stand.submit(transfer("k1"))
    await stand.restart()
    assert await moved(stand, transfer("k2")) == [total(1000)]


async def test_a_refund_makes_no_room(stand: Stand) -> None:
    found = await moved(stand, transfer("k1", -700), transfer("k2"))
    assert found[1] == total(700)
