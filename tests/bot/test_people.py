"""The facts in force: who is away changes them from one moment to the next, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.people import Absence
from approvals.policy.load import parse_policy
from bot.people import KnownPeople
from tests.building import SAMPLE, START

HOUR = timedelta(hours=1)
POLICY = parse_policy(SAMPLE)
AWAY = Absence(person="ravi", substitute="ines", since=START + HOUR, until=START + 2 * HOUR)


@pytest.mark.parametrize("from_file", [True, False])
@pytest.mark.parametrize(
    ("hours", "away"), [(0.0, False), (0.999, False), (1.0, True), (1.999, True), (2.0, False)]
)
def test_an_absence_begins_and_ends_to_the_moment(
    hours: float, away: bool, from_file: bool
) -> None:
    """With Slack or without, and nobody has to look again."""
    known = KnownPeople(POLICY, from_file=from_file)
    known.renew(POLICY.file_people(START))
    known.away([AWAY])
    found = known.facts(START + hours * HOUR).people.absences
    assert found == ({"ravi": AWAY} if away else {})


def test_facts_stay_the_same_object_while_nothing_changes() -> None:
    """Plans are remembered with them."""
    known = KnownPeople(POLICY, from_file=False)
    known.renew(POLICY.file_people(START))
    known.away([AWAY])
    first = known.facts(START + HOUR)
    assert known.facts(START + HOUR * 1.5) is first
    assert known.facts(START + 2 * HOUR) is not first


def test_newer_people_are_away_as_before() -> None:
    """And an absence is no change of people: no vote is rechecked for it."""
    known = KnownPeople(POLICY, from_file=False)
    known.renew(POLICY.file_people(START))
    known.away([AWAY])
    known.facts(START + HOUR)
    assert not known.renew(POLICY.file_people(START + HOUR))
    assert known.facts(START + HOUR).people.absences == {"ravi": AWAY}


def test_whoever_is_back_is_back_with_the_next_question() -> None:
    """An absence ended early."""
    known = KnownPeople(POLICY, from_file=False)
    known.renew(POLICY.file_people(START))
    known.away([AWAY])
    assert known.facts(START + HOUR).people.absences
    known.away([])
    assert not known.facts(START + HOUR).people.absences


def test_whoever_the_policy_names_no_more_is_not_away() -> None:
    """They have no seat to lend."""
    known = KnownPeople(POLICY, from_file=False)
    people = POLICY.file_people(START)
    left = {id_: person for id_, person in people.persons.items() if id_ != "ravi"}
    known.renew(replace(people, persons=left))
    known.away([AWAY])
    assert known.facts(START + HOUR).people.absences == {}


def test_a_pause_of_notifications_is_no_change_of_people() -> None:
    """No vote is rechecked for it."""
    known = KnownPeople(POLICY, from_file=False)
    people = POLICY.file_people(START)
    known.renew(people)
    paused = replace(people.persons["ravi"], paused_until=START + HOUR)
    assert not known.renew(replace(people, persons={**people.persons, "ravi": paused}))
    assert known.facts(START).people.persons["ravi"].paused_until == START + HOUR
    gone = replace(paused, active=False)
    assert known.renew(replace(people, persons={**people.persons, "ravi": gone}))
