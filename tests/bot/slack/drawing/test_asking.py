"""Windows of what people do besides deciding: what they ask for, carry, and say at their fields."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from approvals.refusals import Refusal, Why
from approvals.snapshot import Requirement
from bot.slack.drawing import asking, words
from bot.slack.drawing.details import details
from bot.slack.drawing.form import View
from bot.slack.drawing.limits import check
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import RETRIES, TRANSFER
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored


def _override(tell: Callable[[], Escalation], person: str) -> View:
    return asking.override_modal(tell(), PEOPLE, person=person, channel="C1", ts="1.2")


def _money() -> Escalation:
    return states.chained(TRANSFER)


def _money_asked() -> Escalation:
    first = replace(states.override_asked().overrides[0], option="release")
    return states.chained(TRANSFER, overrides=(first,))


WINDOWS: Mapping[str, Callable[[], View]] = {
    "ask": lambda: asking.ask_modal(states.awaited(), PEOPLE, channel="C1", ts="1.2"),
    "ask_incident": lambda: asking.ask_modal(states.incident(), PEOPLE),
    "answer": lambda: asking.answer_modal(states.asked(), states.ASKED, PEOPLE),
    "resolve": lambda: asking.resolve_modal(states.incident_looked_at(), PEOPLE),
    "override_first": lambda: _override(states.awaited, "mia"),
    "override_second": lambda: _override(states.override_asked, "tom"),
    "override_again": lambda: _override(states.override_asked, "mia"),
    "override_differing": lambda: _override(states.overrides_differ, "tom"),
    "override_only_option": lambda: _override(_money, "mia"),
    "override_only_second": lambda: _override(_money_asked, "tom"),
    "override_only_again": lambda: _override(_money_asked, "mia"),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_every_window_asks_as_stored(name: str) -> None:
    view = WINDOWS[name]()
    assert () == check(view)
    assert_stored(f"modal_{name}", view)


@pytest.mark.parametrize("name", WINDOWS)
def test_nothing_is_preselected(name: str) -> None:
    inputs = [b["element"] for b in WINDOWS[name]()["blocks"] if b["type"] == "input"]
    assert not [i for i in inputs if {"initial_option", "initial_value"} & set(i)]


def test_only_the_cause_is_required_to_resolve() -> None:
    inputs = [b for b in WINDOWS["resolve"]()["blocks"] if b["type"] == "input"]
    required = {b["block_id"] for b in inputs if not b["optional"]}
    assert ({"root_cause"}, 3) == (required, len(inputs))


def test_a_window_carries_where_it_was_opened_and_which_question() -> None:
    carried = json.loads(WINDOWS["ask"]()["private_metadata"])
    assert ("C1", "1.2", states.awaited().id) == (carried["c"], carried["t"], carried["e"])
    assert "qst_1" == json.loads(WINDOWS["answer"]()["private_metadata"])["q"]


def test_who_overrides_sees_all_that_would_run_and_chooses_where_there_is_a_choice() -> None:
    several, one = read(WINDOWS["override_first"]()), read(WINDOWS["override_only_option"]())
    assert "DELETE INDEX documents_v3" in several
    assert "Recreate index (data loss), cannot be undone" in several
    assert "90,000.00 EUR" in one
    assert "What should run?" not in one
    carried = json.loads(WINDOWS["override_only_option"]()["private_metadata"])
    assert "release" == carried["o"]


def test_what_fits_no_window_cannot_be_overridden_from_one() -> None:
    operation = {"name": "x", "arguments": {"sql": "\u202e" * 59_990}}
    e = states.chained({**RETRIES, "operation": operation})
    view = asking.override_modal(e, PEOPLE, person="mia")
    assert () == check(view)
    assert "submit" not in view


@pytest.mark.parametrize(
    ("verb", "given", "expected"),
    [
        ("ask", {}, "Write what you need to know. Nothing is asked yet."),
        ("ask", {"reason": "  "}, "Write what you need to know. Nothing is asked yet."),
        ("answer", {}, "Write the answer. Nothing is recorded yet."),
        (
            "resolve",
            {"by_hand": "x"},
            "Say what the cause was, in three characters or more. Nothing is recorded yet.",
        ),
        ("break_glass", {}, "Say why in a few words. Nothing is recorded yet."),
        ("ask", {"reason": "Since when?"}, None),
        ("vote", {}, None),
    ],
)
def test_spaces_alone_are_nothing(verb: str, given: dict[str, str], expected: str | None) -> None:
    place = "root_cause" if verb == "resolve" else "reason"
    assert ({place: expected} if expected else {}) == words.empty_errors(verb, given)


def test_what_the_core_corrects_is_said_at_the_field_it_is_about() -> None:
    long = Refusal(why=Why.REASON_TOO_LONG, values={"most": 1000, "length": 1312})
    assert {"root_cause": "At most 1,000 characters; this has 1,312."} == words.field_errors(
        long, "resolve"
    )
    named = replace(long, values={**long.values, "field": "by_hand"})
    assert {"by_hand"} == set(words.field_errors(named, "resolve"))
    short = Refusal(why=Why.REASON_NEEDED)
    assert {"reason": "Write the answer. Nothing is recorded yet."} == words.field_errors(
        short, "answer"
    )


def offered(e: Escalation, person: str | None) -> set[str]:
    """What Details offers that person."""
    view = details(e, PEOPLE, person=person)
    assert () == check(view)
    found = [b["action_id"] for b in everything(view) if b.get("type") == "button"]
    assert not [a for a in found if a.startswith("vote")]
    return set(found)


def test_details_offer_more_time_to_those_who_may_decide_and_an_override_to_those_named() -> None:
    e = states.awaited()
    assert {"extend"} == offered(e, "ravi")
    assert {"break_glass"} == offered(e, "mia")
    assert set() == offered(e, "sam") | offered(e, None)
    assert set() == offered(states.extended(), "ravi")
    assert set() == offered(states.overridden(), "mia")
    assert set() == offered(states.incident(), "sam")


def test_nobody_is_offered_an_override_who_asked_or_whom_no_policy_names() -> None:
    e = states.awaited()
    own = replace(e, plan=replace(e.plan, excluded=("mia",)))
    unbreakable = replace(e, plan=replace(e.plan, break_glass=None))
    elsewhere = replace(e, plan=replace(e.plan, break_glass=Requirement(group="x", needed=2)))
    assert set() == offered(own, "mia") | offered(unbreakable, "mia") | offered(elsewhere, "mia")
