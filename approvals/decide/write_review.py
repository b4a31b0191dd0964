"""WriteReview: what was learned, by whoever was there. Written again, the latest counts."""

from dataclasses import asdict
from datetime import datetime

from approvals.commands import WriteReview
from approvals.decide.learner import learner
from approvals.decide.text import SHORTEST_REASON, misfit
from approvals.escalation import Escalation, Json
from approvals.events import REVIEW_WRITTEN, Event
from approvals.facts import Facts
from approvals.joining import normalised
from approvals.memory.values import Findings, KnownError
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse

#: What is typed, by the names of the findings; the first two may not be empty.
NEEDED = ("root_cause", "resolved_by")
TYPED = (*NEEDED, "detected_by", "detect_earlier", "worked", "runbook_change", "steps")


def write_review(
    escalation: Escalation, command: WriteReview, facts: Facts, now: datetime
) -> Verdict:
    """Keep the findings; the review is no longer due."""
    found = learner(escalation, command.actor, facts.people, now)
    if isinstance(found, Verdict):
        return found
    who = f"person:{found.id}"
    if escalation.review is None:
        return refuse(Why.NO_REVIEW, who=who)
    said = {name: (getattr(command, name) or "").strip() for name in TYPED}
    for name, text in said.items():
        wrong = misfit(text, who, least=SHORTEST_REASON if name in NEEDED else 0, field=name)
        if wrong is not None:
            return wrong
    findings = _findings(escalation, command, said, found.id)
    if _says(escalation.review.findings) == findings:
        return accept(Case.REPEATED)  # Slack delivers a click twice
    body = {"findings": findings, "name": found.name}
    written = Event(kind=REVIEW_WRITTEN, at=now, by=who, body=body)
    return accept(Case.REVIEW_WRITTEN, written, root_cause=said["root_cause"])


def _findings(
    e: Escalation, command: WriteReview, said: dict[str, str], person: str
) -> dict[str, Json]:
    found: dict[str, Json] = {name: text for name, text in said.items() if text and name != "steps"}
    found["by"] = person
    if command.automatable is not None:
        found["automatable"] = command.automatable
    linked = {book.name for book in e.runbooks}
    # In the order in which the record keeps it.
    worked = {k: v for k, v in sorted(command.runbooks_worked.items()) if k in linked}
    if worked:
        found["runbooks_worked"] = worked
    pattern = error_pattern(e) if command.known_error else None
    if pattern is not None:
        does = command.recovery.value if command.recovery else None
        found["known_error"] = asdict(pattern) | {"recovery": does, "steps": said["steps"] or None}
    return found


def _says(found: Findings | None) -> dict[str, Json]:
    """The findings as their record has them."""
    if found is None:
        return {}
    return {k: v for k, v in asdict(found).items() if k != "at" and v not in (None, {})}


def error_pattern(e: Escalation) -> KnownError | None:
    """Its error without the accidents of this occurrence; None where none was given."""
    error = e.context.get("error") or {}
    message = str(error.get("message") or "")
    if not message:
        return None
    return KnownError(error_type=error.get("type") or None, message=normalised(message))
