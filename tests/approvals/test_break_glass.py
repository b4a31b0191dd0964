"""Break-glass: past the policy, by two people it names, never in silence, and only to release."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.owes import Direct
from approvals.refusals import Why
from approvals.snapshot import Requirement
from approvals.step import Step
from approvals.tally import fewest_overrides, may_override
from approvals.verdict import Case
from approvals.words import DecidedBy, OperationState, Status
from tests.approvals.scene import Scene, case, glass, kinds, told, why
from tests.approvals.test_owes import briefly


def broken() -> Scene:
    """Cem and dee have overridden it."""
    scene = glass(callback_url="https://x.example/andon")
    scene.break_glass("UCEM")
    scene.break_glass("UDEE", reason="shop is down, ana is on a plane")
    return scene


def test_one_alone_breaks_nothing_and_everyone_hears() -> None:
    """The other who may, the requester, the approvers, who can still abort it."""
    scene = glass()
    done = scene.break_glass("UCEM")
    assert (case(done), kinds(done)) == (Case.OVERRIDE_ASKED, ["override:asked"])
    assert (scene.e.status, scene.e.version) == (Status.PENDING, 2)
    assert done.answer.values == {"option": "Go", "have": 1, "needed": 2, "may": ["Ana", "Dee"]}
    assert briefly(done.work) == [
        "line override-asked",
        "tell person:ana override-asked",
        "tell person:ben override-asked",
        "tell person:req override-asked",
        "tell person:dee override-asked",
        "answer override-asked",
    ]
    assert case(scene.vote("UBEN", "no")) is Case.ABORTED


def test_the_second_releases_and_the_record_says_how() -> None:
    """By break-glass, by both, with a review due; the service is woken, everyone is told."""
    scene = glass(callback_url="https://x.example/andon")
    scene.break_glass("UCEM")
    done = scene.break_glass("UDEE", reason=" ana is on a plane ")
    assert (case(done), told(done)) == (Case.OVERRIDDEN, "overridden")
    assert done.answer.values == {"option": "Go", "have": 2, "needed": 2, "may": ["Ana"]}
    assert kinds(done) == ["override:asked", "escalation:decided", "review:opened"]
    decision = scene.e.decision
    assert decision is not None
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.HELD)
    assert (decision.by, decision.option, decision.people, decision.reason) == (
        DecidedBy.BREAK_GLASS,
        "go",
        ("cem", "dee"),
        "ana is on a plane",
    )
    assert scene.records[-2].body["review"] == "due"
    assert briefly(done.work) == [
        "line decided-approved",
        "tell person:ana overridden",
        "tell person:ben overridden",
        "tell person:req overridden",
        "tell person:cem overridden",
        "wake escalation.approved",
        "line review-opened",
        "tell person:dee review-opened",
        "answer overridden",
    ]


def test_owners_are_told_too() -> None:
    """It is their service."""
    scene = glass()
    scene.plan["owners"] = ("dee", "ben")
    scene.open()
    done = scene.break_glass("UCEM")
    assert "tell person:dee override-asked" in briefly(done.work)
    assert "tell person:dee overridden" in briefly(scene.break_glass("UANA").work)
    reasons = {w.to: w.reason for w in done.work if isinstance(w, Direct)}
    assert reasons["person:ben"] == "owner of the service"


def test_both_reasons_are_kept() -> None:
    """A reason each, for the review."""
    scene = broken()
    assert [(o.person, o.reason) for o in scene.e.overrides] == [
        ("cem", "the shop is down"),
        ("dee", "shop is down, ana is on a plane"),
    ]


def test_what_was_overridden_is_claimed_like_any_release() -> None:
    """The grant names who took it upon themselves."""
    scene = broken()
    assert case(scene.claim()) is Case.CLAIMED
    assert scene.e.state is OperationState.RELEASED


def test_an_approver_may_still_stop_it() -> None:
    """Until it is taken."""
    scene = broken()
    assert case(scene.stop("UBEN")) is Case.STOPPED
    assert why(scene.claim()) is Why.STOPPED


@pytest.mark.parametrize("rechecked", [True, False])
def test_an_override_of_someone_gone_releases_nothing(rechecked: bool) -> None:
    """Between the last word and the claim one of the two leaves."""
    scene = broken()
    scene.left.add(("sec", "cem"))
    if rechecked:
        scene.recheck()
    assert why(scene.claim()) is Why.APPROVAL_VOID
    assert scene.e.state is OperationState.ABORTED


def test_a_recheck_leaves_alone_what_still_stands() -> None:
    """The votes it never had are not missed."""
    scene = broken()
    assert kinds(scene.recheck()) == []


def test_the_same_person_counts_once() -> None:
    """With any account; what they said first stays."""
    scene = glass()
    scene.break_glass("UANA")
    done = scene.break_glass("UANA2")
    assert why(done) is Why.ALREADY_VOTED
    assert done.refusal is not None
    assert (done.refusal.values["have"], done.refusal.values["needed"]) == (1, 2)
    assert scene.e.status is Status.PENDING


def test_a_changed_mind_counts_for_the_other_option_alone() -> None:
    """Two people agree on one thing."""
    scene = glass()
    scene.break_glass("UCEM", "go")
    assert case(scene.break_glass("UCEM", "slow")) is Case.OVERRIDE_ASKED
    assert case(scene.break_glass("UDEE", "go")) is Case.OVERRIDE_ASKED
    assert case(scene.break_glass("UANA", "slow")) is Case.OVERRIDDEN
    assert scene.e.decision is not None
    assert (scene.e.decision.option, scene.e.decision.people) == ("slow", ("cem", "ana"))


def test_who_asked_first_and_left_counts_no_more() -> None:
    """Facts of now."""
    scene = glass()
    scene.break_glass("UCEM")
    scene.left.add(("sec", "cem"))
    assert case(scene.break_glass("UDEE")) is Case.OVERRIDE_ASKED


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_nobody_ever_breaks_it_alone(needed: int) -> None:
    """Whatever the plan says; it may say more."""
    scene = glass(needed=needed)
    answers = [case(scene.break_glass(who)) for who in ("UCEM", "UDEE", "UANA")[: max(2, needed)]]
    assert answers == [Case.OVERRIDE_ASKED] * (max(2, needed) - 1) + [Case.OVERRIDDEN]


@pytest.mark.parametrize(
    ("account", "no"),
    [("UBEN", Why.NOT_IN_GROUP), ("UREQ", Why.REQUESTER), ("USTRANGER", Why.UNKNOWN_ACCOUNT)],
)
def test_nobody_else_breaks_it(account: str, no: Why) -> None:
    """An approver votes; the requester never counts."""
    scene = glass()
    assert why(scene.break_glass(account)) is no
    assert scene.e.overrides == ()


def test_a_requester_who_may_override_others_may_not_override_their_own() -> None:
    """With any account."""
    scene = glass(requested_by={"id": "ana"})
    assert why(scene.break_glass("UANA2")) is Why.REQUESTER


def test_nor_may_one_whom_no_policy_names() -> None:
    """The account that the service named is the requester's."""
    scene = glass()
    asked = scene.e.requester
    assert asked is not None
    scene.change(requester=replace(asked, slack="UGUEST"))
    assert why(scene.break_glass("UGUEST")) is Why.REQUESTER


