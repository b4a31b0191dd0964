"""What is owed just now, for those who watch: counted by partial indexes, never by whole tables."""

from datetime import datetime

from approvals.codec import parse_instant
from approvals.ports import Backlog
from approvals.words import OperationState, Status
from storage.links import Database


def _is_open(status: str, state: str) -> bool:
    """Whether it is not over; of what is, a reminder of its review may be due."""
    runs_on = status == Status.APPROVED and state == OperationState.HELD
    return status == Status.PENDING or runs_on or state == OperationState.RELEASED


async def backlog(database: Database, now: datetime) -> Backlog:
    """Everything that waits at `now`."""
    link = database.reader
    cards = await link.rows(
        "SELECT coalesce(error, ''), count(*) FROM cards WHERE due_at IS NOT NULL GROUP BY 1"
    )
    deliveries = await link.rows(
        "SELECT kind, count(*) FROM deliveries WHERE due_at IS NOT NULL GROUP BY kind"
    )
    standing = await link.rows(
        "SELECT status, state, count(*), min(due_at) FROM escalations "
        "WHERE due_at IS NOT NULL GROUP BY status, state"
    )
    ((since,),) = await link.rows("SELECT MIN(since) FROM unsealed")
    due = min((parse_instant(row[3]) for row in standing), default=now)
    return Backlog(
        cards_due={row[0]: row[1] for row in cards},
        deliveries_due={row[0]: row[1] for row in deliveries},
        escalations={(row[0], row[1]): row[2] for row in standing if _is_open(row[0], row[1])},
        overdue_s=max(0.0, (now - due).total_seconds()),
        unsealed_s=max(0.0, (now - parse_instant(since)).total_seconds()) if since else 0.0,
    )
