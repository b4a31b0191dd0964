"""The count of Slack's limits finds what Slack would refuse."""

from typing import Any

import pytest

from bot.messaging import Message
from bot.slack.drawing.limits import check

BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "a",
    "text": {"type": "plain_text", "text": "Go"},
}


def message(*blocks: dict[str, Any], text: str = "fine") -> Message:
    """A message of those blocks."""
    return Message(text=text, blocks=blocks)


def plain(count: int) -> dict[str, Any]:
    """A plain_text of so many characters."""
    return {"type": "plain_text", "text": "x" * count}


def rich(*elements: Any) -> dict[str, Any]:
    """A rich_text section of these elements."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


WRONG: dict[str, Any] = {
    "empty text": message(text=" "),
    "long text": message(text="x" * 151),
    "51 blocks": message(*[{"type": "divider"}] * 51),
    "10,001 characters": message(*[{"type": "section", "text": plain(2501)}] * 4),
    "long header": message({"type": "header", "text": plain(151)}),
    "header in mrkdwn": message({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
    "long section": message({"type": "section", "text": plain(3001)}),
    "long field": message({"type": "section", "fields": [plain(2001)]}),
    "11 fields": message({"type": "section", "fields": [plain(1)] * 11}),
    "11 in a context": message({"type": "context", "elements": [plain(1)] * 11}),
    "26 buttons": message(
        {"type": "actions", "elements": [{**BUTTON, "action_id": str(n)} for n in range(26)]}
    ),
    "no buttons": message({"type": "actions", "elements": []}),
    "long button": message({"type": "actions", "elements": [{**BUTTON, "text": plain(76)}]}),
    "long value": message({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}),
    "long spoken label": message(
        {"type": "actions", "elements": [{**BUTTON, "accessibility_label": "x" * 76}]}
    ),
    "strange style": message({"type": "actions", "elements": [{**BUTTON, "style": "green"}]}),
    "the same button twice": message({"type": "actions", "elements": [BUTTON, BUTTON]}),
    "the same block twice": message(*[{"type": "divider", "block_id": "a"}] * 2),
    "empty piece": message(rich({"type": "text", "text": ""})),
    "no pieces": message(rich()),
    "empty rich text": message({"type": "rich_text", "elements": []}),
    "unknown block": message({"type": "video"}),
    "long title": {"type": "modal", "title": plain(25), "blocks": [{"type": "divider"}]},
    "no title": {"type": "modal", "blocks": [{"type": "divider"}]},
    "no blocks": {"type": "modal", "title": plain(4), "blocks": []},
    "101 blocks": {"type": "modal", "title": plain(4), "blocks": [{"type": "divider"}] * 101},
    "long metadata": {
        "type": "modal",
        "title": plain(4),
        "private_metadata": "x" * 3001,
        "blocks": [{"type": "divider"}],
    },
    "input without submit": {
        "type": "modal",
        "title": plain(4),
        "blocks": [{"type": "input", "label": plain(4), "element": {"type": "plain_text_input"}}],
    },
    "eleven choices": {
        "type": "modal",
        "title": plain(4),
        "submit": plain(4),
        "blocks": [
            {
                "type": "input",
                "label": plain(4),
                "element": {"options": [{"text": plain(1), "value": str(n)} for n in range(11)]},
            }
        ],
    },
}


@pytest.mark.parametrize("name", WRONG)
def test_what_slack_would_refuse_is_named(name: str) -> None:
    assert len(check(WRONG[name])) == 1


def test_what_slack_takes_is_taken() -> None:
    assert () == check(message(rich({"type": "text", "text": "x"}), {"type": "divider"}))
    assert () == check({"text": "fine", "blocks": [{"type": "actions", "elements": [BUTTON]}]})
