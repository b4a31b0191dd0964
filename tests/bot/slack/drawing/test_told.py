"""What the chain and people's doings tell, in the thread and directly, each as stored."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from approvals.codec import instant
from approvals.escalation import Escalation
from bot.messaging import Message
from bot.slack.drawing.directs import direct
from bot.slack.drawing.limits import LOCK_SCREEN, check
from bot.slack.drawing.thread import thread_line
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import later
from tests.bot.slack.drawing.reading import everything, read
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored

NOTICES = [
    {"to": "person:ines", "why": "may decide (database-admin)", "via": "slack"},
    {"to": "person:ravi", "why": "may decide (database-admin)", "via": "slack"},
    {"to": "person:dana", "why": "owner of the service", "via": "route:dana-sms"},
    {"to": "route:pager", "why": "a page of this step", "via": "route:pager"},
]

MISSED = [
    {"to": "person:ines", "why": "notifications paused"},
    {"to": "person:dana", "why": "away"},
]

VOTED = {"person": "ravi", "name": "Ravi", "option": "recreate", "have": 1, "needed": 2}

#: Case of a thread line or a direct message, with what its event says.
TOLD: Mapping[str, tuple[str, Callable[[], Escalation], dict[str, Any]]] = {
    "opened": ("opened", states.awaited, {}),
    "step": ("step", states.awaited, {"step": 2, "of": 3, "said": 1, "notices": NOTICES}),
    "step_again": (
        "step",
        states.awaited,
        {"step": 3, "of": 3, "said": 2, "notices": NOTICES[1:2], "missed": MISSED},
    ),
    "step_incident": ("step", states.incident, {"step": 2, "of": 3, "notices": NOTICES[3:]}),
    "step_of_a_way_that_failed": ("step", states.awaited, {"missed": "person:ines"}),
    "half": ("reminder", states.awaited, {"which": ["half"]}),
    "four_fifths": ("reminder", states.awaited, {"which": ["half", "four-fifths"]}),
    "four_fifths_extended": ("reminder", states.extended, {"which": ["four-fifths"]}),
    "acknowledged": (
        "acknowledged",
        states.looking,
        {"person": "ravi", "until": instant(later(26))},
    ),
    "let_go": ("let-go", states.awaited, {"person": "ravi", "next_at": instant(later(27))}),
    "extended": ("extended", states.extended, {"by": "ravi", "to": instant(later(90))}),
    "deadline_held": ("deadline-held", states.awaited, {"to": instant(later(120))}),
    "unattended": ("unattended", states.unattended, {}),
    "deadline_moved": ("deadline-moved", states.came_late, {"to": instant(later(80))}),
    "voted_one": ("voted", states.awaited, VOTED),
    "question": (
        "question",
        states.asked,
        {"id": "qst_1", "person": "ravi", "text": "Is the downgrade tested?"},
    ),
    "answered": (
        "answered",
        states.answered,
        {"ids": ["qst_1"], "name": "search-api", "text": "Twice, on a copy of last night."},
    ),
    "resolved": (
        "resolved",
        states.resolved,
        {
            "root_cause": "The issuer's certificate had ended; the pool kept the old one.",
            "by_hand": "Restarted all four checkout pods.",
        },
    ),
    "override_asked": (
        "override-asked",
        states.override_asked,
        {
            "person": "mia",
            "option": "migrate",
            "reason": "Orders stand still.",
            "have": 1,
            "needed": 2,
        },
    ),
    "overridden": ("overridden", states.overridden, {"by": "break_glass"}),
    "decided_overridden": ("decided-approved", states.overridden, {"by": "break_glass"}),
    "recovered": ("decided-withdrawn", states.recovered, {"reason": "error rate is back"}),
}


def in_thread(name: str) -> Message:
    """The line in the thread."""
    case, tell, values = TOLD[name]
    mentions = ("ines", "ravi") if name == "step" else ()
    return thread_line(tell(), case, values, PEOPLE, mentions=mentions)


def directly(name: str, person: str = "ines") -> Message:
    """The direct message."""
    case, tell, values = TOLD[name]
    why = "may decide (database-admin)"
    return direct(tell(), case, values, PEOPLE, person=person, reason=why)


@pytest.mark.parametrize("name", TOLD)
def test_what_happened_is_told_in_the_thread_as_stored(name: str) -> None:
    drawn = in_thread(name)
    assert () == check(drawn)
    assert "Something changed" not in drawn.text
    assert_stored(f"thread_{name}", drawn)


@pytest.mark.parametrize("name", TOLD)
def test_what_happened_is_told_directly_as_stored(name: str) -> None:
    drawn = directly(name)
    assert () == check(drawn)
    assert_stored(f"direct_{name}", drawn)


@pytest.mark.parametrize("name", TOLD)
def test_a_thread_rings_only_those_who_are_called_and_each_once(name: str) -> None:
    rung = [
        p["user_id"] for p in everything(list(in_thread(name).blocks)) if p.get("type") == "user"
    ]
    assert rung == (["UINES", "URAVI"] if name == "step" else rung[:0])


def labels(drawn: Message) -> list[str]:
    """What can be pressed."""
    return [b["text"]["text"] for b in everything(list(drawn.blocks)) if b.get("type") == "button"]


@pytest.mark.parametrize(
    ("name", "person", "expected"),
    [
        ("step", "ines", ["I am looking", "Show"]),
        ("step_incident", "lena", ["I am looking", "Show"]),
        ("unattended", "ines", ["I am looking", "Show"]),
        ("unattended", "lena", ["Show"]),
        ("step", "dana", ["Show"]),
        ("half", "ines", ["Show"]),
        ("four_fifths", "ines", ["Give it 30 more minutes", "Show"]),
        ("four_fifths_extended", "ines", ["Show"]),
        ("question", "dana", ["Answer", "Show"]),
        ("answered", "ravi", ["Show"]),
        ("override_asked", "tom", ["Override the policy", "Show"]),
        ("override_asked", "ines", ["Show"]),
        ("overridden", "tom", ["Show"]),
    ],
)
def test_a_direct_message_offers_what_this_person_can_do_at_once(
    name: str, person: str, expected: list[str]
) -> None:
    assert expected == labels(directly(name, person))


def test_a_question_that_was_answered_meanwhile_is_not_asked_again() -> None:
    case, _, values = TOLD["question"]
    assert ["Show"] == labels(direct(states.answered(), case, values, PEOPLE, person="dana"))


def test_a_call_that_comes_after_the_end_says_that_it_is_over() -> None:
    for case in ("step", "reminder", "unattended"):
        values = {"step": 2, "which": ["half"]}
        drawn = direct(states.overridden(), case, values, PEOPLE, person="ines")
        assert "It is over meanwhile: OVERRIDDEN." in read(drawn)
        assert ["Show"] == labels(drawn)


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("title", ["W" * 150, "word " * 30, "& < >" * 30])
def test_every_lock_screen_line_stays_within_its_limit(name: str, title: str) -> None:
    case, tell, values = TOLD[name]
    e = replace(tell(), title=title, environment="e" * 40)
    values = {**values, "name": "N" * 300, "text": title * 3}
    drawn = direct(e, case, values, PEOPLE, person="ines")
    assert len(drawn.text) <= LOCK_SCREEN
    assert () == check(drawn)
