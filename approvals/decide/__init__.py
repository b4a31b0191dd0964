"""The decider: one file a verb, one function each, `decide(state, command, facts, now)` over all.

Every rule about who may do what, and when, lives here; doors hold none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals import commands
from approvals.decide.acknowledge import acknowledge
from approvals.decide.answer import answer
from approvals.decide.ask import ask
from approvals.decide.break_glass import break_glass
from approvals.decide.claim import claim
from approvals.decide.context import add_context
from approvals.decide.erase import erase
from approvals.decide.extend import extend
from approvals.decide.gather import gather
from approvals.decide.hand_review import hand_review
from approvals.decide.look import look
from approvals.decide.miss import arrived, miss
from approvals.decide.open import open_
from approvals.decide.overdue import overdue
from approvals.decide.reason import add_reason
from approvals.decide.recheck import recheck
from approvals.decide.report import report
from approvals.decide.resolve import resolve
from approvals.decide.stop import stop
from approvals.decide.void import void
from approvals.decide.vote import vote
from approvals.decide.withdraw import withdraw
from approvals.decide.write_issue import write_issue
from approvals.decide.write_review import write_review
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.ledger import Ledger
from approvals.refusals import Why
from approvals.verdict import Verdict, refuse

__all__ = ["State", "decide", "overdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The escalation a command concerns, and the ledger rows loaded with it.

    For `Open` the escalation is the pending twin it may join, or None.
    """

    escalation: Escalation | None = None
    ledger: Ledger = field(default_factory=Ledger)


def decide(state: State, command: commands.Command, facts: Facts, now: datetime) -> Verdict:
    """What follows from the command. What is overdue must have been folded before (`step` does)."""
    if isinstance(command, commands.Open):
        return open_(state.escalation, state.ledger, command, facts, now)
    if state.escalation is None:
        return refuse(Why.NOT_FOUND)
    return _VERBS[type(command)](state.escalation, command, facts, now)


def _tick(escalation: Escalation, command: commands.Tick, facts: Facts, now: datetime) -> Verdict:
    """Nothing of its own: a tick only lets the overdue be folded."""
    return Verdict()


_VERBS: Mapping[type[commands.Command], Callable[[Escalation, Any, Facts, datetime], Verdict]] = {
    commands.Vote: vote,
    commands.AddReason: add_reason,
    commands.Look: look,
    commands.Stop: stop,
    commands.Withdraw: withdraw,
    commands.AddContext: add_context,
    commands.Claim: claim,
    commands.Report: report,
    commands.RecheckPeople: recheck,
    commands.Gather: gather,
    commands.Acknowledge: acknowledge,
    commands.Extend: extend,
    commands.Miss: miss,
    commands.Arrived: arrived,
    commands.AskForInfo: ask,
    commands.AnswerQuestion: answer,
    commands.Resolve: resolve,
    commands.BreakGlass: break_glass,
    commands.Erase: erase,
    commands.Void: void,
    commands.WriteIssue: write_issue,
    commands.WriteReview: write_review,
    commands.HandReview: hand_review,
    commands.Tick: _tick,
}
