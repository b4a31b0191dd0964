"""What of Slack's payloads is let in: fields may be missing or null, parts of them may not."""

from typing import Any

import pytest

from bot.slack.shapes import is_shaped


def sent_off(values: Any) -> dict[str, Any]:
    """A modal sent off with these values."""
    view = {"type": "modal", "callback_id": "vote", "state": {"values": values}}
    return {"type": "view_submission", "view": view}


A_BUTTON = {"action_id": "details", "type": "button"}
TYPED = {"reason": {"reason": {"type": "plain_text_input", "value": None}}}


@pytest.mark.parametrize("values", [None, {}, {"reason": {}}, TYPED])
def test_what_nobody_typed_is_let_in(values: Any) -> None:
    assert is_shaped(sent_off(values))


@pytest.mark.parametrize("values", [[], {"reason": None}, {"reason": {"reason": None}}])
def test_values_of_another_shape_are_not(values: Any) -> None:
    assert not is_shaped(sent_off(values))


def test_half_a_character_is_no_text() -> None:
    assert is_shaped({"type": "block_actions", "user": {"id": "Ué"}, "actions": [A_BUTTON]})
    assert not is_shaped(
        {"type": "block_actions", "user": {"id": "U\ud800"}, "actions": [A_BUTTON]}
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "workflow_step_edit", "callback_id": "x"},
        {"type": "dialog_submission", "callback_id": "ask", "actions": [{"action_id": "details"}]},
        {"type": "dialog_cancellation", "callback_id": "ask"},
        {"type": "interactive_message", "callback_id": "ask", "actions": [{"action_id": "x"}]},
        {"type": "view_submission", "view": {"type": "workflow_step", "callback_id": "x"}},
        {"type": "event_callback", "event": {"type": "workflow_step_execute"}},
    ],
)
def test_sorts_of_before_blocks_are_no_more(payload: dict[str, Any]) -> None:
    assert not is_shaped(payload)
