"""Errors say in one sentence what happened and whether to retry, to people and to programs."""

import copy
import pickle
from typing import Any

import pytest
from andon import (
    AndonError,
    ExpiredError,
    FieldProblem,
    GrantError,
    NotReleasedError,
    Problem,
    RefusedRequestError,
    RejectedError,
    SettingsError,
    TakenError,
    UnavailableError,
    WithdrawnError,
)
from andon.flow.endings import not_released, taken
from andon.models import Escalation

from tests.client.scripted import TOLD

AT = "2026-11-12T21:31:00Z"
PROBLEM = Problem(422, "/problems/unprocessable", "No", "Mend it.")
EVERY = [
    AndonError("It failed."),
    SettingsError("Set ANDON_URL."),
    UnavailableError("Andon cannot be reached.", id="esc_1"),
    RefusedRequestError(PROBLEM, id="esc_1"),
    NotReleasedError("It was not released.", id="esc_1"),
    RejectedError("Sam said no.", id="esc_1", who="sam", rationale="no", reason_kind="stopped"),
    ExpiredError("Nobody decided.", escalation=Escalation.model_validate(TOLD)),
    WithdrawnError("It was withdrawn.", id="esc_1"),
    TakenError("Another caller runs it.", id="esc_1", who="payments"),
    GrantError("The grant does not verify.", id="esc_1"),
]


@pytest.mark.parametrize("error", EVERY, ids=lambda e: type(e).__name__)
def test_an_error_crosses_processes_whole(error: AndonError) -> None:
    """Pickled by pools and task queues."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  our own
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("error", EVERY, ids=lambda e: type(e).__name__)
def test_an_error_says_whether_to_retry(error: AndonError) -> None:
    """In its last sentence, and as a fact."""
    assert str(error) == f"{error.why} {error.advice}"
    assert error.retry == isinstance(error, UnavailableError | ExpiredError)


def test_without_words_the_class_has_its_own() -> None:
    """Never an empty message."""
    assert str(RejectedError()) == "A person said no. Do not retry."
    assert str(UnavailableError()) == "Andon could not be asked. Ask again."


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            Problem(404, "/problems/not-found", "Not found", "There is no such escalation."),
            "Andon refuses the request (404, Not found): There is no such escalation. "
            "Do not retry.",
        ),
        (
            Problem(401, "/problems/unauthorized", "Who is calling?", "No live key like this."),
            "Andon refuses the request (401, Who is calling?): No live key like this. "
            "Put the service's key into ANDON_KEY or ANDON_KEY_FILE.",
        ),
        (
            Problem(
                422,
                "/problems/unprocessable",
                "The request cannot be taken",
                "Mend what `errors` names.",
                [FieldProblem("/title", "It is too long."), FieldProblem("", "It is odd.")],
            ),
            "Andon refuses the request (422, The request cannot be taken): "
            "/title: It is too long. /: It is odd. Mend it first.",
        ),
        (
            Problem(
                422,
                "/problems/not-automatable",
                "Not automatable",
                "This never runs by itself.",
                [FieldProblem("/category", "People decide about a deployment.")],
            ),
            "Andon refuses the request (422, Not automatable): This never runs by itself. "
            "/category: People decide about a deployment. Mend it first.",
        ),
    ],
)
def test_a_refusal_says_once_what_to_do(problem: Problem, said: str) -> None:
    """There is nothing to mend about what is over or somebody else's."""
    assert str(RefusedRequestError(problem)) == said


def told(**changes: Any) -> Escalation:
    """An escalation as it stands."""
    return Escalation.model_validate({**TOLD, "options": OPTIONS, **changes})


OPTIONS = [
    {"key": "go", "label": "Go", "effect": "release"},
    {"key": "no", "label": "Not now", "effect": "abort"},
]
NO = {"option": "no", "effect": "abort", "by": "votes", "at": AT}
VOTE = {"person": "Sam", "option": "no", "rationale": "the disk is full", "at": AT}
STOPPED = {"by": "Ines", "at": AT, "reason": "wait for Monday"}
BACK = {"option": None, "effect": "abort", "by": "requester", "at": AT, "reason": "not needed"}
HELD = {"name": "x"}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            told(status="rejected", decision=NO, votes=[VOTE]),
            "Sam said no to “Drop column” (Not now): the disk is full. Do not retry.",
        ),
        (
            told(status="rejected", decision=NO, votes=[{**VOTE, "rationale": None}]),
            "Sam said no to “Drop column” (Not now). Do not retry.",
        ),
        (told(status="rejected"), "A person said no to “Drop column”. Do not retry."),
        (
            told(status="expired"),
            "Nobody decided “Drop column” in time, so it stays undone. "
            "Ask again when somebody is there.",
        ),
        (
            told(status="withdrawn", decision=BACK),
            "“Drop column” was withdrawn: not needed. Do not retry.",
        ),
        (
            told(status="approved", stopped=STOPPED, operation={**HELD, "state": "aborted"}),
            "Ines stopped “Drop column” after it was approved: wait for Monday. Do not retry.",
        ),
        (
            told(status="approved", operation={**HELD, "state": "lapsed"}),
            "“Drop column” was approved, but not taken in time. Ask again.",
        ),
        (
            taken_ := told(status="approved", claim={"at": AT, "by": "payments"}),
            "Another caller (payments) took the release of “Drop column” at 21:31:00 UTC. "
            "Do not retry.",
        ),
    ],
)
def test_an_end_is_told_in_one_sentence(found: Escalation, said: str) -> None:
    """Who, what, why, and what to do."""
    assert str(taken(found) if found is taken_ else not_released(found)) == said


@pytest.mark.parametrize("status", ["pending", "approved", "paused"])
def test_what_is_open_has_no_end(status: str) -> None:
    """Not even one that a newer server invents."""
    assert not_released(told(status=status, operation={**HELD, "state": "held"})) is None
