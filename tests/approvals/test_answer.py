"""Answer: the service, or the person it asks for, answers; what is judged has changed."""

import pytest

from approvals.decide.text import LONGEST_REASON
from approvals.refusals import Why
from approvals.verdict import Case
from tests.approvals.scene import Scene, case, incident, kinds, told, why
from tests.approvals.test_owes import briefly


def asked(*texts: str) -> Scene:
    """Pending, with questions by ben."""
    scene = Scene(callback_url="https://x.example/andon").open()
    for text in texts or ("is it tested?",):
        scene.ask(text)
    return scene


def test_the_service_answers_and_the_asker_is_told() -> None:
    """The one it asks for hears too; nobody wakes the service for its own words."""
    scene = asked()
    done = scene.answer(" yes, on staging ")
    (question,) = scene.e.questions
    assert (case(done), kinds(done)) == (Case.ANSWERED, ["question:answered"])
    assert (question.answer, question.answered_by) == ("yes, on staging", "service:svc")
    assert question.answered_at == scene.now
    assert briefly(done.work) == [
        "line answered",
        "tell person:ben answered",
        "tell person:req answered",
    ]


def test_the_requester_answers_by_a_click() -> None:
    """With any account; they get the answer to their click and no message beside."""
    scene = asked()
    done = scene.answer("yes", "UREQ2")
    assert (case(done), told(done)) == (Case.ANSWERED, "answered")
    assert scene.e.questions[0].answered_by == "person:req"
    assert scene.records[-1].body["name"] == "Req"
    assert briefly(done.work) == ["line answered", "tell person:ben answered", "answer answered"]


def test_a_requester_whom_the_policy_does_not_know_answers_by_account() -> None:
    """Under the name the request gave them."""
    scene = Scene(requested_by={"id": "new", "slack": "UNEW"}).open()
    scene.ask()
    assert case(scene.answer("yes", "UNEW")) is Case.ANSWERED
    assert scene.records[-1].by == "account:UNEW"
    assert scene.records[-1].body["name"] == "new"


def test_nobody_else_answers() -> None:
    """Neither an approver nor another service nor the requester as a guest."""
    scene = asked()
    assert why(scene.answer(account="UANA")) is Why.NOT_YOUR_VOTE
    assert why(scene.answer(account="UREQ", foreign=True)) is Why.NOT_YOUR_VOTE
    assert why(scene.answer(service="other")) is Why.NOT_FOUND
    assert scene.e.questions[0].answer is None


def test_an_answer_makes_cards_out_of_date_for_releases_only() -> None:
    """Who votes to release has read it; an abort is never stale."""
    scene = asked()
    shown = scene.e.shown
    scene.answer()
    done = scene.vote("UANA", shown=shown)
    assert why(done) is Why.OUT_OF_DATE
    assert done.refusal is not None
    assert done.refusal.values["changes"] == ["a question was answered"]
    assert case(scene.vote("UANA", "no", shown=shown)) is Case.ABORTED


def test_an_answer_without_a_name_answers_all_that_are_open() -> None:
    """One with a name only that one."""
    scene = asked("tested?", "by whom?", "when?")
    scene.answer("ben did", question_id="que_2")
    assert [q.answer for q in scene.e.questions] == [None, "ben did", None]
    done = scene.answer("yesterday, all of it")
    assert [q.answer for q in scene.e.questions] == [
        "yesterday, all of it",
        "ben did",
        "yesterday, all of it",
    ]
    assert scene.records[-1].body["ids"] == ["que_1", "que_3"]
    assert briefly(done.work).count("tell person:ben answered") == 1


def test_where_nothing_was_asked_nothing_is_answered() -> None:
    """Nor where the question is unknown."""
    assert why(Scene().open().answer()) is Why.NO_QUESTION
    assert why(asked().answer(question_id="que_9")) is Why.NO_QUESTION


@pytest.mark.parametrize("question", [None, "que_1"])
def test_the_same_answer_again_is_fine_and_another_is_not(question: str | None) -> None:
    """A call repeated after a lost response makes no card out of date a second time."""
    scene = asked()
    scene.answer("yes")
    shown = scene.e.shown
    again = scene.answer("yes", question_id=question)
    assert (case(again), again.answer.values) == (Case.REPEATED, {"question": "is it tested?"})
    assert why(scene.answer("no", question_id=question)) is Why.ALREADY_ANSWERED
    assert (scene.e.shown, scene.e.questions[0].answer) == (shown, "yes")


def test_context_beside_the_answer_comes_in_the_same_commit() -> None:
    """Nobody sees half of what the service told."""
    scene = asked()
    done = scene.answer("see there", context={"rollback": "none"}, redacted=("/context/a",))
    assert kinds(done) == ["question:answered", "context:added"]
    assert (scene.e.context["rollback"], scene.e.context_redacted) == ("none", ("/context/a",))
    assert kinds(scene.answer("see there", context={"rollback": "some"})) == []


def test_context_that_says_nothing_new_is_not_added() -> None:
    """The answer is."""
    scene = asked()
    scene.tell(rollback="none")
    assert kinds(scene.answer(context={"rollback": "none"})) == ["question:answered"]


@pytest.mark.parametrize(
    ("text", "no"), [("  ", Why.REASON_NEEDED), ("x" * (LONGEST_REASON + 1), Why.REASON_TOO_LONG)]
)
def test_an_answer_says_something_and_can_be_read(text: str, no: Why) -> None:
    """One letter may do: `y` is an answer."""
    scene = asked()
    assert why(scene.answer(text)) is no
    assert case(scene.answer("y")) is Case.ANSWERED


def test_what_is_over_is_answered_no_more() -> None:
    """The service hears that, the person who decided."""
    scene = asked()
    scene.vote("UANA")
    assert why(scene.answer()) is Why.ALREADY_TERMINAL
    assert why(scene.answer(account="UREQ")) is Why.ALREADY_DECIDED


def test_questions_about_an_incident_are_answered_too() -> None:
    """The same way."""
    scene = incident().open()
    scene.ask()
    assert case(scene.answer()) is Case.ANSWERED
