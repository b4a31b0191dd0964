"""Standing in: while somebody is away, one substitute may decide in their stead.

::

    ravi away, names ines        ines stands in for ravi
    ines away too, names dana    dana stands in for both; at most FOLLOWED names are followed
    dana away, names ravi        a ring: nobody stands in for any of them

A substitute counts as the membership of the person who is away, in groups that admit substitutes;
so both together never count as two. Who may not decide cannot be stood in for.
"""

from collections.abc import Iterable, Iterator

from approvals.people import People

#: How many absences in a row are followed from one person to the next.
FOLLOWED = 3

#: A group, and the person who is away and in whose stead somebody counts in it.
Stead = tuple[str, str]


def substitute_of(person: str, people: People) -> str | None:
    """Who stands in for the person now; None where they are not away, or nobody can."""
    found = person
    for _ in range(FOLLOWED):
        absence = people.absences.get(found)
        if absence is None:
            break
        found = absence.substitute
    known = people.persons.get(found)
    ended = found not in people.absences and known is not None and known.reachable
    return found if ended and found != person else None


def stood_in_for_by(person: str, people: People) -> tuple[str, ...]:
    """The people who are away and whom this person stands in for, by id."""
    return tuple(sorted(a for a in people.absences if substitute_of(a, people) == person))


def steads(person: str, groups: Iterable[str], people: People) -> Iterator[Stead]:
    """The groups the person may decide for only in the stead of somebody, and of whom."""
    away = stood_in_for_by(person, people) if people.absences else ()
    for group in groups if away else ():
        if person not in people.groups.get(group, ()) and group not in people.closed:
            yield from ((group, a) for a in away if people.may_decide(a, (group,)))


def substitutes(groups: Iterable[str], people: People) -> frozenset[str]:
    """Everyone who may decide for one of the groups only because they stand in for somebody."""
    asked = tuple(groups)
    named = {substitute_of(a, people) for a in people.absences}
    return frozenset(s for s in named if s is not None and any(steads(s, asked, people)))
