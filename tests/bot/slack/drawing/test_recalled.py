"""What earlier ones showed, on the card: one line, before what each button does."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from approvals.escalation import Escalation
from approvals.memory.values import (
    Findings,
    IssueState,
    Likeness,
    Precedent,
    Review,
    ReviewWhy,
)
from bot.messaging import Message
from bot.slack.drawing import recalled as drawing
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.limits import BUTTON, check
from bot.slack.drawing.words import EARLIER
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.recalling import (
    FILLS,
    KNOWN,
    LAG,
    LAST,
    asked_again,
    one_before,
    reported_again,
)
from tests.bot.slack.drawing.states import PEOPLE, chained, recovered
from tests.bot.slack.drawing.stored import assert_stored


def line(e: Escalation, *words: str, most: int = 120) -> str:
    """The numbers as people read them; `words`: what the last one decided for."""
    earlier = [one_before(rationale=said) for said in words]
    drawn = drawing.recalled(e, earlier, PEOPLE, most)
    assert drawn is not None
    return read(Message(text="", blocks=[{"type": "rich_text", "elements": [drawn]}]))[8:].strip()


def test_a_card_in_the_channel_says_what_earlier_ones_showed() -> None:
    drawn = channel_card(asked_again(), PEOPLE, earlier=KNOWN)
    assert check(drawn) == ()
    assert_stored("state_recalled", drawn, payload=True)


def test_a_direct_message_says_it_in_the_same_words() -> None:
    drawn = direct_card(asked_again(), PEOPLE, "ravi", earlier=KNOWN)
    in_channel = channel_card(asked_again(), PEOPLE, earlier=KNOWN)
    named = [b for m in (drawn, in_channel) for b in m.blocks if b["block_id"] == "recalled"]
    assert named[0] == named[1]
    assert_stored("direct_recalled", drawn)


def test_an_incident_says_how_its_error_ended_before() -> None:
    known = (one_before(id="esc_last", people=("sam",), rationale="The issuer's certificate."),)
    drawn = channel_card(reported_again(), PEOPLE, earlier=known)
    assert check(drawn) == ()
    assert_stored("state_recalled_incident", drawn)


def test_it_is_read_before_the_buttons_and_after_what_was_tried() -> None:
    blocks = [b["block_id"] for b in channel_card(asked_again(), PEOPLE).blocks]
    assert blocks.index("recalled") == blocks.index("tried") + 1
    assert blocks.index("recalled") < blocks.index("options") < blocks.index("actions")
    inside = [b["block_id"] for b in channel_card(reported_again(), PEOPLE).blocks]
    assert inside.index("recalled") == inside.index("tried") + 1


TOLD: Mapping[str, tuple[Escalation, str]] = {
    "many": (
        asked_again(),
        "*Seen 14 times: *11 *Migrate*, 2 *by hand*, 1 *Recreate index*. "
        "Last: Ravi, {5 Nov}, «replica lag was fine»; 1 was rolled back.",
    ),
    "other values": (
        asked_again(likeness=Likeness.TEMPLATE, times=3, ended={"migrate": 3}, failed=2),
        "*Like it, with other values, 3 times: *3 *Migrate*. "
        "Last: Ravi, {5 Nov}, «replica lag was fine»; 2 failed, 1 was rolled back.",
    ),
    "its error, once": (
        asked_again(likeness=Likeness.ERROR, times=1, ended={"expired": 1}, undone=0),
        "*This error once: *1 *expired*. Last: Ravi, {5 Nov}, «replica lag was fine».",
    ),
    "nobody decided": (
        asked_again(
            times=1, ended={"expired": 1}, undone=0, precedents=(Precedent(id="x", at=LAST),)
        ),
        "*Seen once: *1 *expired*. Last: {5 Nov}.",
    ),
    "numbers alone": (
        asked_again(times=1200, ended={"migrate": 1200}, failed=2, undone=2, precedents=()),
        "*Seen 1,200 times: *1,200 *Migrate*. 2 failed, 2 were rolled back.",
    ),
    "numbers that say nothing bad": (
        asked_again(times=2, ended={"migrate": 2}, undone=0, precedents=()),
        "*Seen 2 times: *2 *Migrate*.",
    ),
    "options this card has not": (
        asked_again(
            times=21,
            ended={"withdrawn": 6, "old_key": 5, "manual": 4, "approved": 3, "rejected": 2, "z": 1},
            undone=0,
            precedents=(),
        ),
        "*Seen 21 times: *6 *taken back*, 5 *old_key*, 4 *by hand*, 3 *approved*, 3 otherwise.",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_every_number_is_said_as_this_card_names_it(name: str) -> None:
    e, told = TOLD[name]
    assert line(e, LAG) == told


def test_two_options_that_begin_alike_are_told_apart() -> None:
    e = asked_again(times=2, ended={"migrate": 1, "recreate": 1}, undone=0, precedents=())
    both = tuple(
        replace(o, label=f"Migrate, {o.key}") if o.key != "manual" else o for o in e.options
    )
    assert line(replace(e, options=both)) == (
        "*Seen 2 times: *1 *Migrate, migrate*, 1 *Migrate, recreate*."
    )


def test_a_label_of_signs_alone_keeps_them() -> None:
    e = asked_again(times=1, ended={"migrate": 1}, undone=0, precedents=())
    signs = tuple(replace(o, label=", (now)") if o.key == "migrate" else o for o in e.options)
    assert line(replace(e, options=signs)) == "*Seen once: *1 *, (now)*."


def test_the_words_are_left_out_where_they_are_gone() -> None:
    without = "Last: Ravi, {5 Nov}; 1 was rolled back."
    assert line(asked_again()).endswith(without)
    other = channel_card(asked_again(), PEOPLE, earlier=[one_before(id="esc_another")])
    assert LAG not in read(other)


def test_the_line_stays_within_three_hundred_characters_whatever_was_written() -> None:
    options = {f"option_{n}_{'x' * 40}": n + 1 for n in range(9)}
    e = asked_again(times=45, ended=options, failed=9)
    long = line(e, "word " * 200)
    assert len(long) <= drawing.MOST + 20  # the stars and brackets of reading it
    assert "word word…»" in long
    tight = line(e, "word " * 200, most=25)
    assert "«word word word word…»" in tight
    assert "«" not in line(e, "word " * 200, most=drawing.LEAST_QUOTED - 1)


def test_nobody_is_rung_by_having_decided_before() -> None:
    drawn = channel_card(asked_again(), PEOPLE, earlier=KNOWN)
    recalled = next(b for b in drawn.blocks if b["block_id"] == "recalled")
    assert "Ravi" in str(recalled)
    assert "Ines" in str(recalled)
    assert [one for one in everything(recalled) if one.get("type") == "user"] == []


def test_a_known_issue_is_said_with_the_way_round_it() -> None:
    said = line(asked_again(), most=200)
    assert "Known issue" not in said
    told = read(channel_card(asked_again(), PEOPLE, earlier=KNOWN))
    assert (
        "*Known issue: *«Two deploys change one mapping.». "
        "Way round: «Freeze deploys of help-centre first.». Ines, by 1 Dec."
    ) in told
    bare = replace(
        FILLS,
        state=IssueState.OPEN,
        root_cause="Unknown",
        workarounds=None,
        owner=None,
        due="soon",
    )
    told = read(channel_card(asked_again(), PEOPLE, earlier=[one_before(issue=bare)]))
    assert "«Mapping changes collide with the language field.». By soon." in told
    nothing = replace(bare, scenario=None, due=None)
    told = read(channel_card(asked_again(), PEOPLE, earlier=[one_before(issue=nothing)]))
    assert "*Open issue: *«Unknown».\n" in told


def test_what_its_review_found_is_said_where_the_issue_does_not() -> None:
    found = Findings(
        by="ravi", at=LAST, root_cause="rule 114 blocks it", resolved_by="took it away"
    )
    why = (ReviewWhy.FAILED,)
    review = Review(why=why, opened_at=LAST, due_at=LAST, owner="ravi", findings=found)
    told = read(channel_card(asked_again(), PEOPLE, earlier=[one_before(review=review)]))
    assert "*Reviewed: *«rule 114 blocks it». Resolved: «took it away»." in told
    bare = replace(FILLS, root_cause="Unknown", workarounds=None, owner=None, due=None)
    told = read(
        channel_card(asked_again(), PEOPLE, earlier=[one_before(issue=bare, review=review)])
    )
    assert "*Known issue: *«rule 114 blocks it». Way round: «took it away»." in told
    own = read(
        channel_card(asked_again(), PEOPLE, earlier=[one_before(issue=FILLS, review=review)])
    )
    assert "rule 114" not in own
    due = replace(review, findings=None)
    told = read(channel_card(asked_again(), PEOPLE, earlier=[one_before(review=due)]))
    assert "Reviewed" not in told


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"by": "andon"}, False),  # nobody has written anything: the new card says the same
        ({"state": IssueState.FIXED}, True),  # it came again: a way round is worth knowing
        ({"state": IssueState.FIXED, "workarounds": None}, False),
        ({"state": IssueState.OPEN, "workarounds": None}, True),
    ],
)
def test_an_issue_is_worth_knowing_where_somebody_wrote_and_it_may_come_again(
    changes: dict[str, object], known: bool
) -> None:
    assert drawing.is_known(replace(FILLS, **changes)) is known  # type: ignore[arg-type]


def test_the_newest_known_issue_is_the_one_that_is_said() -> None:
    older = replace(FILLS, root_cause="An older cause.")
    earlier = [one_before(), one_before(id="b", issue=FILLS), one_before(id="a", issue=older)]
    told = read(channel_card(asked_again(), PEOPLE, earlier=earlier))
    assert "Two deploys" in told
    assert "An older cause" not in told


def test_the_button_is_there_where_something_came_before() -> None:
    assert len(EARLIER) <= 30 <= BUTTON
    for e in (asked_again(), reported_again()):
        for drawn in (channel_card(e, PEOPLE), direct_card(e, PEOPLE, "ravi")):
            assert f"[ {EARLIER} ] [ Details ]" in read(drawn)
    for e in (chained(), asked_again(times=0, ended={}, precedents=())):
        drawn = channel_card(e, PEOPLE)
        assert EARLIER not in read(drawn)
        assert "recalled" not in [b["block_id"] for b in drawn.blocks]


def test_it_is_no_line_of_a_card_that_is_over() -> None:
    over = replace(recovered(), recalled=reported_again().recalled)
    told = read(channel_card(over, PEOPLE))
    assert "This error" not in told
    assert EARLIER not in told
