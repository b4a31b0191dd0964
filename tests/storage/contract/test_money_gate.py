"""A money gate holds: splitting a transfer, asking for the parts at once, respelling the account or
asking in somebody else's name leads to the same rule as asking for all of it.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from approvals.commands import Open
from approvals.policy.load import parse_policy
from approvals.ports import Settled
from tests.building import OPERATION, SAMPLE, a_vote, an_open
from tests.storage.stand import Stand

#: From the highest bound down: two people above 50,000 EUR in a day, one below.
TIERS = """
[[rules]]
name = "large"
match = { category = "retries_exhausted", money = { currency = "EUR", above_minor = 5000000,
  sum_24h = ["account", "requester", "beneficiary"] } }
requirements = [{ group = "finance-approvers", needed = 2 }]
exclude_requester = false
[[rules]]
name = "small"
match = { category = "retries_exhausted", money = { currency = "EUR", above_minor = 0 } }
requirements = [{ group = "platform-oncall", needed = 1 }]
exclude_requester = false
"""
POLICY = parse_policy(SAMPLE[: SAMPLE.index("[[rules]]")] + TIERS.replace(",\n  ", ", "))


@pytest.fixture
def gated(stand: Stand) -> Stand:
    """A store whose policy has the gate."""
    stand.facts.policy = POLICY
    return stand


def transfer(key: str, euros: int, **more: Any) -> Open:
    """A service asks to move money."""
    named = {n: more.pop(n) for n in ("account", "beneficiary", "currency") if n in more}
    money = {"amount_minor": euros * 100, "currency": "EUR", "account": "DE02 1203", **named}
    return an_open(key, operation={**OPERATION, "money": money}, **more)


def rules(done: Sequence[Settled]) -> list[str]:
    """The rules they were judged by."""
    return [settled.escalation.plan.rule for settled in done if settled.escalation]


async def judged(stand: Stand, *commands: Open) -> list[str]:
    """The rule of each, one after the other."""
    return rules([await stand.submit(command) for command in commands])


async def test_the_bound_is_not_above_itself(gated: Stand) -> None:
    assert await judged(gated, transfer("k1", 50_000)) == ["small"]


async def test_one_cent_more_in_a_second_part_is_above(gated: Stand) -> None:
    parts = transfer("k1", 50_000), transfer("k2", 1)
    assert await judged(gated, *parts) == ["small", "large"]


async def test_parts_asked_for_at_once_pass_no_more_than_one_by_one(gated: Stand) -> None:
    """Ten times 10,000: five fit, whoever comes first."""
    parts = (transfer(f"k{n}", 10_000) for n in range(10))
    found = Counter(rules(await asyncio.gather(*map(gated.submit, parts))))
    assert found == {"small": 5, "large": 5}


@pytest.mark.parametrize(
    "second",
    [
        {"account": "de021203"},
        {"account": "Other 1", "requested_by": {"id": "URAVI"}},
        {"account": "Other 2", "beneficiary": "acme ltd"},
    ],
)
async def test_another_spelling_requester_or_account_changes_nothing(
    gated: Stand, second: dict[str, Any]
) -> None:
    """Each key by itself is enough."""
    asked = {"requested_by": {"id": "ravi@example.com"}, "beneficiary": "ACME Ltd."}
    parts = transfer("k1", 40_000, **asked), transfer("k2", 20_000, **second)
    assert await judged(gated, *parts) == ["small", "large"]


async def test_what_has_nothing_in_common_is_judged_by_itself(gated: Stand) -> None:
    """Another account, person and payee."""
    first = transfer("k1", 40_000, requested_by={"id": "ravi"}, beneficiary="ACME")
    other = transfer("k2", 40_000, requested_by={"id": "ines"}, beneficiary="B", account="X")
    assert await judged(gated, first, other) == ["small", "small"]


async def test_a_part_that_was_aborted_makes_room_again(gated: Stand) -> None:
    made = (await gated.submit(transfer("k1", 40_000))).escalation
    assert made is not None
    assert await judged(gated, transfer("k2", 40_000)) == ["large"]
    for id_, account in ((made.id, "USAM"),):
        await gated.submit(a_vote(id_, account, option="leave", digest=made.digest))
    assert await judged(gated, transfer("k3", 10_000)) == ["small"]


async def test_the_call_repeated_keeps_its_rule(gated: Stand) -> None:
    parts = transfer("k1", 40_000), transfer("k1", 40_000), transfer("k2", 10_000)
    assert await judged(gated, *parts) == ["small", "small", "small"]


async def test_a_currency_without_a_rule_is_refused_and_not_let_through(gated: Stand) -> None:
    settled = await gated.submit(transfer("k1", 1, currency="USD"))
    assert settled.refusal is not None
    assert "EUR" in settled.refusal.errors[0].detail
