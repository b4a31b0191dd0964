"""What a request says that policy looks at: an `Ask`, hashable, so that plans are remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    severity, money = request.get("severity"), operation.get("money")
    return Ask(
        service=service,
        kind=Kind(request.get("kind", Kind.APPROVAL)),
        category=request["category"],
        environment=request["environment"],
        operation_name=operation.get("name", ""),
        severity=Severity(severity) if severity else None,
        requester=_requester(request.get("requested_by")),
        owners=owners,
        approvers=tuple(request.get("approvers") or ()),
        options=tuple(map(_offered, request.get("options") or ())),
        target=operation.get("target"),
        decide_within_s=request.get("decide_within_s"),
        claim_within_s=request.get("claim_within_s"),
        attempts=len(context.get("attempts") or ()),
        context=tuple(sorted(part for part, said in context.items() if said)),
        money=Money(**money) if money else None,
        sums=sums if money else (),
    )


def _offered(option: Mapping[str, Any]) -> Option:
    return Option(
        key=option["key"],
        label=option["label"],
        effect=Effect(option["effect"]),
        irreversible=option.get("irreversible", False),
    )


def _requester(asked: Mapping[str, Any] | None) -> Requester | None:
    if not asked:
        return None
    return Requester(id=asked["id"], name=asked.get("name"), slack=asked.get("slack"))
