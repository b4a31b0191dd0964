"""What an accepted rule decides: opened and decided in one commit, as people would have decided it.

It stands below everything the policy's file says. What the file refuses, asks more people for, or
finds worse than when the rule was accepted, people decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from approvals.codec import instant
from approvals.escalation import Escalation, Json, Operation, Option
from approvals.events import DECIDED, Event, sha256
from approvals.ledger import Ledger
from approvals.memory.accepted import Accepted, broken, in_force, rests
from approvals.memory.fingerprint import fingerprint
from approvals.memory.reserved import reserved
from approvals.policy.model import Policy
from approvals.policy.plan import Planned
from approvals.policy.seats import seats_for
from approvals.words import DecidedBy, Effect, Kind, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    """A rule decides it: by which proposal, and the record that says so."""

    proposal: str
    decided: Event


def let_by_rule(
    ledger: Ledger, fields: Mapping[str, Any], planned: Planned, policy: Policy, now: datetime
) -> Let | None:
    """The decision of the rule that was accepted for the like of it; None where people decide."""
    ruling = ledger.ruling
    if ruling is None or not policy.memory.propose:
        return None
    rule, uses = in_force(ruling.proposal, now), ruling.uses
    if rule is None or not rule.knows(fingerprint(fields)):
        return None
    option = next((o for o in planned.options if o.key == rule.option), None)
    if option is None or not _is_as_it_was(rule, planned, option):
        return None
    if reserved(
        kind=Kind(fields["kind"]),
        category_slug=fields["category"],
        environment=fields["environment"],
        severity=planned.severity,
        operation=_operation(fields),
        option=_offered(option, fields),
    ):
        return None
    if broken(rule, uses, now) or rests(rule, uses, policy.memory.rule_a_day, now):
        return None
    return Let(
        proposal=ruling.proposal.id,
        decided=_decided(rule, ruling.proposal, planned, len(uses), now),
    )


def _is_as_it_was(rule: Accepted, planned: Planned, option: Option) -> bool:
    """Whether the file asks no more for it than when the rule was accepted."""
    plan = planned.plan
    needed = sum(seat.needed for seat in seats_for(plan, option))
    milder = planned.severity.rank <= rule.severity.rank
    return plan.rule == rule.instead_of and needed <= rule.people and milder


def _operation(fields: Mapping[str, Any]) -> Operation | None:
    """As much of it as says whether people decide."""
    held = fields.get("operation")
    return held and Operation(
        name=held["name"],
        arguments=held.get("arguments") or {},
        money=held.get("money"),
        redacted=tuple(held["redacted"]),
    )


def _offered(option: Option, fields: Mapping[str, Any]) -> Option:
    """The option as the policy judged it, with what it would run."""
    sent = next(o for o in fields["options"] if o["key"] == option.key)
    return Option(
        key=option.key,
        label=option.label,
        effect=option.effect,
        irreversible=option.irreversible,
        arguments=sent.get("arguments"),
        friction=option.friction,
        people=option.people,
    )


def _decided(
    rule: Accepted, proposal: Escalation, planned: Planned, uses: int, now: datetime
) -> Event:
    body: dict[str, Json] = {
        "status": Status.APPROVED,
        "effect": Effect.RELEASE,
        "by": DecidedBy.POLICY,
        "option": rule.option,
        "rule": proposal.id,
        "reason": rule.name,
        "claim_until": instant(now + timedelta(seconds=planned.plan.claim_within_s)),
    }
    return Event(
        kind=DECIDED,
        at=now,
        by=f"policy:{rule.name}",
        body=body,
        facts={"rule": sha256(rule.text), "proposal_head": proposal.head, "known_uses": uses},
    )
