"""What time alone brings about. Folded before every command, so a dead clock lets nothing through.

Silence is never consent: each of these ends held, aborted, lapsed or unknown.
"""

from datetime import datetime

from approvals.escalation import Escalation
from approvals.events import DECIDED, LAPSED, REPORTED, Event
from approvals.words import DecidedBy, Effect, OperationState, Result, Status


def overdue(escalation: Escalation, now: datetime) -> Event | None:
    """The one thing that is due at `now`, or None. It is dated `now`, when it was noticed."""
    due = escalation.due_at
    if due is None or now < due:
        return None
    if escalation.status is Status.PENDING:
        body = {"status": Status.EXPIRED, "effect": Effect.ABORT, "by": DecidedBy.EXPIRY}
        return Event(kind=DECIDED, at=now, by="clock", body=body)
    if escalation.state is OperationState.HELD:
        return Event(kind=LAPSED, at=now, by="clock")
    return Event(kind=REPORTED, at=now, by="clock", body={"result": Result.UNKNOWN, "by": "clock"})
