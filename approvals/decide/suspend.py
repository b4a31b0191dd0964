"""SuspendRule: the breaker has ended a rule. From here on it is on the record, and told.

The breaker itself needs no record: what a rule may decide is reckoned anew at every opening.
"""

from collections.abc import Iterable
from datetime import datetime

from approvals.commands import SuspendRule
from approvals.escalation import Escalation, Json
from approvals.events import RULE_SUSPENDED, Event
from approvals.facts import Facts
from approvals.memory.accepted import Accepted, accepted
from approvals.verdict import Verdict


def suspend(escalation: Escalation, command: SuspendRule, facts: Facts, now: datetime) -> Verdict:
    """Once: the first that shows it is kept. Nothing where no rule was accepted here."""
    rule = accepted(escalation)
    if rule is None or escalation.suspended is not None:
        return Verdict()
    body = suspension(rule, command.why, command.because, command.may_decide, command.owners)
    return Verdict(events=(Event(kind=RULE_SUSPENDED, at=now, by="andon", body=body),))


def suspension(
    rule: Accepted, why: str, because: str, may_decide: Iterable[str], owners: Iterable[str]
) -> dict[str, Json]:
    """What the record says of it, with whom to tell besides those who accepted the rule."""
    return {
        "why": why,
        "because": because,
        "rule": rule.name,
        "may_decide": list(may_decide),
        "owners": list(owners),
    }
