"""Stop: until the service has taken it, any eligible approver may stop what was approved."""

from datetime import datetime

from approvals.codec import instant
from approvals.commands import Stop
from approvals.decide.who import approver, stranger, too_late
from approvals.escalation import Escalation
from approvals.events import STOPPED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind, Status


def stop(escalation: Escalation, command: Stop, facts: Facts, now: datetime) -> Verdict:
    """Abort the approved operation, unless it has started or is over."""
    strange = stranger(command.actor)
    if strange is not None:
        return strange
    if escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_HELD, who=f"account:{command.actor.account}")
    found = approver(escalation, command.actor, facts.people, now, releases=False)
    if isinstance(found, Verdict):
        return found
    who = f"person:{found.person.id}"
    if escalation.can_be_stopped:
        reason = (command.reason or "").strip() or None
        body = {"by": found.person.id, "name": found.person.name, "reason": reason}
        stopped = Event(kind=STOPPED, at=now, by=who, body=body, facts=found.entitlement)
        return accept(Case.STOPPED, stopped)
    if escalation.status is Status.APPROVED and escalation.claim is not None:
        return refuse(Why.ALREADY_CLAIMED, who=who, at=instant(escalation.claim.at))
    late = too_late(escalation, command.actor, facts.people)
    return late or refuse(Why.NOT_APPROVED, who=who, status=escalation.status)
