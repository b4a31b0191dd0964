"""Business hours and rotations, through daylight saving and back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.hours import current_people, is_open, later, on_call, open_seconds
from approvals.people import People, Person
from approvals.snapshot import Hours, Plan, Requirement, Rotation

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Hours(days=(0, 1, 2, 3, 4), start="09:00", until="18:00", zone="Europe/Berlin")
HOUR = 3600
SECOND = timedelta(seconds=1)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    """An instant by the clock on the wall in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# -- business hours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "seconds", "found"),
    [
        ("2026-11-12T10:00", HOUR, "2026-11-12T11:00"),
        ("2026-11-12T17:00", HOUR, "2026-11-12T18:00"),  # the end still belongs to it
        ("2026-11-12T17:30", HOUR, "2026-11-13T09:30"),
        ("2026-11-12T18:00", HOUR, "2026-11-13T10:00"),
        ("2026-11-12T03:00", HOUR, "2026-11-12T10:00"),
        ("2026-11-13T17:00", 4 * HOUR, "2026-11-16T12:00"),  # over a week-end
        ("2026-11-14T12:00", HOUR, "2026-11-16T10:00"),
        ("2026-11-12T09:00", 18 * HOUR, "2026-11-13T18:00"),
        ("2026-11-12T20:00", 0, "2026-11-13T09:00"),  # not before it opens
    ],
)
def test_only_open_time_counts(start: str, seconds: int, found: str) -> None:
    assert later(at(start), seconds, WEEK) == at(found)


def test_without_hours_all_time_counts() -> None:
    start = at("2026-11-14T23:00")
    assert later(start, HOUR, None) == start + timedelta(hours=1)
    assert open_seconds(start, start + timedelta(hours=1), None) == HOUR
    assert is_open(start, None)
    assert open_seconds(start, start, None) == open_seconds(start, start - SECOND, None) == 0


SUNDAYS = Hours(days=(6,), start="01:00", until="04:00", zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "open_hours"),
    [("2026-03-29", 2), ("2026-10-25", 4), ("2026-11-15", 3)],
)
def test_a_day_is_as_long_as_its_clock_was(day: str, open_hours: int) -> None:
    """Clocks go forward in March, an hour is missing; back in October, one comes twice."""
    opens, closes = at(f"{day}T01:00"), at(f"{day}T04:00")
    assert open_seconds(opens, closes, SUNDAYS) == open_hours * HOUR
    assert later(opens, open_hours * HOUR, SUNDAYS) == closes
    assert later(opens, open_hours * HOUR + 1, SUNDAYS) > closes + timedelta(days=6)


def test_an_opening_at_an_hour_that_never_comes_is_as_if_clocks_had_not_jumped() -> None:
    """02:30 on the day clocks go from 02:00 to 03:00 is 03:30 by the new one."""
    hours = Hours(days=(6,), start="02:30", until="05:00", zone="Europe/Berlin")
    assert later(at("2026-03-29T00:00"), 0, hours) == at("2026-03-29T03:30")


def test_an_opening_that_clocks_jump_over_is_none() -> None:
    """From 02:59, which is 03:59 that day, until 03:01."""
    hours = Hours(days=(6,), start="02:59", until="03:01", zone="Europe/Berlin")
    assert later(at("2026-03-29T00:00"), 60, hours) == at("2026-04-05T03:00")


def test_the_zone_of_the_answer_is_that_of_the_question() -> None:
    start = datetime(2026, 11, 12, 17, 30, tzinfo=BERLIN)
    assert later(start, HOUR, WEEK).tzinfo is BERLIN


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-12T08:59", False),
        ("2026-11-12T09:00", True),
        ("2026-11-12T17:59", True),
        ("2026-11-12T18:00", False),
        ("2026-11-14T12:00", False),
    ],
)
def test_until_is_not_open_any_more(moment: str, open_: bool) -> None:
    assert is_open(at(moment), WEEK) is open_


def test_hours_that_never_open_are_said_so() -> None:
    """Rather than looked for without end."""
    with pytest.raises(OverflowError, match=r"^No opening ever comes\.$"):
        later(at("2026-11-12T10:00"), 1, Hours(days=(), start="09:00", until="18:00", zone="UTC"))


moments = st.integers(0, 2 * 365 * 24 * HOUR).map(
    lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
)
clocks = st.tuples(st.integers(0, 22 * 60), st.integers(1, 60)).map(
    lambda given: (given[0], given[0] + given[1])
)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


hours = st.builds(
    lambda days, span, zone: Hours(
        days=tuple(sorted(days)), start=_clock(span[0]), until=_clock(span[1]), zone=zone
    ),
    st.sets(st.integers(0, 6), min_size=1),
    clocks,
    zones,
)


@given(start=moments, seconds=st.integers(0, 20 * HOUR), when=hours)
def test_what_is_added_is_what_is_counted(start: datetime, seconds: int, when: Hours) -> None:
    """Adding open time and counting it agree, whatever clocks do between."""
    end = later(start, seconds, when)
    assert end >= start
    assert open_seconds(start, end, when) == seconds


@given(start=moments, first=st.integers(0, 9 * HOUR), then=st.integers(1, 9 * HOUR), when=hours)
def test_two_waits_are_one_wait(start: datetime, first: int, then: int, when: Hours) -> None:
    """And more time is never earlier."""
    middle = later(start, first, when)
    assert later(middle, then, when) == later(start, first + then, when)
    assert later(start, first + then, when) > middle - timedelta(seconds=1)


