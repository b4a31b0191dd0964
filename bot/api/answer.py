"""How an escalation is answered: API.md's representation, from the state alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from approvals.codec import instant
from approvals.escalation import ASKED_FOR, Escalation, Option, Vote
from approvals.policy.seats import seats_for
from approvals.tally import have_by_group
from approvals.words import Effect


class Answer(BaseModel):
    """An escalation as services see it. Times are RFC 3339 in UTC."""

    id: str
    group_id: str
    kind: str
    category: str
    title: str
    summary: str | None
    severity: str
    environment: str
    reference: str | None
    service: str
    requested_by: dict[str, Any] | None
    status: str
    version: int
    digest: str
    operation: dict[str, Any] | None
    options: list[dict[str, Any]]
    context: dict[str, Any]
    missing_context: list[str]
    questions: list[dict[str, Any]]
    requirements: list[dict[str, Any]]
    votes: list[dict[str, Any]]
    decision: dict[str, Any] | None
    claim: dict[str, Any] | None
    stopped: dict[str, Any] | None
    outcome: dict[str, Any] | None
    progress: dict[str, Any]
    dedup_key: str | None
    occurrences: int
    precedents: list[dict[str, Any]]
    policy: dict[str, Any]
    head: str
    created_at: str
    deadline_at: str
    claim_until: str | None
    decided_at: str | None


PUBLIC: TypeAdapter[Answer] = TypeAdapter(Answer)


def reply(
    value: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON as every route answers it."""
    return web.Response(
        body=orjson.dumps(value), status=status, headers=headers, content_type="application/json"
    )


def answer(e: Escalation, delivered_at: datetime | None = None) -> dict[str, Any]:
    """The representation as JSON values. `delivered_at`: when Slack took the first card."""
    return {
        "id": e.id,
        "group_id": e.group_id,
        "kind": e.kind,
        "category": e.category,
        "title": e.title,
        "summary": e.summary,
        "severity": e.severity,
        "environment": e.environment,
        "reference": e.reference,
        "service": e.service,
        "requested_by": _requester(e),
        "status": e.status,
        "version": e.version,
        "digest": e.digest,
        "operation": _operation(e),
        "options": [_option(o) for o in e.options],
        "context": dict(e.context),
        "missing_context": [name for name in ASKED_FOR if name not in e.context],
        "questions": [],
        "requirements": _requirements(e),
        "votes": [_vote(v) for v in e.votes],
        "decision": _decision(e),
        "claim": e.claim and {"at": instant(e.claim.at), "by": e.claim.by},
        "stopped": e.stopped
        and {"by": e.stopped.by, "at": instant(e.stopped.at), "reason": e.stopped.reason},
        "outcome": _outcome(e),
        "progress": _progress(e, delivered_at),
        "dedup_key": e.dedup_key,
        "occurrences": e.occurrences,
        "precedents": [],
        "policy": {"rule": e.plan.rule, "version": e.plan.policy_version},
        "head": e.head,
        "created_at": instant(e.created_at),
        "deadline_at": instant(e.deadline_at),
        "claim_until": _at(e.claim_until),
        "decided_at": _at(e.decision.at if e.decision else None),
    }


def _at(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _requester(e: Escalation) -> dict[str, Any] | None:
    asked = e.requester
    return None if asked is None else {"id": asked.id, "name": asked.name, "slack": asked.slack}


def _operation(e: Escalation) -> dict[str, Any] | None:
    held = e.operation
    if held is None:
        return None
    money = held.money
    return {
        "name": held.name,
        "target": held.target,
        "arguments": dict(held.arguments),
        "money": money
        and {
            "amount_minor": money.amount_minor,
            "currency": money.currency,
            "account": money.account,
            "beneficiary": money.beneficiary,
        },
        "redacted": list(held.redacted),
        "state": e.state,
    }


def _option(o: Option) -> dict[str, Any]:
    return {
        "key": o.key,
        "label": o.label,
        "effect": o.effect,
        "description": o.description,
        "irreversible": o.irreversible,
        "arguments": dict(o.arguments) if o.arguments is not None else None,
    }


def _requirements(e: Escalation) -> list[dict[str, Any]]:
    """Seats as the option that needs most wants them, and who fills them by option."""
    releases = [o for o in e.options if o.effect is Effect.RELEASE] or e.options
    seats = seats_for(e.plan, max(releases, key=lambda o: o.people))
    return [
        {"group": r.group, "needed": r.needed, "have": have_by_group(e, r.group)} for r in seats
    ]


def _vote(v: Vote) -> dict[str, Any]:
    return {
        "person": v.person,
        "option": v.option,
        "rationale": v.rationale,
        "at": instant(v.at),
        "counts": v.void is None,
    }


def _decision(e: Escalation) -> dict[str, Any] | None:
    made = e.decision
    return (
        None
        if made is None
        else {
            "option": made.option,
            "effect": made.effect,
            "by": made.by,
            "at": instant(made.at),
            "reason": made.reason,
            "head": made.head,
        }
    )


def _outcome(e: Escalation) -> dict[str, Any] | None:
    told = e.outcome
    return (
        None
        if told is None
        else {
            "result": told.result,
            "detail": told.detail,
            "undo": told.undo,
            "at": instant(told.at),
        }
    )


def _progress(e: Escalation, delivered_at: datetime | None) -> dict[str, Any]:
    return {
        "delivered_at": _at(delivered_at),
        "looked_at": _at(e.looks[0].at) if e.looks else None,
        "acknowledged_by": None,
        "step": 1,
        "next_step_at": None,
        "usual_response_s": None,
    }
