"""Who may look after an escalation without deciding it: look, acknowledge, ask, resolve.

For an approval these are its approvers. An incident holds nothing, so there everybody counts who
is in its groups or was called, and whoever stands in for one of them; the one on whose behalf it
was opened is left out of nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from approvals.commands import Actor
from approvals.decide.who import approver
from approvals.escalation import Escalation
from approvals.people import People, Person
from approvals.refusals import Why
from approvals.standing_in import substitute_of
from approvals.tally import required_groups
from approvals.verdict import Verdict, refuse
from approvals.words import Kind


def responder(
    escalation: Escalation, actor: Actor, people: People, now: datetime
) -> Person | Verdict:
    """The person behind the click who may look after it, or the refusal they are owed."""
    if escalation.kind is Kind.APPROVAL:
        found = approver(escalation, actor, people, now, releases=False)
        return found if isinstance(found, Verdict) else found.person
    who = f"account:{actor.account}"
    if actor.foreign:
        return refuse(Why.NOT_A_MEMBER, who=who)
    if people.as_of is None:
        return refuse(Why.PEOPLE_UNKNOWN, who=who)
    person = people.of_account(actor.account)
    if person is None:
        return refuse(Why.UNKNOWN_ACCOUNT, who=who, account=actor.account)
    if not person.active:
        return refuse(Why.NOT_A_MEMBER, who=f"person:{person.id}")
    known = responders(escalation, people)
    if person.id not in known:
        named = [people.persons[p].name for p in known]
        groups = list(required_groups(escalation))
        return refuse(Why.NOT_IN_GROUP, who=f"person:{person.id}", groups=groups, can=named)
    return person


def responders(escalation: Escalation, people: People) -> tuple[str, ...]:
    """Everyone who may look after an incident now, by id."""
    reached = set(_reached(escalation, people))
    reached |= {instead for p in reached if (instead := substitute_of(p, people))}
    return tuple(sorted(p for p in reached if p in people.persons and people.persons[p].reachable))


def _reached(escalation: Escalation, people: People) -> Iterator[str]:
    for group in required_groups(escalation):
        yield from people.groups.get(group, ())
    for way in escalation.chain.ways:
        kind, _, name = way.partition(":")
        if kind == "person":
            yield name
