"""What the breakers of automations look back on: the same recovery of the same service, lately."""

from collections.abc import Sequence
from datetime import datetime

from approvals.automatic import BREAKERS, Past, looks_back
from approvals.codec import instant, parse_instant
from approvals.commands import Open
from approvals.facts import Facts
from approvals.words import Kind, OperationState
from storage.among import among
from storage.batch import Batch, recovery_row
from storage.links import Link, Query

_NAMES = ", ".join(f"'{name}'" for name in BREAKERS)
_PAST = (
    "SELECT service, dedup_key, id, kind, state, created_at, due_at FROM escalations "  # noqa: S608
    f"WHERE dedup_key IN ({_NAMES}) AND created_at > ? AND service"
)


async def recall(
    batch: Batch, opens: Sequence[Open], link: Link, facts: Facts, now: datetime
) -> None:
    """Load it; in one hop, and in none where nothing is automatic."""
    batch.past = {row: {} for row in map(recovery_row, opens) if row}
    if not batch.past:
        return
    wanted = among(_PAST, (command.service for command in opens if recovery_row(command)))
    since = instant(now - looks_back(facts.policy.automation))
    (rows,) = await link.together(Query(wanted.sql, (since, *wanted.values)))
    for service, dedup_key, id_, kind, state, at, due_at in rows:
        batch.past.get(f"{service}:{dedup_key}", {})[id_] = Past(
            at=parse_instant(at),
            alone=kind == Kind.AUTOMATION,
            state=OperationState(state),
            due_at=parse_instant(due_at) if due_at else None,
        )
