"""Hostile text in every foreign field, and lock-screen lines of any length."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.escalation import Escalation, Requester
from approvals.memory.ports import Match
from approvals.memory.values import Precedent
from bot.messaging import Message
from bot.slack.drawing import (
    asking,
    chain,
    commands,
    home,
    lists,
    lockscreen,
    modals,
    replies,
    verbs,
)
from bot.slack.drawing.answers import answer
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.details import details
from bot.slack.drawing.directs import direct
from bot.slack.drawing.earlier import earlier_modal
from bot.slack.drawing.limits import LOCK_SCREEN, check
from bot.slack.drawing.lists import Reader
from bot.slack.drawing.thread import thread_line
from tests.bot.slack.drawing import ends, states
from tests.bot.slack.drawing.examples import MIGRATION, Story, later, people
from tests.bot.slack.drawing.reading import everything
from tests.bot.slack.drawing.recalling import (
    FILLS,
    LAST,
    asked_again,
    one_before,
    reported_again,
    reviewed,
)

PEOPLE = people()
HOSTILE = (
    "<!channel> <@URAVI> <https://evil.example|Approved> @here :white_check_mark: *b* "
    "\u202egnihton\u202c zero\u200bwidth » Approved by Ravi «\nAPPROVED: it may run\n"
)
FLAT = HOSTILE.replace("\n", " ")


def hostile_story() -> Story:
    """Every field a service or a person fills, filled with malice."""
    option = {"label": FLAT[:75], "description": HOSTILE, "arguments": {"sql": HOSTILE}}
    context: dict[str, Any] = {
        name: HOSTILE for name in ("user_impact", "blast_radius", "rollback", "runbook")
    }
    context |= {
        "error": {"type": FLAT, "message": HOSTILE, "traceback": HOSTILE},
        "attempts": [{"at": FLAT, "action": HOSTILE, "error": HOSTILE}],
        "system_state": {FLAT: HOSTILE},
        "configuration": {FLAT: HOSTILE},
        "recent_changes": [HOSTILE, {"x": HOSTILE}],
        "affected_services": [FLAT],
        "links": [{"title": FLAT, "url": "https://evil.example/<!here>"}],
    }
    return Story(
        {
            **MIGRATION,
            "title": FLAT[:150],
            "summary": HOSTILE,
            "reference": FLAT,
            "requested_by": {"id": FLAT, "name": FLAT, "slack": "UNOBODY"},
            "operation": {"name": FLAT, "arguments": {FLAT: HOSTILE}},
            "options": [
                {**option, "key": "go", "effect": "release"},
                {**option, "key": "slow", "effect": "release", "irreversible": True}
                | {"label": f"{FLAT[:74]}2"},
                {**option, "key": "no", "effect": "abort", "arguments": None}
                | {"label": f"{FLAT[:74]}3"},
            ],
            "context": context,
            "hidden": (f"/arguments/{FLAT}",),
        }
    )


def drawings() -> Iterator[tuple[str, Any]]:
    """Every surface, drawn from hostile escalations in several states."""
    story = hostile_story()
    e = story.escalation
    yield "channel", channel_card(e, PEOPLE)
    yield "direct", direct_card(e, PEOPLE, "ravi")
    for option in e.options:
        yield f"modal {option.key}", modals.vote_modal(e, option, PEOPLE, person="ravi")
    yield "withdraw", modals.withdraw_modal(e, PEOPLE)
    yield "details", details(e, PEOPLE)
    reader = Reader(account="URAVI", people=PEOPLE, now=later(1))
    yield "list", lists.listing([e], reader)
    alike = [replace(e, id=f"esc_{n}", service=FLAT) for n in range(6)]
    yield "many alike", lists.listing(alike, reader)
    yield "no such", commands.no_such(HOSTILE)
    yield "nothing fits", commands.nothing_fits(HOSTILE)
    yield "unknown", commands.unknown_command(HOSTILE)
    yield "unknown filter", commands.unknown_filter(HOSTILE)
    yield "which", commands.which_of(FLAT, [e, replace(e, id="esc_other")])
    yield "found", commands.found(HOSTILE, [e], PEOPLE, page=0, more=True)
    yield "found none", commands.found(HOSTILE, [], PEOPLE, page=0, more=False)
    yield "home", home.home([e, *alike], [e], reader, None)
    story.vote("ravi", "slow", later(2), rationale=HOSTILE)
    values = {"option": FLAT, "have": 1, "needed": 2, "may": [FLAT], "by": [FLAT], "can": [FLAT]}
    values |= {"at": "2026-11-12T21:41:00.000000Z", "changes": [HOSTILE], "name": FLAT}
    values |= {"word": FLAT, "account": FLAT, "groups": [FLAT], "rationale": HOSTILE}
    values |= {"reason": HOSTILE, "detail": HOSTILE, "why": HOSTILE, "from": FLAT, "undo": HOSTILE}
    for tell, _ in ends.ENDS.values():
        ended = tell().escalation
        labels = tuple(replace(o, label=FLAT[:75], description=HOSTILE) for o in ended.options)
        ended = replace(ended, title=FLAT, options=labels, requester=e.requester)
        yield f"ended {ended.status}", channel_card(ended, PEOPLE)
    for owed in ("voted", "voided", "stopped", "decided-withdrawn", "reported-failed"):
        yield owed, thread_line(story.escalation, owed, values, PEOPLE)
        yield owed, direct(story.escalation, owed, values, PEOPLE, person="ines")
    yield from on_the_way(values)
    yield from of_before()
    for case in ("counted", "changed", "already-decided", "out-of-date", "unknown-account"):
        yield case, answer(case, values, story.escalation, PEOPLE, typed=HOSTILE)


def on_the_way(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every state, window and line of what people do besides deciding."""
    values = {**values, "text": HOSTILE, "root_cause": HOSTILE, "by_hand": HOSTILE, "step": 2}
    values |= {"to": f"person:{FLAT}", "by": f"service:{FLAT}", "ids": ["qst_1"], "id": "qst_1"}
    told_by = [{"to": f"{kind}:{FLAT}", "via": f"route:{FLAT}"} for kind in ("route", "person")]
    values |= {"notices": [*told_by, {"to": f"person:{FLAT}", "via": "slack"}], "of": 3}
    values |= {"missed": [{"to": f"person:{FLAT}", "why": HOSTILE}], "answer": HOSTILE}
    told = [*states.PENDING.values(), *(tell for tell, _ in states.OVER.values())]
    for n, e in enumerate(malicious(tell()) for tell in told):
        yield f"state {n}", channel_card(e, states.PEOPLE)
        yield f"state {n} directly", direct_card(e, states.PEOPLE, "ravi")
        yield f"state {n} in details", details(e, states.PEOPLE, person="mia")
        yield f"ask {n}", asking.ask_modal(e, states.PEOPLE)
        yield f"resolve {n}", asking.resolve_modal(e, states.PEOPLE)
        yield f"override {n}", asking.override_modal(e, states.PEOPLE, person="mia")
        yield from ((f"answer {n}", asking.answer_modal(e, q, PEOPLE)) for q in e.questions)
    e = malicious(states.asked())
    for case in {**chain.THREAD, **verbs.TOLD}:
        own = {**values, "to": None} if case.startswith(("extended", "deadline")) else values
        yield case, thread_line(e, case, own, PEOPLE)
        yield case, direct(e, case, own, PEOPLE, person="ines", reason=HOSTILE)
    for tell in (states.answered, states.resolved, states.extended):
        for case in replies.BY_CASE:
            yield case, answer(case, values, malicious(tell()), PEOPLE, typed=HOSTILE)


