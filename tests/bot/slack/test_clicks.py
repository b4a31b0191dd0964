"""Clicks are read tolerantly: payloads are foreign text, and any field may be absent."""

from typing import Any

import pytest

from bot.slack.clicks import of_button, of_modal

VALUE = '{"e":"esc_1","o":"retry","s":2,"d":"0123456789abcdef"}'


def pressed(**changes: Any) -> dict[str, Any]:
    """A button of a message in a channel."""
    action = {"action_id": "vote:retry", "action_ts": "1.5", "value": VALUE}
    return {
        "user": {"id": "USAM"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "1.1"},
        "trigger_id": "t",
        "actions": [action | changes.pop("action", {})],
        **changes,
    }


def test_a_button_names_what_it_is_for() -> None:
    click = of_button(pressed(), foreign=False)
    assert (click.account, click.escalation, click.option) == ("USAM", "esc_1", "retry")
    assert (click.shown, click.digest, click.action) == (2, "0123456789abcdef", "vote:retry")
    assert (click.channel, click.ts, click.view_id) == ("C1", "1.1", "")


@pytest.mark.parametrize(
    ("message", "thread"),
    [
        ({"ts": "1.1"}, None),
        ({"ts": "1.1", "thread_ts": "1.1", "reply_count": 2}, None),
        ({"ts": "1.4", "thread_ts": "1.1"}, "1.1"),
    ],
)
def test_a_card_with_replies_is_answered_in_the_channel(
    message: dict[str, Any], thread: str | None
) -> None:
    """Whispered into its thread, an answer is seen only by those who have that thread open."""
    assert of_button(pressed(message=message), foreign=False).thread_ts == thread


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"actions": []},
        {"actions": [{}], "user": None, "view": None, "channel": None},
        pressed(action={"value": None}),
        pressed(action={"value": "not json"}),
        pressed(action={"value": "[1, 2]"}),
        pressed(action={"value": '{"e": null, "s": "two"}'}),
    ],
)
def test_what_is_missing_or_strange_names_nothing(payload: dict[str, Any]) -> None:
    click = of_button(payload, foreign=True)
    assert (click.escalation, click.option, click.shown) == ("", "", -1)
    assert click.actor.foreign


def test_every_delivery_of_a_click_is_the_same_command_and_the_next_click_another() -> None:
    first, again = (of_button(pressed(), foreign=False) for _ in range(2))
    later = of_button(pressed(action={"action_ts": "1.6"}), foreign=False)
    other = of_button(pressed(user={"id": "UPRIYA"}), foreign=False)
    assert first.command_id == again.command_id
    assert len({first.command_id, later.command_id, other.command_id}) == 3


def test_a_button_in_a_modal_is_answered_where_the_modal_came_from() -> None:
    view = {"id": "V1", "type": "modal", "private_metadata": '{"c":"C9","t":"9.9"}'}
    click = of_button(pressed(channel=None, container={}, view=view), foreign=False)
    assert (click.view_id, click.channel, click.ts, click.escalation) == (
        "V1",
        "C9",
        "9.9",
        "esc_1",
    )


def test_a_name_longer_than_any_of_slacks_is_none_to_be_carried_on() -> None:
    payload = pressed(channel={"id": "C" * 101}, container={"message_ts": "1" * 101})
    click = of_button(payload, foreign=False)
    assert (click.channel, click.ts) == (None, None)


def test_half_a_character_names_no_escalation() -> None:
    click = of_button(pressed(action={"value": '{"e":"esc_\\ud800","o":"go"}'}), foreign=False)
    assert (click.escalation, click.option) == ("", "go")


def test_a_button_at_home_is_in_no_modal() -> None:
    view = {"id": "V1", "type": "home", "private_metadata": ""}
    click = of_button(pressed(channel=None, container={}, view=view), foreign=False)
    assert (click.view_id, click.channel) == ("", None)


def test_a_modal_brings_what_was_typed_and_chosen() -> None:
    values = {
        "reason": {"reason": {"type": "plain_text_input", "value": "because"}},
        "chip": {"chip": {"type": "radio_buttons", "selected_option": {"value": "not_now"}}},
        "typed": {"typed": {"type": "plain_text_input", "value": None}},
    }
    view = {
        "id": "V1",
        "type": "modal",
        "hash": "h",
        "private_metadata": VALUE.replace("}", ',"c":"C1"}'),
        "state": {"values": values},
    }
    click = of_modal({"user": {"id": "USAM"}, "view": view}, foreign=False)
    assert click.values == {"reason": "because", "chip": "not_now", "typed": None}
    assert (click.channel, click.escalation, click.action) == ("C1", "esc_1", "")


def test_a_secret_that_somebody_types_is_hidden_before_anything_reads_it() -> None:
    values = {"reason": {"reason": {"value": "the password is hunter22, and token=abc12345"}}}
    view = {"id": "V1", "type": "modal", "private_metadata": "{}", "state": {"values": values}}
    click = of_modal({"user": {"id": "USAM"}, "view": view}, foreign=False)
    assert click.values["reason"] == (
        "the password is [hidden: password], and token=[hidden: token]"
    )
