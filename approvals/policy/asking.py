"""What a request says that policy looks at: an `Ask`, hashable, so that plans are remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
from typing import Any

import orjson

from approvals.escalation import Money, Option, Requester
from approvals.policy.match import Amount, Said
from approvals.severities import severity_floor
from approvals.words import Effect, Kind, Severity

#: Parts of the context a rule may require.
CONTEXT = (
    "error",
    "attempts",
    "system_state",
    "configuration",
    "recent_changes",
    "affected_services",
    "user_impact",
    "blast_radius",
    "rollback",
    "runbook",
    "links",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request says that policy looks at."""

    service: str
    kind: Kind
    category: str
    environment: str
    operation_name: str
    severity: Severity | None = None
    requester: Requester | None = None
    owners: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()  #: without arguments and descriptions: policy does not look
    target: str | None = None
    decide_within_s: int | None = None
    claim_within_s: int | None = None
    attempts: int = 0  #: how many were made before asking
    context: tuple[str, ...] = ()  #: parts of the context that say something
    money: Money | None = None
    sums: tuple[tuple[str, int], ...] = ()  #: moved in the 24 h before, in its currency, by key

    @property
    def floor(self) -> Severity:
        """How bad it is at least, whatever rule and caller say."""
        return severity_floor(self.category, self.kind, self.environment, self.attempts)

    @property
    def said(self) -> Said:
        """What rules match on."""
        money = self.money
        return Said(
            self.category,
            self.environment,
            self.service,
            self.operation_name,
            Severity.worst(self.floor, self.severity),
            self.kind,
            Amount(money.amount_minor, money.currency, self.sums) if money else None,
        )


def said_of(request: Mapping[str, Any], service: str) -> Said:
    """What rules match on, of a validated body, before anything is known of earlier amounts."""
    category, environment = request["category"], request["environment"]
    operation = request.get("operation") or {}
    kind, severity = Kind(request.get("kind", Kind.APPROVAL)), request.get("severity")
    attempts = len((request.get("context") or {}).get("attempts") or ())
    floor = severity_floor(category, kind, environment, attempts)
    money = operation.get("money")
    return Said(
        category,
        environment,
        service,
        operation.get("name", ""),
        Severity.worst(floor, Severity(severity)) if severity else floor,
        kind,
        Amount(money["amount_minor"], money["currency"]) if money else None,
    )


def ask_of(
    request: Mapping[str, Any],
    *,
    service: str,
    owners: tuple[str, ...] = (),
    sums: tuple[tuple[str, int], ...] = (),
) -> Ask:
    """The ask of a validated body. `sums` are of `operation.money`, as the ledger knows them."""
    operation = request.get("operation") or {}
    context = request.get("context") or {}
    gist = {
        "kind": request.get("kind", Kind.APPROVAL),
        "category": request["category"],
        "environment": request["environment"],
        "severity": request.get("severity"),
        "requested_by": request.get("requested_by"),
        "approvers": request.get("approvers") or (),
        "options": [
            (o["key"], o["label"], o["effect"], o.get("irreversible", False))
            for o in request.get("options") or ()
        ],
        "decide_within_s": request.get("decide_within_s"),
        "claim_within_s": request.get("claim_within_s"),
        "name": operation.get("name", ""),
        "target": operation.get("target"),
        "money": operation.get("money"),
        "attempts": len(context.get("attempts") or ()),
        "context": [part for part, said in context.items() if said],
    }
    return _ask(orjson.dumps(gist), service, owners, sums if gist["money"] else ())


@lru_cache(maxsize=4096)  # services ask the same again and again
def _ask(
    gist: bytes, service: str, owners: tuple[str, ...], sums: tuple[tuple[str, int], ...]
) -> Ask:
    said = orjson.loads(gist)
    severity, money = said["severity"], said["money"]
    return Ask(
        service=service,
        kind=Kind(said["kind"]),
        category=said["category"],
        environment=said["environment"],
        operation_name=said["name"],
        severity=Severity(severity) if severity else None,
        requester=_requester(said["requested_by"]),
        owners=owners,
        approvers=tuple(said["approvers"]),
        options=tuple(starmap(_offered, said["options"])),
        target=said["target"],
        decide_within_s=said["decide_within_s"],
        claim_within_s=said["claim_within_s"],
        attempts=said["attempts"],
        context=tuple(sorted(said["context"])),
        money=Money(**money) if money else None,
        sums=sums,
    )


def _offered(key: str, label: str, effect: str, irreversible: bool) -> Option:
    return Option(key=key, label=label, effect=Effect(effect), irreversible=irreversible)


def _requester(asked: Mapping[str, Any] | None) -> Requester | None:
    if not asked:
        return None
    return Requester(id=asked["id"], name=asked.get("name"), slack=asked.get("slack"))
