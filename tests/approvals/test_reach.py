"""Whom a stage reaches and by which way: the right people, once each, with the reason."""

from typing import Any

import pytest

from approvals.decide.reach import Asked, reach
from approvals.escalation import Requester
from approvals.snapshot import Step
from tests.approvals.chained import ChainScene, called


def reached(scene: ChainScene, *targets: str, **plan: Any) -> list[tuple[str, str, str]]:
    """Notices of a stage with these targets, before anything else was said."""
    scene.plan = {**scene.plan, **plan, "steps": (Step(to=targets),)}
    scene.opened()
    return [(n["to"], n["via"], n["why"]) for n in scene.records[0].body["notices"]]


def missed(scene: ChainScene) -> list[tuple[str, str]]:
    """Who was not reached by the opening, and why."""
    return [(m.to, m.why) for m in scene.e.missed]


@pytest.mark.parametrize(
    ("target", "notices"),
    [
        ("channel", [("channel:C0DBA", "slack", "the channel of the policy")]),
        ("channel:C0OPS", [("channel:C0OPS", "slack", "the channel of the policy")]),
        (
            "approvers",
            [
                ("person:ana", "slack", "may decide (dba)"),
                ("person:ben", "slack", "may decide (dba)"),
            ],
        ),
        (
            "group:sec",
            [
                ("person:ana", "slack", "in sec"),
                ("person:cem", "slack", "in sec"),
                ("person:dee", "slack", "in sec"),
            ],
        ),
        ("owners", [("person:cem", "slack", "owner of the service")]),
        ("person:dee", [("person:dee", "slack", "named by the policy")]),
        ("requester", [("person:req", "slack", "asked for it")]),
        ("route:pager", [("route:pager", "route:pager", "a page of this step")]),
    ],
)
def test_a_target_means(target: str, notices: list[tuple[str, str, str]]) -> None:
    """People, a channel or a page."""
    assert reached(ChainScene(), target) == notices


def test_the_one_who_asks_is_never_called() -> None:
    """Whatever names them: the group, the owners, the policy itself, somebody's absence."""
    scene = ChainScene().absent("ana", "req")
    found = reached(scene, "approvers", "owners", "person:req", "group:dba", owners=("req", "cem"))
    assert [to for to, _, _ in found] == ["person:ben", "person:cem"]
    assert missed(scene) == [("person:ana", "away")]


def test_whoever_the_request_may_mean_is_not_called() -> None:
    """Its id is Ana's, its account Ben's: one of them asks."""
    scene = ChainScene(requested_by={"id": "ana", "slack": "UBEN"})
    assert [to for to, _, _ in reached(scene, "approvers")] == ["person:req"]


def test_who_decides_for_another_group_may_stand_in_where_the_own_has_no_substitutes() -> None:
    """They are asked anyway; anybody else is not."""
    scene = ChainScene("architecture").absent("ana", "cem")
    whom, _, why = reached(scene, "approvers", substitutes=())[0]
    assert (whom, why.split("; ")[0]) == ("person:cem", "stands in for Ana: may decide (dba)")
    scene = ChainScene().absent("ana", "dee")
    assert [to for to, _, _ in reached(scene, "approvers", substitutes=())] == ["person:ben"]


def test_a_requester_unknown_to_the_policy_is_told_by_their_account() -> None:
    """Where the caller named one."""
    scene = ChainScene(requested_by={"id": "eve", "slack": "UEVE"})
    assert reached(scene, "requester") == [("account:UEVE", "slack", "asked for it")]


def test_nobody_to_tell_where_nobody_asked() -> None:
    """A service asks for itself."""
    scene = ChainScene()
    del scene.body["requested_by"]
    assert reached(scene, "requester") == []


def test_quiet_people_may_decide_and_are_not_called() -> None:
    """Unless a stage names them themselves."""
    scene = ChainScene()
    assert [to for to, _, _ in reached(scene, "approvers", quiet=("ana",))] == ["person:ben"]
    named = reached(ChainScene(), "person:ana", quiet=("ana",))
    assert named == [("person:ana", "slack", "named by the policy")]


def test_one_person_is_called_once_with_every_reason() -> None:
    """Approver, member of a group, stand-in: one message."""
    scene = ChainScene().absent("ben", "ana")
    assert reached(scene, "approvers", "group:sec")[0] == (
        "person:ana",
        "slack",
        "may decide (dba); stands in for Ben: may decide (dba); in sec",
    )


def test_somebody_away_is_replaced_by_their_substitute() -> None:
    """And the reason says for whom."""
    scene = ChainScene().absent("ana", "cem")
    assert reached(scene, "approvers") == [
        ("person:cem", "slack", "stands in for Ana: may decide (dba)"),
        ("person:ben", "slack", "may decide (dba)"),
    ]


