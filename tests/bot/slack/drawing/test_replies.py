"""Answers to looking, asking, answering, extending, resolving and overriding, each as stored."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from approvals.codec import instant
from approvals.escalation import Escalation
from approvals.refusals import Why
from approvals.verdict import Case
from bot.messaging import Message
from bot.slack.drawing.answers import answer
from bot.slack.drawing.limits import check
from bot.slack.drawing.modals import notice
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored

AT = {"at": instant(later(15)), "by": ["Mia", "Tom"], "option": "Migrate, keep data"}

#: Case, the escalation as it stands after it, and the values the core gives.
ROWS: Mapping[str, tuple[str, Callable[[], Escalation], dict[str, Any]]] = {
    "looking": (Case.ACKNOWLEDGED, states.looking, {"until": instant(later(26))}),
    "looking_at_incident": (Case.ACKNOWLEDGED, states.incident_looked_at, {}),
    "question_asked": (Case.QUESTION_ASKED, states.asked, {}),
    "answer_given": (
        Case.ANSWERED,
        states.answered,
        {"question": "Is the downgrade tested?"},
    ),
    "repeated": (Case.REPEATED, states.answered, {"question": "Is the downgrade tested?"}),
    "extended": (Case.EXTENDED, states.extended, {}),
    "resolved": (Case.RESOLVED, states.resolved, {}),
    "override_asked": (
        Case.OVERRIDE_ASKED,
        states.override_asked,
        {"option": "Migrate, keep data", "have": 1, "needed": 2, "may": ["Tom"]},
    ),
    "overridden": (Case.OVERRIDDEN, states.overridden, {}),
    "not_held": (Why.NOT_HELD, states.incident, {}),
    "not_an_incident": (Why.NOT_AN_INCIDENT, states.awaited, {}),
    "already_extended": (Why.ALREADY_EXTENDED, states.extended, {}),
    "not_extendable": (Why.NOT_EXTENDABLE, states.awaited, {}),
    "not_extendable_incident": (Why.NOT_EXTENDABLE, states.incident, {}),
    "already_looking": (Why.ALREADY_ACKNOWLEDGED, states.looking, {}),
    "no_question": (Why.NO_QUESTION, states.awaited, {}),
    "already_answered": (
        Why.ALREADY_ANSWERED,
        states.answered,
        {"answer": "Twice, on a copy of last night.", "by": "service:search-api"},
    ),
    "not_breakable": (Why.NOT_BREAKABLE, states.awaited, {}),
    "answer_of_another": (Why.NOT_YOUR_VOTE, states.asked, {"verb": "answer"}),
    "already_resolved": (Why.ALREADY_TERMINAL, states.resolved, {}),
    "already_recovered": (Why.WITHDRAWN, states.recovered, {**AT, "by": []}),
    "already_overridden": (Why.ALREADY_DECIDED, states.overridden, AT),
    "incident_of_others": (
        Why.NOT_IN_GROUP,
        states.incident,
        {"groups": ["platform-oncall"], "can": ["Priya", "Sam"]},
    ),
    "incident_people_unknown": (Why.PEOPLE_UNKNOWN, states.incident, {}),
}


def told(name: str, typed: str | None = None) -> Message:
    """The answer of that row."""
    case, tell, values = ROWS[name]
    return answer(case, values, tell(), PEOPLE, typed=typed)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_answered_as_stored(name: str) -> None:
    drawn = told(name)
    assert () == check(drawn)
    assert () == check(notice(drawn))
    assert_stored(f"answer_{name}", drawn)


@pytest.mark.parametrize("name", ROWS)
def test_an_answer_says_first_whether_it_was_recorded_and_rings_nobody(name: str) -> None:
    drawn = told(name)
    refused = isinstance(ROWS[name][0], Why)
    first = ("Recorded: ", "Already recorded")
    assert drawn.text.startswith("Not recorded." if refused else first)
    assert not [p for p in everything(list(drawn.blocks)) if p.get("type") == "user"]


@pytest.mark.parametrize("name", ROWS)
def test_what_was_written_is_given_back_where_it_was_not_recorded(name: str) -> None:
    text = read(told(name, typed="as I wrote"))
    assert ("Your text, to copy: «as I wrote»" in text) == isinstance(ROWS[name][0], Why)


@pytest.mark.parametrize("case", [*Case, *Why])
@pytest.mark.parametrize("tell", [states.awaited, states.incident, states.resolved])
def test_every_word_of_the_core_has_an_answer_whatever_it_is_about(
    case: str, tell: Callable[[], Escalation]
) -> None:
    values = {**AT, "have": 1, "needed": 2}
    drawn = answer(case, values, replace(tell(), summary=None), PEOPLE)
    assert () == check(drawn)