def of_before() -> Iterator[tuple[str, Any]]:
    """What people and services wrote in earlier ones, on the card and in the window of them."""
    issue = replace(FILLS, root_cause=HOSTILE, workarounds=HOSTILE, due=FLAT, owner=FLAT)
    review = reviewed()
    found = review.findings and replace(review.findings, root_cause=HOSTILE, resolved_by=HOSTILE)
    review = replace(review, findings=found)
    wrote = {"rationale": HOSTILE, "undone": HOSTILE, "by_hand": HOSTILE, "title": FLAT}
    named = {"label": FLAT[:75], "people": (FLAT,)}
    before = one_before(**wrote, **named, issue=issue, review=review)
    last = Precedent(id="esc_last", at=LAST, option=FLAT[:40], person=FLAT)
    for e in (asked_again(ended={FLAT[:40]: 3, "migrate": 2}), reported_again()):
        past = e.recalled and replace(e.recalled, precedents=(last,))
        again = replace(malicious(e), recalled=past)
        yield "recalled", channel_card(again, PEOPLE, earlier=[before])
        yield "recalled directly", direct_card(again, PEOPLE, "ravi", earlier=[before])
        yield "earlier", earlier_modal(again, [Match(found=before, score=1.0)], 1, PEOPLE)


def malicious(e: Escalation) -> Escalation:
    """The same, with every word that anybody wrote replaced."""
    asked = tuple(replace(q, text=HOSTILE, answer=q.answer and HOSTILE) for q in e.questions)
    told = e.resolution
    return replace(
        e,
        title=FLAT[:150],
        questions=asked,
        options=tuple(replace(o, label=FLAT[:75], description=HOSTILE) for o in e.options),
        overrides=tuple(replace(o, reason=HOSTILE) for o in e.overrides),
        missed=tuple(replace(m, why=f"{FLAT} until {FLAT}") for m in e.missed),
        resolution=told and replace(told, root_cause=HOSTILE, by_hand=HOSTILE),
        decision=e.decision and replace(e.decision, reason=HOSTILE),
    )


