"""Details' account of who was told: whom, when, why, by which way, and what was answered."""

from typing import Any

from approvals.escalation import Look, Missed
from approvals.ports import Card, Delivery
from bot.slack.drawing.details import details
from bot.slack.drawing.limits import check
from bot.slack.drawing.sent import MOST_MESSAGES
from tests.bot.slack.drawing import states
from tests.bot.slack.drawing.examples import later
from tests.bot.slack.drawing.reading import read
from tests.bot.slack.drawing.states import PEOPLE
from tests.bot.slack.drawing.stored import assert_stored


def card(surface: str, target: str, **more: Any) -> Card:
    """A card that was posted, unless it says otherwise."""
    posted = {"ts": "1.1", "posted_at": later(0), **more}
    return Card(id=f"c{target}", escalation_id="e", surface=surface, target=target, **posted)


CARDS = (
    card("channel", "C0DATABASE"),
    card("direct", "ravi"),
    card("direct", "ines", ts=None, posted_at=None, error="slack is away"),
    card("direct", "dana", posted_at=later(30)),
)


def delivery(kind: str, target: str, case: str, **more: object) -> Delivery:
    """An owed message."""
    reason = str(more.pop("reason", ""))
    payload = {"case": case, "values": {}, "reason": reason}
    return Delivery(
        id=f"msg_{target}_{case}",
        escalation_id="e",
        kind=kind,
        target=target,
        payload=payload,
        created_at=later(15),
        state=str(more.pop("state", "delivered")),
        error=str(more.pop("error", "")) or None,
    )


DELIVERIES = (
    delivery("direct", "person:ines", "step", reason="may decide (database-admin)"),
    delivery("page", "pager", "step", reason="stage 2", error="connection refused", state="failed"),
    delivery("callback", "https://search.example/andon", "escalation.expired"),
    delivery("thread", "", "step"),
    delivery("answer", "URAVI", "acknowledged"),
)


def test_every_message_and_page_is_listed_with_its_reason_and_what_was_answered() -> None:
    missed = (
        Missed(to="person:ines", why="notifications paused", at=later(0)),
        Missed(to="route:pager", why="connection refused", at=later(16)),
    )
    looks = (Look(person="ravi", at=later(11)),)
    e = states.chained(missed=missed, looks=looks, overrides=states.override_asked().overrides)
    view = details(e, PEOPLE, cards=CARDS, deliveries=DELIVERIES, person="mia")
    assert () == check(view)
    assert_stored("details_sent", view)


def test_an_incident_has_its_resolution_in_the_details_and_no_votes() -> None:
    view = details(states.resolved(), PEOPLE)
    assert () == check(view)
    assert "What would run" not in read(view)
    assert_stored("details_incident", view)


def test_what_is_answered_and_said_in_threads_is_nobody_elses_message() -> None:
    text = read(details(states.awaited(), PEOPLE, deliveries=DELIVERIES[3:]))
    assert "Nobody yet." in text


def test_many_messages_are_counted() -> None:
    many = [delivery("direct", f"person:p{n}", "step") for n in range(MOST_MESSAGES + 5)]
    assert "and 5 more" in read(details(states.awaited(), PEOPLE, deliveries=many))
