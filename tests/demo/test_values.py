"""What stands typed in a view, and what a client lets through; payloads as a forger bends them."""

from typing import Any

import pytest

from bot.demo.workspace.payloads import ABSENT, overridden
from bot.demo.workspace.values import client_errors, entered, initial_values, option_of
from tests.demo.world import actions, button, plain, typed

OPTIONS = [{"text": plain(word.title()), "value": word} for word in ("slow", "fast")]
SLOW, FAST = OPTIONS
REQUIRED = "Please complete this required field."


def asked(kind: str, block_id: str = "how", **element: Any) -> dict[str, Any]:
    """An input block with an element of this kind."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("How?"),
        "element": {"type": kind, "action_id": "way", **element},
    }


INITIAL = [
    (typed(), "reason", {"type": "plain_text_input", "value": None}),
    (typed(element={"initial_value": "x"}), "reason", {"type": "plain_text_input", "value": "x"}),
    (asked("static_select"), "way", {"type": "static_select", "selected_option": None}),
    (
        asked("radio_buttons", initial_option=SLOW),
        "way",
        {"type": "radio_buttons", "selected_option": SLOW},
    ),
    (asked("checkboxes"), "way", {"type": "checkboxes", "selected_options": []}),
    (
        asked("checkboxes", initial_options=[FAST]),
        "way",
        {"type": "checkboxes", "selected_options": [FAST]},
    ),
    (asked("users_select"), "way", {"type": "users_select", "selected_user": None}),
    (asked("multi_users_select"), "way", {"type": "multi_users_select", "selected_users": []}),
    (asked("datepicker"), "way", {"type": "datepicker", "selected_date": None}),
    (
        asked("datetimepicker", initial_date_time=1_800_000_000),
        "way",
        {"type": "datetimepicker", "selected_date_time": 1_800_000_000},
    ),
]


@pytest.mark.parametrize(("block", "action", "state"), INITIAL)
def test_a_view_starts_with_what_it_preselects(
    block: dict[str, Any], action: str, state: dict[str, Any]
) -> None:
    """And with nothing where it preselects nothing, in each element's own form."""
    assert initial_values([block]) == {block["block_id"]: {action: state}}


def test_menus_outside_inputs_hold_something_and_buttons_do_not() -> None:
    """In actions, and beside a section."""
    menu = {"type": "static_select", "action_id": "when", "options": OPTIONS}
    beside = {"type": "section", "block_id": "s", "text": plain("x"), "accessory": menu}
    nothing = {"type": "static_select", "selected_option": None}
    row = actions(button("Go", "go"), menu, block_id="row")
    assert initial_values([row, beside, {"type": "divider", "block_id": "d"}]) == {
        "row": {"when": nothing},
        "s": {"when": nothing},
    }


GIVEN = [
    {"why": "Because.", "how": "fast"},
    {"reason": "Because.", "way": "fast"},
    {"why": {"reason": "Because."}, "how": {"way": "fast"}},
    {
        "why": {"reason": {"type": "plain_text_input", "value": "Because."}},
        "how": {"way": {"type": "radio_buttons", "selected_option": FAST}},
    },
    {"why": {"value": "Because."}, "how": {"selected_option": FAST}},
]


@pytest.mark.parametrize("given", GIVEN)
def test_fields_are_named_by_block_or_by_action(given: dict[str, Any]) -> None:
    """With whole states, or shorter with the text typed or the value chosen."""
    blocks = [typed(), asked("radio_buttons", options=OPTIONS)]
    assert entered(blocks, given, initial_values(blocks)) == {
        "why": {"reason": {"type": "plain_text_input", "value": "Because."}},
        "how": {"way": {"type": "radio_buttons", "selected_option": FAST}},
    }


def test_what_is_left_alone_stays() -> None:
    """As it was before, field by field."""
    blocks = [typed(), typed("note")]
    first = entered(blocks, {"why": "A", "note": "B"}, initial_values(blocks))
    second = entered(blocks, {"note": "C"}, first)
    assert [second[name]["reason"]["value"] for name in ("why", "note")] == ["A", "C"]
    assert first["note"]["reason"]["value"] == "B"


def test_several_ticks_are_several_options() -> None:
    """By their values."""
    blocks = [asked("checkboxes", options=OPTIONS)]
    ticked = entered(blocks, {"how": ["fast", "slow"]}, initial_values(blocks))
    assert ticked["how"]["way"]["selected_options"] == [FAST, SLOW]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"when": "now"}, "no field \\['when'\\], only \\['how', 'why'\\]"),
        ({"why": {"when": "now"}}, "keeps value, not \\['when'\\]"),
        ({"how": "sideways"}, "no option 'sideways'"),
    ],
)
def test_what_the_view_does_not_have_cannot_be_entered(given: dict[str, Any], words: str) -> None:
    """The error names what there is."""
    blocks = [typed(), asked("radio_buttons", options=OPTIONS)]
    with pytest.raises(LookupError, match=words):
        entered(blocks, given, initial_values(blocks))


def test_an_option_is_found_in_groups_too() -> None:
    """Whichever group it stands in."""
    groups = [
        {"label": plain("a"), "options": [SLOW]},
        {"label": plain("b"), "options": [FAST]},
    ]
    assert option_of({"option_groups": groups}, "fast") == FAST


LIMITED = typed(element={"min_length": 2, "max_length": 4})


@pytest.mark.parametrize(
    ("block", "given", "error"),
    [
        (typed(), None, REQUIRED),
        (typed(), "", REQUIRED),
        (typed(), "x", None),
        (typed(optional=True), None, None),
        (LIMITED, "x", "Please enter at least 2 characters."),
        (LIMITED, "xx", None),
        (LIMITED, "xxxx", None),
        (LIMITED, "xxxxx", "Please enter at most 4 characters; this has 5."),
        (typed(), "x" * 3000, None),
        (typed(), "x" * 3001, "Please enter at most 3000 characters; this has 3001."),
        (asked("checkboxes", options=OPTIONS), [], REQUIRED),
        (asked("radio_buttons", options=OPTIONS), "slow", None),
    ],
)
def test_a_client_asks_for_corrections_itself(
    block: dict[str, Any], given: Any, error: str | None
) -> None:
    """Only what it lets through reaches the app."""
    before = initial_values([block])
    values = entered([block], {block["block_id"]: given} if given is not None else {}, before)
    assert client_errors([block], values).get(block["block_id"]) == error


def test_a_forged_payload_changes_deep_within() -> None:
    """Nested fields are changed one by one, lists and texts whole, the original not at all."""
    true = {"user": {"id": "U1", "name": "a"}, "actions": [1, 2], "message": {"ts": "1"}}
    forged = overridden(
        true, {"user": {"id": "U2"}, "actions": [], "message": ABSENT, "more": {"x": 1}}
    )
    assert forged == {"user": {"id": "U2", "name": "a"}, "actions": [], "more": {"x": 1}}
    assert true["user"]["id"] == "U1"
    assert overridden(true, {"user": {}})["user"] == true["user"]
    assert overridden(true, {"user": {"id": ABSENT, "name": ABSENT}})["user"] == {}
    assert overridden(true, {"nothing": ABSENT}) == true
