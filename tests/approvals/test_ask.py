"""Ask: who may decide asks for what is missing; who can answer is told, and nothing is decided."""

import pytest

from approvals.decide.text import LONGEST_REASON
from approvals.owes import Callback
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Status
from tests.approvals.scene import Scene, case, incident, kinds, told, why
from tests.approvals.test_owes import briefly


def test_an_approver_asks_and_nothing_is_decided() -> None:
    """The question stands in the escalation; no card becomes out of date, the service is woken."""
    scene = Scene(callback_url="https://x.example/andon").open()
    done = scene.ask("  is it tested? ")
    (question,) = scene.e.questions
    assert (case(done), kinds(done), told(done)) == (
        Case.QUESTION_ASKED,
        ["question:asked"],
        "question-asked",
    )
    assert (question.id, question.by, question.text) == ("que_1", "ben", "is it tested?")
    assert (question.answer, question.answered_by) == (None, None)
    assert (scene.e.status, scene.e.version, scene.e.shown) == (Status.PENDING, 2, 0)
    assert briefly(done.work) == [
        "line question",
        "tell person:req question",
        "wake escalation.question",
        "answer question-asked",
    ]


def test_who_asks_has_looked() -> None:
    """Asking is the first thing they did with it."""
    scene = Scene().open()
    scene.ask()
    assert [look.person for look in scene.e.looks] == ["ben"]


def test_a_release_vote_on_the_card_of_before_the_question_counts() -> None:
    """A question changes nothing that is judged; its answer will."""
    scene = Scene().open()
    shown = scene.e.shown
    scene.ask()
    assert case(scene.vote("UANA", shown=shown)) is Case.DECIDED


@pytest.mark.parametrize(
    ("account", "no"),
    [
        ("UREQ", Why.REQUESTER),
        ("UCEM", Why.NOT_IN_GROUP),
        ("USTRANGER", Why.UNKNOWN_ACCOUNT),
    ],
)
def test_only_those_who_may_decide_ask(account: str, no: Why) -> None:
    """Others write in the thread."""
    scene = Scene().open()
    assert why(scene.ask(account=account)) is no
    assert scene.e.questions == ()


def test_a_guest_asks_nothing() -> None:
    """Whatever the account is called."""
    assert why(Scene().open().ask(foreign=True)) is Why.NOT_A_MEMBER


def test_of_an_incident_everyone_may_ask_who_looks_after_it() -> None:
    """Also the one it is asked for, who is in the group."""
    scene = incident().open()
    assert case(scene.ask(account="UREQ")) is Case.QUESTION_ASKED
    assert why(scene.ask(account="UCEM")) is Why.NOT_IN_GROUP


def test_the_asker_is_not_told_their_own_question() -> None:
    """The requester of an incident may be the one who asks."""
    assert "tell person:req question" not in briefly(incident().open().ask(account="UREQ").work)


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("", Why.REASON_NEEDED),
        (" ? ", Why.REASON_NEEDED),
        ("x" * (LONGEST_REASON + 1), Why.REASON_TOO_LONG),
    ],
)
def test_a_question_says_something_and_can_be_read(text: str, no: Why) -> None:
    """The form is corrected; nothing is recorded, not even that it was refused."""
    scene = Scene().open()
    done = scene.ask(text)
    assert (why(done), kinds(done)) == (no, [])
    assert done.refusal is not None
    assert done.refusal.values["field"] == "text"


def test_what_is_decided_is_asked_about_no_more() -> None:
    """The late asker hears who decided."""
    scene = Scene().approved("UANA")
    done = scene.ask()
    assert why(done) is Why.ALREADY_DECIDED
    assert done.refusal is not None
    assert done.refusal.values["by"] == ["Ana"]


def test_a_resolved_incident_says_who_resolved_it() -> None:
    """And when."""
    scene = incident().open()
    scene.resolve("UBEN")
    done = scene.ask(account="UANA")
    assert why(done) is Why.ALREADY_TERMINAL
    late = scene.ask(account="USTRANGER").refusal
    assert late is not None
    assert (late.why, late.who) == (Why.ALREADY_TERMINAL, "account:USTRANGER")
    assert done.refusal is not None
    assert done.refusal.values == {
        "by": ["Ben"],
        "at": "2026-11-12T21:00:00.000000Z",
        "status": "resolved",
    }


def test_while_nobody_can_be_looked_up_nobody_is_known_to_ask() -> None:
    """It is worth trying again."""
    for scene in (Scene().open(), incident().open()):
        scene.nobody_known = True
        assert why(scene.ask()) in (Why.PEOPLE_UNKNOWN, Why.UNKNOWN_ACCOUNT)


def test_the_service_is_woken_before_anything_is_decided() -> None:
    """By the newest head there is; a wake-up says where to look and no more."""
    scene = Scene(callback_url="https://x.example/andon").open()
    done = scene.ask()
    (wake,) = (work for work in done.work if isinstance(work, Callback))
    assert (wake.type, wake.status) == ("escalation.question", "pending")
    assert (wake.version, wake.head) == (scene.e.version, scene.e.head)
