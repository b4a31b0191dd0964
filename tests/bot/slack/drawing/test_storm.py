"""A storm's card, its windows and messages, and the digest: as stored, within limits, unparsed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from approvals.batches import others
from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.storms import MOST_AT_ONCE, Listed, Storm
from approvals.words import Kind, OperationState, Result, Severity, Status
from bot.messaging import Message
from bot.slack.drawing import storm_windows as windows
from bot.slack.drawing.digest import digest
from bot.slack.drawing.limits import LOCK_SCREEN, check
from bot.slack.drawing.storm import (
    abortable,
    many_ended,
    storm_card,
    storm_direct,
    storm_line,
)
from tests.bot.slack.drawing.examples import ASKED, RETRIES, Story, later, people
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.stored import assert_stored

PEOPLE = people()
ONE = Story(RETRIES).escalation


def member(place: int, **changes: Any) -> Escalation:
    """Another batch that could not be synchronised."""
    e = ONE
    assert e.operation is not None
    argv = ["sync_data", "--batch", str(8812 + place), "--attempts", "3"]
    given = {
        "id": f"{e.id[:-6]}{place:06}",
        "title": f"Data sync failed 3 times: batch {8812 + place}",
        "storm_id": "stm_1",
        "storm_place": place,
        "operation": replace(e.operation, arguments={"argv": argv}),
        "digest": f"sha256:{place:064x}",
    }
    return replace(e, **(given | changes))


def a_storm(n: int = 297, **first: Any) -> Storm:
    """So many, six of them for another reason; with the first as told."""
    other = {"context": {"error": {"type": "DiskFull", "message": "/var at 100 %"}}}
    members = [member(p, **(other if n - p < min(6, n // 40) else {})) for p in range(1, n + 1)]
    members[0] = replace(members[0], **first)
    return Storm(id="stm_1", began_at=ASKED, version=1, members=tuple(members))


def tried(result: Result = Result.SUCCEEDED) -> dict[str, Any]:
    """The first was released, and this became of it."""
    story = Story(RETRIES)
    story.vote("sam", "retry", later(2))
    story.claim(later(3))
    story.report(result, later(4))
    e = story.escalation
    return {
        "status": e.status,
        "state": e.state,
        "decision": e.decision,
        "claim": e.claim,
        "outcome": e.outcome,
    }


OVER = replace(
    a_storm(8),
    members=tuple(
        member(p, status=Status.EXPIRED if p > 2 else Status.WITHDRAWN) for p in range(1, 9)
    ),
)


def drawn() -> Iterator[tuple[str, Any]]:
    """Every drawing, under the name of its stored copy."""
    storm, after = a_storm(), a_storm(**tried())
    yield "storm_card", storm_card(storm)
    yield "storm_card_tried", storm_card(after)
    yield "storm_card_over", storm_card(OVER)
    yield "storm_window_list", windows.list_window(storm, storm.members, page=1, channel="C1")
    yield "storm_window_abort", windows.abort_window(storm, abortable(storm), channel="C1")
    found = others(after)
    assert found is not None
    yield "storm_window_others", windows.others_window(after, found, channel="C1")
    yield "storm_window_progress", windows.progress_window(120, 297, carries="{}")
    for case, what in TOLD:
        name = f"storm_told_{case.removeprefix('storm-')}{'_' + what if what else ''}"
        of = OVER if what in ("expired", "withdrawn") else after
        yield name, storm_line(of, case, {"what": what}, PEOPLE, ("sam",))
    yield "storm_direct", storm_direct(storm, "storm-opened", {})
    yield "flood", many_ended(OVER.members, "decided-expired")
    yield "digest", digest(quiet(), "Europe/Berlin", ASKED)


TOLD = [
    ("storm-opened", ""),
    ("storm-stepped", "2.1"),
    ("storm-reminded", "half"),
    ("storm-ended", ""),
    ("storm-decided", "expired"),
    ("storm-decided", "withdrawn"),
    ("storm-decided", "rejected"),
    ("storm-reported", "failed"),
    ("storm-cast", "pending"),
    ("storm-let-go", "held"),
]


def quiet() -> Quiet:
    """Some of each."""
    low = [member(p, severity=Severity.LOW) for p in range(1, 30)]
    low.append(member(30, severity=Severity.LOW, service="mail", status=Status.RESOLVED))
    alone = {"kind": Kind.AUTOMATION, "severity": Severity.LOW, "title": "Restart web-3"}
    ends = (OperationState.SUCCEEDED, OperationState.SUCCEEDED, OperationState.FAILED)
    ran = [member(31, **alone, state=state) for state in ends]
    return Quiet(low=tuple(low), automatic=tuple(ran), undecided=OVER.members)


DRAWN = list(drawn())


@pytest.mark.parametrize(("name", "drawing"), DRAWN, ids=[name for name, _ in DRAWN])
def test_what_is_drawn_is_as_stored_and_within_slacks_limits(name: str, drawing: Any) -> None:
    assert check(drawing) == ()
    assert_stored(name, drawing)


def test_the_others_are_not_offered_where_they_are_not_all_alike() -> None:
    """One of them would drop a table."""
    storm = a_storm(8, **tried())
    changed = replace(storm.members[3], severity=Severity.HIGH)
    mixed = replace(storm, members=(*storm.members[:3], changed, *storm.members[4:]))
    assert "Retry the other" in read(storm_card(storm))
    assert "Retry the other" not in read(storm_card(mixed))
    assert "Try one first" in read(storm_card(mixed))


def test_incidents_offer_only_their_list() -> None:
    """Nothing is held: there is nothing to abort or to try."""
    members = tuple(member(p, kind=Kind.INCIDENT, options=()) for p in range(1, 8))
    said = read(storm_card(replace(a_storm(7), members=members)))
    assert "actions | [ List ]" in said
    assert "They stay open until resolved." in said


def test_more_than_one_click_may_decide_are_decided_in_parts() -> None:
    """The button says how many."""
    storm = a_storm(1)
    many = replace(storm, members=tuple(member(p) for p in range(1, MOST_AT_ONCE + 100)))
    card = storm_card(many)
    assert check(card) == ()
    assert "[ Abort these 1,000 ]" in read(card)


@pytest.mark.parametrize(
    ("recorded", "refused", "says"),
    [
        (6, {}, "Recorded: 6 of 6 aborted."),
        (
            4,
            {"already-decided": 2},
            "Recorded: 4 of 6 aborted. Not recorded: 2 decided already.",
        ),
        (
            0,
            {"not-in-group": 6},
            "Not recorded: none of 6 aborted. 6 you may not decide them.",
        ),
        (
            1,
            {"not-saved": 1, "wrong-operation": 2},
            "Recorded: 1 of 4 aborted. Not recorded: 2 for another reason: see List; "
            "1 could not be saved; try again in a minute.",
        ),
    ],
)
def test_the_answer_says_how_many_were_recorded_and_why_others_were_not(
    recorded: int, refused: dict[str, int], says: str
) -> None:
    assert windows.outcome("aborted", recorded, refused).text == says


HOSTILE = (
    "<!channel> <@URAVI> <https://evil.example|Approved> @here :white_check_mark: *b* "
    "\u202egnihton\u202c » Approved by Ravi «\nAPPROVED: it may run\n"
)


def hostile() -> Iterator[Any]:
    """Every drawing of members that are full of malice."""
    said = {"title": HOSTILE, "service": HOSTILE, "context": {"error": {"message": HOSTILE}}}
    storm = replace(a_storm(8), members=tuple(member(p, **said) for p in range(1, 9)))
    yield storm_card(storm)
    yield storm_direct(storm, "storm-opened", {"what": HOSTILE})
    yield storm_line(storm, "storm-decided", {"what": HOSTILE}, PEOPLE, ())
    yield windows.list_window(storm, storm.members, page=0)
    yield windows.abort_window(storm, Listed(storm="stm_1", members=storm.members))
    yield many_ended(storm.members, "decided-expired")
    yield digest(Quiet(low=storm.members), "UTC", ASKED)


@pytest.mark.parametrize("drawing", list(hostile()))
def test_foreign_words_are_never_parsed(drawing: Any) -> None:
    """No mention, no link, no line that looks like ours; and it stays within the limits."""
    assert check(drawing) == ()
    parts = drawing.blocks if isinstance(drawing, Message) else drawing["blocks"]
    for one in everything(parts):
        assert one.get("type") not in ("user", "link", "broadcast", "emoji")
        if one.get("type") == "mrkdwn":
            assert "evil" not in one["text"]
        assert not str(one.get("text", "")).startswith("APPROVED")
    if isinstance(drawing, Message):
        assert len(drawing.text) <= LOCK_SCREEN
        assert "<!" not in drawing.text


def test_states_of_released_ones_are_counted_on_the_card() -> None:
    """Whoever looks sees whether to go on."""
    failed = read(storm_card(a_storm(8, **tried(Result.FAILED))))
    assert "decided 1 · recovered by themselves 0 · failed 1" in failed
    unknown = tried(Result.UNKNOWN) | {"state": OperationState.UNKNOWN}
    assert "result unknown 1" in read(storm_card(a_storm(8, **unknown)))