def stale(scene: Scene) -> Step:
    scene.looked_up = scene.now
    return scene.pass_(16 * 60).break_glass("UCEM")


def nameless(scene: Scene) -> Step:
    scene.plan["break_glass"] = None
    return scene.open().break_glass("UCEM")


@pytest.mark.parametrize(
    ("attempt", "no"),
    [
        (lambda s: s.break_glass("UCEM", foreign=True), Why.NOT_A_MEMBER),
        (lambda s: s.break_glass("UCEM", "no"), Why.NOT_BREAKABLE),
        (lambda s: s.break_glass("UCEM", "maybe"), Why.UNKNOWN_OPTION),
        (lambda s: s.break_glass("UCEM", digest="sha256:" + "f" * 64), Why.WRONG_OPERATION),
        (lambda s: s.break_glass("UCEM", reason=" x "), Why.REASON_NEEDED),
        (lambda s: s.break_glass("UCEM", reason="x" * 1001), Why.REASON_TOO_LONG),
        (stale, Why.PEOPLE_UNKNOWN),
        (nameless, Why.NOT_BREAKABLE),
    ],
)
def test_a_wrong_override_is_none(attempt: Any, no: Why) -> None:
    """An abort needs no glass; another card, no reason, old facts, no group: nothing breaks."""
    scene = glass()
    assert why(attempt(scene)) is no
    assert (scene.e.overrides, scene.e.status) == ((), Status.PENDING)


def test_whoever_wants_to_abort_past_the_policy_hears_which_button_does_it() -> None:
    done = glass().break_glass("UCEM", "no")
    assert done.refusal is not None
    assert done.refusal.values == {"option": "no"}


def test_what_is_over_is_not_overridden() -> None:
    """The late one hears how it ended."""
    scene = glass()
    scene.vote("UBEN", "no")
    assert why(scene.break_glass("UCEM")) is Why.ALREADY_DECIDED
    expired = glass()
    expired.now = expired.e.deadline_at
    assert why(expired.break_glass("UCEM")) is Why.EXPIRED


def test_where_the_plan_names_no_group_nobody_may_break_it() -> None:
    """A card offers it to nobody."""
    scene = glass()
    assert may_override(scene.e, scene.people) == ("ana", "cem", "dee")
    scene.change(plan=replace(scene.e.plan, break_glass=None))
    assert may_override(scene.e, scene.people) == ()


@pytest.mark.parametrize("needed", [None, 1, 2])
def test_two_break_it_where_the_plan_says_less_or_nothing(needed: int | None) -> None:
    """Cards, checks of the record and the claim all ask here."""
    scene = glass()
    wants = None if needed is None else Requirement(group="sec", needed=needed)
    assert fewest_overrides(replace(scene.e.plan, break_glass=wants)) == 2


def test_the_group_of_the_snapshot_is_the_one_that_breaks_it() -> None:
    """Whatever the plan would say now."""
    scene = glass()
    scene.plan["break_glass"] = Requirement(group="dba", needed=2)
    assert case(scene.break_glass("UCEM")) is Case.OVERRIDE_ASKED
