"""Draws what the background owes, as `bot.messaging.Artist`."""

from collections.abc import Sequence
from datetime import datetime

from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.memory.oversight import Oversight
from approvals.people import People
from approvals.ports import Card, Delivery
from approvals.storms import Storm
from bot.messaging import Message, Seen
from bot.slack.drawing.answers import answer
from bot.slack.drawing.card import channel_card, direct_card
from bot.slack.drawing.digest import digest
from bot.slack.drawing.directs import direct
from bot.slack.drawing.storm import many_ended, storm_card, storm_direct, storm_line
from bot.slack.drawing.storm_windows import partly
from bot.slack.drawing.thread import thread_line


class Drawings:
    """Pure: the same values, the same message."""

    def card(self, escalation: Escalation, card: Card, seen: Seen) -> Message:
        """The card as it should look now."""
        if card.surface == "channel":
            return channel_card(escalation, seen.people, cards=seen.cards, earlier=seen.earlier)
        person, earlier = card.target, seen.earlier
        return direct_card(escalation, seen.people, person, cards=seen.cards, earlier=earlier)

    def storm(self, storm: Storm) -> Message:
        """A storm's card as it should look now."""
        return storm_card(storm)

    def of_storm(self, storm: Storm, delivery: Delivery, people: People) -> Message:
        """A thread line or a direct message about all of a storm."""
        case, values = delivery.payload["case"], delivery.payload.get("values") or {}
        if delivery.kind == "thread":
            mentions = tuple(delivery.payload.get("mentions") or ())
            return storm_line(storm, case, values, people, mentions)
        return storm_direct(storm, case, values)

    def many(self, ended: Sequence[Escalation], delivery: Delivery) -> Message:
        """A direct message about many endings of one service."""
        return many_ended(ended, delivery.payload["case"])

    def digest(
        self, quiet: Quiet, zone: str, since: datetime, oversight: Oversight | None = None
    ) -> Message:
        """What rang nobody since then."""
        return digest(quiet, zone, since, oversight)

    def delivery(
        self, escalation: Escalation, delivery: Delivery, people: People, now: datetime
    ) -> Message:
        """A thread line, a direct message or an answer."""
        case, values = delivery.payload["case"], delivery.payload.get("values") or {}
        if case == "batch":
            return partly()
        if delivery.kind == "answer":
            return answer(case, values, escalation, people)
        if delivery.kind == "thread":
            mentions = delivery.payload.get("mentions") or ()
            return thread_line(escalation, case, values, people, mentions=mentions)
        kind, _, named = delivery.target.partition(":")
        person = named if kind == "person" else None
        reason = str(delivery.payload.get("reason") or "")
        return direct(escalation, case, values, people, person=person, reason=reason)
