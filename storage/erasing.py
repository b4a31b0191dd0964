"""What an erasure takes away in its own commit, besides the document: bodies, words, memory."""

from collections.abc import Iterator
from typing import Any

from approvals import events
from approvals.erasing import ERASED
from storage.batch import Batch
from storage.remembering import forgotten

_BODIES_GONE = "DELETE FROM event_bodies WHERE escalation_id = ? AND seq < ?"
_TITLE_GONE = "UPDATE escalations SET title = ? WHERE id = ?"
#: A callback under way says nothing and knows its own address; all else is not told any more.
_UNTOLD = (
    "UPDATE deliveries SET state = 'failed', due_at = NULL, settled_at = ?, error = 'erased' "
    "WHERE escalation_id = ? AND state = 'pending' AND kind <> 'callback'"
)
_TOLD_GONE = (
    "UPDATE deliveries SET payload = CASE kind WHEN 'callback' THEN payload ELSE '{}' END, "
    "target = CASE WHEN kind = 'page' OR target LIKE 'person:%' THEN target ELSE '' END "
    "WHERE escalation_id = ? AND state <> 'pending'"
)


def erasing(batch: Batch, at: str) -> Iterator[tuple[str, list[Any]]]:
    """Statements and their rows, after the bodies and records of the batch are written."""
    erased = [r for r in batch.records if r.kind == events.ERASED]
    yield _BODIES_GONE, [(r.escalation_id, r.seq) for r in erased]
    yield _TITLE_GONE, [(ERASED, r.escalation_id) for r in erased]
    yield _UNTOLD, [(at, r.escalation_id) for r in erased]
    yield _TOLD_GONE, [(r.escalation_id,) for r in erased]
    yield from forgotten(batch.known, [r.escalation_id for r in erased])
