"""What is owed just now, for those who watch: counted by partial indexes, never by whole tables."""

from datetime import datetime

from approvals.codec import parse_instant
from approvals.ports import Backlog
from storage.links import Database


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
        escalations={(row[0], row[1]): row[2] for row in standing},
        overdue_s=max(0.0, (now - due).total_seconds()),
        unsealed_s=max(0.0, (now - parse_instant(since)).total_seconds()) if since else 0.0,
    )