@given(start=moments, seconds=st.integers(1, 9 * HOUR), when=hours)
def test_clocks_run_only_when_it_is_open(start: datetime, seconds: int, when: Hours) -> None:
    """The last second before anything is due lies in an opening."""
    assert is_open(later(start, seconds, when) - timedelta(seconds=1), when)


# -- whose turn it is -----------------------------------------------------------------------------

TURNS = Rotation(people=("sam", "priya", "ravi"), start="2026-01-05T09:00", days=7, zone="UTC")


@pytest.mark.parametrize(
    ("moment", "whose"),
    [
        ("2026-01-05T09:00", "sam"),
        ("2026-01-12T08:59", "sam"),
        ("2026-01-12T09:00", "priya"),
        ("2026-01-19T09:00", "ravi"),
        ("2026-01-26T09:00", "sam"),
        ("2025-12-24T09:00", "sam"),  # before it starts
    ],
)
def test_members_take_turns(moment: str, whose: str) -> None:
    assert on_call(TURNS, datetime.fromisoformat(moment).replace(tzinfo=UTC))[0] == whose


def test_those_who_follow_stand_in_their_order() -> None:
    moment = datetime(2026, 1, 12, 9, tzinfo=UTC)
    assert on_call(TURNS, moment) == ("priya", "ravi", "sam")


@pytest.mark.parametrize(
    ("day", "offset"), [("2026-03-28", 1), ("2026-03-30", 2), ("2026-10-24", 2), ("2026-10-26", 1)]
)
def test_handovers_are_at_the_same_local_time_all_year(day: str, offset: int) -> None:
    """Nine o'clock on the wall, summer and winter."""
    daily = Rotation(people=("a", "b"), start="2026-01-05T09:00", days=1, zone="Europe/Berlin")
    handover = datetime.fromisoformat(f"{day}T{9 - offset:02}:00:00+00:00")
    before = on_call(daily, handover - timedelta(seconds=1))[0]
    assert on_call(daily, handover)[0] != before


def test_a_handover_at_an_hour_that_never_comes_is_as_if_clocks_had_not_jumped() -> None:
    """02:30 on the day clocks go from 02:00 to 03:00 is 03:30 by the new one."""
    daily = Rotation(people=("a", "b"), start="2026-01-04T02:30", days=1, zone="Europe/Berlin")
    before, after = (on_call(daily, at(f"2026-03-29T{t}"))[0] for t in ("03:29", "03:30"))
    assert before == on_call(daily, at("2026-03-28T02:30"))[0] != after


starts = st.sampled_from(["2026-01-05T09:00", "2026-01-04T02:30", "2026-01-04T01:59"])


@given(start=starts, zone=zones, moment=moments, wait=st.integers(1, 3 * 24 * HOUR))
def test_a_turn_that_began_is_not_taken_back(
    start: str, zone: str, moment: datetime, wait: int
) -> None:
    """In the hour that comes twice too: turns only go on, by one a day."""
    many = tuple(f"p{n:03}" for n in range(900))
    daily = Rotation(people=many, start=start, days=1, zone=zone)
    first = on_call(daily, moment)[0]
    later_one = on_call(daily, moment + timedelta(seconds=wait))[0]
    assert 0 <= int(later_one[1:]) - int(first[1:]) <= wait // (23 * HOUR) + 1


# -- who is current -------------------------------------------------------------------------------

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)  # priya's turn


def _people(*inactive: str, left: tuple[str, ...] = ()) -> People:
    names = ("sam", "priya", "ravi")
    persons = {
        n: Person(id=n, name=n, accounts=(f"U{n.upper()}",), active=n not in inactive)
        for n in names
    }
    return People(persons=persons, groups={"ops": frozenset(names) - set(left)}, as_of=NOW)


def _plan(*excluded: str, rotation: Rotation | None = TURNS, quiet: tuple[str, ...] = ()) -> Plan:
    return Plan(
        rule="r",
        policy_version="v",
        policy_text="",
        requirements=(Requirement(group="ops", needed=1),),
        members={"ops": ("priya", "ravi", "sam")},
        excluded=excluded,
        quiet=quiet,
        rotations={"ops": rotation} if rotation else {},
    )


@pytest.mark.parametrize(
    ("plan", "people", "found"),
    [
        (_plan(), _people(), ("priya",)),
        (_plan("priya"), _people(), ("ravi",)),
        (_plan(quiet=("priya",)), _people(), ("ravi",)),
        (_plan(quiet=("priya",), rotation=None), _people(), ("ravi", "sam")),
        (_plan(), _people("priya"), ("ravi",)),
        (_plan("ravi"), _people("priya"), ("sam",)),
        (_plan(), _people(left=("priya", "ravi")), ("sam",)),
        (_plan(), _people("priya", "ravi", "sam"), ()),
        (_plan(rotation=None), _people(), ("priya", "ravi", "sam")),
        (_plan("sam", rotation=None), _people("priya"), ("ravi",)),
    ],
)
def test_the_next_one_is_current_where_the_one_on_call_cannot_be_asked(
    plan: Plan, people: People, found: tuple[str, ...]
) -> None:
    """Left out here, gone or no longer a member; everyone where nobody takes turns."""
    assert current_people(plan, "ops", people, NOW) == found


def test_a_member_beside_the_rotation_is_asked_when_nobody_of_it_can_be() -> None:
    """Those of the Slack user group that the file does not list."""
    only = Rotation(people=("gone",), start="2026-01-05T09:00", days=7, zone="UTC")
    assert current_people(_plan(rotation=only), "ops", _people("ravi"), NOW) == ("priya", "sam")


def test_a_group_nobody_knows_has_nobody_on_call() -> None:
    assert current_people(_plan(), "sales", _people(), NOW) == ()
