"""How an escalation is answered: API.md's representation, from the state alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from approvals.codec import instant
from approvals.escalation import Escalation, Option, Override, Question, Vote
from approvals.policy.seats import seats_for
from approvals.tally import have_by_group
from approvals.words import Effect, Kind
from bot.api.learned import learned


class Answer(BaseModel):
    """An escalation as services see it. Times are RFC 3339 in UTC."""

    id: str
    group_id: str
    kind: str
    recovery: str | None
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
    overrides: list[dict[str, Any]]
    votes: list[dict[str, Any]]
    decision: dict[str, Any] | None
    claim: dict[str, Any] | None
    stopped: dict[str, Any] | None
    outcome: dict[str, Any] | None
    resolution: dict[str, Any] | None
    extended: dict[str, Any] | None
    erased: dict[str, Any] | None
    progress: dict[str, Any]
    dedup_key: str | None
    occurrences: int
    storm: str | None
    precedents: list[dict[str, Any]]
    recalled: dict[str, Any] | None
    runbooks: list[dict[str, Any]]
    issue: dict[str, Any] | None
    review: dict[str, Any] | None
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
        "recovery": e.recovery,
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
        "missing_context": _missing(e),
        "questions": [_question(q) for q in e.questions],
        "requirements": _requirements(e),
        "overrides": [_override(o) for o in e.overrides],
        "votes": [_vote(v) for v in e.votes],
        "decision": _decision(e),
        "claim": e.claim and {"at": instant(e.claim.at), "by": e.claim.by},
        "stopped": e.stopped
        and {"by": e.stopped.by, "at": instant(e.stopped.at), "reason": e.stopped.reason},
        "outcome": _outcome(e),
        "resolution": _resolution(e),
        "extended": e.extended
        and {"by": e.extended.by, "at": instant(e.extended.at), "was": instant(e.extended.was)},
        "erased": e.erased
        and {"by": e.erased.by, "at": instant(e.erased.at), "reason": e.erased.reason},
        "progress": _progress(e, delivered_at),
        "dedup_key": e.dedup_key,
        "occurrences": e.occurrences,
        "storm": e.storm_id,
        **learned(e),
        "policy": {"rule": e.plan.rule, "version": e.plan.policy_version},
        "head": e.head,
        "created_at": instant(e.created_at),
        "deadline_at": instant(e.deadline_at),
        "claim_until": _at(e.claim_until),
        "decided_at": _at(e.ended_at),
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


def _missing(e: Escalation) -> list[str]:
    """What nobody gave; for an automation nobody is asked."""
    if e.kind is Kind.AUTOMATION:
        return []
    return [name for name in e.asked_for if name not in e.context]


def _question(q: Question) -> dict[str, Any]:
    return {
        "id": q.id,
        "by": q.by,
        "text": q.text,
        "at": instant(q.at),
        "answer": q.answer,
        "answered_by": q.answered_by,
        "answered_at": _at(q.answered_at),
    }


def _override(o: Override) -> dict[str, Any]:
    return {"person": o.person, "option": o.option, "reason": o.reason, "at": instant(o.at)}


def _requirements(e: Escalation) -> list[dict[str, Any]]:
    """Seats as the option that needs most wants them, and who fills them by option.

    Nobody decides an incident: there the groups are those that look after it; an
    automation has none.
    """
    if e.kind is not Kind.APPROVAL:
        return [{"group": r.group, "needed": r.needed, "have": {}} for r in e.plan.requirements]
    releases = [o for o in e.options if o.effect is Effect.RELEASE] or e.options
    seats = seats_for(e.plan, max(releases, key=lambda o: o.people))
    return [
        {
            "group": r.group,
            "needed": r.needed,
            "have": have_by_group(e, r.group) if e.votes else {},
        }
        for r in seats
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
            **({"rule": made.rule} if made.rule else {}),
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


def _resolution(e: Escalation) -> dict[str, Any] | None:
    ended = e.resolution
    return (
        None
        if ended is None
        else {
            "by": ended.by,
            "at": instant(ended.at),
            "root_cause": ended.root_cause,
            "by_hand": ended.by_hand,
            "automatable": ended.automatable,
        }
    )


def _progress(e: Escalation, delivered_at: datetime | None) -> dict[str, Any]:
    """How far it has come on its way to people; while somebody looks, the chain waits."""
    holds = e.acknowledged
    return {
        "delivered_at": _at(delivered_at or e.delivered_at),
        "looked_at": _at(e.looks[0].at) if e.looks else None,
        "acknowledged_by": holds.person if holds else None,
        "acknowledged_until": _at(holds.until) if holds else None,
        "step": max(1, e.chain.taken),
        "next_step_at": None if holds else _at(e.chain.next_at),
        "missed": [{"to": m.to, "why": m.why, "at": instant(m.at)} for m in e.missed],
        "usual_response_s": None,
    }
