"""How an escalation goes on: the rule's word, else the severity's in the file, else the table's."""

from dataclasses import asdict
from typing import Any

from approvals.policy.entries import DAYS, StepEntry
from approvals.policy.model import Policy, Rule
from approvals.policy.steps import default_steps
from approvals.severities import TERMS, Terms
from approvals.snapshot import Hours
from approvals.words import Severity

#: Only what can wait keeps business hours.
CAN_WAIT = (Severity.LOW, Severity.MEDIUM)


def terms_of(policy: Policy, rule: Rule | None, severity: Severity) -> Terms:
    """Its clocks. What nobody wrote down stays within the deadline, however short that is."""
    table = asdict(TERMS[severity])
    written = {key: _written(policy, rule, severity, key) for key in table}
    given = {key: table[key] if value is None else value for key, value in written.items()}
    longest = rule.decide_within_max_s if rule else None
    deadline = min(given["decide_within_s"], longest or given["decide_within_s"])
    for key in ("extend_by_s", "undelivered_max_s", "acknowledge_for_s"):
        if written[key] is None:
            given[key] = min(given[key], deadline)
    return Terms(**given | {"decide_within_s": deadline})


def steps_of(
    policy: Policy, rule: Rule | None, severity: Severity, respond_s: int
) -> tuple[StepEntry, ...]:
    """Its chain, names not yet resolved. What is low is in the digest only."""
    if severity is Severity.LOW:
        return ()
    written = _written(policy, rule, severity, "steps")
    return default_steps(severity, respond_s) if written is None else tuple(written)


def fallback_of(policy: Policy, rule: Rule | None, severity: Severity) -> str | None:
    """The person at the end of its chain."""
    return _written(policy, rule, severity, "fallback") or policy.fallback


def hours_of(policy: Policy, rule: Rule | None, severity: Severity) -> Hours | None:
    """When its clocks run; None for always."""
    wanted = severity in CAN_WAIT and _written(policy, rule, severity, "hours")
    if not wanted or policy.hours is None:
        return None
    days = tuple(DAYS.index(day) for day in policy.hours.days)
    return Hours(
        days=tuple(sorted(set(days))),
        start=policy.hours.start,
        until=policy.hours.until,
        zone=policy.zone,
    )


def _written(policy: Policy, rule: Rule | None, severity: Severity, key: str) -> Any:
    by_rule = getattr(rule, key, None)
    return getattr(policy.severities.get(severity), key, None) if by_rule is None else by_rule
