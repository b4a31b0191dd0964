"""What a page says: who asks, what, by when and what then, where to look, and why you get it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.escalation import Chain, Resolution
from approvals.memory.values import Runbook
from approvals.words import Kind, Severity, Status
from bot.background.page_text import TITLE, page_text
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.examples import ASKED, MIGRATION, RETRIES, TRANSFER, Story

WHY = "may decide (database-admin)"


def incident(**changes: Any) -> Story:
    """A service needs help and holds nothing."""
    story = Story(RETRIES | {"summary": "p99 is 4 s"})
    story.escalation = replace(
        story.escalation,
        kind=Kind.INCIDENT,
        operation=None,
        options=(),
        context={"runbook": "https://runbooks.example/latency"},
        **changes,
    )
    return story


def test_a_page_says_everything_somebody_away_from_slack_needs() -> None:
    story = Story(MIGRATION)
    text = page_text(story.escalation, "step", {}, story.people, reason=WHY)
    assert text.title == "HIGH production: Schema conflict on search index documents_v3"
    assert text.tone == "failure"
    assert text.body.splitlines() == [
        "search-api asks, for Dana: Schema conflict on search index documents_v3",
        "Would run: schema conflict on documents_v3 on documents_v3 (production)",
        "Impact: «New documents are not searchable since 22:18. About 400 an hour.»",
        "Needs 1 of database-admin.",
        "Decide by 23:30 CET, else aborted: nothing runs.",
        "Unless somebody acknowledges by 22:45 CET, the next people are called.",
        "",
        "Why you get this: may decide (database-admin)",
        "Look: its card in Slack, or there /escalations show 7f3a9c",
        "Acknowledging and deciding happen in Slack; answering this does neither.",
        "Id: esc_0190c3b7e1d27f3a9c8e55d17b7f3a9c",
    ]


def test_of_what_belongs_into_a_private_channel_it_gives_no_details() -> None:
    story = Story(TRANSFER)
    text = page_text(story.escalation, "step", {}, story.people, reason=WHY)
    assert "The details stay in Slack." in text.body.splitlines()
    assert "Late fee" not in text.body
    assert "DE02" not in text.body + text.title
    assert "else aborted: no money moves." in text.body


def test_for_an_incident_it_asks_to_acknowledge_and_says_that_nothing_is_held() -> None:
    story = incident()
    lines = page_text(story.escalation, "step", {}, story.people).body.splitlines()
    assert lines[:4] == [
        "data-sync needs help: Data sync failed 3 times: orders to warehouse",
        "Summary: «p99 is 4 s»",
        "Runbook: «https://runbooks.example/latency»",
        "Acknowledge by 23:30 CET, else the next people are called. Nothing is held.",
    ]


def test_runbooks_that_were_found_stand_there_with_their_addresses() -> None:
    story = incident()
    at = "https://git.example.com/ops/runbooks/sync.md"
    books = (
        Runbook(name="sync.md", title="Restart the sync", by="rule", url=at),
        Runbook(name="lag.md", title="Replica\nlag", by="match"),
    )
    lines = page_text(replace(story.escalation, runbooks=books), "step", {}, story.people).body
    found = [line for line in lines.splitlines() if line.startswith("Runbook: ")]
    assert found[1:] == [f"Runbook: Restart the sync {at}", "Runbook: Replica lag"]


def test_where_nobody_else_will_be_called_it_says_nothing_of_it() -> None:
    story = Story(MIGRATION)
    text = page_text(replace(story.escalation, chain=Chain()), "step", {}, story.people)
    assert "acknowledges by" not in text.body


def test_another_day_is_named() -> None:
    story = Story(RETRIES)
    assert "Decide by 13 Nov 02:30 CET" in page_text(story.escalation, "s", {}, story.people).body


@pytest.mark.parametrize(
    ("case", "values"),
    [
        ("reminder", {"which": "half"}),
        ("reminder", {"which": "four-fifths"}),
        ("unattended", {}),
    ],
)
def test_a_later_page_says_first_why_it_comes_again(case: str, values: dict[str, str]) -> None:
    story = Story(MIGRATION)
    first, *_ = page_text(story.escalation, case, values, story.people).body.splitlines()
    assert first not in page_text(story.escalation, "step", {}, story.people).body


@pytest.mark.parametrize(
    ("severity", "tone"),
    [("critical", "failure"), ("high", "failure"), ("medium", "warning"), ("low", "info")],
)
def test_the_worse_it_is_the_louder(severity: str, tone: str) -> None:
    story = incident(severity=Severity(severity))
    assert page_text(story.escalation, "step", {}, story.people).tone == tone


@pytest.mark.parametrize(
    ("told", "case", "title", "line"),
    [
        (
            ends.approved,
            "decided-approved",
            "APPROVED",
            "Approved 22:41 CET by Ravi: «Replica lag is 0 and the downgrade is tested.»",
        ),
        (ends.rejected, "decided-rejected", "ABORTED", "No money moved."),
        (ends.expired, "decided-expired", "EXPIRED", "Nothing ran."),
        (ends.withdrawn, "decided-withdrawn", "WITHDRAWN", "Withdrawn 22:50 CET: «merge worked»"),
        (ends.stopped, "stopped", "STOPPED", "Nothing ran."),
        (ends.void, "void", "VOID", "Nothing ran."),
        (ends.not_run, "lapsed", "NOT RUN", "Nothing ran."),
        (ends.succeeded, "reported-succeeded", "SUCCEEDED", "search-api says: «disk full»"),
        (ends.failed, "reported-failed", "FAILED", "search-api says: «disk full»"),
        (ends.failed, "reported-failed", "FAILED", "Undone: «restored»"),
        (ends.unknown, "reported-unknown", "RESULT UNKNOWN", "search-api says: «disk full»"),
    ],
)
def test_how_it_ended(told: Callable[[], Story], case: str, title: str, line: str) -> None:
    story = told()
    values = {"detail": "disk full", "undo": "restored"}
    text = page_text(story.escalation, case, values, story.people)
    assert text.title.startswith(f"{title}: ")
    assert line in text.body.splitlines()
    assert "Decide by" not in text.body
    assert "Acknowledg" not in text.body


def test_an_incident_that_is_over_names_who_resolved_it_and_the_cause() -> None:
    over = Resolution(by="person:sam", at=ASKED + timedelta(minutes=9), root_cause="a full disk")
    story = incident(status=Status.RESOLVED, resolution=over)
    text = page_text(story.escalation, "resolved", {}, story.people)
    assert text.title == "RESOLVED: Data sync failed 3 times: orders to warehouse"
    assert "Resolved 22:39 CET by Sam: «a full disk»" in text.body


def test_without_slack_it_names_no_card() -> None:
    story = Story(MIGRATION)
    body = page_text(story.escalation, "step", {}, story.people, slack=False).body
    assert "Slack" not in body
    assert body.splitlines()[-1] == f"Id: {story.escalation.id}"


def test_hostile_text_stays_on_its_line_and_is_cut() -> None:
    evil = "x\nWhy you get this: nothing\r\n\u2028" + "y " * 400
    story = Story(MIGRATION | {"context": {"user_impact": evil}})
    named = replace(story.escalation, title=f"{evil}"[:300])
    text = page_text(named, "step", {}, story.people, reason=evil)
    assert len(text.title) <= TITLE
    assert "\n" not in text.title
    plain = page_text(story.escalation, "step", {}, story.people, reason="w")
    assert len(text.body.splitlines()) == len(plain.body.splitlines())
    assert max(map(len, text.body.splitlines())) < 600


def test_work_by_hand_says_what_was_done_how_often_and_how_long() -> None:
    story = incident()
    values = {
        "done": [f"esc_{n}" for n in range(12)],
        "said": ["restarted the shard", "again", "and again", "and once more"],
        "median_s": 600,
        "total_s": 12_000,
    }
    why = "done by hand again and again"
    text = page_text(story.escalation, "work", values, story.people, reason=why)
    title = story.escalation.title
    assert (text.title, text.tone) == (f"WORK: {title}", "info")
    assert text.body.splitlines() == [
        f"{story.escalation.service}: {title}",
        "Done by hand 12 times in 30 days. It could be automated.",
        "What was done: «restarted the shard»",
        "What was done: «again»",
        "What was done: «and again»",
        "From the question to its end: usually 10 min, 3 h 20 min together.",
        f"Which: {', '.join(f'esc_{n}' for n in range(2, 12))}",
        "",
        "Why you get this: done by hand again and again",
        f"Look: its card in Slack, or there /escalations show {story.escalation.id[-6:]}",
        "Acknowledging and deciding happen in Slack; answering this does neither.",
        f"Id: {story.escalation.id}",
    ]


def test_what_was_done_stays_in_slack_where_the_category_is_private() -> None:
    story = incident(category="security")
    values = {"done": ["esc_1"], "said": ["gave the key to Bob"], "median_s": 20, "total_s": 20}
    text = page_text(story.escalation, "work", values, story.people)
    assert "Bob" not in text.body
    assert "usually 1 min, 1 min together" in text.body
