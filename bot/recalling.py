"""What people wrote in the escalations that another one recalls, read where it stands now.

A recollection is frozen and holds ids and keys; words are looked up by them, so that an erasure
reaches them, and only those that whoever reads the new card could have read on the earlier one.
"""

from approvals.escalation import Escalation
from approvals.memory.remembering import Remembered, remembered
from approvals.ports import Reads
from approvals.words import Status


async def earlier_of(reads: Reads, escalation: Escalation) -> tuple[Remembered, ...]:
    """Those it recalls, newest first: one read, of the few its recollection names.

    Nothing once it is over, for then its card says what became of it.
    """
    recalled = escalation.recalled
    if recalled is None or not recalled.precedents or escalation.status is not Status.PENDING:
        return ()
    found = {e.id: e for e in await reads.these([p.id for p in recalled.precedents])}
    named = (found.get(p.id) for p in recalled.precedents)
    read = (e for e in named if e is not None and _has_the_same_readers(e, escalation))
    return tuple(filter(None, map(remembered, read)))


def _has_the_same_readers(earlier: Escalation, now: Escalation) -> bool:
    """Whether both stand in one channel, and whoever is asked now could have been asked then."""
    groups = [{r.group for r in e.plan.requirements} for e in (now, earlier)]
    return earlier.plan.channel == now.plan.channel and groups[0] <= groups[1]
