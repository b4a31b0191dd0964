"""What is said while people are asked, and how it is drawn."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from andon.cli import words
from andon.cli.display import JsonLines, Lines, Redrawn, display
from andon.models import Escalation

NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)


def an(**changes: Any) -> Escalation:
    """An escalation as the server tells it."""
    told: dict[str, Any] = {
        "id": "esc_1",
        "status": "pending",
        "version": 1,
        "digest": "sha256:0",
        "title": "Deploy v42",
        "category": "deployment",
        "environment": "production",
        "service": "shop",
        "created_at": NOW,
        "deadline_at": NOW + timedelta(hours=1),
        "options": [
            {"key": "approve", "label": "Approve", "effect": "release"},
            {"key": "reject", "label": "Reject", "effect": "abort"},
        ],
        **changes,
    }
    return Escalation.model_validate(told)


def a_vote(person: str = "ravi", **changes: Any) -> dict[str, Any]:
    """One person's choice."""
    return {"person": person, "option": "approve", "rationale": None, "at": NOW, **changes}


TWO = [{"group": "finance", "needed": 2, "have": {"approve": 1}}]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, an(), []),
        (an(), an(progress={"delivered_at": NOW}), ["delivered"]),
        (
            an(progress={"delivered_at": NOW}),
            an(progress={"delivered_at": NOW, "looked_at": NOW, "acknowledged_by": "mia"}),
            [f"looked at {words.clock(NOW, NOW)}", "acknowledged by mia"],
        ),
        (
            an(),
            an(votes=[a_vote(rationale="checked")], requirements=TWO),
            ["ravi chose Approve (1 of 2 finance): «checked»"],
        ),
        (
            an(),
            an(questions=[{"by": "mia", "text": "Tested?", "at": NOW}]),
            ["mia asks: Tested?"],
        ),
        (
            an(questions=[{"by": "mia", "text": "Tested?", "at": NOW}]),
            an(questions=[{"by": "mia", "text": "Tested?", "at": NOW, "answer": "Yes"}]),
            ["answered: Yes"],
        ),
        (
            an(),
            an(deadline_at=NOW + timedelta(hours=2)),
            [f"decide by {words.clock(NOW + timedelta(hours=2), NOW)} now"],
        ),
        (an(votes=[a_vote()]), an(votes=[a_vote()], version=2), []),
        (
            an(),
            an(
                status="approved",
                votes=[a_vote("mia"), a_vote()],
                decision={"option": "approve", "effect": "release", "by": "votes", "at": NOW},
            ),
            ["mia chose Approve"],
        ),
    ],
)
def test_each_change_is_a_line(
    before: Escalation | None, after: Escalation, lines: list[str]
) -> None:
    assert list(words.changes(before, after, NOW)) == lines


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "waiting"),
        ({"progress": {"delivered_at": NOW}}, "waiting · delivered"),
        (
            {"progress": {"delivered_at": NOW, "acknowledged_by": "mia"}, "requirements": TWO},
            "waiting · mia is looking · 1 of 2 finance",
        ),
        (
            {"questions": [{"by": "mia", "text": "Tested?", "at": NOW}]},
            "waiting · mia asks: Tested?",
        ),
    ],
)
def test_one_line_says_how_it_stands(changes: dict[str, Any], line: str) -> None:
    by = words.clock(NOW + timedelta(hours=1), NOW)
    assert words.status_line(an(**changes), NOW) == f"{line} · decide by {by}"


def test_the_first_line_names_what_is_held_and_until_when() -> None:
    by = words.clock(NOW + timedelta(hours=1), NOW)
    start = f"«Deploy v42» is held in production as esc_1. Decide by {by}."
    assert words.held(an(), NOW) == start
    joins = words.held(an(occurrences=2), NOW)
    assert joins == f"{start} It was asked before, and this run joins it."
    over = words.held(an(status="rejected"), NOW)
    assert over == "«Deploy v42» in production (esc_1): rejected."


