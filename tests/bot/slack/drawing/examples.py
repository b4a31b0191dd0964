"""The examples of the model for every text, driven through the core to each of their ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from approvals import commands
from approvals.canonical import operation_digest
from approvals.commands import Actor, ReplyTo
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.owes import Direct, ThreadLine, Work
from approvals.people import People
from approvals.policy.load import parse_policy
from approvals.step import Step, step
from approvals.words import Result

#: A policy of the examples' own: its version stands on every stored card.
POLICY = parse_policy((Path(__file__).parent / "policy.toml").read_text(encoding="utf-8"))
ASKED = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)  # 22:30 in Berlin


def at(hour: int, minute: int, day: int = 12) -> datetime:
    """A time of day in Berlin, where the sample policy lives."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def people(now: datetime = ASKED, *, zones: Mapping[str, str] | None = None) -> People:
    """The sample policy's people, just looked up."""
    listed = POLICY.file_people(now)
    known = {
        p.id: replace(p, zone=(zones or {}).get(p.id, "Europe/Berlin"))
        for p in listed.persons.values()
    }
    return People(persons=known, groups=listed.groups, as_of=now)


MIGRATION: dict[str, Any] = {
    "service": "search-api",
    "category": "schema_migration",
    "title": "Schema conflict on search index documents_v3",
    "severity": "high",
    "environment": "production",
    "requested_by": {"id": "dana@example.com", "name": "Dana", "slack": "UDANA"},
    "operation": {"name": "schema conflict on documents_v3", "target": "documents_v3"},
    "options": [
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
            "description": "About 20 minutes without search. Click statistics since 3 March "
            "are lost.",
            "arguments": {
                "sql": "DELETE INDEX documents_v3\nCREATE INDEX documents_v3 --from-mapping 9a41"
            },
        },
        {"key": "manual", "label": "I will resolve it by hand", "effect": "abort"},
    ],
    "context": {
        "user_impact": "New documents are not searchable since 22:18. About 400 an hour.",
        "rollback": "Migrate: alembic downgrade -1, tested. Recreate: none.",
        "error": {
            "type": "SchemaConflictError",
            "message": "field 'lang' is keyword, expected text",
        },
        "system_state": {"documents": "41.2 million", "size": "96 GB", "replica lag": "0 s"},
        "recent_changes": ["22:15 deploy 8f2c41 (Dana): language-aware search"],
        "affected_services": ["search-api", "help-centre"],
        "attempts": [
            {
                "at": "2026-11-12T21:19:00Z",
                "action": "automatic merge of mappings",
                "error": "refused, types differ",
            }
        ],
    },
}

DROP: dict[str, Any] = {
    "service": "payments",
    "category": "schema_migration",
    "title": "Drop column legacy_code on customers",
    "severity": "critical",
    "environment": "production",
    "requested_by": {"id": "dana@example.com"},
    "operation": {
        "name": "alembic upgrade head",
        "target": "legacy_code",
        "arguments": {"sql": "ALTER TABLE customers DROP COLUMN legacy_code;"},
    },
    "options": [
        {
            "key": "drop",
            "label": "Drop column",
            "effect": "release",
            "description": "Removes customers.legacy_code, 2.1 million rows. Undo: restore last "
            "night's backup, about 3 h.",
        },
        {"key": "keep", "label": "Keep the column", "effect": "abort"},
    ],
    "context": {
        "rollback": "Restore last night's backup, about 3 h.",
        "system_state": {
            "lock": "ACCESS EXCLUSIVE; blocks reads and writes",
            "table size": "1.4 GB",
        },
    },
}

TRANSFER: dict[str, Any] = {
    "service": "payments",
    "category": "large_transaction",
    "title": "Transfer 90,000.00 EUR to Nordwind GmbH",
    "severity": "high",
    "environment": "production",
    "requested_by": {"id": "lena@example.com", "name": "Lena", "slack": "ULENA"},
    "operation": {
        "name": "transfer",
        "target": "nw-2291",
        "arguments": {"reference": "NW-2291", "execute": "today, 19:00 run"},
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
        "rollback": "Recall possible until the 19:00 bank run, not guaranteed.",
        "recent_changes": ["Beneficiary's account edited 2 days ago by Lena"],
    },
}

