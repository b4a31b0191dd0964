"""Gather: it came just before a storm was noticed, and belongs to it."""

from datetime import datetime

from approvals.commands import Gather
from approvals.escalation import Escalation
from approvals.events import GATHERED, Event
from approvals.facts import Facts
from approvals.verdict import Verdict


def gather(escalation: Escalation, command: Gather, facts: Facts, now: datetime) -> Verdict:
    """Note its storm and place; what is over, or gathers already, stays as it is."""
    if escalation.status.is_terminal or escalation.storm_id is not None:
        return Verdict()
    body = {"storm": command.storm, "place": command.place}
    return Verdict(events=(Event(kind=GATHERED, at=now, by="andon", body=body),))
