"""Proposing: what people decide alike again and again becomes a question, what they keep doing by
hand becomes a ticket. Once an hour and at the start; of several replicas one at a time looks.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from approvals.commands import Open, ProposeWork
from approvals.escalation import Escalation
from approvals.events import sha256
from approvals.facts import Facts
from approvals.memory.accepted import OURSELVES, Accepted, key_of
from approvals.memory.backtest import backtest
from approvals.memory.proposal import SPANS, Known, digest_of, lacking, request, rule_for
from approvals.memory.remembering import Remembered, remembered
from approvals.memory.suggesting import WITHIN, Suggestion, WorkSuggestion, candidates, work
from approvals.policy.model import Policy
from approvals.ports import Clock, FactSource, Leases, Reads, Writer
from bot.background.ruling import proposals

log = structlog.get_logger(__name__)

#: More questions than this are not asked in one hour.
MOST_AT_ONCE = 3

#: The route that work goes to where the policy names none.
TICKETS = "tickets"


class History(Protocol):
    """What ended; the part of `approvals.memory.ports.Memory` that is looked at here."""

    async def ended(self, since: datetime, until: datetime) -> tuple[Remembered, ...]:
        """What ended after `since` and not after `until`, in that order."""


def tickets_of(policy: Policy) -> str | None:
    """The route that work is proposed by; None where the policy has none."""
    route = policy.memory.tickets or TICKETS
    return route if route in policy.routes else None


class Proposer:
    """Asks whether a rule may decide, and sends work to the tickets."""

    def __init__(
        self,
        *,
        history: History,
        reads: Reads,
        writer: Writer,
        leases: Leases,
        facts: FactSource,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._history, self._reads, self._writer = history, reads, writer
        self._leases, self._facts, self._clock, self._new_id = leases, facts, clock, new_id

    async def once(self) -> bool:
        """Look at what ended; never more to do at once."""
        now = self._clock()
        facts = self._facts.facts(now)
        if not facts.policy.memory.propose or facts.people.as_of is None:
            return False
        async with self._leases.leased("proposals") as is_ours:
            if is_ours:
                ended = await self._history.ended(now - timedelta(days=max(SPANS)), now)
                await self._ask(ended, facts, now)
                await self._send_work(ended, facts.policy, now)
        return False

    # -- rules -------------------------------------------------------------------------------------

    async def _ask(self, ended: Sequence[Remembered], facts: Facts, now: datetime) -> None:
        found = list(candidates(ended, now))
        if not found:
            return
        known, asked = Known(proposals=await proposals(self._reads)), 0
        for one in found:
            if known.speaks_against(key_of(one.fingerprint), now):
                continue
            newest = await self._reads.escalation(one.newest.id)
            if newest is None or not _is_as_remembered(newest, one):
                continue
            asked += await self._propose(one, newest, ended, facts, now)
            if asked == MOST_AT_ONCE:
                return

    async def _propose(
        self,
        found: Suggestion,
        newest: Escalation,
        ended: Sequence[Remembered],
        facts: Facts,
        now: datetime,
    ) -> bool:
        """Whether it was asked."""
        rule = rule_for(found, newest, facts.policy.memory, now)
        tests = [backtest(rule, ended, now, days) for days in SPANS]
        names = {id_: person.name for id_, person in facts.people.persons.items()}
        body = request(rule, found, newest, tests, names)
        why = lacking(facts, body)
        if why is not None:
            log.warning("rule-not-proposed", rule=rule.name, why=why)
            return False
        settled = await self._writer.submit(self._open(rule, newest, body))
        if settled.refusal is not None:
            log.warning("rule-not-proposed", rule=rule.name, why=settled.refusal.why.value)
            return False
        log.info("rule-proposed", rule=rule.name, decided=len(found.decided))
        return True

    def _open(self, rule: Accepted, newest: Escalation, body: dict[str, object]) -> Open:
        """The same question once, whoever asks it: by what it rests on."""
        digest = digest_of(body)
        return Open(
            id=self._new_id("cmd"),
            escalation_id=self._new_id("esc"),
            group_id=self._new_id("grp"),
            service=OURSELVES,
            idempotency_key=sha256(f"{rule.fingerprint} {newest.id}"),
            body_hash=sha256(f"{rule.fingerprint} {newest.id}"),
            digest=digest,
            request=body,
        )

    # -- work --------------------------------------------------------------------------------------

    async def _send_work(self, ended: Sequence[Remembered], policy: Policy, now: datetime) -> None:
        found, route = list(work(ended, now)), tickets_of(policy)
        if found and route is None:
            log.warning("work-not-proposed", by_hand=len(found), missing=f"[routes] {TICKETS}")
            return
        for one in found if route else ():
            done = await self._reads.these(one.ids)
            if not any(_lately(e.work_proposed_at, now) for e in done):
                await self._writer.submit(self._work(one, str(route)))
                log.info("work-proposed", service=one.newest.service, times=len(one.done))

    def _work(self, found: WorkSuggestion, route: str) -> ProposeWork:
        return ProposeWork(
            id=self._new_id("cmd"),
            escalation_id=found.newest.id,
            route=route,
            done=found.ids,
            said=found.said,
            median_s=int(found.median.total_seconds()),
            total_s=int(found.total.total_seconds()),
        )


def _is_as_remembered(newest: Escalation, found: Suggestion) -> bool:
    """Not erased meanwhile, and not remembered by an earlier version that saw it otherwise."""
    known = remembered(newest)
    if known is None or known.reserved is not None:
        return False
    return known.fingerprint == found.fingerprint


def _lately(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now - WITHIN
