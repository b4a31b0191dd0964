"""Erase: what was asked and said goes from an escalation that is over; the proof of it stays."""

from datetime import datetime

from approvals.codec import dump
from approvals.commands import Erase
from approvals.erasing import residue
from approvals.escalation import Escalation
from approvals.events import ERASED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse


def erase(escalation: Escalation, command: Erase, facts: Facts, now: datetime) -> Verdict:
    """Keep what is left. Again changes nothing, unless something was recorded since."""
    if not escalation.is_over:
        return refuse(Why.NOT_OVER, status=escalation.status, state=escalation.state)
    done = escalation.erased
    if done is not None and done.seq == escalation.seq:
        return accept(Case.REPEATED)
    body = {"reason": command.reason, "escalation": dump(residue(escalation))}
    return accept(Case.ERASED, Event(kind=ERASED, at=now, by=command.by, body=body))
