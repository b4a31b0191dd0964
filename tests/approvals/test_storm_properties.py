"""Storms against a plain reckoning: whatever comes when, who gathers where, with which place."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals import flows
from approvals.flows import Flow, dump_flow, flowed, load_flow, noticed
from tests.building import START


@dataclass
class Told:
    """An opening, and what was made of it."""

    id: str
    lane: str
    at: float
    storm: str | None = None
    place: int = 0


#: Gaps in seconds, often short ones, and how bad each is: two streams.
OPENINGS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 5, 11, 12, 13, 30, 59, 60, 61, 300]),
        st.sampled_from(["medium", "medium", "medium", "high"]),
    ),
    max_size=60,
)


#: So many gather in one storm here, so that a few openings fill it.
BOUND = 9


@pytest.fixture(autouse=True, scope="module")
def bound() -> Iterator[None]:
    """A storm is full soon."""
    with pytest.MonkeyPatch.context() as m:
        m.setattr(flows, "MOST_GATHERED", BOUND)
        yield


def reckoned(openings: list[tuple[float, str]]) -> list[Told]:
    """By looking back over everything, each time."""
    found: list[Told] = []
    now = 0.0
    for n, (gap, lane) in enumerate(openings):
        now += gap
        one = Told(id=f"esc_{n}", lane=lane, at=now)
        same = [o for o in found if o.lane == lane and now - o.at <= 60]
        last = same[-1].storm if same else None
        if last and not last.startswith("late"):
            begun_at = last.removeprefix("stm_")
            full = sum(o.storm in (last, f"late_{begun_at}") for o in found) == BOUND
            one.storm = f"stm_{n}" if full else last
        elif len(alone := [o for o in same if o.storm is None]) >= 5:
            one.storm = f"stm_{n}"
            for late in alone[-5:][3:]:
                late.storm = f"late_{n}"
        found.append(one)
    for one in found:
        one.storm = one.storm.replace("late_", "stm_") if one.storm else None
    places: defaultdict[str, int] = defaultdict(int)
    for one in found:
        if one.storm:
            places[one.storm] += 1
            one.place = places[one.storm]
    return found


def driven(openings: list[tuple[float, str]]) -> list[Told]:
    """As a store folds them, the row read anew before each."""
    made: dict[str, Told] = {}
    flow, now = Flow(), START
    for n, (gap, lane) in enumerate(openings):
        now += timedelta(seconds=gap)
        fields = {"id": f"esc_{n}", "kind": "approval", "severity": lane, "title": "t", "plan": {}}
        fields |= noticed(flow, fields, now)
        flow, gathers = flowed(load_flow(dump_flow(flow)), fields, now)
        one = Told(id=f"esc_{n}", lane=lane, at=(now - START).total_seconds())
        one.storm, one.place = fields.get("storm_id"), fields.get("storm_place", 0)
        made[one.id] = one
        for place, id_ in enumerate(gathers, start=1):
            made[id_].storm, made[id_].place = one.storm, place
    return list(made.values())


@settings(max_examples=150, deadline=None)
@given(OPENINGS)
def test_storms_are_as_a_plain_reckoning_makes_them(openings: list[tuple[float, str]]) -> None:
    """Also where the row is written and read between any two."""
    assert driven(openings) == reckoned(openings)


@settings(max_examples=100, deadline=None)
@given(OPENINGS)
def test_places_are_given_once_each_without_a_gap(openings: list[tuple[float, str]]) -> None:
    """A list names members by them."""
    storms: defaultdict[str, list[int]] = defaultdict(list)
    for one in driven(openings):
        if one.storm:
            storms[one.storm].append(one.place)
    for places in storms.values():
        assert places == list(range(1, len(places) + 1))
        assert len(places) <= BOUND
