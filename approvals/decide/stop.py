"""Stop: until the service has taken it, any eligible approver may stop what was approved.

A rule that was accepted is Andon's own to take: it may be ended as long as it is in force.
"""

from datetime import datetime

from approvals.codec import instant
from approvals.commands import Stop
from approvals.decide.suspend import suspension
from approvals.decide.who import approver, stranger, too_late
from approvals.escalation import Escalation, Json
from approvals.events import RULE_SUSPENDED, STOPPED, Event
from approvals.facts import Facts
from approvals.memory.accepted import accepted, can_be_ended
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind, Status


def stop(escalation: Escalation, command: Stop, facts: Facts, now: datetime) -> Verdict:
    """Abort the approved operation, unless it has started or is over; end the accepted rule."""
    strange = stranger(command.actor)
    if strange is not None:
        return strange
    if escalation.kind is Kind.INCIDENT:
        return refuse(Why.NOT_HELD, who=f"account:{command.actor.account}")
    found = approver(escalation, command.actor, facts.people, now, releases=False)
    if isinstance(found, Verdict):
        return found
    who = f"person:{found.person.id}"
    body: dict[str, Json] = {
        "by": found.person.id,
        "name": found.person.name,
        "reason": (command.reason or "").strip() or None,
    }
    if escalation.can_be_stopped:
        stopped = Event(kind=STOPPED, at=now, by=who, body=body, facts=found.entitlement)
        return accept(Case.STOPPED, stopped)
    rule, plan = accepted(escalation), escalation.plan
    if rule is not None and can_be_ended(escalation):
        body |= suspension(rule, "ended", who, plan.could_decide, plan.owners)
        ended = Event(kind=RULE_SUSPENDED, at=now, by=who, body=body, facts=found.entitlement)
        return accept(Case.STOPPED, ended)
    if escalation.suspended is not None:
        return refuse(Why.NOT_APPROVED, who=who, status=escalation.status)
    if escalation.status is Status.APPROVED and escalation.claim is not None:
        return refuse(Why.ALREADY_CLAIMED, who=who, at=instant(escalation.claim.at))
    late = too_late(escalation, command.actor, facts.people)
    return late or refuse(Why.NOT_APPROVED, who=who, status=escalation.status)
