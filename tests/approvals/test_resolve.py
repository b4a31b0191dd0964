"""Resolve: an incident ends with what it was; nothing else ends so, and nothing of it is held."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.decide.text import LONGEST_REASON
from approvals.escalation import Acknowledgement
from approvals.people import Absence
from approvals.refusals import Why
from approvals.snapshot import Step
from approvals.step import Step as Done
from approvals.verdict import Case
from approvals.words import DecidedBy, Status
from tests.approvals.scene import Scene, case, incident, kinds, told, why
from tests.approvals.test_owes import briefly


def test_a_person_who_looks_after_it_resolves_it() -> None:
    """With root cause, what was done by hand, and whether it could be automated."""
    scene = incident(callback_url="https://x.example/andon").open()
    done = scene.resolve(
        "UBEN", root_cause=" a full disk ", by_hand="deleted logs", automatable=True
    )
    assert (case(done), kinds(done)) == (Case.RESOLVED, ["escalation:resolved"])
    assert (scene.e.status, scene.e.due_at, scene.e.ended_at) == (Status.RESOLVED, None, scene.now)
    ended = scene.e.resolution
    assert ended is not None
    assert (ended.by, ended.root_cause, ended.by_hand, ended.automatable) == (
        "person:ben",
        "a full disk",
        "deleted logs",
        True,
    )
    assert briefly(done.work) == [
        "line resolved",
        "tell person:req resolved",
        "wake escalation.resolved",
        "answer resolved",
    ]


def test_the_service_resolves_it_and_is_not_woken_by_itself() -> None:
    """What was done by hand may be left out."""
    scene = incident(callback_url="https://x.example/andon").open()
    done = scene.resolve()
    assert scene.e.resolution is not None
    assert (scene.e.resolution.by, scene.e.resolution.by_hand) == ("service:svc", None)
    assert briefly(done.work) == ["line resolved", "tell person:req resolved"]


def test_the_requester_may_resolve_what_they_reported() -> None:
    """Being asked for counts against releases, and nothing is released."""
    scene = incident().open()
    done = scene.resolve("UREQ2")
    assert case(done) is Case.RESOLVED
    assert "tell person:req resolved" not in briefly(done.work)


@pytest.mark.parametrize(
    ("account", "no"), [("UCEM", Why.NOT_IN_GROUP), ("USTRANGER", Why.UNKNOWN_ACCOUNT)]
)
def test_nobody_else_resolves_it(account: str, no: Why) -> None:
    """And they hear who can."""
    scene = incident().open()
    done = scene.resolve(account)
    assert (why(done), scene.e.status) == (no, Status.PENDING)
    if no is Why.NOT_IN_GROUP:
        assert done.refusal is not None
        assert done.refusal.values["can"] == ["Ana", "Ben", "Req"]


def test_of_those_who_can_nobody_is_named_who_is_gone() -> None:
    """They would be asked in vain."""
    scene = incident().open()
    scene.gone.add("ana")
    refused = scene.resolve("UCEM").refusal
    assert refused is not None
    assert refused.values["can"] == ["Ben", "Req"]


def test_neither_a_guest_nor_someone_gone_nor_another_service_resolves_it() -> None:
    """Whatever they are called."""
    scene = incident().open()
    assert why(scene.resolve("UBEN", foreign=True)) is Why.NOT_A_MEMBER
    assert why(scene.resolve(service="other")) is Why.NOT_FOUND
    scene.gone.add("ben")
    assert why(scene.resolve("UBEN")) is Why.NOT_A_MEMBER
    scene.nobody_known = True
    assert why(scene.resolve("UANA")) is Why.PEOPLE_UNKNOWN


@pytest.mark.parametrize(
    "plan",
    [
        {"owners": ("cem",), "steps": (Step(to=("channel", "owners")),)},
        {"steps": (Step(to=("channel", "approvers", "person:cem")),)},
        {"steps": (Step(to=("group:sec",)),)},
    ],
)
def test_whom_its_chain_has_called_may_resolve_it(plan: dict[str, Any]) -> None:
    """An owner, a person or a group that a step names."""
    scene = incident()
    scene.plan |= plan
    assert case(scene.open().resolve("UCEM")) is Case.RESOLVED


def test_who_stands_in_for_someone_away_may_resolve_it() -> None:
    """While they are away, and no longer."""
    scene = incident().open()
    scene.absences["ben"] = Absence(
        person="ben", substitute="dee", since=scene.now, until=scene.now + timedelta(hours=1)
    )
    assert case(scene.pass_(3599).resolve("UDEE")) is Case.RESOLVED
    later = incident().open()
    later.absences = scene.absences
    assert why(later.pass_(3600).resolve("UDEE")) is Why.NOT_IN_GROUP


def test_an_approval_is_never_resolved() -> None:
    """It is decided."""
    scene = Scene().open()
    assert why(scene.resolve("UBEN")) is Why.NOT_AN_INCIDENT
    assert why(scene.resolve()) is Why.NOT_AN_INCIDENT
    assert why(scene.resolve("UBEN", foreign=True)) is Why.NOT_A_MEMBER
    assert scene.e.status is Status.PENDING


@pytest.mark.parametrize(
    ("given", "no", "field"),
    [
        ({"root_cause": " x "}, Why.REASON_NEEDED, "root_cause"),
        ({"root_cause": "x" * (LONGEST_REASON + 1)}, Why.REASON_TOO_LONG, "root_cause"),
        ({"by_hand": "x" * (LONGEST_REASON + 1)}, Why.REASON_TOO_LONG, "by_hand"),
    ],
)
def test_a_root_cause_is_written_down(given: dict[str, str], no: Why, field: str) -> None:
    """The form is corrected at its field."""
    scene = incident().open()
    done = scene.resolve("UBEN", **given)
    assert (why(done), kinds(done)) == (no, [])
    assert done.refusal is not None
    assert done.refusal.values["field"] == field


def test_the_same_resolution_again_is_fine_and_another_is_late() -> None:
    """The service may repeat a call whose response was lost; who comes second hears who was."""
    scene = incident().open()
    scene.resolve()
    assert case(scene.resolve()) is Case.REPEATED
    assert why(scene.resolve(root_cause="something else")) is Why.ALREADY_TERMINAL
    late = scene.resolve("UBEN")
    assert (why(late), told(late)) == (Why.ALREADY_TERMINAL, "already-terminal")
    assert late.refusal is not None
    assert late.refusal.values["by"] == ["svc"]


def looked_after() -> Scene:
    """An incident ana said she is looking at."""
    scene = incident().open()
    until = scene.now + timedelta(minutes=15)
    scene.change(acknowledged=Acknowledgement(person="ana", at=scene.now, until=until))
    return scene


@pytest.mark.parametrize(
    ("end", "case"),
    [
        (lambda scene: scene.resolve("UBEN"), "resolved"),
        (lambda scene: scene.withdraw(), "decided-withdrawn"),
    ],
)
def test_who_is_looking_hears_that_it_is_over(end: Any, case: str) -> None:
    """They need not look any further."""
    assert f"tell person:ana {case}" in briefly(end(looked_after()).work)


def test_who_resolves_what_they_look_at_is_not_told_so() -> None:
    """The answer to their click says it."""
    assert "tell person:ana resolved" not in briefly(looked_after().resolve("UANA").work)


def test_what_recovered_by_itself_is_withdrawn() -> None:
    """By the service, or the one it asked for."""
    for account in (None, "UREQ"):
        scene = incident().open()
        assert case(scene.withdraw(account, reason="recovered")) is Case.WITHDRAWN
        assert scene.e.decision is not None
        assert (scene.e.status, scene.e.decision.by) == (Status.WITHDRAWN, DecidedBy.REQUESTER)
        assert why(scene.resolve()) is Why.ALREADY_TERMINAL


def test_of_an_incident_nothing_is_held() -> None:
    """Nothing to vote for, to take, to stop, to report or to override."""
    scene = incident().open()
    tries: list[Done] = [
        scene.vote(),
        scene.claim(),
        scene.report(),
        scene.stop(),
        scene.break_glass("UCEM"),
    ]
    assert [why(done) for done in tries] == [Why.NOT_HELD] * 5
    assert (scene.e.status, scene.e.votes, scene.e.claim) == (Status.PENDING, (), None)
    assert why(scene.claim(service="other")) is Why.NOT_FOUND
    assert why(scene.report(service="other")) is Why.NOT_FOUND
