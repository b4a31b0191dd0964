"""The clock: turns what is overdue into `Tick`. A dead clock is only late, never wrong, because
every command and every read folds what is overdue by itself. Of several replicas one ticks at a
time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from approvals.commands import Tick
from approvals.ports import Clock, Leases, Reads, StoreError, Writer

log = structlog.get_logger(__name__)

#: Escalations ticked in one go: a few commits of the writer.
BATCH = 1000

#: Seconds until one that could not be ticked is tried again: by times in a row, then the last.
BACKOFF_S = (1, 2, 5, 15, 30, 60)


@dataclass(frozen=True, slots=True)
class Stuck:
    """An escalation that could not be ticked."""

    times: int
    not_before: datetime


class Ticker:
    """Finds what is due by an indexed query."""

    def __init__(
        self,
        reads: Reads,
        writer: Writer,
        clock: Clock,
        new_id: Callable[[str], str],
        leases: Leases,
    ) -> None:
        self._reads, self._writer, self._leases = reads, writer, leases
        self._clock, self._new_id = clock, new_id
        #: They stay the longest overdue, and may neither crowd out others nor be tried without end.
        self.stuck: dict[str, Stuck] = {}

    async def once(self) -> bool:
        """Tick what is due, unless another replica does; whether there may be more."""
        async with self._leases.leased("clock") as is_ours:
            return await self._all() if is_ours else False

    async def _all(self) -> bool:
        """In one go."""
        now, most = self._clock(), BATCH + len(self.stuck)
        overdue = await self._reads.overdue(now, most)
        self.stuck = {id_: self.stuck[id_] for id_ in overdue if id_ in self.stuck}
        due = [i for i in overdue if i not in self.stuck or self.stuck[i].not_before <= now]
        # Submitted together, so that the writer commits hundreds at once.
        errors = await asyncio.gather(*(self._tick(id_) for id_ in due))
        failed = [error for error in errors if error is not None]
        if failed:
            log.error("ticks-failed", failed=len(failed), of=len(due), error=str(failed[0]))
        return len(overdue) == most and len(failed) < len(due)

    async def _tick(self, escalation_id: str) -> StoreError | None:
        command = Tick(id=self._new_id("cmd"), escalation_id=escalation_id)
        try:
            await self._writer.submit(command)
        except StoreError as error:
            self._put_off(escalation_id)
            return error
        self.stuck.pop(escalation_id, None)
        return None

    def _put_off(self, escalation_id: str) -> None:
        before = self.stuck.get(escalation_id)
        times = before.times if before else 0
        seconds = BACKOFF_S[min(times, len(BACKOFF_S) - 1)]
        at = self._clock() + timedelta(seconds=seconds)
        self.stuck[escalation_id] = Stuck(times=times + 1, not_before=at)
