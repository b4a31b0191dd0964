"""Storms: when one is noticed, who gathers in it, and when it is over."""

from dataclasses import replace

import pytest

from approvals.flows import MOST_SORTS, Flow, dump_flow, flowed, load_flow, noticed
from approvals.owes import PostCard
from tests.approvals.streams import CHANNEL, Stream
from tests.building import START

ALONE = (None, 0)


def test_five_within_a_minute_are_no_storm() -> None:
    """Nothing gathers."""
    stream = Stream()
    stream.fill(5)
    assert stream.storms == [ALONE] * 5


def test_the_sixth_begins_a_storm_and_gathers_the_fourth_and_the_fifth() -> None:
    """The first three keep their cards."""
    stream = Stream()
    done = stream.fill(8)
    assert stream.storms == [ALONE] * 5 + [("stm_6", 3), ("stm_6", 4), ("stm_6", 5)]
    assert [d.ledger.gathers for d in done] == [()] * 5 + [("esc_4", "esc_5"), (), ()]


@pytest.mark.parametrize(("every_s", "is_storm"), [(12, True), (12.1, False)])
def test_the_sixth_within_exactly_a_minute_counts(every_s: float, is_storm: bool) -> None:
    """Five gaps of twelve seconds make sixty."""
    stream = Stream()
    stream.fill(6, every_s)
    assert (stream.opened[-1].storm_id is not None) is is_storm


@pytest.mark.parametrize(("silence", "goes_on"), [(59, True), (61, False)])
def test_a_storm_is_over_for_new_ones_after_a_minute_of_silence(
    silence: float, goes_on: bool
) -> None:
    """Then they keep their cards again, until the next storm."""
    stream = Stream()
    stream.fill(7)
    stream.scene.pass_(silence)
    stream.open()
    assert (stream.opened[-1].storm_id == "stm_6") is goes_on
    assert stream.opened[-1].storm_place == (5 if goes_on else 0)


def test_a_storm_that_drips_goes_on_while_no_minute_is_silent() -> None:
    """However long it takes."""
    stream = Stream()
    stream.fill(6)
    stream.fill(10, 50)
    assert {storm for storm, _ in stream.storms[5:]} == {"stm_6"}


def test_after_a_thousand_the_next_are_another_storm_with_a_card_of_its_own() -> None:
    """One card is read whole, and one click decides so many."""
    stream = Stream()
    stream.fill(6, 0.01)
    (lane,) = stream.flow.lanes.items()
    stream.flow = replace(stream.flow, lanes={lane[0]: replace(lane[1], places=999)})
    done = stream.fill(3, 0.01)
    assert stream.storms[6:] == [("stm_6", 1000), ("stm_8", 1), ("stm_8", 2)]
    assert [d.ledger.gathers for d in done] == [()] * 3
    assert [w for w in done[1].work if isinstance(w, PostCard)] == [
        PostCard(surface="storm", target=CHANNEL, storm="stm_8")
    ]


def test_later_ones_make_a_storm_of_their_own() -> None:
    """A new list."""
    stream = Stream()
    stream.fill(6)
    stream.scene.pass_(61)
    stream.fill(6)
    assert stream.storms[6:] == [ALONE] * 5 + [("stm_12", 3)]


def test_what_is_worse_does_not_hide_in_something_milder() -> None:
    """Another severity is another stream, with a ring of its own."""
    stream = Stream()
    stream.fill(7)
    stream.open(severity="critical")
    assert stream.storms[-1] == ALONE


def test_another_channel_is_another_stream() -> None:
    """Nobody reads in one channel what belongs into another."""
    stream = Stream()
    stream.fill(7)
    stream.open(operation={"name": "other", "arguments": {"argv": ["x"]}})
    assert stream.storms[-1] == ALONE


def test_low_incidents_never_storm() -> None:
    """They have no card and ring nobody: they wait for the digest."""
    fields = {"id": "esc_9", "kind": "incident", "severity": "low", "title": "t", "plan": {}}
    flow = Flow()
    for _ in range(9):
        assert "storm_id" not in noticed(flow, fields, START)
        flow, _ = flowed(flow, fields, START)


# -- those alike --------------------------------------------------------------------------------


def test_the_next_of_its_sort_says_how_many_came_and_since_when() -> None:
    """Numbers do not tell two apart."""
    stream = Stream()
    errors = ["Timeout after 10 s", "Timeout after 12 s", "Disk full", "timeout after 9 s"]
    for message in errors:
        stream.open(context={"error": {"type": "E", "message": message}})
        stream.scene.pass_(120)
    first, second, other, third = (e.alike for e in stream.opened)
    assert (first, other) == (None, None)
    assert second is not None
    assert third is not None
    assert (second.nth, third.nth) == (2, 3)
    assert second.since == third.since == stream.opened[0].created_at


def test_a_dedup_key_is_the_callers_word_for_what_is_alike() -> None:
    """Whatever it runs and whatever went wrong."""
    stream = Stream()
    stream.open(dedup_key="sync", title="One")
    stream.open(dedup_key="sync", title="Quite another")
    stream.open(dedup_key="other", title="One")
    assert [e.alike.nth if e.alike else 1 for e in stream.opened] == [1, 2, 1]


def test_after_an_hour_without_one_counting_begins_anew() -> None:
    """What was yesterday is another story."""
    stream = Stream()
    stream.open()
    stream.scene.pass_(3601)
    stream.open()
    assert stream.opened[-1].alike is None


def test_only_so_many_sorts_are_remembered_the_oldest_goes_first() -> None:
    """A row that grew for ever would slow every opening."""
    stream = Stream()
    for n in range(MOST_SORTS + 5):
        stream.open(title=f"Sort {'x' * n}")
        stream.scene.pass_(61)
    assert len(stream.flow.sorts) == MOST_SORTS
    stream.open(title="Sort ")
    stream.open(title=f"Sort {'x' * (MOST_SORTS + 4)}")
    assert [e.alike is not None for e in stream.opened[-2:]] == [False, True]


def test_a_flow_is_read_back_as_it_was_written() -> None:
    """In the middle of a storm, too."""
    stream = Stream()
    stream.fill(4)
    assert load_flow(dump_flow(stream.flow)) == stream.flow
    stream.fill(4)
    assert load_flow(dump_flow(stream.flow)) == stream.flow


def test_lanes_that_went_silent_are_forgotten() -> None:
    """The row stays small."""
    stream = Stream()
    stream.open(severity="high")
    stream.scene.pass_(61)
    stream.open(severity="critical")
    assert len(stream.flow.lanes) == 1
