"""Automate: a recovery that runs by itself is put on the record before it runs, or left to people.

It is a question that nobody is asked: opened and decided by the policy in one commit, and on its
way from then on. It is never claimed and gets no grant: there is nothing anybody approved.
"""

from datetime import datetime, timedelta

from approvals.asked import kept
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
from approvals.words import DecidedBy, Effect, Severity, Status


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
    until = instant(now + timedelta(seconds=policy.automation.report_within_s))
    fields = kept(command, ledger.group_id or command.group_id, now) | {
        "recovery": command.request["recovery"],
        "severity": Severity.LOW,
        "options": [],
        "plan": dump_plan(_plan(command.service, str(command.request["recovery"]), policy)),
        "deadline_at": until,
    }
    let = {
        "status": Status.APPROVED,
        "effect": Effect.RELEASE,
        "by": DecidedBy.POLICY,
        "report_until": until,
    }
    return (
        Event(
            kind=OPENED,
            at=now,
            by=f"service:{command.service}",
            body={"escalation": fields},
            facts={"lately": len(ledger.past)},
        ),
        Event(kind=DECIDED, at=now, by="andon", body=let),
    )


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
