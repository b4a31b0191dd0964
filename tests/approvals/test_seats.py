"""Seats: as many people as can sit at once, one seat each."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.escalation import Option
from approvals.policy.seats import most_seats, seats_for
from approvals.snapshot import Plan, Requirement
from approvals.words import Effect

PEOPLE = "abcde"


def needs(**groups: int) -> tuple[Requirement, ...]:
    """So many of each group."""
    return tuple(Requirement(group=g, needed=n) for g, n in groups.items())


@pytest.mark.parametrize(
    ("wanted", "members", "people", "filled"),
    [
        (needs(x=1), {"x": "a"}, "a", {"x": 1}),
        (needs(x=1), {"x": "a"}, "b", {}),
        (needs(x=1), {}, "a", {}),
        (needs(x=2), {"x": "ab"}, "aa", {"x": 1}),
        (needs(x=1, y=1), {"x": "a", "y": "a"}, "a", {"x": 1}),
        (needs(x=1, y=1), {"x": "ab", "y": "a"}, "ab", {"x": 1, "y": 1}),
        (needs(x=1, y=1), {"x": "ab", "y": "a"}, "ba", {"x": 1, "y": 1}),
        (needs(x=2, y=1), {"x": "abc", "y": "c"}, "abc", {"x": 2, "y": 1}),
        (needs(x=1), {"x": "abc"}, "abc", {"x": 1}),
        (needs(x=1, y=1, z=1), {"x": "ab", "y": "a", "z": "b"}, "ab", {"x": 1, "y": 1}),
    ],
)
def test_people_sit_where_they_are_needed(
    wanted: tuple[Requirement, ...],
    members: dict[str, str],
    people: str,
    filled: dict[str, int],
) -> None:
    """Whoever sits already moves over if that helps."""
    assert most_seats(wanted, members, people) == filled


def test_one_person_may_fill_many_where_that_is_said() -> None:
    """Never two seats of one group."""
    members = {"x": "a", "y": "ab"}
    assert most_seats(needs(x=1, y=2), members, "a", True) == {"x": 1, "y": 1}
    assert most_seats(needs(x=1, y=2), members, "b", True) == {"y": 1}
    assert most_seats(needs(x=1, y=1), {"x": "a"}, "a", True) == {"x": 1}


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    seats=st.lists(st.sampled_from("xyz"), min_size=1, max_size=4),
    members=st.fixed_dictionaries({g: st.sets(st.sampled_from(PEOPLE)) for g in "xyz"}),
    people=st.sets(st.sampled_from(PEOPLE)),
)
def test_no_way_of_sitting_fills_more(
    seats: list[str], members: dict[str, set[str]], people: set[str]
) -> None:
    """Compared with trying every order."""
    wanted = tuple(Requirement(group=g, needed=seats.count(g)) for g in sorted(set(seats)))
    empty = [*people, *(None for _ in seats)]
    best = max(
        sum(p is not None and p in members[g] for p, g in zip(order, seats, strict=True))
        for order in set(permutations(empty, len(seats)))
    )
    assert sum(most_seats(wanted, members, people).values()) == best


@pytest.mark.parametrize(
    ("wanted", "people", "many", "seats"),
    [
        (needs(x=1), 1, False, [("x", 1)]),
        (needs(x=1), 2, False, [("x", 2)]),
        (needs(x=1, y=1), 2, False, [("x", 1), ("y", 1)]),
        (needs(x=3), 2, False, [("x", 3)]),
        (needs(x=1, y=1), 2, True, [("x", 2), ("y", 1)]),
        (needs(x=1, y=2), 2, True, [("x", 1), ("y", 2)]),
    ],
)
def test_an_option_that_wants_more_people_raises_the_first_requirement(
    wanted: tuple[Requirement, ...], people: int, many: bool, seats: list[tuple[str, int]]
) -> None:
    """Two people are two people, also where one may fill seats of many groups."""
    plan = Plan(
        rule="r",
        policy_version="v",
        policy_text="t",
        requirements=wanted,
        members={},
        one_person_fills_many=many,
    )
    option = Option(key="go", label="Go", effect=Effect.RELEASE, people=people)
    assert [(s.group, s.needed) for s in seats_for(plan, option)] == seats
