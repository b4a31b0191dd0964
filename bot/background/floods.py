"""Floods of endings: many messages to one person about the same ending of one service are one."""

from collections.abc import Sequence

from approvals.ports import Delivery

#: More than so many alike, due together, are said in one message.
MOST = 5

#: Deliveries looked at when there is a flood, so that all of it is in one message.
WHOLE = 500

#: Messages about an ending that many of one service may share.
ENDINGS = frozenset(
    {
        "decided-approved",
        "decided-rejected",
        "decided-expired",
        "decided-withdrawn",
        "resolved",
        "stopped",
        "void",
        "lapsed",
        "started",
        "reported-succeeded",
        "reported-failed",
        "reported-unknown",
        "review-opened",
        "review-reminded",
    }
)


def is_ending(delivery: Delivery) -> bool:
    """Whether others like it may come together with it."""
    return delivery.kind == "direct" and delivery.payload["case"] in ENDINGS


Flood = tuple[Delivery, ...]


def floods(due: Sequence[Delivery]) -> list[Flood]:
    """More than a few messages to one person about one ending; of one service or of several."""
    alike: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in due:
        if is_ending(delivery):
            alike.setdefault((delivery.target, delivery.payload["case"]), []).append(delivery)
    return [tuple(found) for found in alike.values() if len(found) > MOST]
