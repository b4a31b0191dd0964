"""The card: pending in the channel and in direct messages, and every end of it."""

import json
from typing import Any

import pytest

from approvals.ports import Card
from bot.messaging import Message
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.limits import CARD, CARD_BLOCKS, characters, check
from tests.bot.slack.drawing.ends import ENDS
from tests.bot.slack.drawing.examples import (
    DROP,
    MIGRATION,
    RETRIES,
    TRANSFER,
    Story,
    later,
    people,
)
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

EXAMPLES = {"migration": MIGRATION, "drop": DROP, "transfer": TRANSFER, "retries": RETRIES}

SENT = (
    Card(id="c1", escalation_id="e", surface="channel", target="C0DATABASE", ts="1.1"),
    Card(id="c2", escalation_id="e", surface="direct", target="ravi", ts="1.2"),
    Card(id="c3", escalation_id="e", surface="direct", target="ines", ts=None, error="away"),
)


def buttons(drawn: Message) -> list[Any]:
    """Every button of the card."""
    return [b for b in everything(list(drawn.blocks)) if b.get("type") == "button"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_pending_card_is_drawn_as_stored(name: str) -> None:
    story = Story(EXAMPLES[name])
    drawn = channel_card(story.escalation, story.people)
    assert check(drawn) == ()
    assert_stored(f"card_{name}", drawn, payload=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_direct_message_is_the_same_card_without_counts(name: str) -> None:
    story = Story(EXAMPLES[name])
    who = sorted(story.escalation.plan.members[story.escalation.plan.requirements[0].group])[-1]
    drawn = direct_card(story.escalation, story.people, who)
    assert check(drawn) == ()
    assert_stored(f"direct_{name}", drawn)


@pytest.mark.parametrize("name", ENDS)
def test_every_end_is_drawn_as_stored(name: str) -> None:
    tell, word = ENDS[name]
    story = tell()
    drawn = channel_card(story.escalation, story.people, cards=SENT)
    assert check(drawn) == ()
    assert drawn.text.startswith(f"{word}: ")
    assert drawn.blocks[0]["elements"][0]["text"].startswith(f"{word} · was ")
    assert_stored(f"end_{name}", drawn, payload=name == "succeeded")


@pytest.mark.parametrize("name", ENDS)
def test_an_ended_card_has_no_button_that_votes(name: str) -> None:
    story = ENDS[name][0]()
    for drawn in (
        channel_card(story.escalation, story.people),
        direct_card(story.escalation, story.people, "ravi"),
    ):
        found = {b["action_id"] for b in buttons(drawn)}
        assert found <= {"details", "stop", "write_issue", "write_review"}
        assert ("stop" in found) == (name == "approved")


def test_a_vote_redraws_the_channel_and_leaves_direct_messages_alone() -> None:
    story = Story(TRANSFER)
    before = direct_card(story.escalation, story.people, "tom")
    in_channel = channel_card(story.escalation, story.people)
    story.vote("mia", "release", later(22), rationale="matches the signed invoice")
    after = channel_card(story.escalation, story.people)
    assert in_channel.drawn != after.drawn
    assert before.drawn == direct_card(story.escalation, story.people, "tom").drawn
    assert "1 of 2: @UMIA {21:52 UTC} «matches the signed invoice». " in read(after)
    assert "May still decide: @UOMAR, @UTOM." in read(after)


def test_split_votes_stand_for_each_option_and_do_not_add_up() -> None:
    body = {**MIGRATION, "severity": "critical"}
    story = Story(body)
    story.vote("ravi", "recreate", later(5), rationale="quicker")
    drawn = read(channel_card(story.escalation, story.people))
    assert "*Recreate index (data loss)* 1 of 2 (@URAVI)" in drawn
    assert "*Migrate, keep data* 0 of 1" in drawn
    assert "Votes for different options do not add up." in drawn


def test_a_button_carries_ids_only_and_says_where_it_strikes() -> None:
    story = Story(MIGRATION)
    drawn = channel_card(story.escalation, story.people)
    recreate = next(b for b in buttons(drawn) if b["action_id"] == "vote:recreate")
    digest = story.escalation.digest.removeprefix("sha256:")
    expected = {"e": story.escalation.id, "o": "recreate", "s": 0, "d": digest[:16]}
    assert expected == json.loads(recreate["value"])
    assert recreate["accessibility_label"] == (
        "Recreate index, data loss: documents_v3, production"
    )


def test_only_what_cannot_be_undone_is_red_and_nothing_is_recommended() -> None:
    story = Story(MIGRATION)
    styles = {
        b["action_id"]: b.get("style")
        for b in buttons(channel_card(story.escalation, story.people))
    }
    assert styles == {
        "vote:migrate": None,
        "vote:recreate": "danger",
        "vote:manual": None,
        "acknowledge": None,
        "ask": None,
        "details": None,
    }
    assert list(styles)[:3] == ["vote:migrate", "vote:recreate", "vote:manual"]
    assert list(styles)[3:] == ["acknowledge", "ask", "details"]


def test_the_lock_screen_is_in_the_readers_zone_and_in_a_channel_in_the_policys_by_name() -> None:
    story = Story(MIGRATION)
    far = people(zones={"ravi": "Asia/Tokyo"})
    nowhere = people(zones={"ravi": "Mars/Olympus"})
    assert "Decide by 23:30 CET," in channel_card(story.escalation, far).text
    assert "Decide by 07:30," in direct_card(story.escalation, far, "ravi").text
    assert "Decide by 23:30 CET," in direct_card(story.escalation, nowhere, "ravi").text


def test_a_long_operation_shows_head_and_tail_and_says_so() -> None:
    lines = "\n".join(f"remove order {n};" for n in range(412))
    operation = {"name": "cleanup", "target": "orders", "arguments": {"sql": lines}}
    story = Story({**RETRIES, "operation": operation})
    drawn = read(channel_card(story.escalation, story.people))
    assert "… 403 lines not shown here …" in drawn
    assert "Showing 9 of 412 lines. A release button opens all of it first." in drawn
    assert "remove order 5;" in drawn
    assert "remove order 411;" in drawn
    assert "remove order 6;" not in drawn


def test_more_than_five_people_are_counted_and_not_named() -> None:
    story = Story(RETRIES)
    known = story.people
    everyone = frozenset(known.persons)
    crowd = type(known)(
        persons=known.persons,
        groups={**known.groups, "platform-oncall": everyone},
        as_of=known.as_of,
    )
    assert "Needs 1 of platform-oncall: 9 people." in read(channel_card(story.escalation, crowd))


def test_the_biggest_request_still_fits_a_card() -> None:
    text = "word " * 1999
    option = {"effect": "release", "description": "d" * 500}
    options = [
        {
            **option,
            "key": f"o{n}",
            "label": f"{n} {'label ' * 12}"[:75],
            "arguments": {"sql": "x" * 3000},
        }
        for n in range(9)
    ]
    options.append({"key": "no", "label": "N" * 75, "effect": "abort", "description": "d" * 500})
    context = dict.fromkeys(("user_impact", "rollback", "blast_radius"), text) | {
        "error": {"type": "E" * 300, "message": text},
        "system_state": {"k": text},
        "recent_changes": [text] * 100,
        "affected_services": ["s" * 300] * 100,
        "attempts": [{"at": "x" * 300, "action": text, "error": text}] * 100,
    }
    story = Story(
        {
            **MIGRATION,
            "category": "retries_exhausted",
            "title": "T" * 150,
            "environment": "e" * 40,
            "summary": text,
            "options": options,
            "context": context,
            "hidden": tuple(f"/arguments/{n}" for n in range(500)),
        }
    )
    for drawn in (
        channel_card(story.escalation, story.people),
        direct_card(story.escalation, story.people, "ravi"),
    ):
        assert check(drawn) == ()
        assert characters(drawn.blocks) <= CARD
        assert len(drawn.blocks) <= CARD_BLOCKS
    story.tick(later(500))
    assert check(channel_card(story.escalation, story.people, cards=SENT)) == ()
