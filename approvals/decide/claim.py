"""Claim: the service takes the release, once, for exactly the digest that was approved."""

from datetime import datetime, timedelta

from approvals.codec import instant
from approvals.commands import Claim
from approvals.decide.recheck import losses, stands
from approvals.escalation import Claim as Taken
from approvals.escalation import Escalation
from approvals.events import CLAIMED, STOPPED, Event
from approvals.facts import Facts
from approvals.people import People
from approvals.refusals import Refusal, Why
from approvals.tally import is_unsure
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import Kind, OperationState, Status


def claim(escalation: Escalation, command: Claim, facts: Facts, now: datetime) -> Verdict:
    """Hand out the release, or say why not. The same key again gets the same answer."""
    who = f"service:{command.service}"
    if command.service != escalation.service:
        return refuse(Why.NOT_FOUND)
    if escalation.claim is not None and escalation.claim.key == command.key:
        return _again(escalation.claim, command, who)
    if escalation.kind is not Kind.APPROVAL:
        return refuse(Why.NOT_HELD, who=who)
    no = _not_to_be_had(escalation, command, who)
    if no is not None:
        return no
    return _people_still_stand(escalation, command, facts.people, now)


def _again(taken: Taken, command: Claim, who: str) -> Verdict:
    if (taken.digest, taken.nonce) != (command.digest, command.nonce):
        return refuse(Why.KEY_REUSED, who=who)
    return accept(Case.REPEATED)


def _not_to_be_had(escalation: Escalation, command: Claim, who: str) -> Verdict | None:
    if command.digest != escalation.digest:
        return refuse(Why.DIGEST_MISMATCH, who=who, presented=command.digest)
    if escalation.claim is not None:
        return refuse(Why.ALREADY_CLAIMED, who=who, at=instant(escalation.claim.at))
    if escalation.status is not Status.APPROVED:
        return refuse(Why.NOT_APPROVED, who=who, status=escalation.status)
    if escalation.stopped is not None:
        void = escalation.stopped.void
        return refuse(Why.APPROVAL_VOID if void else Why.STOPPED, who=who)
    if escalation.state is OperationState.LAPSED:
        return refuse(Why.LAPSED, who=who)
    return None


def _people_still_stand(
    escalation: Escalation, command: Claim, people: People, now: datetime
) -> Verdict:
    """Membership and activity are looked at once more: a yes of someone gone releases nothing."""
    who = f"service:{command.service}"
    if not people.known_at(now):
        return refuse(Why.PEOPLE_UNKNOWN, who=who)
    lost = losses(escalation, people, now)
    if any(event.kind == STOPPED for event in lost):
        return Verdict(events=lost, refusal=Refusal(why=Why.APPROVAL_VOID, who=who))
    if is_unsure(escalation, people) and not stands(escalation, people):
        return Verdict(events=lost, refusal=Refusal(why=Why.PEOPLE_UNKNOWN, who=who))
    plan = escalation.plan
    body = {
        "by": command.service,
        "key": command.key,
        "digest": command.digest,
        "nonce": command.nonce,
        "option": escalation.decision.option if escalation.decision else None,
        "grant_id": command.grant_id,
        "expires_at": instant(now + timedelta(seconds=plan.grant_for_s)),
        "report_until": instant(now + timedelta(seconds=plan.report_within_s)),
    }
    seen = {"people_as_of": instant(people.as_of)} if people.as_of else {}
    return accept(Case.CLAIMED, *lost, Event(kind=CLAIMED, at=now, by=who, body=body, facts=seen))
