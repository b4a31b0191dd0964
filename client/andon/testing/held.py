"""One escalation of the fake, and how it is told: every member the server tells."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from andon.operation import DEFAULT_OPTIONS

#: Seconds people have, a release waits to be taken, and a grant is good.
DECIDE_S, CLAIM_S, GRANT_S = 3600, 900, 300

#: Severities from the mildest on, and what is critical whatever the caller says.
SEVERITIES = ("low", "medium", "high", "critical")
CRITICAL = frozenset({"data_corruption", "security", "compliance"})

#: What people ask for that nobody gave.
ASKED_FOR = ("user_impact", "rollback", "runbook")

_GENESIS = "sha256:" + "0" * 64


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, as every answer writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _at(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


@dataclass(kw_only=True)
class Held:
    """What was asked, and what became of it. Each `note` is a version."""

    id: str
    group_id: str
    service: str
    body: Mapping[str, Any]  #: the request, as sent
    digest: str
    join_key: str | None
    created_at: datetime
    deadline_at: datetime
    options: list[dict[str, Any]]
    needed: int = 1  #: people a release needs
    context: dict[str, Any] = field(default_factory=dict)
    occurrences: int = 1
    status: str = "pending"
    state: str = "held"
    version: int = 0
    votes: list[dict[str, Any]] = field(default_factory=list)
    decision: dict[str, Any] | None = None
    ended_at: datetime | None = None
    claim_until: datetime | None = None
    report_until: datetime | None = None  #: of an automation
    claim: dict[str, Any] | None = None
    taken: dict[str, Any] | None = None  #: the claim's key, digest, nonce, and its answer
    stopped: dict[str, Any] | None = None
    is_void: bool = False
    outcome: dict[str, Any] | None = None
    resolution: dict[str, Any] | None = None
    questions: list[dict[str, Any]] = field(default_factory=list)
    looked_at: datetime | None = None
    looking: str | None = None  #: who said "I am looking"
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_incident(self) -> bool:
        """Whether it asks for help and holds nothing."""
        return self.body.get("kind") == "incident"

    @property
    def is_automation(self) -> bool:
        """Whether it asks nobody: it is the record of what runs by itself."""
        return self.body.get("kind") == "automation"

    @property
    def is_pending(self) -> bool:
        """Whether people may still decide."""
        return self.status == "pending"

    @property
    def head(self) -> str:
        """The hash of the newest record."""
        return str(self.events[-1]["hash"]) if self.events else _GENESIS

    def option(self, effect: str, key: str | None = None) -> dict[str, Any]:
        """The option of that key, or the first of that effect. Raises LookupError."""
        for option in self.options:
            if key in (None, option["key"]) and option["effect"] == effect:
                return option
        raise LookupError(f"{self.body['title']!r} offers no option {key or ''} to {effect}.")

    def note(
        self, now: datetime, kind: str, by: str, body: Mapping[str, Any], *, quiet: bool = False
    ) -> None:
        """Write a record into the audit log; unless it is quiet the version rises."""
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        hashed = hashlib.sha256(f"{self.head}{kind}{text}".encode()).hexdigest()
        self.version += not quiet
        self.events.append(
            {
                "seq": len(self.events) + 1,
                "kind": kind,
                "at": instant(now),
                "by": by,
                "core": 1,
                "prev": self.head,
                "hash": f"sha256:{hashed}",
                "body_hash": "sha256:" + hashlib.sha256(text.encode()).hexdigest(),
                "text": text,
            }
        )

    def end(self, now: datetime, status: str, by: str, **decision: Any) -> None:
        """It is decided. A release stays held until it is taken."""
        self.status, self.ended_at = status, now
        effect = "release" if status == "approved" else "abort"
        made = {"option": None, "reason": None, **decision, "effect": effect, "by": by}
        self.decision = None if status == "resolved" else {**made, "at": instant(now)}
        if status == "approved":
            self.claim_until = now + timedelta(seconds=self.body.get("claim_within_s", CLAIM_S))
        elif not self.is_incident:
            self.state = "aborted"

    def run(self, now: datetime, report_until: datetime) -> None:
        """The policy lets it: it runs from now on, and is never taken."""
        self.status, self.ended_at, self.state = "approved", now, "released"
        let = {"option": None, "effect": "release", "by": "policy", "reason": None}
        self.decision = {**let, "at": instant(now)}
        self.deadline_at = self.report_until = report_until
        self.note(now, "escalation:decided", "andon", let)
        self.decision["head"] = self.head

    def told(self) -> dict[str, Any]:
        """Its representation."""
        body, incident = self.body, self.is_incident
        return {
            "id": self.id,
            "group_id": self.group_id,
            "kind": body.get("kind", "approval"),
            "recovery": body.get("recovery"),
            "category": body["category"],
            "title": body["title"],
            "summary": body.get("summary"),
            "severity": self._severity(),
            "environment": body["environment"],
            "reference": body.get("reference"),
            "service": self.service,
            "requested_by": _person(body.get("requested_by")),
            "status": self.status,
            "version": self.version,
            "digest": self.digest,
            "operation": None if incident else self._operation(),
            "options": self.options,
            "context": self.context,
            "missing_context": [
                n for n in ASKED_FOR if n not in self.context and not (incident and n == "rollback")
            ]
            if not self.is_automation
            else [],
            "questions": self.questions,
            "requirements": [] if self.is_automation else [self._requirement()],
            "overrides": [],
            "votes": self.votes,
            "decision": self.decision,
            "claim": self.claim,
            "stopped": self.stopped,
            "outcome": self.outcome and {n: v for n, v in self.outcome.items() if n != "told_by"},
            "resolution": self.resolution,
            "extended": None,
            "erased": None,
            "progress": self._progress(),
            "dedup_key": body.get("dedup_key"),
            "occurrences": self.occurrences,
            "storm": None,
            "precedents": [],
            "recalled": None,
            "runbooks": [],
            "issue": None,
            "review": None,
            "policy": {
                "rule": "automation" if self.is_automation else "fake",
                "version": _GENESIS,
            },
            "head": self.head,
            "created_at": instant(self.created_at),
            "deadline_at": instant(self.deadline_at),
            "claim_until": _at(self.claim_until),
            "decided_at": _at(self.ended_at),
        }

    def _severity(self) -> str:
        if self.is_automation:
            return "low"
        if self.body["category"] in CRITICAL:
            return "critical"
        return str(max(self.body.get("severity", "medium"), "medium", key=SEVERITIES.index))

    def _operation(self) -> dict[str, Any]:
        asked = self.body["operation"]
        money = asked.get("money")
        return {
            "name": asked["name"],
            "target": asked.get("target"),
            "arguments": asked.get("arguments", {}),
            "money": money and {"account": None, "beneficiary": None, **money},
            "redacted": [],
            "state": self.state,
        }

    def _requirement(self) -> dict[str, Any]:
        have: dict[str, int] = {}
        for vote in self.votes:
            have[vote["option"]] = have.get(vote["option"], 0) + 1
        return {"group": "approvers", "needed": self.needed, "have": have}

    def _progress(self) -> dict[str, Any]:
        return {
            "delivered_at": instant(self.created_at),
            "looked_at": _at(self.looked_at),
            "acknowledged_by": self.looking,
            "acknowledged_until": instant(self.deadline_at) if self.looking else None,
            "step": 1,
            "next_step_at": None,
            "missed": [],
            "usual_response_s": None,
        }


def _person(asked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"name": None, "slack": None, **asked} if asked else None


def offered(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The request's options as they are told: with everything that was left out."""
    if body.get("kind") == "incident":
        return []
    left_out = {"description": None, "irreversible": False, "arguments": None}
    return [{**left_out, **option} for option in body.get("options", DEFAULT_OPTIONS)]
