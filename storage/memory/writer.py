"""The write path in memory: the same lanes, batches and fold; a commit is a few assignments."""

import asyncio

import structlog

from approvals.commands import Command
from approvals.grants import Signer
from approvals.ports import Clock, Committed, FactSource, NotSavedError, Settled, UnsureError
from storage.batch import Batch, Pending
from storage.memory.faults import Fault
from storage.memory.rows import Memory
from storage.writer import Lanes

log = structlog.get_logger(__name__)


class MemoryWriter:
    """Implements `approvals.ports.Writer`."""

    def __init__(
        self,
        memory: Memory,
        *,
        facts: FactSource,
        signer: Signer,
        clock: Clock,
        committed: Committed,
    ) -> None:
        self._memory, self._facts, self._signer = memory, facts, signer
        self._clock, self._committed = clock, committed
        self._lanes, self._ready, self._closing = Lanes(), asyncio.Event(), False

    async def submit(self, command: Command) -> Settled:
        """Queue the command and wait for its commit."""
        if self._closing:
            raise NotSavedError("The server is stopping. Ask again in a moment.")
        pending = Pending(command, asyncio.get_running_loop().create_future())
        self._lanes.add(pending)
        self._ready.set()
        return await asyncio.shield(pending.future)

    async def run(self) -> None:
        """Commit batch after batch until closed and drained."""
        while not (self._closing and not len(self._lanes)):
            await self._ready.wait()
            self._ready.clear()
            while len(self._lanes):
                await self._settle(self._lanes.take())

    def close(self) -> None:
        """Take no more; `run` ends when what waits is saved."""
        self._closing = True
        self._ready.set()

    async def _settle(self, commands: list[Pending]) -> None:
        fault = await self._memory.faults.next()
        if fault is Fault.NOT_SAVED:
            _fail(commands, NotSavedError())
        else:
            self._attempt(commands, fault)

    def _attempt(self, commands: list[Pending], fault: Fault | None) -> None:
        """One commit; where it cannot be, each command is tried alone."""
        try:
            batch = self._commit(commands)
        except Exception as error:
            log.warning("batch-failed", commands=len(commands), exc_info=error)
            if len(commands) == 1:
                _fail(commands, NotSavedError())
            else:
                for pending in commands:
                    self._attempt([pending], fault)
            return
        if fault is Fault.UNSURE:
            _fail(commands, UnsureError())
            return
        batch.answer()
        try:
            if batch.changed:
                self._committed([batch.escalations[i] for i in batch.changed])
        except Exception:
            log.exception("commit-not-told", commands=len(commands))

    def _commit(self, commands: list[Pending]) -> Batch:
        """Load, fold, keep; time never runs backwards, also over a restart."""
        rows, now = self._memory.rows, self._clock()
        now = max(now, rows.latest or now)
        batch = rows.load(commands, self._facts.facts(now), self._signer, now)
        for pending in commands:
            batch.fold(pending, now)
        rows.keep(batch, now)
        return batch


def _fail(commands: list[Pending], error: Exception) -> None:
    for pending in commands:
        pending.fail(error)
