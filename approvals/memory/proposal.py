"""A proposal: an escalation of Andon itself, by which people let a rule decide what they decided.

It is a question like any other, asked under the policy's own rules. What is proposed stands whole
in its operation, so what people accept is what is in force afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from approvals.canonical import operation_digest
from approvals.categories import POLICY_CHANGE
from approvals.escalation import Escalation, Json
from approvals.events import sha256
from approvals.facts import Facts
from approvals.memory.accepted import (
    FEWEST_PEOPLE,
    OURSELVES,
    Accepted,
    accepted,
    in_force,
    key_of,
    proposed,
)
from approvals.memory.backtest import Backtest, told
from approvals.memory.suggesting import Suggestion
from approvals.policy.asking import ask_of
from approvals.policy.entries import MemoryEntry
from approvals.policy.match import Said
from approvals.policy.model import Policy
from approvals.policy.plan import Planned
from approvals.policy.seats import seats_for
from approvals.severities import PRODUCTION, severity_floor
from approvals.showing import visible
from approvals.words import Kind, OperationState, Severity, Status

ACCEPT, DECLINE = "accept", "decline"

#: What the name of the operation begins with: what Andon does when people say yes.
ACCEPT_RULE = "accept rule"

#: How many days a backtest looks back.
SPANS = (30, 90)

#: After a no, and where nobody answered, nothing of the kind is proposed for so long.
REST = timedelta(days=30)

#: What a policy lacks under which nothing can be proposed.
WRITE = (
    "[[rules]]\n"
    'name = "rules that people accept"\n'
    f'match = {{ category = "{POLICY_CHANGE}" }}\n'
    'requirements = [{ group = "WHO MAY CHANGE THE POLICY", needed = 2 }]\n'
    "exclude_requester = false  # Andon asks: nobody is the requester\n"
    "decide_within_s = 259200"
)


def rule_for(found: Suggestion, newest: Escalation, terms: MemoryEntry, now: datetime) -> Accepted:
    """The rule that a suggestion speaks for. `newest` is its last escalation, whole."""
    option = newest.option(found.option)
    seats = seats_for(newest.plan, option) if option is not None else ()
    what = newest.operation.name if newest.operation else newest.title
    name = " ".join(visible(f"{newest.service}: {what}").split())
    worst = Severity.worst(*(one.severity for one in found.decided))
    return Accepted(
        name=name[:80],
        service=newest.service,
        fingerprint=key_of(found.fingerprint),
        option=found.option,
        instead_of=newest.plan.rule,
        people=max(1, sum(seat.needed for seat in seats)),
        severity=worst,
        until=(now + timedelta(days=terms.rule_days)).date().isoformat(),
        a_day=terms.rule_a_day,
    )


def request(
    rule: Accepted,
    found: Suggestion,
    newest: Escalation,
    tests: Sequence[Backtest],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """The body of the proposal, as a service would send it. `names` are people's, by id."""
    what = newest.operation.name if newest.operation else newest.title
    title = f"Let «{' '.join(visible(what).split())[:100]}» be decided by a rule?"
    option = newest.option(found.option)
    chosen = option.label if option else found.option
    by = ", ".join(names.get(person, person) for person in found.people)
    return {
        "category": POLICY_CHANGE,
        "title": title,
        "summary": (
            f"In 30 days people chose «{chosen}» {len(found.decided):,} of "
            f"{len(found.decided) + len(found.otherwise):,} times: {by}. "
            f"The last was {newest.id[-6:]}."
        ),
        "environment": newest.environment,
        "operation": _operation(rule),
        "options": _options(rule, told(tests, names)),
        "context": {
            "user_impact": f"Nobody is asked any more before {rule.service} does this.",
            "rollback": (
                "It ends by itself at the first that fails, is stopped or is undone, and whenever "
                "somebody who may accept it taps «End this rule» here."
            ),
            "blast_radius": f"at most {rule.a_day:,} in 24 hours, until {rule.until}",
        },
    }


def _operation(rule: Accepted) -> dict[str, Json]:
    arguments = {"hash": sha256(rule.text), "rule": rule.text}
    return {"name": f"{ACCEPT_RULE} {rule.name}", "arguments": arguments}


