"""Rules in the background: from what people decide alike to a rule, and to its end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from approvals.commands import Actor, Claim, Stop, Tick
from approvals.escalation import Escalation
from approvals.memory.accepted import Accepted
from approvals.memory.proposal import ACCEPT, DECLINE
from approvals.policy.load import parse_policy
from approvals.ports import Wanted
from approvals.words import OperationState, Status
from bot.background.proposing import MOST_AT_ONCE, Proposer
from bot.background.ruling import Ruler, proposals
from bot.ids import new_id
from storage.memory import MemoryStore, open_memory_store
from tests.building import (
    SAMPLE,
    Clock,
    FileFacts,
    PlainSigner,
    a_claim,
    a_report,
    a_resolution,
    a_vote,
    an_erasure,
    an_incident,
    an_open,
)

TICKETS = parse_policy(SAMPLE + '\n[routes]\ntickets = { address = "json://127.0.0.1/t" }\n')


class Facts(FileFacts):
    """Facts that keep the rules, as the server's do."""

    def allow(self, rules: Mapping[str, tuple[str, Accepted]]) -> bool:
        """Take which are in force."""
        changed, self.rules = rules != self.rules, rules
        return changed


@dataclass
class Office:
    """A store with the loops around it."""

    store: MemoryStore
    clock: Clock
    facts: Facts
    _n: int = field(default=0)

    @property
    def ruler(self) -> Ruler:
        """Keeps accepted rules going."""
        return Ruler(
            reads=self.store.reads,
            rulings=self.store.rulings,
            writer=self.store.writer,
            leases=self.store.leases,
            rules=self.facts,
            clock=self.clock,
            new_id=new_id,
        )

    @property
    def proposer(self) -> Proposer:
        """Proposes."""
        return Proposer(
            history=self.store.memory,
            reads=self.store.reads,
            writer=self.store.writer,
            leases=self.store.leases,
            facts=self.facts,
            clock=self.clock,
            new_id=new_id,
        )

    async def ask(self, **changes: Any) -> Escalation:
        """A service asks."""
        self._n += 1
        settled = await self.store.writer.submit(an_open(f"k{self._n}", **changes))
        assert settled.escalation is not None, settled.refusal
        return settled.escalation

    async def run(self, e: Escalation, result: str = "succeeded", **more: Any) -> None:
        """It is taken, and ends so."""
        taken = await self.store.writer.submit(a_claim(e.id, f"c{e.id}", digest=e.digest))
        assert taken.refusal is None
        await self.store.writer.submit(a_report(e.id, result, **more))

    async def decided_alike(self, times: int = 5, **changes: Any) -> None:
        """Sam and Priya let it retry, and it goes well."""
        for n in range(times):
            e = await self.ask(**changes)
            vote = a_vote(e.id, ("USAM", "UPRIYA")[n % 2], digest=e.digest, read_whole=True)
            assert (await self.store.writer.submit(vote)).refusal is None
            await self.run(e)
            self.clock.pass_(3600)
        await self.remembered()

    async def by_hand(self, times: int = 5) -> None:
        """Incidents that people resolve by hand."""
        for n in range(times):
            opened = await self.store.writer.submit(an_incident(f"i{n}"))
            assert opened.escalation is not None
            self.clock.pass_(600)
            await self.store.writer.submit(a_resolution(opened.escalation.id))
            self.clock.pass_(3600)
        await self.remembered()

    async def remembered(self) -> None:
        """What ended is taken up."""
        while await self.store.memory.remember(self.clock.now):
            pass

    async def proposed(self) -> tuple[Escalation, ...]:
        """Andon looks whether to propose; all proposals there are."""
        assert await self.proposer.once() is False
        return await proposals(self.store.reads)

    async def vote(self, e: Escalation, account: str, option: str = ACCEPT) -> None:
        """Somebody who may change the policy decides."""
        vote = a_vote(e.id, account, option, digest=e.digest, read_whole=True)
        assert (await self.store.writer.submit(vote)).refusal is None

    async def accepted(self) -> Escalation:
        """A rule is proposed and accepted, and in force."""
        await self.decided_alike()
        (e,) = await self.proposed()
        for account in ("URAVI", "ULENA"):
            await self.vote(e, account)
        while await self.ruler.once():
            pass
        return await self.read(e)

    async def read(self, e: Escalation) -> Escalation:
        """As it stands."""
        found = await self.store.reads.escalation(e.id)
        assert found is not None
        return found


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    """An office on a store in memory."""
    clock, facts = Clock(), Facts()
    async with open_memory_store(
        facts=facts, signer=PlainSigner(), clock=clock, committed=lambda _: None
    ) as store:
        yield Office(store, clock, facts)


