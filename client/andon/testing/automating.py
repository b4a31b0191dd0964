"""What runs by itself, as the fake takes it: on the record, or people decide; the server's rules
with the terms it has without a policy of its own.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from andon.recoveries import AUTOMATIC, CATEGORY_OF, breaker_of
from andon.testing.desk import Desk
from andon.testing.held import Held
from andon.testing.problems import RefusedError

#: As many of one kind within so long; and how long people decide after one that went wrong.
MOST, WITHIN, MANUAL_FOR = 5, timedelta(hours=1), timedelta(days=1)

#: Seconds until silence becomes unknown.
REPORT_S = 900


def automate(desk: Desk, service: str, key: str, asked: Mapping[str, Any]) -> tuple[Held, bool]:
    """The record of this request, and whether it is new. Raises RefusedError."""
    body = {
        **asked,
        "kind": "automation",
        "options": [],
        "dedup_key": breaker_of(asked["recovery"]),
    }
    if not desk.knows(service, key):
        _may(desk, service, body)
    held, fresh = desk.open(service, key, body)
    if fresh:
        now = desk.clock()
        held.run(now, now + timedelta(seconds=REPORT_S))
    return held, fresh


def _may(desk: Desk, service: str, body: Mapping[str, Any]) -> None:
    errors = list(_never(body))
    if errors:
        raise RefusedError("not-automatable", errors=errors)
    name = body["dedup_key"]
    past = [
        held
        for held in desk.escalations.values()
        if held.service == service and held.body.get("dedup_key") == name
    ]
    for held in past:
        desk.let_time_pass(held)
    if _is_manual(past, desk.clock()):
        detail = f"People decide now: ask for an approval with the dedup_key `{name}`."
        raise RefusedError("turned-manual", detail)


def _never(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if body["recovery"] not in CATEGORY_OF:
        yield "/recovery", "This never runs by itself: ask for an approval."
    if body["category"] not in AUTOMATIC:
        yield "/category", "People decide about it: ask for an approval."
    if body["operation"].get("money"):
        yield "/operation/money", "Money never moves by itself: ask for an approval."
    if "sql" in body["operation"].get("arguments", {}):
        yield "/operation/arguments/sql", "People read a statement first: ask for an approval."


def _is_manual(past: list[Held], now: datetime) -> bool:
    good = [h.created_at for h in past if not h.is_automation and h.state == "succeeded"]
    alone = [h for h in past if h.is_automation and (not good or h.created_at > max(good))]
    bad = [h for h in alone if h.state in ("failed", "unknown")]
    recent = [h for h in alone if h.created_at > now - WITHIN]
    return any(h.created_at > now - MANUAL_FOR for h in bad) or len(recent) >= MOST
