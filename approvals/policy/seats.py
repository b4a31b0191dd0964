"""Seats and who fills them: a requirement is a number of seats, a person sits on one of them.

One human never fills seats of two groups unless the rule says so, so who sits where is a matching
in a bipartite graph; augmenting paths (Kuhn) find the largest. Sizes are tiny.
"""

from collections.abc import Collection, Mapping, Sequence

from approvals.escalation import Option
from approvals.snapshot import Plan, Requirement


def seats_for(plan: Plan, option: Option) -> tuple[Requirement, ...]:
    """The plan's requirements, the first raised until they hold at least `option.people` people.

    Where one person fills seats of many groups, only the largest requirement is sure to be that
    many people.
    """
    first, *rest = plan.requirements
    wanted = [r.needed for r in plan.requirements]
    sure = max(wanted) if plan.one_person_fills_many else sum(wanted)
    short = max(0, option.people - sure)
    return (Requirement(group=first.group, needed=first.needed + short), *rest)


def most_seats(
    requirements: Sequence[Requirement],
    members: Mapping[str, Collection[str]],
    people: Collection[str],
    one_person_fills_many: bool = False,
) -> dict[str, int]:
    """How many seats of each group these people can fill at once. Groups with none are left out."""
    present = sorted(set(people))
    if one_person_fills_many:
        inside = {
            r.group: sum(p in members.get(r.group, ()) for p in present) for r in requirements
        }
        filled = {r.group: min(r.needed, inside[r.group]) for r in requirements}
        return {group: n for group, n in filled.items() if n}
    seats = [r.group for r in requirements for _ in range(r.needed)]
    taken: dict[int, str] = {}
    for person in present:
        _seat(person, seats, members, taken, set())
    counts: dict[str, int] = {}
    for seat in sorted(taken):
        counts[seats[seat]] = counts.get(seats[seat], 0) + 1
    return counts


def _seat(
    person: str,
    seats: Sequence[str],
    members: Mapping[str, Collection[str]],
    taken: dict[int, str],
    tried: set[int],
) -> bool:
    """Seat the person, moving others if that helps."""
    for seat, group in enumerate(seats):
        if seat in tried or person not in members.get(group, ()):
            continue
        tried.add(seat)
        if seat not in taken or _seat(taken[seat], seats, members, taken, tried):
            taken[seat] = person
            return True
    return False
