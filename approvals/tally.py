"""Who may decide, and whether enough distinct people have.

Pure arithmetic over votes and facts: a vote counts when its option and digest are the escalation's,
its person is not excluded, and it was not voided. Requirements come from the snapshot, membership
and activity from now.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from approvals.escalation import Escalation, Option, Plan, Vote
from approvals.people import People, Person
from approvals.policy.seats import most_seats, seats_for


def required_groups(escalation: Escalation) -> tuple[str, ...]:
    """The groups whose members may decide."""
    return tuple(r.group for r in escalation.plan.requirements)


def is_requester(
    escalation: Escalation, account: str, person: Person | None, people: People
) -> bool:
    """Whether the click comes from the one on whose behalf it was asked, with any account."""
    asked = escalation.requester
    if person is not None and person.id in escalation.plan.excluded:
        return True
    if asked is None:
        return False
    if account and account in (asked.id, asked.slack):
        return True
    known = {asked.person, *(p.id for p in people.meant_by(asked))}
    return person is not None and person.id in known


def eligible(escalation: Escalation, people: People) -> tuple[str, ...]:
    """Everyone who may decide now, by id."""
    groups = required_groups(escalation)
    members = sorted({m for g in groups for m in people.groups.get(g, ())})
    return tuple(
        m
        for m in members
        if people.may_decide(m, groups)
        and not is_requester(escalation, "", people.persons[m], people)
    )


def may_override(escalation: Escalation, people: People) -> tuple[str, ...]:
    """Everyone who may break the glass now, by id: never the requester."""
    glass = escalation.plan.break_glass
    members = sorted(people.groups.get(glass.group, ())) if glass else ()
    return tuple(
        m
        for m in members
        if glass
        and people.may_decide(m, (glass.group,))
        and not is_requester(escalation, "", people.persons[m], people)
    )


def fewest_overrides(plan: Plan) -> int:
    """How many people break the glass: never one alone, whatever the plan says."""
    return max(2, plan.break_glass.needed if plan.break_glass else 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one option stands: people counted, seats filled and needed."""

    option: str
    people: tuple[str, ...]
    have: int
    needed: int

    @property
    def is_met(self) -> bool:
        """Whether every seat is filled."""
        return self.have >= self.needed


def counting(escalation: Escalation, option: str) -> tuple[Vote, ...]:
    """The votes for an option that were not voided, oldest first."""
    return tuple(
        v
        for v in escalation.votes
        if v.option == option and v.void is None and v.digest == escalation.digest
    )


def standing_now(escalation: Escalation, option: Option, people: People) -> Standing:
    """How the option stands on facts of now: what a decision rests on."""
    may = set(eligible(escalation, people))
    members = {g: people.groups.get(g, frozenset()) & may for g in required_groups(escalation)}
    return _standing(escalation, option, members)


def standing_shown(escalation: Escalation, option: Option) -> Standing:
    """How the option stood when the votes were cast: what cards and the API show."""
    votes = counting(escalation, option.key)
    members = {
        g: frozenset(v.person for v in votes if g in v.groups) for g in required_groups(escalation)
    }
    return _standing(escalation, option, members)


def have_by_group(escalation: Escalation, group: str) -> dict[str, int]:
    """Votes that count for a group, by option; options without any are left out."""
    found: dict[str, int] = {}
    for option in escalation.options if escalation.votes else ():
        n = sum(group in v.groups for v in counting(escalation, option.key))
        if n:
            found[option.key] = n
    return found


def _standing(
    escalation: Escalation, option: Option, members: Mapping[str, frozenset[str]]
) -> Standing:
    seats = seats_for(escalation.plan, option)
    voters = [v.person for v in counting(escalation, option.key)]
    counted = [p for p in voters if any(p in group for group in members.values())]
    filled = most_seats(seats, members, counted, escalation.plan.one_person_fills_many)
    return Standing(
        option=option.key,
        people=tuple(counted),
        have=sum(filled.values()),
        needed=sum(s.needed for s in seats),
    )
