"""Cards on their way and at their further ends: who looks, what was asked, incidents, overrides."""

from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from approvals.ports import Card
from bot.messaging import Message
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.limits import CARD, CARD_BLOCKS, characters, check
from bot.slack.drawing.words import WRITE_ISSUE, WRITE_REVIEW
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import MIGRATION, Story, later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.states import OVER, PENDING, PEOPLE
from tests.bot.slack.drawing.stored import assert_stored

SENT = (
    Card(id="c1", escalation_id="e", surface="channel", target="C0DATABASE", ts="1.1"),
    Card(id="c2", escalation_id="e", surface="direct", target="ravi", ts="1.2"),
    Card(id="c3", escalation_id="e", surface="direct", target="ines", ts="1.3"),
)


def labels(drawn: Message) -> list[str]:
    """What the buttons say, in order."""
    return [b["text"]["text"] for b in everything(list(drawn.blocks)) if b.get("type") == "button"]


@pytest.mark.parametrize("name", PENDING)
def test_every_state_on_the_way_is_drawn_as_stored(name: str) -> None:
    e = PENDING[name]()
    drawn = channel_card(e, PEOPLE)
    assert check(drawn) == ()
    assert_stored(f"state_{name}", drawn)


@pytest.mark.parametrize("name", OVER)
def test_every_further_end_is_drawn_as_stored(name: str) -> None:
    tell, word = OVER[name]
    drawn = channel_card(tell(), PEOPLE, cards=SENT)
    assert check(drawn) == ()
    assert drawn.text.startswith(f"{word}: ")
    assert drawn.blocks[0]["elements"][0]["text"].startswith(f"{word} · was ")
    assert set(labels(drawn)) <= {"Details", "Stop it", WRITE_ISSUE, WRITE_REVIEW}
    assert_stored(f"end_{name}", drawn)


@pytest.mark.parametrize("tell", [states.incident, states.incident_looked_at])
def test_an_incident_offers_to_look_to_ask_and_to_resolve_and_nothing_to_decide(
    tell: "states.Callable[[], Escalation]",
) -> None:
    for drawn in (channel_card(tell(), PEOPLE), direct_card(tell(), PEOPLE, "sam")):
        assert labels(drawn) == ["I am looking", "Ask", "Resolve", "Details"]
        assert "digest" not in read(drawn)


@pytest.mark.parametrize(
    "change",
    [
        states.looking,
        states.asked,
        states.unattended,
        states.override_asked,
        lambda: states.chained(occurrences=7),
    ],
)
def test_progress_is_drawn_in_the_channel_and_leaves_direct_messages_alone(
    change: "states.Callable[[], Escalation]",
) -> None:
    before, after = states.awaited(), change()
    assert channel_card(before, PEOPLE).drawn != channel_card(after, PEOPLE).drawn
    assert direct_card(before, PEOPLE, "ines").drawn == direct_card(after, PEOPLE, "ines").drawn


def test_how_often_it_was_asked_is_counted_in_the_channel_alone() -> None:
    e = states.chained(occurrences=7)
    assert "Asked 7 times." in read(channel_card(e, PEOPLE))
    assert "times." not in read(direct_card(e, PEOPLE, "ravi"))


@pytest.mark.parametrize("change", [states.answered, states.extended, states.came_late])
def test_what_is_to_be_judged_redraws_direct_messages(
    change: "states.Callable[[], Escalation]",
) -> None:
    before = direct_card(states.awaited(), PEOPLE, "ines")
    assert before.drawn != direct_card(change(), PEOPLE, "ines").drawn


def test_who_cannot_decide_is_told_what_for_they_got_it() -> None:
    e = replace(states.chained(), requester=None)
    e = replace(e, plan=replace(e.plan, owners=("lena",)))
    assert "you are asked as one of them" in read(direct_card(e, PEOPLE, "ravi"))
    assert "as one of those who answer for search-api" in read(direct_card(e, PEOPLE, "lena"))
    assert "as somebody who can find those who may" in read(direct_card(e, PEOPLE, "sam"))


def test_a_first_answer_is_awaited_only_until_there_is_one() -> None:
    line = "First answer expected by {21:45 UTC}."
    assert line in read(channel_card(states.awaited(), PEOPLE))
    unchained = replace(states.awaited(), plan=replace(states.awaited().plan, steps=()))
    assert line not in read(channel_card(unchained, PEOPLE))
    for tell in (states.looking, states.asked, states.unattended):
        assert "First answer" not in read(channel_card(tell(), PEOPLE))


def test_the_lock_screen_of_an_incident_says_by_when_to_look_until_somebody_does() -> None:
    text = channel_card(states.incident(), PEOPLE).text
    assert text == (
        "CRITICAL production: Checkout fails for one in ten. From shop. "
        "Look by 22:35 CET, else others are called."
    )
    looked_at = channel_card(states.incident_looked_at(), PEOPLE).text
    assert looked_at.endswith("From shop. Nothing is held.")


def test_the_fullest_card_on_its_way_still_fits() -> None:
    long = "word " * 400
    every = [replace(states.ANSWERED, id=f"q{n}", text=long, answer=long) for n in range(20)]
    e = replace(
        states.override_asked(),
        questions=tuple(every),
        acknowledged=states.looking().acknowledged,
        extended=states.extended().extended,
        delivered_at=later(20),
        context=dict.fromkeys(("user_impact", "blast_radius", "rollback"), long)
        | {"attempts": [{"at": "x", "action": long, "error": long}] * 9},
        options=tuple(replace(o, description=long) for o in Story(MIGRATION).escalation.options),
    )
    for drawn in (channel_card(e, PEOPLE), direct_card(e, PEOPLE, "ravi")):
        assert check(drawn) == ()
        assert characters(drawn.blocks) <= CARD
        assert len(drawn.blocks) <= CARD_BLOCKS
