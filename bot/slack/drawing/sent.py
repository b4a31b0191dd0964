"""Details' account of who was told: whom, when, why, by which way, and what was answered.

"Sent" is what was taken; "opened" is only who pressed something (CARDS section 1).
"""

from collections.abc import Iterator, Mapping, Sequence

from approvals.escalation import Escalation, Missed
from approvals.people import People
from approvals.ports import Card, Delivery
from bot.slack.drawing.looking import why_missed
from bot.slack.drawing.spans import Line, Span, any_of, name_of, one_line, when

Pieces = list[Span | str]

#: Messages listed; beyond, they are counted.
MOST_MESSAGES = 60

#: What is told to people and services, and by which way; answers to a click are nobody else's.
_WAYS: Mapping[str, str] = {"direct": "", "page": "Route ", "callback": "Callback to "}

#: Cases in words, where the case alone says little.
_CASES: Mapping[str, str] = {
    "step": "called",
    "one-more": "one more is needed",
    "override-asked": "override asked",
}


def sent_lines(
    e: Escalation, people: People, cards: Sequence[Card], deliveries: Sequence[Delivery]
) -> Iterator[Line]:
    """A line a card, a message, a page, a callback; then who was missed, and who opened it."""
    told = [_card(e, card, people) for card in cards]
    told += [_delivery(d, people) for d in deliveries if d.kind in _WAYS]
    lines: list[Line] = told[:MOST_MESSAGES]
    if len(told) > MOST_MESSAGES:
        lines.append([f"and {len(told) - MOST_MESSAGES} more"])
    lines += [_missed(e, missed, people) for missed in e.missed]
    lines += [[f"Opened by {name_of(look.person, people)} ", when(look.at)] for look in e.looks]
    yield from lines or [["Nobody yet."]]


def _missed(e: Escalation, missed: Missed, people: People) -> Line:
    kind, _, name = missed.to.partition(":")
    who = name_of(name, people) if kind == "person" else one_line(missed.to, 80)
    return [f"{who} was not reached ", when(missed.at), ": ", *why_missed(e, missed, people)]


def _card(e: Escalation, card: Card, people: People) -> Line:
    who: Span | str = (
        name_of(card.target, people)
        if card.surface in ("direct", "storm-direct")
        else Span(text=f"channel {card.target}", channel=card.target)
    )
    if card.ts is None:
        return [who, f": not sent yet{_answered(card.error)}"]
    at: Pieces = [" ", when(card.posted_at)] if card.posted_at else []
    return [who, ": sent", *at, *why_sent(e, card), _answered(card.error)]


def why_sent(e: Escalation, card: Card) -> Pieces:
    """`, may decide (database-admin)`: why this one got a card."""
    if card.surface != "direct":
        return [f', the channel of rule "{one_line(e.plan.rule, 60)}"']
    groups = [g for g, members in e.plan.members.items() if card.target in members]
    if groups and card.target not in e.plan.excluded:
        return [f", may decide ({any_of(groups)})"]
    return [f", answers for {e.service}"] if card.target in e.plan.owners else []


def _delivery(delivery: Delivery, people: People) -> Line:
    kind, _, name = delivery.target.partition(":")
    who = name_of(name, people) if kind == "person" else one_line(delivery.target, 80)
    payload = delivery.payload
    case = str(payload.get("case") or payload.get("type") or delivery.kind)
    why = one_line(str(payload.get("reason") or ""), 150)
    at: Pieces = [" ", when(delivery.created_at)] if delivery.created_at else []
    told = f"{_WAYS[delivery.kind]}{who}: {one_line(_CASES.get(case, case), 60)}, {delivery.state}"
    return [told, *at, f", {why}" if why else "", _answered(delivery.error)]


def _answered(error: str | None) -> str:
    return f" (answered: {one_line(error, 80)})" if error else ""
