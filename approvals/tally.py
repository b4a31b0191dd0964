"""Who may decide, and whether enough distinct people have.

Pure arithmetic over votes and facts: a vote counts when its option and digest are the escalation's,
its person is not excluded, and it was not voided. Requirements come from the snapshot, membership
and activity from now. A vote in the stead of somebody who is away counts as their membership, even
after they are back, and never beside a vote of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from approvals.escalation import Escalation, Option, Vote
from approvals.people import People, Person
from approvals.policy.seats import most_seats, seats_for
from approvals.snapshot import Plan
from approvals.standing_in import Stead, steads, substitutes


def required_groups(escalation: Escalation) -> tuple[str, ...]:
    """The groups whose members may decide."""
    return tuple(r.group for r in escalation.plan.requirements)


def is_unsure(escalation: Escalation, people: People) -> bool:
    """Whether a group that decides here could not be looked up: of it only some are known."""
    glass = escalation.plan.break_glass
    groups = {*required_groups(escalation), *([glass.group] if glass else [])}
    return bool(groups & people.unread)


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
    """Everyone who may decide now, by id: members, and those who stand in for one."""
    groups = required_groups(escalation)
    members = {m for g in groups for m in people.groups.get(g, ())}
    own = {m for m in members if _may_decide(escalation, m, groups, people)}
    instead = substitutes(escalation.plan.substitutes, people) - own
    return tuple(sorted((*own, *(s for s in instead if in_stead(escalation, s, people)))))


def is_eligible(escalation: Escalation, person: str, people: People) -> bool:
    """Whether that person is among them."""
    groups = required_groups(escalation)
    own = _may_decide(escalation, person, groups, people)
    return own or bool(in_stead(escalation, person, people))


def in_stead(escalation: Escalation, person: str, people: People) -> tuple[Stead, ...]:
    """The groups the person may decide for only in the stead of somebody who is away now.

    Neither the requester nor anyone in the requester's stead is among them.
    """
    if not people.absences or _is_asking(escalation, person, people):
        return ()
    found = steads(person, escalation.plan.substitutes, people)
    return tuple(stead for stead in found if not _is_asking(escalation, stead[1], people))


def still_counts(escalation: Escalation, vote: Vote, people: People) -> bool:
    """Whether the voter, or somebody they voted in the stead of, still is a member."""
    groups = required_groups(escalation)
    if people.may_decide(vote.person, groups):
        return True
    known = people.persons.get(vote.person)
    return bool(known and known.reachable) and any(
        people.may_decide(away, (group,)) for group, away in vote.stead
    )


def may_override(escalation: Escalation, people: People) -> tuple[str, ...]:
    """Everyone who may break the glass now, by id: never the requester."""
    glass = escalation.plan.break_glass
    if glass is None:
        return ()
    members = sorted(people.groups.get(glass.group, ()))
    return tuple(m for m in members if _may_decide(escalation, m, (glass.group,), people))


def fewest_overrides(plan: Plan) -> int:
    """How many people break the glass: never one alone, whatever the plan says."""
    return max(2, plan.break_glass.needed) if plan.break_glass else 2


def _may_decide(e: Escalation, person: str, groups: tuple[str, ...], people: People) -> bool:
    return people.may_decide(person, groups) and not _is_asking(e, person, people)


def _is_asking(escalation: Escalation, person: str, people: People) -> bool:
    return is_requester(escalation, "", people.persons.get(person), people)


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
    groups = required_groups(escalation)
    own = {
        g: frozenset(
            m for m in people.groups.get(g, ()) if _may_decide(escalation, m, (g,), people)
        )
        for g in groups
    }

    def entitled(vote: Vote, stead: Stead) -> bool:
        known, (group, away) = people.persons.get(vote.person), stead
        asking = _is_asking(escalation, vote.person, people)
        return bool(known and known.reachable) and not asking and away in own[group]

    return _standing(escalation, option, _with_steads(escalation, own, entitled))


def standing_shown(escalation: Escalation, option: Option) -> Standing:
    """How the option stood when the votes were cast: what cards and the API show."""
    return _standing(escalation, option, _shown(escalation))


def have_by_group(escalation: Escalation, group: str) -> dict[str, int]:
    """Votes that count for a group, by option; options without any are left out."""
    found: dict[str, int] = {}
    members = _shown(escalation).get(group, ())
    for option in escalation.options:
        n = sum(v.person in members for v in counting(escalation, option.key))
        if n:
            found[option.key] = n
    return found


def _shown(escalation: Escalation) -> Mapping[str, frozenset[str]]:
    """Who was in which group when they voted."""
    voted = [v for v in escalation.votes if v.void is None]
    own = {
        g: frozenset(v.person for v in voted if g in v.groups and g not in dict(v.stead))
        for g in required_groups(escalation)
    }
    return _with_steads(escalation, own, lambda vote, stead: True)


def _with_steads(
    escalation: Escalation,
    own: Mapping[str, frozenset[str]],
    entitled: Callable[[Vote, Stead], bool],
) -> Mapping[str, frozenset[str]]:
    """The members of each group, and who voted in the stead of one: for each of them one vote.

    Somebody's own vote comes before any in their stead, whatever it is for.
    """
    voted = [v for v in escalation.votes if v.void is None]
    taken, found = {v.person for v in voted}, dict(own)
    for vote in voted:
        free = [s for s in vote.stead if s[1] not in taken and entitled(vote, s)]
        for group, _ in free:
            found[group] |= {vote.person}
        taken |= {away for _, away in free}
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
