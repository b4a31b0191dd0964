"""Words that only look like others are named where somebody decides by them."""

from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.closely import MOST, look_closely
from bot.slack.drawing.details import details
from bot.slack.drawing.limits import check
from bot.slack.drawing.modals import vote_modal
from tests.bot.slack.drawing import ends, states
from tests.bot.slack.drawing.examples import MIGRATION, Story, people
from tests.bot.slack.drawing.reading import read

PEOPLE = people()
BAD = "docum\u0435nts"
SAID = f"*Look closely: *«{BAD}»: Cyrillic \u0435 among Latin letters."


def doubtful(e: Escalation) -> Escalation:
    """The same, with a title that is another."""
    return replace(e, title=f"Schema conflict on {BAD}")


def test_the_card_names_it_below_what_would_run() -> None:
    e = doubtful(Story(MIGRATION).escalation)
    for drawn in (channel_card(e, PEOPLE), direct_card(e, PEOPLE, "ravi")):
        lines = read(drawn).split("\n")
        assert SAID in lines
        assert lines.index(SAID) > lines.index("*What would run*")
        assert check(drawn) == ()


@pytest.mark.parametrize("option", [0, 1])
def test_the_window_that_decides_names_it(option: int) -> None:
    e = doubtful(Story(MIGRATION).escalation)
    assert SAID in read(vote_modal(e, e.options[option], PEOPLE, person="ravi"))


def test_details_name_it_and_so_does_the_decided_card() -> None:
    assert SAID in read(details(doubtful(Story(MIGRATION).escalation), PEOPLE))
    assert SAID in read(channel_card(doubtful(ends.ENDS["approved"][0]().escalation), PEOPLE))


def test_an_incident_names_it_too() -> None:
    e = doubtful(states.PENDING["incident"]())
    assert SAID in read(channel_card(e, states.PEOPLE))
    assert SAID in read(details(e, states.PEOPLE))


def test_of_many_the_first_are_named_and_the_rest_counted() -> None:
    words = " ".join(f"w\u0435rd{n}" for n in range(9))
    e = replace(Story(MIGRATION).escalation, title=words)
    (section,) = look_closely(e)
    said = "".join(part["text"] for part in section["elements"])
    assert said.count("Look closely") == MOST
    assert said.endswith("And 6 more words like these.")


def test_where_all_is_plain_nothing_is_said() -> None:
    assert look_closely(Story(MIGRATION).escalation) == []