@pytest.mark.parametrize(
    ("substitutes", "whom"),
    [
        ({"ana": "cem", "cem": "dee"}, ["person:dee", "person:ben"]),
        ({"ana": "ben", "ben": "ana"}, []),
        ({"ana": "ana"}, ["person:ben"]),
        ({"ana": "ben", "ben": "cem", "cem": "dee"}, ["person:dee"]),
        ({"ana": "cem", "cem": "dee", "dee": "ana"}, ["person:ben"]),
    ],
)
def test_substitutes_of_substitutes(substitutes: dict[str, str], whom: list[str]) -> None:
    """Followed, but never in a circle."""
    scene = ChainScene()
    for person, substitute in substitutes.items():
        scene.absent(person, substitute)
    assert [to for to, _, _ in reached(scene, "approvers")] == whom


def test_substitutes_are_followed_three_times_at_most() -> None:
    """Four would be a rumour."""
    scene = ChainScene()
    for person, substitute in zip(("w1", "w2", "w3", "w4"), ("w2", "w3", "w4", "dee"), strict=True):
        scene.absent(person, substitute)
    known = scene.people.persons["cem"]
    facts = scene.facts
    for person in ("w1", "w2", "w3", "w4"):
        facts.people.persons[person] = known  # type: ignore[index]
    scene.opened()
    asked = Asked(plan=scene.e.plan, requester=Requester(id="req"))
    for first, whom in (("w2", ["person:dee"]), ("w1", [])):
        found = reach(asked, (f"person:{first}",), facts, scene.now)
        assert [n["to"] for n in found.notices] == whom


def test_an_absence_is_over_at_its_end() -> None:
    """Until just before it."""
    scene = ChainScene().absent("ana", "cem", seconds=60)
    scene.opened()
    assert "message person:ana step" not in called(scene.tick_at(59))
    back = ChainScene(plan={"steps": (Step(to=("owners",)), Step(to=("approvers",), after_s=60))})
    back.absent("ana", "cem", seconds=60)
    back.opened()
    assert called(back.tick_at(60)) == ["card ana", "card ben"]


def test_who_paused_notifications_is_reached_by_their_own_route() -> None:
    """At once; the card is there all the same for when they look."""
    scene = ChainScene().pause("ana")
    scene.routes["ana"] = ("ana-sms", "ana-call")
    found = reached(scene, "approvers")
    assert found[0] == (
        "person:ana",
        "route:ana-sms",
        "may decide (dba); notifications paused",
    )
    assert missed(scene) == []
    assert set(scene.e.chain.ways) == {"person:ana", "route:ana-sms", "person:ben"}


def test_a_pause_without_another_way_is_a_miss() -> None:
    """The card is posted, silently; nobody was rung."""
    scene = ChainScene(plan={"steps": (Step(to=("approvers",)),)}).pause("ana")
    done = scene.opened()
    assert called(done) == ["card ben", "card ana"]
    assert missed(scene) == [("person:ana", "notifications paused")]


def test_a_pause_that_is_over_rings_as_ever() -> None:
    """With a message, for the card is there already."""
    steps = (Step(to=("approvers",)), Step(to=("approvers",), after_s=900))
    scene = ChainScene(plan={"steps": steps}).pause("ana", 600)
    scene.opened()
    assert called(scene.tick_at(900)) == ["message person:ana step", "message person:ben step"]


def test_who_has_no_account_is_paged_or_missed() -> None:
    """No card can be posted to them."""
    scene = ChainScene(
        plan={"steps": (Step(to=("approvers", "owners")),), "owners": ("cem", "dee")}
    )
    scene.no_account |= {"cem", "dee"}
    scene.routes["cem"] = ("cem-sms",)
    assert called(scene.opened()) == ["card ana", "card ben", "page cem-sms"]
    assert missed(scene) == [("person:dee", "no account")]


@pytest.mark.parametrize("who", ["gone", "dee"])
def test_who_is_not_there_any_more_is_missed(who: str) -> None:
    """A name nobody knows, or somebody who was deactivated."""
    scene = ChainScene()
    scene.gone.add("dee")
    assert reached(scene, f"person:{who}") == []
    assert missed(scene) == [(f"person:{who}", "is not active")]


def test_members_who_cannot_act_are_left_out_without_a_word() -> None:
    """They cannot decide, so nobody waits for them."""
    scene = ChainScene()
    scene.gone.add("ana")
    assert [to for to, _, _ in reached(scene, "approvers")] == ["person:ben"]
    assert missed(scene) == []


def test_two_people_with_one_route_are_one_page() -> None:
    """The route rings once."""
    scene = ChainScene(plan={"steps": (Step(to=("approvers",)),)}).pause("ana").pause("ben")
    scene.routes |= {"ana": ("team-sms",), "ben": ("team-sms",)}
    assert called(scene.opened()) == ["page team-sms", "card ana", "card ben"]


def test_a_plan_without_a_channel_posts_none() -> None:
    """A private matter lives in direct messages."""
    assert reached(ChainScene(), "channel", "owners", channel=None) == [
        ("person:cem", "slack", "owner of the service")
    ]