RETRIES: dict[str, Any] = {
    "service": "data-sync",
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
        "user_impact": "Warehouse reports 40 minutes behind. Orders themselves unaffected.",
        "error": {
            "type": "ConnectTimeout",
            "message": "warehouse-db:5432 after 10 s",
            "traceback": "Traceback (most recent call last):\n"
            '  File "sync.py", line 88, in sync_data\n'
            "ConnectTimeout: warehouse-db:5432 after 10 s",
        },
        "system_state": {"rows waiting": 2310, "written": 0, "last good batch": 8812},
        "recent_changes": ["22:05 firewall rule set 114 (network team)"],
        "attempts": [
            {
                "at": f"2026-11-12T21:40:{second}Z",
                "action": action,
                "error": "ConnectTimeout after 10 s",
            }
            for second, action in (
                ("02", "sync batch 8813"),
                ("14", "sync batch 8813"),
                ("38", "sync batch 8813, replica"),
            )
        ],
    },
}


@dataclass
class Story:
    """One escalation on its way: each step returns what the core said."""

    body: dict[str, Any]
    now: datetime = ASKED
    gone: set[str] = field(default_factory=set)
    escalation: Escalation = field(init=False)
    last: Step = field(init=False)
    work: list[Work] = field(default_factory=list)

    def __post_init__(self) -> None:
        request = {k: v for k, v in self.body.items() if k != "service"}
        opened = commands.Open(
            id="cmd_open",
            escalation_id="esc_0190c3b7e1d27f3a9c8e55d17b7f3a9c",
            group_id="grp_1",
            service=self.body["service"],
            idempotency_key="k",
            body_hash="h",
            digest=operation_digest(request["operation"], request["options"]),
            request=request,
            operation_redacted=tuple(self.body.get("hidden", ())),
        )
        self._drive(State(), opened)

    def _drive(self, state: State, command: commands.Command) -> Step:
        self.last = step(state, command, Facts(people=self.people, policy=POLICY), self.now)
        assert self.last.escalation is not None, self.last.refusal
        self.escalation = self.last.escalation
        self.work += self.last.work
        return self.last

    @property
    def people(self) -> People:
        """Who is who now; those gone have left every group."""
        known = people(self.now)
        groups = {g: m - self.gone for g, m in known.groups.items()}
        return replace(known, groups=groups)

    def send(self, kind: type[commands.Command], now: datetime | None = None, **given: Any) -> Step:
        """Drive one command."""
        self.now = now or self.now
        command = kind(id=f"cmd_{self.escalation.seq}", escalation_id=self.escalation.id, **given)
        return self._drive(State(escalation=self.escalation), command)

    def vote(self, who: str, option: str, now: datetime | None = None, **given: Any) -> Step:
        """Somebody chooses; the typed word and the reading are as they should be."""
        foreign = given.pop("foreign", False)
        usual = {
            "shown": self.escalation.shown,
            "digest": self.escalation.digest,
            "typed": (self.body["operation"].get("target")),
            "read_whole": True,
            "reply": ReplyTo(channel="C1"),
        }
        return self.send(
            commands.Vote,
            now,
            actor=Actor(account=f"U{who.upper()}", foreign=foreign),
            option=option,
            **(usual | given),
        )

    def claim(self, now: datetime | None = None) -> Step:
        """The service takes the release."""
        return self.send(
            commands.Claim,
            now,
            service=self.escalation.service,
            key="c",
            digest=self.escalation.digest,
            nonce="n",
            grant_id="gnt_1",
        )

    def report(self, result: Result, now: datetime | None = None, **given: Any) -> Step:
        """The service says what became of it."""
        return self.send(
            commands.Report, now, service=self.escalation.service, result=result, **given
        )

    def tick(self, now: datetime) -> Step:
        """Time passes."""
        return self.send(commands.Tick, now)

    def told(self, case: str) -> Mapping[str, Any]:
        """The values of the thread line or direct message of that case, newest first."""
        found = (w for w in reversed(self.work) if isinstance(w, (ThreadLine, Direct)))
        return next(w.values for w in found if w.case == case)


def later(minutes: float) -> datetime:
    """So many minutes after it was asked."""
    return ASKED + timedelta(minutes=minutes)
