"""The services of the demo, each with an operation it may not run yet (from the seed)."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A blocked service: who it is, what it holds, and what it asks."""

    key: str
    service: str
    command: str  #: what the strip shows
    body: Body
    change: str  #: the button that tries something else than was shown
    changed: Callable[[dict[str, Any]], None]  #: what it does to a copy of the body
    runs_s: float = 1.2  #: how long the pretended operation takes

    def changed_body(self) -> dict[str, Any]:
        """The body with another operation in it than the one people were shown."""
        body = copy.deepcopy(dict(self.body))
        self.changed(body)
        return body


def scenes(now: datetime) -> tuple[Scene, ...]:
    """What is opened at the start, in this order; `now` in the zone of whoever looks."""
    return migration(now), transfer(), sync(now)


def migration(now: datetime) -> Scene:
    """A schema conflict: migrate in one tap, recreate with a reason, or by hand."""

    def more_sql(body: dict[str, Any]) -> None:
        body["options"][0]["arguments"]["sql"] += "\nDROP TABLE documents_v2"

    return Scene(
        key="migration",
        service="search-api",
        command="alembic upgrade 8f2c:9a41",
        change="Change the SQL",
        changed=more_sql,
        body={
            "category": "schema_migration",
            "title": "Schema conflict on search index documents_v3",
            "severity": "high",
            "environment": "production",
            "requested_by": {"id": "dana@example.com", "name": "Dana", "slack": "UDANA"},
            "operation": {
                "name": "schema conflict on documents_v3",
                "target": "documents_v3",
                "arguments": {},
            },
            "options": _WAYS_OUT,
            "context": {
                "error": {
                    "type": "SchemaConflictError",
                    "message": "field 'lang' is keyword, expected text",
                },
                "attempts": [
                    {
                        "at": _before(now, minutes=11),
                        "action": "automatic merge of mappings",
                        "error": "refused, types differ",
                    }
                ],
                "system_state": {
                    "documents": "41.2 million",
                    "size": "96 GB",
                    "replica lag": "0 s",
                },
                "recent_changes": [
                    f"{_clock(now, minutes=15)} deploy 8f2c41 (Dana): language-aware search"
                ],
                "affected_services": ["search-api", "help-centre"],
                "user_impact": "New documents are not searchable since "
                f"{_clock(now, minutes=12)}. About 400 an hour.",
                "rollback": "Migrate: alembic downgrade -1, tested. Recreate: none.",
            },
        },
    )


_WAYS_OUT = [
    {
        "key": "migrate",
        "label": "Migrate, keep data",
        "effect": "release",
        "description": "About 40 minutes, search stays up.",
        "arguments": {
            "sql": "alembic upgrade 8f2c:9a41\nreindex documents_v3 -> documents_v4 --online"
        },
    },
    {
        "key": "recreate",
        "label": "Recreate index (data loss)",
        "effect": "release",
        "irreversible": True,
        "description": "About 20 minutes without search. Click statistics since 3 March are lost.",
        "arguments": {
            "sql": "DELETE INDEX documents_v3\nCREATE INDEX documents_v3 --from-mapping 9a41"
        },
    },
    {"key": "manual", "label": "I will resolve it by hand", "effect": "abort"},
]


def transfer() -> Scene:
    """Much money: two people, each with a reason."""

    def more_money(body: dict[str, Any]) -> None:
        body["operation"]["money"]["amount_minor"] *= 10

    return Scene(
        key="transfer",
        service="payments",
        command="transfer 90,000.00 EUR to Nordwind GmbH",
        change="Change the amount",
        changed=more_money,
        body={
            "category": "large_transaction",
            "title": "Transfer 90,000.00 EUR to Nordwind GmbH",
            "severity": "high",
            "environment": "production",
            "reference": "NW-2291",
            "requested_by": {"id": "lena@example.com", "name": "Lena", "slack": "ULENA"},
            "operation": {
                "name": "transfer",
                "target": "nw-2291",
                "arguments": {"reference": "NW-2291", "execute": "next bank run"},
                "money": {
                    "amount_minor": 9_000_000,
                    "currency": "EUR",
                    "account": "Operating account DE02 1203 0000 0000 2020 51",
                    "beneficiary": "Nordwind GmbH DE75 5121 0800 1245 1261 99",
                },
            },
            "options": [
                {"key": "release", "label": "Release transfer", "effect": "release"},
                {"key": "stop", "label": "Stop transfer", "effect": "abort"},
            ],
            "context": {
                "user_impact": "Invoice NW-2291, due tomorrow. Late fee 1 %.",
                "rollback": "Recall possible until the next bank run, not guaranteed.",
                "recent_changes": ["Beneficiary's account edited 2 days ago by Lena"],
            },
        },
    )


def sync(now: datetime) -> Scene:
    """A recovery that did not work: the next attempt is what is held."""
    return Scene(
        key="sync",
        service="data-sync",
        command="sync_data --batch 8813 --attempts 3",
        change="Change the batch",
        changed=_another_batch,
        body={
            "category": "retries_exhausted",
            "title": "Data sync failed 3 times: orders to warehouse",
            "environment": "production",
            "operation": {
                "name": "sync_data",
                "target": "orders",
                "arguments": {"argv": ["sync_data", "--batch", "8813", "--attempts", "3"]},
            },
            "options": [
                {
                    "key": "retry",
                    "label": "Try 3 more times",
                    "effect": "release",
                    "description": "Safe to repeat.",
                },
                {"key": "leave", "label": "Leave it, I look into it", "effect": "abort"},
            ],
            "context": {
                "error": {
                    "type": "ConnectTimeout",
                    "message": "warehouse-db:5432 after 10 s",
                    "traceback": "Traceback (most recent call last):\n"
                    '  File "sync.py", line 88, in sync_data\n'
                    "ConnectTimeout: warehouse-db:5432 after 10 s",
                },
                "attempts": [
                    {
                        "at": _before(now, seconds=seconds),
                        "action": action,
                        "error": "ConnectTimeout after 10 s",
                    }
                    for seconds, action in (
                        (98, "sync batch 8813"),
                        (86, "sync batch 8813"),
                        (62, "sync batch 8813, replica"),
                    )
                ],
                "system_state": {"rows waiting": 2310, "written": 0, "last good batch": 8812},
                "recent_changes": [
                    f"{_clock(now, minutes=37)} firewall rule set 114 (network team)"
                ],
                "user_impact": "Warehouse reports 40 minutes behind. Orders themselves unaffected.",
            },
        },
    )


def expiring() -> Scene:
    """What "Let one expire" opens, with 90 seconds to decide."""
    return Scene(
        key="expiring",
        service="data-sync",
        command="sync_data --batch 8814",
        change="Change the batch",
        changed=_another_batch,
        body={
            "category": "retries_exhausted",
            "title": "This one expires if nobody decides",
            "environment": "production",
            "operation": {
                "name": "sync_data",
                "target": "orders",
                "arguments": {"argv": ["sync_data", "--batch", "8814"]},
            },
            "decide_within_s": 90,
        },
    )


def _another_batch(body: dict[str, Any]) -> None:
    body["operation"]["arguments"]["argv"][2] = "9999"


def _before(now: datetime, **ago: float) -> str:
    """A point in time some while ago."""
    return (now - timedelta(**ago)).isoformat(timespec="seconds")


def _clock(now: datetime, **ago: float) -> str:
    """The same as a clock showed it."""
    return f"{now - timedelta(**ago):%H:%M}"
