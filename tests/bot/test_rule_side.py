"""A rule on its way through a running server: proposed, accepted, decides, fails, and is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from approvals.escalation import Escalation
from approvals.memory.proposal import ACCEPT
from approvals.words import DecidedBy, OperationState, Status
from bot.app import Server, serving
from bot.background.ruling import proposals
from bot.rule_side import RuleSide
from tests.approvals.memory.ruled import Ruled
from tests.approvals.stories import approved
from tests.bot.test_app import settings
from tests.building import START, Clock, a_claim, a_report, a_vote, an_open

HOUR = timedelta(hours=1)


async def soon(look: Callable[[], Awaitable[bool]]) -> None:
    """The background does it."""
    async with asyncio.timeout(20):
        while not await look():  # noqa: ASYNC110  what is waited for is in the store
            await asyncio.sleep(0.02)


async def asked(server: Server, key: str) -> Escalation:
    """A service asks."""
    settled = await server.store.writer.submit(an_open(key))
    assert settled.escalation is not None, settled.refusal
    return settled.escalation


async def test_a_rule_goes_its_way(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(settings(tmp_path), clock=clock) as server:
        for n in range(5):
            e = await asked(server, f"k{n}")
            for command in (
                a_vote(e.id, ("USAM", "UPRIYA")[n % 2]),
                a_claim(e.id, f"c{n}"),
                a_report(e.id),
            ):
                assert (await server.store.writer.submit(command)).refusal is None
            clock.pass_(3600)

        async def known() -> bool:
            return len(await server.store.memory.ended(START - HOUR, clock.now)) == 5

        await soon(known)
    async with serving(settings(tmp_path), clock=clock) as server:

        async def is_proposed() -> bool:
            return bool(await proposals(server.store.reads))

        await soon(is_proposed)
        (proposal,) = await proposals(server.store.reads)
        for account in ("URAVI", "ULENA"):
            vote = a_vote(proposal.id, account, ACCEPT, digest=proposal.digest, read_whole=True)
            assert (await server.store.writer.submit(vote)).refusal is None

        async def in_force() -> bool:
            return bool(server.people.facts(clock.now).rules)

        await soon(in_force)
        e = await asked(server, "by itself")
        assert e.decision is not None
        assert (e.decision.by, e.decision.rule) == (DecidedBy.POLICY, proposal.id)
        taken = await server.store.writer.submit(a_claim(e.id, "x"))
        assert taken.grant is not None
        await server.store.writer.submit(a_report(e.id, "failed"))
        after = await asked(server, "after")
        assert after.status is Status.PENDING

        async def is_over() -> bool:
            found = await server.store.reads.escalation(proposal.id)
            gone = found is not None and found.suspended is not None
            return gone and not await in_force()

        await soon(is_over)


def test_only_proposals_and_what_rules_decide_wakes_the_loop() -> None:
    town = Ruled()
    proposal = town.accepted()
    assert RuleSide.concerns(proposal)
    assert RuleSide.concerns(town.ask())
    e = approved().e
    assert e.state is OperationState.HELD
    assert not RuleSide.concerns(e)
    assert not RuleSide.concerns(replace(e, decision=None))
