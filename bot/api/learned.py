"""What an answer says of memory: what earlier ones showed, what this one leaves for the next."""

from typing import Any

from approvals.codec import instant
from approvals.escalation import Escalation
from approvals.memory.values import Issue, Precedent, Recollection, Review, Runbook


def learned(e: Escalation) -> dict[str, Any]:
    """Precedents and numbers as they were when it was opened; runbooks, issue and review as now."""
    past = e.recalled
    return {
        "precedents": [_precedent(p) for p in past.precedents] if past else [],
        "recalled": past and _recalled(past),
        "runbooks": [_runbook(r) for r in e.runbooks],
        "issue": e.issue and _issue(e.issue),
        "review": e.review and _review(e.review),
    }


def _precedent(p: Precedent) -> dict[str, Any]:
    return {"id": p.id, "option": p.option, "at": instant(p.at), "outcome": p.outcome}


def _recalled(past: Recollection) -> dict[str, Any]:
    return {
        "likeness": past.likeness,
        "times": past.times,
        "ended": dict(past.ended),
        "failed": past.failed,
        "undone": past.undone,
    }


def _runbook(r: Runbook) -> dict[str, Any]:
    return {"name": r.name, "title": r.title, "url": r.url, "by": r.by}


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "state": issue.state,
        "by": issue.by,
        "at": instant(issue.at),
        "scenario": issue.scenario,
        "trigger": issue.trigger,
        "attempts": list(issue.attempts),
        "retry_count": issue.retry_count,
        "root_cause": issue.root_cause,
        "blockers": issue.blockers,
        "system_state": issue.system_state,
        "workarounds": issue.workarounds,
        "requires": issue.requires,
        "owner": issue.owner,
        "due": issue.due,
        "priority": issue.priority,
    }


def _review(review: Review) -> dict[str, Any]:
    """Why it is due and whose it is; what it says is for people."""
    return {
        "why": list(review.why),
        "owner": review.owner,
        "due_at": instant(review.due_at),
        "written": review.findings is not None,
    }
