"""The one write path: every command that changes an escalation goes through here, in batches.

::

    submit -> lanes -> batch -> load -> fold (approvals.step) -> write -> COMMIT -> answer, wake

While one batch commits, the next gathers: group commit without waiting. A refusal touches nobody
else; a command that cannot be folded fails alone; on a database error the batch is rolled back and
each command tried alone; after a commit of unknown outcome the log is asked before anyone is told.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from approvals.commands import Command
from approvals.escalation import Escalation
from approvals.grants import Signer
from approvals.ports import Clock, Committed, FactSource, NotSavedError, Settled, UnsureError
from storage.batch import Batch, Pending
from storage.links import Commit, Database, Many, Row
from storage.statements import LATEST, LATEST_SEEN, load, written

log = structlog.get_logger(__name__)

#: A batch takes at most this many commands, or bytes.
MOST_COMMANDS, MOST_BYTES = 256, 2 << 20

#: Beyond this many waiting commands or bytes, new ones are turned away at once.
QUEUE_COMMANDS, QUEUE_BYTES = 20_000, 64 << 20

#: What is to be written alongside a command waits so many seconds for one.
ALONE_S = 0.05

#: How often a command is tried alone where another writer was in the way, and for how many seconds
#: all of a batch are: who waits for one that hangs must not keep everybody else waiting.
TRIES, TRY_FOR_S = 3, 10.0

#: While nothing can be saved, a small commit tries so many seconds later whether that has passed.
TRY_AGAIN_S = 2.0

#: Callers are asked to come again within so many seconds, however long it lasts.
LONGEST_RETRY_S = 60.0

#: The latest moment seen is noted this often, so that a clock set back revives nothing.
NOTE_EVERY = timedelta(seconds=60)


@dataclass
class Lanes:
    """Waiting commands: votes, stops and claims before all others."""

    urgent: deque[Pending] = field(default_factory=deque)
    other: deque[Pending] = field(default_factory=deque)
    weight: int = 0

    def __len__(self) -> int:
        return len(self.urgent) + len(self.other)

    def add(self, pending: Pending) -> None:
        """Queue it. Raises NotSavedError when too much waits already."""
        if len(self) >= QUEUE_COMMANDS or self.weight >= QUEUE_BYTES:
            raise NotSavedError("Too much is waiting to be saved. Ask again in a moment.")
        (self.urgent if pending.command.urgent else self.other).append(pending)
        self.weight += pending.command.weight

    def take(self) -> list[Pending]:
        """The next batch."""
        taken: list[Pending] = []
        weight = 0
        for lane in (self.urgent, self.other):
            while lane and len(taken) < MOST_COMMANDS and weight < MOST_BYTES:
                taken.append(lane.popleft())
                weight += taken[-1].command.weight
        self.weight -= weight
        return taken


class GroupCommitWriter:
    """Implements `approvals.ports.Writer`."""

    def __init__(
        self,
        database: Database,
        *,
        facts: FactSource,
        signer: Signer,
        clock: Clock,
        committed: Committed,
    ) -> None:
        self._database, self._link, self._turn = database, database.writer, database.turn
        self._facts, self._signer = facts, signer
        self._clock, self._committed = clock, committed
        self._lanes = Lanes()
        self._ready = asyncio.Event()
        self._closing = False
        self._latest: datetime | None = None
        self._noted: datetime | None = None
        self._policies: set[str] = set()
        self._pending: dict[str, int] = {}  # as of the last commit, of services that opened
        self._alongside: list[Many] = []
        #: Why nothing can be saved just now; None while all is well.
        self.failing: str | None = None
        self._failed_at: datetime | None = None  # first of those in a row
        self._trying: asyncio.TimerHandle | None = None

    @property
    def retry_s(self) -> float:
        """Seconds until it is worth asking again: the longer nothing was saved, the more."""
        if self.failing is None or self._failed_at is None:
            return TRY_AGAIN_S
        lasted = (self._clock() - self._failed_at).total_seconds()
        return min(max(TRY_AGAIN_S, lasted / 2), LONGEST_RETRY_S)

    async def submit(self, command: Command) -> Settled:
        """Queue the command and wait for its commit."""
        if self._closing:
            raise NotSavedError("The server is stopping. Ask again in a moment.")
        pending = Pending(command, asyncio.get_running_loop().create_future())
        self._lanes.add(pending)
        self._ready.set()
        # The future is the batch's, not the caller's: giving up waiting tears nothing.
        return await asyncio.shield(pending.future)

    def alongside(self, statement: Many) -> None:
        """Write this in the same commit as the next command, or alone in a moment.

        For what must be known before that command is acknowledged, at no commit of its own. It may
        be written again after a failure, so it must bear that.
        """
        self._alongside.append(statement)
        self._write_soon()

    def _write_soon(self) -> None:
        asyncio.get_running_loop().call_later(ALONE_S, self._ready.set)

    async def run(self) -> None:
        """Commit batch after batch until closed and drained."""
        while not self._closing or len(self._lanes):
            await self._ready.wait()
            self._ready.clear()
            if not len(self._lanes) and (self._alongside or self.failing):
                await self._surely([])  # it has waited long enough for a command
            while len(self._lanes):
                await self._surely(self._lanes.take())
        if self._alongside:
            await self._surely([])  # once: a file that fails must not keep the server from ending

    async def _surely(self, batch: list[Pending]) -> None:
        """Whatever breaks, the path stays open and nobody waits for ever."""
        try:
            await self._settle(batch)
        except Exception as error:
            for pending in batch:
                pending.fail(UnsureError())
            log.exception("batch-broke", error=type(error).__name__)

    def close(self) -> None:
        """Take no more; `run` ends when what waits is saved."""
        self._closing = True
        self._ready.set()

    async def _settle(self, batch: list[Pending]) -> None:
        try:
            await self._attempt(batch)
        except Exception as error:
            self._pending.clear()
            log.warning("batch-failed", commands=len(batch), exc_info=error)
            self._fails(error)
            await self._recover(batch, error)
            if self._alongside and not self._closing:
                self._write_soon()
        else:
            self._works()

    def _fails(self, error: Exception) -> None:
        """The file is at fault, not a command: health says so until a commit lands again."""
        if not self._database.is_of_the_place(error):
            return
        if self.failing is None:
            log.error("nothing-can-be-saved", why=self._database.reason(error))
            self._failed_at = self._clock()
        self.failing = self._database.reason(error)
        if self._trying is not None:
            self._trying.cancel()
        self._trying = asyncio.get_running_loop().call_later(TRY_AGAIN_S, self._ready.set)

    def _works(self) -> None:
        if self.failing is not None:
            log.info("saved-again")
        self.failing = None

    async def _attempt(self, commands: list[Pending]) -> None:
        """Commit once, then wake and answer."""
        async with self._turn:
            try:
                batch = await self._commit(commands)
            except BaseException:
                await self._link.undo()  # before anybody else takes their turn
                raise
        if batch.changed:
            self._tell([batch.escalations[i] for i in batch.changed])
        batch.answer()

    async def _commit(self, commands: list[Pending]) -> Batch:
        """Load, fold, write."""
        self._database.check()
        now = await self._now()
        note, along = self._note(now), tuple(self._alongside)
        if note:
            self._pending.clear()  # counted anew: a mistake would not last
        facts = self._facts.facts(now)
        alone = self._database.alone
        batch = await load(self._link, commands, facts, self._signer, now, self._pending, alone)
        now = now if alone else batch.no_earlier(now)
        for pending in commands:
            batch.fold(pending, now)
        statements = written(batch, now, self._policies)
        told = () if alone else batch.awaited()
        await self._link.together(*statements, *note, *along, Commit(told))
        self._database.check()  # what went into a file without a name is not kept
        del self._alongside[: len(along)]
        self._noted = now if note else self._noted
        self._policies |= batch.policies
        self._pending = batch.pending if alone else {}
        return batch

    def _tell(self, changed: list[Escalation]) -> None:
        """Wake who waits. It is committed whatever they make of it."""
        try:
            self._committed(changed)
        except Exception:
            log.exception("not-told", escalations=len(changed))

    async def _recover(self, batch: list[Pending], error: Exception) -> None:
        """Nothing is tried twice: first the log is asked what was stored all the same."""
        try:
            stored = await self._stored(batch)
        except Exception as unknown:
            log.warning("outcome-unknown", commands=len(batch), exc_info=unknown)
            for pending in batch:
                pending.fail(UnsureError())
            return
        # What keeps everybody out is no command's fault: alone, each would wait as long.
        is_busy, may_pass = self._database.is_busy(error), self._database.may_pass(error)
        until = asyncio.get_running_loop().time() + TRY_FOR_S
        for pending in batch:
            is_late = may_pass and asyncio.get_running_loop().time() > until
            tries = len(batch) > 1 or (may_pass and pending.tries < TRIES)
            if pending.command.id in stored:
                log.warning("commit-answer-lost", command=pending.command.id)
                pending.fail(UnsureError())
            elif is_busy or is_late or not tries:
                pending.fail(NotSavedError(f"It could not be saved ({error}). Ask again."))
            else:
                pending.tries += 1
                await self._settle([pending])

    async def _stored(self, batch: list[Pending]) -> set[str]:
        """Ids of those commands that stand in the log."""
        marks = ", ".join("?" * len(batch))
        sql = f"SELECT DISTINCT command_id FROM events WHERE command_id IN ({marks})"  # noqa: S608
        found: list[Row] = await self._link.rows(sql, [p.command.id for p in batch])
        return {row[0] for row in found}

    async def _now(self) -> datetime:
        """The clock, never earlier than any moment seen before, also before a restart."""
        if self._latest is None:
            found = await self._link.rows(LATEST_SEEN)
            self._latest = datetime.fromisoformat(found[0][0]) if found else self._clock()
        self._latest = max(self._latest, self._clock())
        return self._latest

    def _note(self, now: datetime) -> tuple[Many, ...]:
        """Now and then, the statement that notes how late it is."""
        due = self._noted is None or self.failing or now - self._noted >= NOTE_EVERY
        return (Many(LATEST, [(now.isoformat(),)]),) if due else ()
