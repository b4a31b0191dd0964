"""How an escalation that was not released ended, as the error that says so."""

from andon.errors import (
    ExpiredError,
    NotReleasedError,
    RejectedError,
    TakenError,
    WithdrawnError,
)
from andon.models import Escalation


def not_released(found: Escalation) -> NotReleasedError | None:
    """Why it may not run (any more); None while it may be, or is, released and not taken."""
    if found.status == "rejected":
        return _rejected(found)
    if found.status == "expired":
        return ExpiredError(
            f"Nobody decided “{found.title}” in time, so it stays undone.",
            escalation=found,
            advice="Ask again when somebody is there.",
        )
    if found.status == "withdrawn":
        reason = found.decision.reason if found.decision else None
        said = f"“{found.title}” was withdrawn" + (f": {reason}" if reason else "")
        return WithdrawnError(_sentence(said), escalation=found)
    if found.status != "approved":
        return None
    return _after_approval(found)


def _after_approval(found: Escalation) -> NotReleasedError | None:
    state = found.operation.state if found.operation else None
    if found.stopped is not None or state == "aborted":
        return _stopped(found)
    if state == "lapsed":
        return ExpiredError(
            f"“{found.title}” was approved, but not taken in time.",
            escalation=found,
            advice="Ask again.",
        )
    return None


def _rejected(found: Escalation) -> RejectedError:
    vote, decision = found.deciding_vote(), found.decision
    who = vote.person if vote else None
    option = found.label_of(decision.option if decision else None)
    reason = (vote.rationale if vote else None) or (decision.reason if decision else None)
    said = f"{who or 'A person'} said no to “{found.title}”"
    said += f" ({option})" if option else ""
    said += f": {reason}" if reason else ""
    return RejectedError(_sentence(said), escalation=found, who=who, rationale=reason)


def _stopped(found: Escalation) -> RejectedError:
    by = found.stopped.by if found.stopped else None
    reason = found.stopped.reason if found.stopped else None
    said = f"{by or 'Somebody'} stopped “{found.title}” after it was approved"
    said += f": {reason}" if reason else ""
    return RejectedError(
        _sentence(said), escalation=found, who=by, rationale=reason, reason_kind="stopped"
    )


def void(found: Escalation) -> RejectedError:
    """Somebody whose yes was needed may not decide any more."""
    said = f"What people agreed to for “{found.title}” no longer stands."
    return RejectedError(said, escalation=found, reason_kind="void")


def taken(found: Escalation) -> TakenError:
    """Somebody else was faster."""
    by = found.claim.by if found.claim else None
    at = f" at {found.claim.at:%H:%M:%S} UTC" if found.claim else ""
    said = f"Another caller ({by or 'unknown'}) took the release of “{found.title}”{at}."
    return TakenError(said, escalation=found, who=by)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
