"""Composition of the ways outside Slack: the routes of the policy, and the loop that pages."""

import asyncio
from collections.abc import Mapping
from functools import partial

import structlog

from approvals.policy.model import Policy
from approvals.ports import Clock, Writer
from bot.background.counts import Counts
from bot.background.loop import Loop
from bot.background.outside import Outside, wrong_with
from bot.background.pages import Pager
from bot.background.ways import Ways
from bot.ids import new_id
from bot.metrics import CountedDeliveries, Metrics
from bot.people import KnownPeople
from bot.redaction import redact_text
from bot.settings import secret_of
from bot.slack_side import Records

log = structlog.get_logger(__name__)

#: Seconds between two looks when nothing wakes the loop.
PAGES_S = 2.0


def page_loop(
    store: Records,
    writer: Writer,
    people: KnownPeople,
    clock: Clock,
    metrics: Metrics,
    counts: Counts,
) -> Loop:
    """Pages by the policy in force, whether Slack is on or off."""
    pager = Pager(
        deliveries=CountedDeliveries(store.deliveries, metrics, "routes"),
        reads=store.reads,
        facts=people,
        ways=Ways(
            writer=writer,
            cards=store.cards,
            deliveries=store.deliveries,
            clock=clock,
            new_id=new_id,
        ),
        routes=partial(_address, people),
        secret=secret_of,
        notify=Outside(),
        redacted=redact_text,
        clock=clock,
        counts=counts,
        slack=people.asks_slack,
    )
    return Loop("pages", pager.once, PAGES_S, pager)


def _address(people: KnownPeople, route: str) -> str | None:
    found = people.policy.routes.get(route)
    return found.address if found else None


def wrong_routes(policy: Policy) -> Mapping[str, str]:
    """Why no page can go by a route, for each of those; nothing is called. Takes a moment."""
    found = {name: wrong_with(route.address, secret_of) for name, route in policy.routes.items()}
    return {name: why for name, why in found.items() if why is not None}


async def warn_of_routes(policy: Policy) -> None:
    """Say at the start by which routes nobody can be paged."""
    for route, why in (await asyncio.to_thread(wrong_routes, policy)).items():
        log.warning("route-unusable", route=route, why=why)