DRAWN = list(drawings())


@pytest.mark.parametrize(("name", "drawn"), DRAWN, ids=[f"{n}-{d[0]}" for n, d in enumerate(DRAWN)])
def test_foreign_text_mentions_nobody_links_nowhere_and_hides_nothing(
    name: str, drawn: Any
) -> None:
    blocks = list(drawn.blocks) if isinstance(drawn, Message) else drawn["blocks"]
    parts = list(everything(blocks))
    assert () == check(drawn)
    assert not {"link", "emoji", "broadcast", "usergroup", "channel"} & {
        p.get("type") for p in parts
    }
    assert "UNOBODY" not in [p.get("user_id") for p in parts]
    for part in parts:
        if part.get("type") == "mrkdwn":
            assert not re.search(r"<(?!!date\^)|evil|APPROVED", part["text"])
        if part.get("type") == "plain_text":
            assert part["emoji"] is False
    if isinstance(drawn, Message):
        assert not re.search(r"[<>\n]|:white_check_mark:", drawn.text)
    text = json.dumps(blocks, ensure_ascii=False)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", text)


@pytest.mark.parametrize(("name", "drawn"), DRAWN, ids=[f"{n}-{d[0]}" for n, d in enumerate(DRAWN)])
def test_foreign_text_cannot_begin_a_line_of_its_own_outside_a_box(name: str, drawn: Any) -> None:
    blocks = list(drawn.blocks) if isinstance(drawn, Message) else drawn["blocks"]
    for part in everything(blocks):
        if part.get("type") in ("rich_text_section", "rich_text_quote"):
            for element in part["elements"]:
                text = element.get("text", "")
                assert text == "\n" or "\n" not in text
                assert not text.startswith(("APPROVED", "Approved by"))


def test_a_mention_of_a_stranger_named_by_the_service_is_only_a_name() -> None:
    e = replace(
        Story(MIGRATION).escalation, requester=Requester(id="x", name="Eve", slack="USTRANGER")
    )
    users = [
        p["user_id"]
        for p in everything(list(channel_card(e, PEOPLE).blocks))
        if p.get("type") == "user"
    ]
    assert set(users) <= {"URAVI", "UINES", "UDANA"}


def _long(title: str, name: str, environment: str) -> Escalation:
    base = Story(MIGRATION).escalation
    asked = Requester(id=name, name=name)
    return replace(base, title=title, environment=environment, requester=asked)


@given(
    title=st.text(min_size=1, max_size=150),
    name=st.text(min_size=1, max_size=300),
    environment=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", fullmatch=True),
)
def test_a_lock_screen_line_never_exceeds_its_limit(
    title: str, name: str, environment: str
) -> None:
    e = _long(title, name, environment)
    for reader in (lockscreen.Reader(zone="Asia/Kolkata"), lockscreen.Reader(zone="UTC", own=True)):
        for line in (
            lockscreen.pending(e, PEOPLE, reader),
            lockscreen.one_more(e, e.options[0], 1, 2, reader),
        ):
            assert len(line) <= LOCK_SCREEN
            assert line.startswith("HIGH ")
            assert line.endswith(", else aborted.")
            assert not re.search("[<>\n]", line)


@pytest.mark.parametrize("name", ends.ENDS)
def test_an_ended_line_stays_within_its_limit_with_the_longest_of_everything(name: str) -> None:
    e = ends.ENDS[name][0]().escalation
    labels = tuple(replace(o, label="&" * 75) for o in e.options)
    e = replace(e, title="&" * 150, environment="e" * 40, options=labels)
    line = lockscreen.ended(e, PEOPLE, lockscreen.reader_of(e, PEOPLE))
    assert len(line) <= LOCK_SCREEN


def test_the_longest_title_is_cut_at_a_word_and_the_rest_stands() -> None:
    e = _long("Rebuild the primary index " * 5, "Dana", "production")
    line = lockscreen.pending(e, PEOPLE, lockscreen.Reader(zone="Europe/Berlin"))
    assert len(line) <= LOCK_SCREEN
    assert line.startswith("HIGH production: Rebuild the primary index")
    assert line.endswith("…. Asked by Dana. Decide by 23:30 CET, else aborted.")
