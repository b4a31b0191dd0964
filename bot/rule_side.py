"""Composition of rules: the loop that keeps accepted ones going, and the one that proposes."""

from typing import Protocol

from approvals.escalation import Escalation
from approvals.memory.accepted import OURSELVES
from approvals.memory.ports import Memory, Rulings
from approvals.ports import Clock, Leases, Reads, Writer
from bot.background.loop import Loop
from bot.background.proposing import Proposer
from bot.background.ruling import Ruler
from bot.ids import new_id
from bot.people import KnownPeople

#: Seconds between two looks of each loop; a commit that concerns a rule wakes the first.
RULES_S, PROPOSALS_S = 5.0, 3600.0


class Ruled(Protocol):
    """What rules need of a store."""

    @property
    def reads(self) -> Reads:
        """Proposals."""

    @property
    def rulings(self) -> Rulings:
        """What rules decided."""

    @property
    def memory(self) -> Memory:
        """What ended."""

    @property
    def leases(self) -> Leases:
        """What one replica at a time does."""


class RuleSide:
    """Proposed and accepted rules as a part of the server."""

    def __init__(self, store: Ruled, writer: Writer, people: KnownPeople, clock: Clock) -> None:
        ruler = Ruler(
            reads=store.reads,
            rulings=store.rulings,
            writer=writer,
            leases=store.leases,
            rules=people,
            clock=clock,
            new_id=new_id,
        )
        proposer = Proposer(
            history=store.memory,
            reads=store.reads,
            writer=writer,
            leases=store.leases,
            facts=people,
            clock=clock,
            new_id=new_id,
        )
        self.loops = (
            Loop("rules", ruler.once, RULES_S),
            Loop("proposals", proposer.once, PROPOSALS_S),
        )

    @staticmethod
    def concerns(escalation: Escalation) -> bool:
        """Whether it is a proposal, or something a rule decided."""
        ruled = escalation.decision is not None and escalation.decision.rule is not None
        return ruled or escalation.service == OURSELVES
