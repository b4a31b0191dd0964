"""A drawing over Slack's limits is sent all the same, without what Slack would refuse."""

from typing import Any

from bot.messaging import Message
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.fitting import fitting, fitting_view
from bot.slack.drawing.limits import check
from bot.slack.drawing.modals import vote_modal
from bot.slack.drawing.spans import rich, section
from tests.bot.slack.drawing.examples import MIGRATION, Story
from tests.bot.slack.drawing.reading import read

TOO_MUCH = rich(section(("x" * 3001,)), block_id="run")
LEFT_OUT = "A part of this does not fit into what Slack takes and is left out here."


def card(*more: dict[str, Any], text: str = "") -> Message:
    """A card, with something Slack would refuse in front."""
    story = Story(MIGRATION)
    drawn = channel_card(story.escalation, story.people)
    return Message(text=text or drawn.text, blocks=(*more, *drawn.blocks))


def actions_of(message: Message) -> list[str]:
    """Action ids of the row of buttons."""
    found = (b["elements"] for b in message.blocks if b["type"] == "actions")
    return [element["action_id"] for row in found for element in row]


def test_what_fits_is_left_as_it_is() -> None:
    drawn = card()
    assert fitting(drawn) is drawn


def test_a_block_slack_would_refuse_is_left_out_and_the_card_says_so() -> None:
    left = fitting(card({**TOO_MUCH, "block_id": "huge"}))
    assert () == check(left)
    assert LEFT_OUT in read(left)
    assert "Schema conflict on search index documents_v3" in read(left)


def test_buttons_of_such_a_card_open_all_of_it_before_they_decide() -> None:
    left = fitting(card({**TOO_MUCH, "block_id": "huge"}))
    assert actions_of(left) == [
        "read_whole:migrate",
        "read_whole:recreate",
        "read_whole:manual",
        "acknowledge",
        "ask",
        "details",
    ]


def test_the_largest_parts_go_first_when_only_all_of_it_is_too_long() -> None:
    many = [rich(section(("x" * 2900,)), block_id=f"part_{n}") for n in range(4)]
    left = fitting(card(*many))
    assert () == check(left)
    assert actions_of(left)[-1] == "details"


def test_a_long_line_is_cut_and_nothing_else_is_touched() -> None:
    drawn = card(text="word " * 60)
    left = fitting(drawn)
    assert (len(left.text) <= 150, left.text[-1], left.blocks) == (True, "…", drawn.blocks)


def test_a_block_that_stands_twice_stands_once() -> None:
    twice = rich(section(("twice",)), block_id="twice")
    left = fitting(card(twice, twice))
    assert () == check(left)
    assert read(left).count("twice") == 1


def test_a_window_slack_would_refuse_says_why_and_cannot_be_sent_off() -> None:
    story = Story(MIGRATION)
    option = story.escalation.options[1]
    view = vote_modal(story.escalation, option, story.people)
    assert fitting_view(view) == view
    left = fitting_view({**view, "blocks": [*view["blocks"], TOO_MUCH]})
    assert () == check(left)
    assert "submit" not in left
    assert "nothing is recorded" in str(left)


def test_app_home_over_the_limits_says_so_too() -> None:
    left = fitting_view({"type": "home", "blocks": [TOO_MUCH]})
    assert (check(left), left["type"]) == ((), "home")
