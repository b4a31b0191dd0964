"""ProposeWork: what people keep doing by hand is sent to the tickets, as a piece of work."""

from datetime import datetime

from approvals.commands import ProposeWork
from approvals.escalation import Escalation
from approvals.events import WORK_PROPOSED, Event
from approvals.facts import Facts
from approvals.memory.suggesting import WITHIN
from approvals.verdict import Verdict


def propose_work(
    escalation: Escalation, command: ProposeWork, facts: Facts, now: datetime
) -> Verdict:
    """Once in 30 days. Nothing for what still waits, or was erased."""
    before = escalation.work_proposed_at
    lately = before is not None and before > now - WITHIN
    if lately or not escalation.status.is_terminal or escalation.erased is not None:
        return Verdict()
    body = {
        "route": command.route,
        "done": list(command.done),
        "said": list(command.said),
        "median_s": command.median_s,
        "total_s": command.total_s,
    }
    return Verdict(events=(Event(kind=WORK_PROPOSED, at=now, by="andon", body=body),))