@pytest.fixture(name="office")
async def an_office() -> AsyncIterator[Office]:
    """An office."""
    async with open_office() as office:
        yield office


# -- proposing -------------------------------------------------------------------------------------


async def test_what_people_decide_alike_is_proposed_once(office: Office) -> None:
    await office.decided_alike()
    (e,) = await office.proposed()
    assert (e.service, e.category, e.status) == ("andon", "policy_change", Status.PENDING)
    assert e.title == "Let «sync_data» be decided by a rule?"
    assert len(await office.proposed()) == 1


async def test_nothing_is_proposed_for_too_little(office: Office) -> None:
    await office.decided_alike(4)
    assert await office.proposed() == ()


async def test_after_a_no_it_is_not_proposed_for_30_days(office: Office) -> None:
    await office.decided_alike()
    (e,) = await office.proposed()
    await office.vote(e, "URAVI", DECLINE)
    office.clock.pass_(29 * 24 * 3600)
    await office.decided_alike()
    assert len(await office.proposed()) == 1
    office.clock.pass_(2 * 24 * 3600)
    assert len(await office.proposed()) == 2


async def test_while_a_rule_is_in_force_it_is_not_proposed(office: Office) -> None:
    await office.accepted()
    assert len(await office.proposed()) == 1


async def test_a_few_are_proposed_in_an_hour(office: Office) -> None:
    for name in ("a", "b", "c", "d"):
        operation = {"name": f"sync_{name}", "arguments": {"argv": ["sync", name]}}
        await office.decided_alike(operation=operation)
    assert len(await office.proposed()) == MOST_AT_ONCE
    assert len(await office.proposed()) == 4


async def test_a_policy_may_forbid_it(office: Office) -> None:
    office.facts.policy = parse_policy(f"{SAMPLE}\n[memory]\npropose = false\n")
    await office.decided_alike()
    assert await office.proposed() == ()


async def test_without_two_who_may_change_the_policy_the_log_says_what_to_add(
    office: Office,
) -> None:
    sample = SAMPLE.replace('group = "directors", needed = 2', 'group = "directors", needed = 1')
    office.facts.policy = parse_policy(
        sample.replace("needed = 2 }]\nexclude", "needed = 1 }]\nexclude")
    )
    await office.decided_alike()
    with capture_logs() as logs:
        assert await office.proposed() == ()
    (said,) = [entry for entry in logs if entry["event"] == "rule-not-proposed"]
    assert 'match = { category = "policy_change" }' in said["why"]


async def test_nothing_is_proposed_before_people_are_known(office: Office) -> None:
    await office.decided_alike()
    office.facts.just_started = True
    assert await office.proposed() == ()


async def test_what_was_erased_since_is_not_proposed(office: Office) -> None:
    await office.decided_alike()
    page = await office.store.reads.page(Wanted(service="data-sync"), None, 10)
    history = await office.store.memory.ended(page.items[-1].created_at, office.clock.now)
    for e in page.items:
        await office.store.writer.submit(an_erasure(e.id))
    proposer = office.proposer
    proposer._history = _Still(history)
    await proposer.once()
    assert await proposals(office.store.reads) == ()


class _Still:
    """Remembers what is erased meanwhile."""

    def __init__(self, history: Any) -> None:
        self._known = history

    async def ended(self, since: Any, until: Any) -> Any:
        """What ended, as it was."""
        return self._known


# -- in force --------------------------------------------------------------------------------------


async def test_what_two_people_accept_is_in_force_and_decides(office: Office) -> None:
    proposal = await office.accepted()
    assert proposal.state is OperationState.SUCCEEDED
    assert proposal.outcome is not None
    assert proposal.outcome.detail == "The rule is in force."
    e = await office.ask()
    assert e.decision is not None
    assert e.decision.rule == proposal.id


