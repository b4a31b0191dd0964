"""Stop: until the service has taken it, any eligible approver may stop what was approved.

A rule that was accepted is Andon's own to take: it may be ended as long as it is in force.
"""

from datetime import datetime

from approvals.codec import instant
from approvals.commands import Stop
from approvals.decide.who import approver, stranger, too_late
from approvals.escalation import Escalation, Json
from approvals.events import RULE_SUSPENDED, STOPPED, Event
from approvals.facts import Facts
from approvals.memory.accepted import can_be_ended, proposed
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
    body = {
        "by": found.person.id,
        "name": found.person.name,
        "reason": (command.reason or "").strip() or None,
    }
    if escalation.can_be_stopped:
        stopped = Event(kind=STOPPED, at=now, by=who, body=body, facts=found.entitlement)
        return accept(Case.STOPPED, stopped)
    if can_be_ended(escalation):
        ended = body | _ending(escalation, who)
        event = Event(kind=RULE_SUSPENDED, at=now, by=who, body=ended, facts=found.entitlement)
        return accept(Case.STOPPED, event)
    if escalation.suspended is not None:
        return refuse(Why.NOT_APPROVED, who=who, status=escalation.status)
    if escalation.status is Status.APPROVED and escalation.claim is not None:
        return refuse(Why.ALREADY_CLAIMED, who=who, at=instant(escalation.claim.at))
    late = too_late(escalation, command.actor, facts.people)
    return late or refuse(Why.NOT_APPROVED, who=who, status=escalation.status)


def _ending(proposal: Escalation, who: str) -> dict[str, Json]:
    """As the breaker says it of a rule that ends by itself, with whom to tell of it."""
    rule = proposed(proposal)
    return {
        "why": "ended",
        "because": who,
        "rule": rule.name if rule else proposal.title,
        "may_decide": list(proposal.plan.could_decide),
        "owners": list(proposal.plan.owners),
    }
