"""Windows: what they ask, what they carry, what they say at their fields."""

import json

import pytest

from approvals.ports import Card
from approvals.refusals import Refusal, Why
from bot.slack.drawing import modals, words
from bot.slack.drawing.details import details
from bot.slack.drawing.form import short
from bot.slack.drawing.limits import check, view_bytes
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import DROP, MIGRATION, RETRIES, TRANSFER, Story, later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

ASKED = {
    "migrate": (MIGRATION, "migrate", "ravi"),
    "recreate": (MIGRATION, "recreate", "ravi"),
    "by_hand": (MIGRATION, "manual", "ravi"),
    "drop": (DROP, "drop", "ines"),
    "transfer": (TRANSFER, "release", "mia"),
    "stop_transfer": (TRANSFER, "stop", "mia"),
}


def opened(story: Story, option: str, person: str | None = None) -> modals.View:
    """The modal of an option."""
    found = story.escalation.option(option)
    assert found is not None
    return modals.vote_modal(
        story.escalation, found, story.people, person=person, channel="C1", ts="1.2"
    )


@pytest.mark.parametrize("name", ASKED)
def test_every_option_asks_as_stored(name: str) -> None:
    body, option, person = ASKED[name]
    view = opened(Story(body), option, person)
    assert () == check(view)
    assert_stored(f"modal_{name}", view)


def test_the_second_person_is_told_that_it_may_run_at_once() -> None:
    story = Story(TRANSFER)
    story.vote("mia", "release", later(5), rationale="matches the invoice")
    view = opened(story, "release", "tom")
    assert "Agree (2 of 2)" == view["submit"]["text"]
    assert "You would be person 2 of 2: it may run at once." in read(view)


def test_who_has_agreed_is_not_told_that_agreeing_again_would_run_it() -> None:
    story = Story(TRANSFER)
    story.vote("mia", "release", later(5), rationale="matches the invoice")
    view = opened(story, "release", "mia")
    assert "Agree (1 of 2)" == view["submit"]["text"]
    assert "You have agreed already, and count once: still 1 of 2." in read(view)
    assert "at once" not in read(view)


def test_a_modal_carries_where_it_was_opened_and_what_was_shown() -> None:
    story = Story(MIGRATION)
    carried = json.loads(opened(story, "recreate")["private_metadata"])
    digest = story.escalation.digest.removeprefix("sha256:")[:16]
    expected = {"e": story.escalation.id, "o": "recreate", "s": 0, "d": digest}
    assert {**expected, "c": "C1", "t": "1.2"} == carried


def test_stop_reason_and_withdrawal_ask_as_stored() -> None:
    story = ends.approved(rationale=None)
    for name in ("stop", "reason", "withdraw"):
        view = getattr(modals, f"{name}_modal")(story.escalation, story.people)
        assert () == check(view)
        assert_stored(f"modal_{name}", view)


def test_an_abort_needs_no_choice_and_no_typing() -> None:
    inputs = [b for b in opened(Story(TRANSFER), "stop")["blocks"] if b["type"] == "input"]
    assert all(block["optional"] for block in inputs)
    assert not [b for b in inputs if "initial_option" in b["element"]]
    assert {} == words.abort_errors(None, None)
    assert {} == words.abort_errors("other", "the account differs")
    assert {"reason"} == set(words.abort_errors("other", " "))


def test_a_reason_is_the_chosen_words_and_the_sentence() -> None:
    assert "Wrong target. It differs" == words.rationale("wrong_target", " It differs ")
    assert "It differs" == words.rationale("other", "It differs")
    assert words.rationale(None, "  ") is None
    for chip in set(words.CHIPS) - {"other"}:
        kept = words.rationale(chip, "as said")
        assert (words.CHIPS[chip], "as said") == words.split_rationale(kept)
    assert (None, "Wrong targets") == words.split_rationale("Wrong targets")


def test_field_errors_are_said_at_their_field() -> None:
    said = {
        Why.REASON_NEEDED: {"reason": "Say why in a few words. Nothing is recorded yet."},
        Why.REASON_TOO_LONG: {"reason": "At most 1,000 characters; this has 1,312."},
        Why.WRONG_WORD: {
            "typed": "That is not legacy_code. Look at the target again; nothing is recorded yet."
        },
        Why.EXPIRED: {},
    }
    values = {"most": 1000, "length": 1312, "word": "legacy_code"}
    for why, expected in said.items():
        assert expected == words.field_errors(Refusal(why=why, values=values))


def _with_sql(sql: str) -> Story:
    return Story({**RETRIES, "operation": {"name": "x", "arguments": {"sql": sql}}})


@pytest.mark.parametrize(
    "text", ["y" * 59_990, "\n".join(f"line {n}" for n in range(5000)), "界" * 50_000]
)
def test_the_longest_operation_is_shown_whole_in_one_window(text: str) -> None:
    view = opened(_with_sql(text), "retry")
    assert () == check(view)
    boxes = [p for p in everything(view) if p.get("type") == "rich_text_preformatted"]
    shown = "".join(e["text"] for box in boxes for e in box["elements"])
    assert text.replace("\n", "") == shown.replace("\n", "")
    assert "submit" in view


def test_what_fits_no_window_cannot_be_released_from_one() -> None:
    view = opened(_with_sql("\u202e" * 59_990), "retry")
    assert () == check(view)
    assert "submit" not in view
    assert "it cannot be released, only aborted" in read(view)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Migrate, keep data", "Migrate, keep data"),
        ("Recreate index (data loss)", "Recreate index"),
        ("Roll the whole deployment back now", "Roll the whole"),
        ("x" * 75, "x" * 24),
    ],
)
def test_a_label_is_shortened_at_a_word(label: str, expected: str) -> None:
    assert expected == short(label)


def test_details_are_drawn_as_stored() -> None:
    story = ends.succeeded()
    view = details(story.escalation, story.people)
    assert () == check(view)
    assert_stored("details", view)


def test_details_name_the_channel_that_got_the_card() -> None:
    story = ends.succeeded()
    card = Card(id="crd_1", escalation_id="esc_1", surface="channel", target="C0OPS", ts="1.2")
    view = details(story.escalation, story.people, cards=[card])
    assert () == check(view)
    assert "#C0OPS: sent" in read(view)


def test_long_details_come_in_pages_that_say_so_and_lose_nothing() -> None:
    text = "\n".join(f"row {n} " + "z" * 40 for n in range(1200))
    story = _with_sql(text)
    first = details(story.escalation, story.people)
    last = next(e["text"] for e in everything(first) if str(e.get("text", "")).startswith("Page"))
    count = int(last.rpartition(" ")[2])
    assert count > 1
    pages = [details(story.escalation, story.people, page=n + 1) for n in range(count)]
    for view in pages:
        assert () == check(view)
        assert view_bytes(view) < 100_000
    whole = "".join(read(view) for view in pages)
    assert all(f"row {n} " in whole for n in range(1200))
    assert pages[-1] == details(story.escalation, story.people, page=99)
