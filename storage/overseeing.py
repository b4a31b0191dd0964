"""What is read of past escalations to see whether people really decided: newest first, a page at a
time, and when their cards were posted.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from approvals.codec import parse_instant
from storage.among import among
from storage.links import Query, Row

_NEWEST = "SELECT id, created_at, body FROM escalations"
_POSTED = (
    "SELECT escalation_id, target, min(posted_at) FROM cards WHERE posted_at IS NOT NULL "
    "AND storm_id IS NULL AND escalation_id"
)

#: By escalation: when its cards were first posted, by person id or channel id.
Arrived = Mapping[str, Mapping[str, datetime]]


def page_before(last: str | None, limit: int) -> Query:
    """The newest escalations, or those just before that id.

    Ids are ordered by time: once a page holds nothing that is new enough, no later one does.
    """
    if last is None:
        return Query(f"{_NEWEST} ORDER BY id DESC LIMIT ?", (limit,))
    return Query(f"{_NEWEST} WHERE id < ? ORDER BY id DESC LIMIT ?", (last, limit))


def cards_posted(ids: Iterable[str]) -> Query:
    """When cards of these escalations were first posted. A storm's card says it of no member."""
    sql, values = among(_POSTED, list(ids))
    return Query(f"{sql} GROUP BY escalation_id, target", values)


def arrived(rows: Iterable[Row]) -> Arrived:
    """What `cards_posted` found."""
    found: dict[str, dict[str, datetime]] = {}
    for escalation_id, target, at in rows:
        found.setdefault(escalation_id, {})[target] = parse_instant(at)
    return found
