"""Business hours: what can wait waits for the morning, also where clocks are changed."""

from datetime import UTC, datetime

import pytest

from approvals import events
from approvals.codec import instant
from approvals.snapshot import Hours, Rotation, Step
from tests.approvals.chained import ChainScene, called
from tests.approvals.scene import kinds

BERLIN = Hours(days=(0, 1, 2, 3, 4), start="09:00", until="18:00", zone="Europe/Berlin")
STAGES = (Step(to=("channel",)), Step(to=("approvers",), after_s=3600))


def asked(at: datetime, **plan: object) -> ChainScene:
    """Asked at that moment; an hour to the next stage, four to decide."""
    scene = ChainScene(plan={"steps": STAGES, "hours": BERLIN, "extend_by_s": 7200, **plan})
    scene.now = at
    scene.opened()
    return scene


def moments(scene: ChainScene) -> dict[str, str]:
    """When what happens, with a clock that never sleeps."""
    found: dict[str, str] = {}
    while scene.e.due_at is not None:
        scene.now = scene.e.due_at
        for record in scene.tick().records:
            name = record.kind.partition(":")[2]
            found[name + "".join(record.body.get("which", ()))] = instant(record.at)[:19]
    return found


@pytest.mark.parametrize(
    ("at", "stage", "deadline"),
    [
        # An evening in winter: half an hour is left, the rest is the next morning's.
        ("2026-11-12T16:30", "2026-11-13T08:30:00", "2026-11-13T11:30:00"),
        # Friday: the week-end is nobody's.
        ("2026-11-13T16:30", "2026-11-16T08:30:00", "2026-11-16T11:30:00"),
        # The Friday before clocks are put forward, in the night to Sunday.
        ("2026-03-27T16:30", "2026-03-30T07:30:00", "2026-03-30T10:30:00"),
        # The Friday before they are put back.
        ("2026-10-23T15:30", "2026-10-26T08:30:00", "2026-10-26T11:30:00"),
        # In the night: the clock begins to run in the morning.
        ("2026-11-12T02:00", "2026-11-12T09:00:00", "2026-11-12T12:00:00"),
    ],
)
def test_its_clocks_stand_still_outside_the_hours(at: str, stage: str, deadline: str) -> None:
    """Stage and deadline count open time alone, to the second."""
    scene = asked(datetime.fromisoformat(at).replace(tzinfo=UTC))
    found = moments(scene)
    assert (found["stepped"], found["decided"]) == (stage, deadline)


def test_reminders_come_at_half_and_four_fifths_of_the_open_time() -> None:
    """An hour before closing time: half of four hours are gone an hour after the next opening."""
    scene = asked(datetime(2026, 11, 12, 16, 0, tzinfo=UTC))
    found = moments(scene)
    assert found["remindedhalf"] == "2026-11-13T09:00:00"
    assert found["remindedfour-fifths"] == "2026-11-13T10:12:00"


def test_an_extension_is_open_time_too() -> None:
    """Two hours more reach into the next day."""
    scene = asked(datetime(2026, 11, 12, 12, 0, tzinfo=UTC))
    scene.now = datetime(2026, 11, 12, 13, 0, tzinfo=UTC)
    scene.extend()
    assert instant(scene.e.deadline_at)[:16] == "2026-11-13T09:00"


def test_a_lapse_in_the_night_waits_for_the_morning() -> None:
    """Looking lasts as long as ever; the next stage comes when somebody is there."""
    scene = asked(datetime(2026, 11, 12, 16, 0, tzinfo=UTC), acknowledge_for_s=7200)
    scene.now = datetime(2026, 11, 12, 16, 30, tzinfo=UTC)
    scene.acknowledge()
    scene.now = datetime(2026, 11, 12, 18, 30, tzinfo=UTC)
    assert kinds(scene.tick()) == [events.LET_GO]
    assert scene.e.chain.next_at is not None
    assert instant(scene.e.chain.next_at)[:16] == "2026-11-13T08:00"


TURNS = Rotation(people=("ana", "ben"), start="2026-11-09T09:00", days=7, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "whom"),
    [
        ("2026-11-12T12:00", ["card ana"]),
        ("2026-11-16T07:59", ["card ana"]),
        ("2026-11-16T08:00", ["card ben"]),
    ],
)
def test_whose_turn_it_is_is_called(at: str, whom: list[str]) -> None:
    """By the local time of the handover; the others only with the next stage."""
    steps = (Step(to=("current",)), Step(to=("approvers",), after_s=3600))
    scene = ChainScene(plan={"steps": steps, "rotations": {"dba": TURNS}})
    scene.now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    done = scene.opened()
    assert called(done) == whom
    assert done.records[0].body["notices"][0]["why"] == "on call (dba)"


def test_without_turns_the_whole_group_is_called() -> None:
    """Nobody in particular is on call."""
    scene = ChainScene(plan={"steps": (Step(to=("current",)),)})
    assert called(scene.opened()) == ["card ana", "card ben"]


def test_whoever_stands_in_takes_the_turn() -> None:
    """Away in one's own week."""
    steps = (Step(to=("current",)),)
    scene = ChainScene(plan={"steps": steps, "rotations": {"dba": TURNS}}).absent("ana", "cem")
    done = scene.opened()
    assert called(done) == ["card cem"]
    assert done.records[0].body["notices"][0]["why"] == "stands in for Ana: on call (dba)"


def test_where_no_substitutes_are_admitted_nobody_is_called_in_vain() -> None:
    """Who could not decide is not called to; a member of the group is."""
    scene = ChainScene(plan={"steps": (Step(to=("approvers",)),), "substitutes": ()})
    scene.absent("ana", "cem")
    assert called(scene.opened()) == ["card ben"]
    assert [m.to for m in scene.e.missed] == ["person:ana"]
