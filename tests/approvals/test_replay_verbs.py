"""One escalation replayed: the same policy alters nothing, another what it says, in words."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from approvals import commands
from approvals.commands import Void
from approvals.people import Absence
from approvals.policy.load import parse_policy
from approvals.replay import Past, Replayed, replay
from approvals.words import Kind, Status
from tests.approvals.scene import Scene
from tests.approvals.world import POLICY


def again(scene: Scene, policy: str | None = None, *, known: bool = True) -> Replayed:
    """Under another policy, or the same; `known`: that it was opened under can be read."""
    past = Past(
        escalation=scene.e, records=tuple(scene.records), policy=scene.policy if known else None
    )
    return replay(past, parse_policy(policy) if policy else scene.policy, scene.now)


def differences(found: Replayed) -> Mapping[str, tuple[str, str]]:
    """All there are, by what."""
    assert found.untold is None
    return {d.what: (d.was, d.would_be) for d in found.differences}


# -- what was done ---------------------------------------------------------------------------------


def restored_while_waiting() -> Scene:
    """A yes from before the backup; then two new ones."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.pass_(5).send(Void, by="operator:root", why="a backup was restored")
    scene.pass_(5).vote("UBEN")
    scene.pass_(5).vote("UANA")
    assert scene.e.status is Status.APPROVED
    return scene


def restored_when_approved() -> Scene:
    """The approval is void, the vote as well."""
    scene = Scene().approved()
    scene.pass_(5).send(Void, by="operator:root", why="a backup was restored")
    return scene


def taken_back_by_a_person() -> Scene:
    """By who asked."""
    scene = Scene().open()
    scene.pass_(5).withdraw("UREQ", reason="not needed")
    assert scene.e.status is Status.WITHDRAWN
    return scene


def late_and_arrived() -> Scene:
    """Nobody could be reached for a while; then a message came through, and ben answered."""
    scene = Scene().open()
    scene.pass_(5).send(commands.Miss, to="person:ana", why="channel_not_found")
    scene.pass_(200).send(commands.Arrived)
    scene.pass_(5).vote("UBEN")
    assert scene.e.missed
    return scene


def overridden_by_who_left() -> Scene:
    """Two broke the glass; before it was claimed one of them was there no more."""
    scene = Scene("other").open()
    scene.break_glass("UCEM")
    scene.pass_(5).break_glass("UDEE")
    assert scene.e.status is Status.APPROVED
    scene.gone.add("dee")
    scene.pass_(5).recheck()
    assert scene.e.stopped is not None
    return scene


def stood_in_and_voted() -> Scene:
    """Dee votes in ben's stead, ana for herself."""
    scene = Scene("other")
    scene.absences = {
        "ben": Absence(
            person="ben", substitute="dee", since=scene.now, until=scene.now + timedelta(days=1)
        )
    }
    scene.open()
    scene.vote("UDEE")
    scene.pass_(5).vote("UANA")
    assert scene.e.status is Status.APPROVED
    return scene


def without_one_who_was_gone() -> Scene:
    """Ana had left before it was asked; ben decided."""
    scene = Scene()
    scene.gone.add("ana")
    return scene.approved()


def with_one_who_left_one_of_two_groups() -> Scene:
    """Ana had left the one and was asked for the other."""
    scene = Scene("architecture")
    scene.left.add(("dba", "ana"))
    return scene.open()


STORIES = (
    restored_while_waiting,
    restored_when_approved,
    taken_back_by_a_person,
    late_and_arrived,
    overridden_by_who_left,
    stood_in_and_voted,
    with_one_who_left_one_of_two_groups,
    without_one_who_was_gone,
)


@pytest.mark.parametrize("story", STORIES)
def test_under_the_policy_it_happened_under_nothing_is_different(
    story: Callable[[], Scene],
) -> None:
    assert differences(again(story())) == {}


@pytest.mark.parametrize("story", STORIES[:-1])
def test_where_the_earlier_policy_cannot_be_read_groups_go_by_their_names(
    story: Callable[[], Scene],
) -> None:
    assert differences(again(story(), known=False)) == {}


def test_who_was_gone_then_is_gone_under_a_policy_that_asks_two() -> None:
    two = POLICY.replace('[{ group = "dba", needed = 1 }]', '[{ group = "dba", needed = 2 }]')
    found = differences(again(without_one_who_was_gone(), two))
    assert found["opening"][0] == "taken"
    assert found["opening"][1].startswith("refused: ")


def test_who_could_not_be_reached_then_is_not_known_where_the_earlier_policy_is_lost() -> None:
    found = differences(again(without_one_who_was_gone(), known=False))
    assert found == {"who": ("Ben", "Ana, Ben")}


def test_a_group_that_is_called_otherwise_now_is_another_where_the_earlier_policy_is_lost() -> None:
    renamed = POLICY.replace("dba", "admins")
    found = differences(again(Scene().approved(), renamed, known=False))
    assert found["requirements"] == ("1 of dba", "1 of admins")
    assert "outcome" not in found


def test_what_ran_by_itself_was_decided_by_no_rule() -> None:
    """Under no policy would anybody have been asked."""
    scene = Scene().open()
    scene.change(kind=Kind.AUTOMATION)
    assert differences(again(scene, POLICY.replace("dba", "admins"))) == {}


# -- in words --------------------------------------------------------------------------------------


def planned(text: str, **rule: str) -> Mapping[str, tuple[str, str]]:
    """What differs under a policy whose first rule says more."""
    more = "\n".join(f"{name} = {value}" for name, value in rule.items())
    return differences(again(Scene().open(), text.replace('name = "one"', f'name = "one"\n{more}')))


def test_what_may_be_filled_by_one_is_a_yes_or_a_no() -> None:
    assert planned(POLICY, one_person_fills_many="true") == {"one person fills many": ("no", "yes")}


def test_hours_are_told_with_their_days_and_zone() -> None:
    found = planned(POLICY.replace("[people.ana]", "[hours]\n[people.ana]", 1), hours="true")
    assert found["hours"] == ("none", "09:00 to 18:00 on days 0, 1, 2, 3, 4, UTC")


def test_a_rotation_is_told_with_its_people_and_days() -> None:
    turns = 'members = ["ana", "ben", "req"]\nrotation = { start = "2026-01-05T09:00", days = 7 }'
    found = planned(POLICY.replace('members = ["ana", "ben", "req"]', turns))
    assert found["rotations"] == ("none", "dba: ana, ben, req for 7 d each from 2026-01-05T09:00")
