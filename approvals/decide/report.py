"""Report: the service says what became of the released operation, or of what ran by itself."""

from datetime import datetime

from approvals.commands import Report
from approvals.escalation import Escalation
from approvals.events import REPORTED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind


def report(escalation: Escalation, command: Report, facts: Facts, now: datetime) -> Verdict:
    """Keep the first report. A late one replaces the clock's `unknown`, never another report."""
    if command.service != escalation.service:
        return refuse(Why.NOT_FOUND)
    who, known = f"service:{command.service}", escalation.outcome
    if escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_HELD, who=who)
    if escalation.claim is None and escalation.kind is not Kind.AUTOMATION:
        return refuse(Why.NOT_CLAIMED, who=who)
    if known is not None and known.by != "clock":
        same = (known.result, known.detail, known.undo)
        if same == (command.result, command.detail, command.undo):
            return accept(Case.REPEATED)
        return refuse(Why.OUTCOME_DIFFERS, who=who, result=known.result)
    body = {
        "result": command.result,
        "by": command.service,
        "detail": command.detail,
        "undo": command.undo,
    }
    return accept(Case.REPORTED, Event(kind=REPORTED, at=now, by=who, body=body))