def _options(rule: Accepted, tested: str) -> list[dict[str, Json]]:
    return [
        {
            "key": ACCEPT,
            "label": "Let the rule decide",
            "effect": "release",
            "description": (
                f"Until {rule.until} Andon chooses «{rule.option}» by itself, at most "
                f"{rule.a_day:,} times in 24 hours, and ends at the first that goes wrong."
            ),
            "arguments": {"backtest": tested},
        },
        {"key": DECLINE, "label": "Go on asking people", "effect": "abort"},
    ]


def digest_of(body: Mapping[str, Any]) -> str:
    """The digest of a proposal's body."""
    return operation_digest(body["operation"], body["options"])


def digest_to_run(escalation: Escalation) -> str | None:
    """The digest of what Andon is about to put in force: made anew from the rule it read, so that
    a proposal that says one thing and holds another is never taken.
    """
    rule, accept = proposed(escalation), escalation.option(ACCEPT)
    if rule is None or accept is None or accept.arguments is None:
        return None
    options = _options(rule, str(accept.arguments.get("backtest")))
    return operation_digest(_operation(rule), options)


def lacking(facts: Facts, body: Mapping[str, Any]) -> str | None:
    """Why the policy lets nobody accept this, and what to add to it; None where it does."""
    planned = facts.plan(ask_of(body, service=OURSELVES))
    if not isinstance(planned, Planned):
        why = " ".join(error.detail for error in planned)
        return f"{why} Add to the policy:\n{WRITE}"
    option = next(o for o in planned.options if o.key == ACCEPT)
    needed = sum(seat.needed for seat in seats_for(planned.plan, option))
    if planned.plan.one_person_fills_many:
        needed = max(seat.needed for seat in seats_for(planned.plan, option))
    if needed < FEWEST_PEOPLE:
        return (
            f'Rule "{planned.plan.rule}" lets {needed} person alone change what is decided. '
            f"Add to the policy, above it:\n{WRITE}"
        )
    return None


def cannot_accept(policy: Policy) -> str | None:
    """The same by the file alone, wherever people are looked up."""
    floor = severity_floor(POLICY_CHANGE, Kind.APPROVAL, PRODUCTION[0])
    at = policy.first_match(Said(POLICY_CHANGE, PRODUCTION[0], OURSELVES, ACCEPT_RULE, floor))
    if at is None:
        return f"no rule of the policy is for {POLICY_CHANGE}"
    rule = policy.rules[at]
    needed = [requirement.needed for requirement in rule.needs()]
    if (max if rule.one_person_fills_many else sum)(needed) < FEWEST_PEOPLE:
        return f'rule "{rule.name}" lets one person alone change what is decided'
    if rule.exclude_requester:
        return f'rule "{rule.name}" wants a requester, and there is none: Andon asks'
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was proposed before."""

    proposals: tuple[Escalation, ...]

    def speaks_against(self, key: str, now: datetime) -> bool:
        """Whether a rule for this fingerprint waits, is in force, or was not wanted lately."""
        mine = (p for p in self.proposals if (rule := proposed(p)) and rule.fingerprint == key)
        return any(_holds_up(proposal, now) for proposal in mine)


def _holds_up(proposal: Escalation, now: datetime) -> bool:
    if proposal.status is Status.PENDING or in_force(proposal, now) is not None:
        return True
    waits = proposal.can_be_stopped or proposal.state is OperationState.RELEASED
    over = accepted(proposal)
    if over is not None and proposal.suspended is None:
        return False  # its time has passed: it is proposed anew where people still decide so
    ended = proposal.suspended.at if proposal.suspended else proposal.ended_at
    return waits or (ended is not None and ended > now - REST)


def rules_in_force(
    proposals: Iterable[Escalation], now: datetime
) -> Mapping[str, tuple[str, Accepted]]:
    """By fingerprint, the proposal that was accepted last and its rule."""
    standing = sorted(proposals, key=lambda one: (one.created_at, one.id))
    found = ((one.id, in_force(one, now)) for one in standing)
    return {rule.fingerprint: (id_, rule) for id_, rule in found if rule is not None}