def test_another_days_time_has_its_date() -> None:
    assert len(words.clock(NOW, NOW)) == 5
    tomorrow = words.clock(NOW + timedelta(days=2), NOW)
    assert tomorrow.startswith("2026-11-14 ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("safe\u202egnp.exe", "safe gnp.exe"),
        ("a\x9b2Jb", "a 2Jb"),
        ("Südwind «AG» ✓", "Südwind «AG» ✓"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, said: str) -> None:
    """A rationale of a stranger must not move the cursor or turn the line around."""
    assert words.plain(text) == said


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "pending"),
        ({"status": "approved", "operation": {"name": "x", "state": "held"}}, "approved"),
        ({"status": "approved", "operation": {"name": "x", "state": "aborted"}}, "stopped"),
        ({"status": "approved", "operation": {"name": "x", "state": "failed"}}, "failed"),
        ({"status": "resolved", "kind": "incident"}, "resolved"),
    ],
)
def test_how_it_stands_is_one_word(changes: dict[str, Any], standing: str) -> None:
    assert words.standing(an(**changes)) == standing


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"votes": [a_vote(rationale="ok")]}, "ravi chose Approve: «ok»."),
        ({"votes": [a_vote()]}, "ravi chose Approve."),
        ({}, "The policy chose Approve: «small»."),
    ],
)
def test_a_choice_is_said_with_its_reason(changes: dict[str, Any], said: str) -> None:
    by = {"option": "approve", "effect": "release", "by": "votes", "at": NOW}
    reason = None if changes else "small"
    assert words.chosen(an(decision={**by, "reason": reason}, **changes)) == said


@pytest.mark.parametrize("by", ["person:sam", "service:sam", "sam"])
def test_a_resolution_is_said_as_it_is(by: str) -> None:
    told = {"by": by, "root_cause": "a full disk"}
    found = an(kind="incident", status="resolved", resolution=told)
    assert words.chosen(found) == "sam: «a full disk»."
    assert dict(words.page(found, NOW))["resolved"] == "by sam: «a full disk»"


def test_what_runs_by_itself_was_chosen_by_nobody() -> None:
    made = {"option": None, "effect": "release", "by": "policy", "at": NOW}
    found = an(kind="automation", status="approved", decision=made)
    assert words.chosen(found) == "It ran by itself, as the policy allows."


def test_what_ends_without_a_choice_names_none() -> None:
    back = {"option": None, "effect": "abort", "by": "requester", "at": NOW, "reason": "late"}
    shown = dict(words.page(an(status="withdrawn", decision=back), NOW))
    assert shown["decided"] == f"at {words.clock(NOW, NOW)}, by requester: «late»"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(None, "mia: «Tested?»; no answer yet"), ("Yes", "mia: «Tested?»; answered: «Yes»")],
)
def test_what_was_asked_stands_on_the_page(answer: str | None, said: str) -> None:
    question = {"by": "mia", "text": "Tested?", "at": NOW, "answer": answer}
    assert dict(words.page(an(questions=[question]), NOW))["asked"] == said


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def test_where_there_is_no_terminal_each_change_is_a_line() -> None:
    stream = io.StringIO()
    shown = display(as_json=False, stream=stream)
    shown.show(an())
    shown.show(an())
    shown.show(an(progress={"delivered_at": NOW}))
    assert [line.split(" ")[0] for line in stream.getvalue().splitlines()] == ["andon:"] * 2
    assert stream.getvalue().endswith("andon: delivered\n")
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_has_one_line_that_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    shown = display(as_json=False, stream=stream)
    assert isinstance(shown, Redrawn)
    shown.show(an(requirements=TWO))
    shown.show(an(requirements=TWO, progress={"delivered_at": NOW}))
    drawn = stream.getvalue().split("\r\x1b[K")[-1].split("\n")[-1]
    assert drawn.startswith("waiting · delivered · 1 of 2")
    assert len(drawn) == 39
    shown.say("over")
    assert stream.getvalue().endswith("\r\x1b[Kandon: over\n")


def test_programs_get_an_object_a_line() -> None:
    stream = io.StringIO()
    shown = display(as_json=True, stream=stream)
    shown.show(an())
    shown.show(an())
    shown.show(an(title="\x1b«2»"))
    shown.say("hello")
    shown.end({"ran": False, "message": "no"})
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one["event"] for one in told] == ["held", "changed", "said", "ended"]
    assert told[1]["escalation"]["title"] == "\x1b«2»"
    assert (told[3]["ran"], told[3]["message"]) == (False, "no")
    assert stream.getvalue().isascii()


class Gone(io.StringIO):
    """Nobody reads it."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("make", [Lines, Redrawn, JsonLines])
def test_nobody_listening_is_no_error(make: type[Lines]) -> None:
    shown = make(Gone())
    shown.show(an())
    shown.say("hello")
    shown.close()
    assert make(None).say("hello") is None
