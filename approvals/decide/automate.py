"""Automate: a recovery that runs by itself is put on the record before it runs, or left to people.

It is a question that nobody is asked: opened and decided by the policy in one commit, and on its
way from then on. It is never claimed and gets no grant: there is nothing anybody approved.
"""

from datetime import datetime, timedelta
from typing import Any

from approvals.automatic import Turned, breaker_of, never, turned
from approvals.codec import dump_plan, instant
from approvals.commands import Open
from approvals.events import DECIDED, OPENED, Event
from approvals.facts import Facts
from approvals.ledger import Ledger
from approvals.policy.model import Policy
from approvals.refusals import Refusal, Why
from approvals.snapshot import Plan
from approvals.verdict import Case, Verdict, accept, refuse
from approvals.words import DecidedBy, Effect, Kind, Severity, Status

#: Members of a request that stand in the escalation as they are.
_COPIED = ("recovery", "category", "title", "summary", "environment", "reference", "dedup_key")


def automate(ledger: Ledger, command: Open, facts: Facts, now: datetime) -> Verdict:
    """On the record, so that it may run; or why people decide about it."""
    who, request, terms = f"service:{command.service}", command.request, facts.policy.automation
    errors = tuple(never(request))
    if errors:
        return Verdict(refusal=Refusal(why=Why.NOT_AUTOMATABLE, who=who, errors=errors))
    recovery = str(request["recovery"])
    if not terms.lets(command.service, recovery):
        detail = f"The policy lets no {_name(recovery)} of {command.service} run by itself."
        return refuse(Why.NOT_AUTOMATABLE, who=who, detail=f"{detail} Ask for an approval.")
    now_manual = turned(ledger.past, terms, now)
    if now_manual is not None:
        detail, until = _manual(command.service, recovery, now_manual), instant(now_manual.until)
        return refuse(Why.TURNED_MANUAL, who=who, detail=detail, until=until)
    return accept(Case.OPENED, *_begun(ledger, command, facts.policy, now))


def _begun(ledger: Ledger, command: Open, policy: Policy, now: datetime) -> tuple[Event, Event]:
    """Opened, and let by the policy: two records of one commit."""
    who, until = (
        f"service:{command.service}",
        now + timedelta(seconds=policy.automation.report_within_s),
    )
    opened = Event(
        kind=OPENED,
        at=now,
        by=who,
        body={"escalation": _fields(command, ledger, policy, now, until)},
        facts={"lately": len(ledger.past)},
    )
    let = {
        "status": Status.APPROVED,
        "effect": Effect.RELEASE,
        "by": DecidedBy.POLICY,
        "report_until": instant(until),
    }
    return opened, Event(kind=DECIDED, at=now, by="andon", body=let)


def _fields(
    command: Open, ledger: Ledger, policy: Policy, now: datetime, until: datetime
) -> dict[str, Any]:
    body = command.request
    fields = {
        "id": command.escalation_id,
        "group_id": ledger.group_id or command.group_id,
        "service": command.service,
        "kind": Kind.AUTOMATION,
        "severity": Severity.LOW,
        "options": [],
        "digest": command.digest,
        "plan": dump_plan(_plan(command.service, str(body["recovery"]), policy)),
        "created_at": instant(now),
        "deadline_at": instant(until),
        "operation": {**body["operation"], "redacted": list(command.operation_redacted)},
        "context": body.get("context") or {},
        "context_redacted": list(command.context_redacted),
    }
    fields |= {name: body.get(name) for name in _COPIED}
    return {name: value for name, value in fields.items() if value is not None}


def _plan(service: str, recovery: str, policy: Policy) -> Plan:
    """What the policy let, in place of a rule: nobody is asked, so nobody is required."""
    terms = policy.automation
    return Plan(
        rule="automation",
        policy_version=policy.version,
        policy_text=(
            f"{_name(recovery)} of {service}: at most {terms.most} within {terms.within_s} s; "
            f"after a failure people decide for {terms.manual_for_s} s"
        ),
        requirements=(),
        members={},
        report_within_s=terms.report_within_s,
        zone=policy.zone,
    )


def _manual(service: str, recovery: str, found: Turned) -> str:
    what = f"{_name(recovery)} of {service}"
    why = (
        f"The last automatic {what} failed, or nobody said how it ended"
        if found.failed
        else f"{found.times:,} times lately a {what} ran by itself, and that is too often"
    )
    return (
        f"{why}. People decide now: ask for an approval with the dedup_key "
        f"`{breaker_of(recovery)}`; once one of those has succeeded, or from "
        f"{instant(found.until)} on, it may run by itself again."
    )


def _name(recovery: str) -> str:
    return recovery.replace("_", " ")
