"""Extension, once, within the policy's bound; and the reminders that announce the end."""

import pytest

from approvals import events
from approvals.owes import Direct, ThreadLine
from approvals.refusals import Why
from approvals.verdict import Case
from tests.approvals.chained import ChainScene, called
from tests.approvals.scene import AFTERWARDS, case, kinds, told, why


def opened(**plan: object) -> ChainScene:
    """Asked, with four hours to decide."""
    scene = ChainScene(plan=plan)
    scene.opened()
    return scene


def test_an_approver_gives_it_more_time() -> None:
    """The deadline moves by what the policy says; all are told."""
    scene = opened()
    done = scene.at(14_000).extend()
    assert (case(done), told(done)) == (Case.EXTENDED, "extended")
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 18_000
    assert scene.e.extended is not None
    assert (scene.e.extended.by, scene.e.extended.at) == ("ben", scene.now)
    assert [w.case for w in done.work if isinstance(w, ThreadLine)][-1] == "extended"
    assert [w.to for w in done.work if isinstance(w, Direct)][-1] == "person:req"


def test_once_only() -> None:
    """The second hears who did and until when it is."""
    scene = opened()
    scene.at(100).extend("UBEN")
    done = scene.at(200).extend("UANA")
    assert why(done) is Why.ALREADY_EXTENDED
    assert done.refusal is not None
    assert done.refusal.values["by"] == "Ben"
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 18_000


def test_by_as_little_as_the_policy_says() -> None:
    """A second is one."""
    scene = opened(extend_by_s=1)
    assert case(scene.extend()) is Case.EXTENDED
    assert (scene.e.deadline_at - scene.e.created_at).total_seconds() == 14_401


def test_not_where_the_policy_allows_none() -> None:
    """Zero seconds are no extension."""
    assert why(opened(extend_by_s=0).extend()) is Why.NOT_EXTENDABLE


@pytest.mark.parametrize(
    ("account", "reason"),
    [("UREQ", Why.REQUESTER), ("UCEM", Why.NOT_IN_GROUP), ("USTRANGER", Why.UNKNOWN_ACCOUNT)],
)
def test_only_by_who_may_decide(account: str, reason: Why) -> None:
    """Time is not the requester's to take."""
    assert why(opened().extend(account)) is reason


def test_not_after_the_end() -> None:
    """What has expired stays so."""
    scene = opened()
    done = scene.at(14_400).extend()
    assert (why(done), kinds(done)[0]) == (Why.EXPIRED, events.DECIDED)


def test_it_is_decided_in_the_time_given() -> None:
    """And expires at the new deadline, to the second."""
    scene = opened()
    scene.at(100).extend()
    assert events.DECIDED not in kinds(scene.tick_at(17_999))
    assert kinds(scene.tick_at(18_000)) == [events.DECIDED, *AFTERWARDS]


# -- reminders ------------------------------------------------------------------------------------


def reminders(scene: ChainScene, *seconds: int) -> list[tuple[int, list[str]]]:
    """What was said at which second, of those the clock comes by."""
    found = []
    for second in seconds:
        done = scene.tick_at(second)
        found += [(second, r.body["which"]) for r in done.records if r.kind == events.REMINDED]
    return found


def test_reminders_come_at_half_and_at_four_fifths_of_the_time() -> None:
    """To the second, once each."""
    scene = opened()
    seconds = (7199, 7200, 7201, 11_519, 11_520, 11_521, 14_399)
    assert reminders(scene, *seconds) == [(7200, ["half"]), (11_520, ["four-fifths"])]


def test_after_an_outage_both_are_one() -> None:
    """Nobody is told of half the time when four fifths are gone."""
    scene = opened()
    assert reminders(scene, 13_000, 14_000) == [(13_000, ["half", "four-fifths"])]


def test_after_an_extension_they_come_anew() -> None:
    """At half and four fifths of what is left from then."""
    scene = opened()
    reminders(scene, 7200)
    scene.at(8000).extend()
    assert reminders(scene, 12_999, 13_000, 15_999, 16_000) == [
        (13_000, ["half"]),
        (16_000, ["four-fifths"]),
    ]


def test_a_reminder_says_when_it_ends_and_whether_it_can_be_extended() -> None:
    """To those who may still decide and are not quiet."""
    scene = opened(quiet=("ana",))
    scene.tick_at(7199)
    done = scene.tick_at(7200)
    (message,) = (w for w in done.work if isinstance(w, Direct))
    assert (message.to, message.case, message.reason) == (
        "person:ben",
        "reminder",
        "may decide (dba)",
    )
    assert message.values == {
        "which": ["half"],
        "deadline_at": "2026-11-13T01:00:00.000000Z",
        "extendable": True,
    }


def test_where_the_policy_allows_no_extension_the_reminder_offers_none() -> None:
    """Nobody is sent to a button that is not there."""
    scene = opened(extend_by_s=0)
    done = scene.tick_at(7200)
    assert [r.body["extendable"] for r in done.records if r.kind == events.REMINDED] == [False]


def test_an_extended_one_offers_no_second_extension() -> None:
    """The last reminder says so."""
    scene = opened()
    scene.at(100).extend()
    scene.tick_at(9000)
    done = scene.tick_at(9050)
    assert [r.body["extendable"] for r in done.records if r.kind == events.REMINDED] == [False]


def test_who_has_agreed_is_not_reminded() -> None:
    """One of two has: the other is."""
    scene = ChainScene("other")
    scene.opened()
    scene.vote("UANA")
    scene.tick_at(7199)
    assert called(scene.tick_at(7200)) == ["message person:ben reminder"]


def test_a_plan_without_a_chain_reminds_nobody() -> None:
    """Old escalations go on as they began."""
    scene = opened(steps=())
    assert reminders(scene, 7200, 11_520, 14_399) == []
    scene.extend()
    assert scene.e.remind_at is None
