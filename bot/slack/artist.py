"""Draws what the background owes, as `bot.messaging.Artist`."""

from datetime import datetime

from approvals.escalation import Escalation
from approvals.people import People
from approvals.ports import Card, Delivery
from bot.messaging import Message, Seen
from bot.slack.drawing.answers import answer
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.directs import direct
from bot.slack.drawing.thread import thread_line


class Drawings:
    """Pure: the same values, the same message."""

    def card(self, escalation: Escalation, card: Card, seen: Seen) -> Message:
        """The card as it should look now."""
        if card.surface == "channel":
            return channel_card(escalation, seen.people, cards=seen.cards)
        return direct_card(escalation, seen.people, card.target, cards=seen.cards)

    def delivery(
        self, escalation: Escalation, delivery: Delivery, people: People, now: datetime
    ) -> Message:
        """A thread line, a direct message or an answer."""
        case, values = delivery.payload["case"], delivery.payload.get("values") or {}
        if delivery.kind == "answer":
            return answer(case, values, escalation, people)
        if delivery.kind == "thread":
            mentions = delivery.payload.get("mentions") or ()
            return thread_line(escalation, case, values, people, mentions=mentions)
        kind, _, named = delivery.target.partition(":")
        person = named if kind == "person" else None
        reason = str(delivery.payload.get("reason") or "")
        return direct(escalation, case, values, people, person=person, reason=reason)
