"""Accepted rules, kept going: which are in force, what was accepted and is to be put in force, and
which of them have ended.

The core needs none of it to be safe: it looks at the proposal itself, and at what the rule decided,
with every question that a rule may decide. Here rules begin, and everyone is told when one ends.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from approvals.categories import POLICY_CHANGE
from approvals.commands import Claim, Report, SuspendRule
from approvals.escalation import Escalation
from approvals.events import sha256
from approvals.memory.accepted import OURSELVES, Accepted, Use, broken, in_force
from approvals.memory.ports import Rulings
from approvals.memory.proposal import digest_to_run, rules_in_force
from approvals.ports import Clock, Leases, Reads, Wanted, Writer
from approvals.words import OperationState, Result

log = structlog.get_logger(__name__)

#: Proposals read at once.
PAGE = 100

#: How long a service may take to say what became of it, at most: so far back is looked.
LONGEST = timedelta(days=31)


class Rules(Protocol):
    """Who keeps the rules in force, for the facts that commands rely on."""

    def allow(self, rules: Mapping[str, tuple[str, Accepted]]) -> bool:
        """Take which are in force; whether others are than before."""


class Ruler:
    """Looks at the proposals that people accepted."""

    def __init__(
        self,
        *,
        reads: Reads,
        rulings: Rulings,
        writer: Writer,
        leases: Leases,
        rules: Rules,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._reads, self._rulings, self._writer = reads, rulings, writer
        self._leases, self._rules, self._clock, self._new_id = leases, rules, clock, new_id

    async def once(self) -> bool:
        """Know the rules, begin those that were accepted, end those that went wrong."""
        found = await proposals(self._reads, "approved")
        rules = rules_in_force(found, self._clock())
        if self._rules.allow(rules):
            log.info("rules-in-force", rules=len(rules))
        async with self._leases.leased("rules") as is_ours:
            return is_ours and await self._acted(found)

    async def _acted(self, found: Sequence[Escalation]) -> bool:
        """Whether anything was done: then it is looked at again at once."""
        begun = [await self._begin(proposal) for proposal in found]
        ended = await self._end(found)
        return any(begun) or ended

    async def _begin(self, proposal: Escalation) -> bool:
        """Take what was accepted, and say that it is in force."""
        if proposal.can_be_stopped:
            digest = digest_to_run(proposal)
            if digest is None:
                return False  # another version's, or altered: its approval lapses
            claim = Claim(
                id=self._new_id("cmd"),
                escalation_id=proposal.id,
                service=OURSELVES,
                key=sha256(f"accept {proposal.id}"),
                digest=digest,
                nonce=proposal.id,
                grant_id=self._new_id("gnt"),
            )
            settled = await self._writer.submit(claim)
            if settled.refusal is not None:
                log.warning("rule-not-taken", id=proposal.id, why=settled.refusal.why.value)
                return False
        elif not _is_unreported(proposal):
            return False
        report = Report(
            id=self._new_id("cmd"),
            escalation_id=proposal.id,
            service=OURSELVES,
            result=Result.SUCCEEDED,
            detail="The rule is in force.",
        )
        settled = await self._writer.submit(report)
        return settled.refusal is None

    async def _end(self, found: Sequence[Escalation]) -> bool:
        """Put on record which rules have ended."""
        now = self._clock()
        standing = {p.id: (p, rule) for p in found if (rule := in_force(p, now)) is not None}
        uses = await self._rulings.uses(standing.keys(), now - LONGEST)
        ended = False
        for id_, (_, rule) in standing.items():
            why = broken(rule, uses[id_], now)
            if why is not None and why.because is not None:
                await self._suspend(id_, why.why, why.because, uses[id_])
                ended = True
        return ended

    async def _suspend(self, id_: str, why: str, because: str, uses: Sequence[Use]) -> None:
        shown = await self._reads.escalation(because)
        plan = shown.plan if shown else None
        command = SuspendRule(
            id=self._new_id("cmd"),
            escalation_id=id_,
            why=why,
            because=because,
            may_decide=plan.could_decide if plan else (),
            owners=plan.owners if plan else (),
        )
        await self._writer.submit(command)
        log.warning("rule-suspended", id=id_, why=why, because=because, uses=len(uses))


def _is_unreported(proposal: Escalation) -> bool:
    """Taken, and nothing said of it: we ended in between; the clock may have called it unknown."""
    if proposal.claim is None:
        return False
    outcome = proposal.outcome
    silent = outcome is not None and outcome.by == "clock"
    return proposal.state is OperationState.RELEASED or silent


async def proposals(reads: Reads, status: str | None = None) -> tuple[Escalation, ...]:
    """All proposals of that status, or of any."""
    found: list[Escalation] = []
    wanted, cursor = Wanted(service=OURSELVES, category=POLICY_CHANGE, status=status), None
    while True:
        page = await reads.page(wanted, cursor, PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)
