"""Standing in: while somebody is away, one substitute may decide in their stead.

::

    ravi away, names ines        ines stands in for ravi
    ines away too, names dana    dana stands in for both; at most FOLLOWED names are followed
    dana away, names ravi        a ring: nobody stands in for any of them

A substitute counts as the membership of the person who is away, so both together never count as
two. Which groups admit substitutes is the plan's to say; who may not decide cannot be stood in for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from approvals.people import Absence, People

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
    away = stood_in_for_by(person, people)
    for group in groups:
        if person not in people.groups.get(group, ()):
            yield from ((group, a) for a in away if people.may_decide(a, (group,)))


def substitutes(groups: Iterable[str], people: People) -> frozenset[str]:
    """Everyone who may decide for one of the groups only because they stand in for somebody."""
    asked = tuple(groups)
    named = {substitute_of(a, people) for a in people.absences}
    return frozenset(s for s in named if s is not None and any(steads(s, asked, people)))


# -- naming one ---------------------------------------------------------------------------------


#: How long somebody may be away; whoever is away for longer leaves their groups meanwhile.
LONGEST_AWAY = timedelta(days=60)


class WhyNot(StrEnum):
    """Why an absence cannot be taken as it was asked for."""

    SELF = "self"  #: nobody stands in for themselves
    STRANGER = "stranger"  #: the policy does not name the substitute
    UNREACHABLE = "unreachable"  #: deactivated, a guest, or without an account
    RING = "ring"  #: nobody would be left at the end of the absences
    OVER = "over"  #: the end has passed
    TOO_LONG = "too-long"  #: further ahead than LONGEST_AWAY


def why_not(absence: Absence, people: People, now: datetime) -> WhyNot | None:
    """Why the absence cannot be, or None. `people` are those of now."""
    substitute = people.persons.get(absence.substitute)
    if absence.substitute == absence.person:
        return WhyNot.SELF
    if substitute is None:
        return WhyNot.STRANGER
    if not substitute.reachable:
        return WhyNot.UNREACHABLE
    if absence.until <= max(now, absence.since):
        return WhyNot.OVER
    if absence.until - now > LONGEST_AWAY:
        return WhyNot.TOO_LONG
    then = replace(people, absences={**people.absences, absence.person: absence})
    return None if substitute_of(absence.person, then) else WhyNot.RING


def end_of(day: date, zone: str) -> datetime:
    """The moment at which a day is over there: what an absence until that day ends at."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
