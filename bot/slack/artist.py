"""Draws what the background owes, as `bot.messaging.Artist`."""

from datetime import datetime

from approvals.escalation import Escalation
from approvals.facts import People
from approvals.ports import Card, Delivery
from bot.messaging import Message, Seen
from bot.slack.texts.answers import answer
from bot.slack.texts.card import card as draw_card
from bot.slack.texts.thread import direct, thread_line


class Drawings:
    """Pure: the same values, the same message."""

    def card(self, escalation: Escalation, card: Card, seen: Seen) -> Message:
        """The card as it should look now."""
        return draw_card(escalation, seen.people, channel=card.surface == "channel")

    def delivery(
        self, escalation: Escalation, delivery: Delivery, people: People, now: datetime
    ) -> Message:
        """A thread line, a direct message or an answer."""
        case, values = delivery.payload["case"], delivery.payload.get("values") or {}
        if delivery.kind == "answer":
            return answer(case, values, escalation, now)
        if delivery.kind == "thread":
            return thread_line(escalation, case, values, people)
        return direct(escalation, case, values, people)