async def test_one_alone_puts_nothing_in_force(office: Office) -> None:
    await office.decided_alike()
    (e,) = await office.proposed()
    await office.vote(e, "URAVI")
    assert await office.ruler.once() is False
    assert (await office.read(e)).status is Status.PENDING
    assert office.facts.rules == {}


async def test_what_was_taken_before_a_crash_is_reported_after_it(office: Office) -> None:
    """Even where the clock has said by then that nothing was heard."""
    await office.decided_alike()
    (e,) = await office.proposed()
    for account in ("URAVI", "ULENA"):
        await office.vote(e, account)
    taken = a_claim(e.id, "ours", digest=e.digest)
    assert isinstance(taken, Claim)
    await office.store.writer.submit(replace(taken, service="andon"))
    office.clock.pass_(2 * 3600)
    await office.store.writer.submit(Tick(id=new_id("cmd"), escalation_id=e.id))
    assert (await office.read(e)).state is OperationState.UNKNOWN
    while await office.ruler.once():
        pass
    assert (await office.read(e)).state is OperationState.SUCCEEDED
    assert len(office.facts.rules) == 1


async def test_what_was_stopped_is_not_put_in_force(office: Office) -> None:
    await office.decided_alike()
    (e,) = await office.proposed()
    for account in ("URAVI", "ULENA"):
        await office.vote(e, account)
    stop = Stop(id=new_id("cmd"), escalation_id=e.id, actor=Actor(account="UOMAR"))
    await office.store.writer.submit(stop)
    assert await office.ruler.once() is False
    assert office.facts.rules == {}


# -- its end ---------------------------------------------------------------------------------------


async def test_a_failure_ends_it_before_anybody_asks_again(office: Office) -> None:
    proposal = await office.accepted()
    e = await office.ask()
    await office.run(e, "failed")
    assert await office.ruler.once() is True
    suspended = (await office.read(proposal)).suspended
    assert suspended is not None
    assert (suspended.why, suspended.because) == ("failed", e.id)
    assert await office.ruler.once() is False
    assert office.facts.rules == {}
    assert (await office.ask()).status is Status.PENDING


async def test_what_is_undone_long_after_ends_it(office: Office) -> None:
    proposal = await office.accepted()
    e = await office.ask()
    assert (await office.store.writer.submit(a_claim(e.id, "x", digest=e.digest))).refusal is None
    office.clock.pass_(3000)
    await office.store.writer.submit(a_report(e.id, undo="set back"))
    office.clock.pass_(3 * 24 * 3600)
    assert await office.ruler.once() is True
    suspended = (await office.read(proposal)).suspended
    assert suspended is not None
    assert suspended.why == "undone"


async def test_a_rule_that_goes_well_stays(office: Office) -> None:
    proposal = await office.accepted()
    for _ in range(3):
        await office.run(await office.ask())
        assert await office.ruler.once() is False
    assert (await office.read(proposal)).suspended is None
    assert len(office.facts.rules) == 1


# -- work ------------------------------------------------------------------------------------------


async def test_work_by_hand_goes_to_the_tickets_once(office: Office) -> None:
    office.facts.policy = TICKETS
    await office.by_hand()
    for _ in range(2):
        await office.proposed()
    pages = [
        d for d in await office.store.deliveries.due(("page",), office.clock.now, 10)
        if d.payload["case"] == "work"
    ]  # fmt: skip
    assert [(d.target, d.payload["values"]) for d in pages] == [
        (
            "tickets",
            {
                "route": "tickets",
                "done": pages[0].payload["values"]["done"],
                "said": ["deleted old logs"],
                "median_s": 600,
                "total_s": 3000,
            },
        )
    ]
    assert len(pages[0].payload["values"]["done"]) == 5


async def test_without_a_route_for_tickets_the_log_says_so(office: Office) -> None:
    await office.by_hand()
    with capture_logs() as logs:
        await office.proposed()
    (said,) = [entry for entry in logs if entry["event"] == "work-not-proposed"]
    assert (said["by_hand"], said["missing"]) == (1, "[routes] tickets")
