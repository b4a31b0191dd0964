"""Resolve: an incident is over, and what it was is written down while it is fresh."""

from datetime import datetime

from approvals.codec import instant
from approvals.commands import Resolve
from approvals.decide.responder import responder
from approvals.decide.text import misfit
from approvals.decide.who import stranger, too_late
from approvals.escalation import Escalation, Json
from approvals.events import RESOLVED, Event
from approvals.facts import Facts
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind


def resolve(escalation: Escalation, command: Resolve, facts: Facts, now: datetime) -> Verdict:
    """End the incident: by the service, or by a person who may look after it."""
    by = _who(escalation, command, facts, now)
    if isinstance(by, Verdict):
        return by
    who, name = by
    told = _told(command)
    late = _over(escalation, command, facts, who, told)
    if late is not None:
        return late
    wrong = misfit(command.root_cause, who, field="root_cause") or misfit(
        command.by_hand or "", who, least=0, field="by_hand"
    )
    if wrong is not None:
        return wrong
    ended = Event(kind=RESOLVED, at=now, by=who, body={**told, "name": name})
    return accept(Case.RESOLVED, ended, root_cause=told["root_cause"])


def _who(
    escalation: Escalation, command: Resolve, facts: Facts, now: datetime
) -> tuple[str, str] | Verdict:
    """Who resolves it, for the record and for people."""
    if command.actor is None and command.service != escalation.service:
        return refuse(Why.NOT_FOUND)
    strange = stranger(command.actor) if command.actor else None
    if strange is not None:
        return strange
    if escalation.kind is not Kind.INCIDENT:
        asks = f"account:{command.actor.account}" if command.actor else f"service:{command.service}"
        return refuse(Why.NOT_AN_INCIDENT, who=asks)
    if command.actor is None:
        return f"service:{command.service}", escalation.service
    found = responder(escalation, command.actor, facts.people, now)
    if isinstance(found, Verdict):
        return found
    return f"person:{found.id}", found.name


def _told(command: Resolve) -> dict[str, Json]:
    return {
        "root_cause": command.root_cause.strip(),
        "by_hand": (command.by_hand or "").strip() or None,
        "automatable": command.automatable,
    }


def _over(
    escalation: Escalation, command: Resolve, facts: Facts, who: str, told: dict[str, Json]
) -> Verdict | None:
    """It was over before. The same words from the same one, after a lost response, are fine."""
    if not escalation.status.is_terminal:
        return None
    done = escalation.resolution
    if done is not None and done.by == who:
        known = {n: getattr(done, n) for n in told}
        if known == told:
            return accept(Case.REPEATED, at=instant(done.at))
    late = too_late(escalation, command.actor, facts.people) if command.actor else None
    return late or refuse(Why.ALREADY_TERMINAL, who=who, status=escalation.status)
