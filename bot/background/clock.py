"""The clock: turns what is overdue into `Tick`. A dead clock is only late, never wrong, because
every command and every read folds what is overdue by itself.
"""

from collections.abc import Callable

from approvals.commands import Tick
from approvals.ports import Clock, Reads, Writer

#: Escalations ticked in one go.
BATCH = 200


class Ticker:
    """Claims what is due by an indexed query."""

    def __init__(
        self, reads: Reads, writer: Writer, clock: Clock, new_id: Callable[[str], str]
    ) -> None:
        self._reads, self._writer = reads, writer
        self._clock, self._new_id = clock, new_id

    async def once(self) -> bool:
        """Tick what is due; whether there may be more."""
        due = await self._reads.overdue(self._clock(), BATCH)
        for escalation_id in due:
            await self._writer.submit(Tick(id=self._new_id("cmd"), escalation_id=escalation_id))
        return len(due) == BATCH
