"""The store in memory: everything the ports ask for, and nothing that waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from approvals.grants import Signer
from approvals.ports import Clock, Committed, Elsewhere, FactSource
from storage.errors import AlreadyRunningError
from storage.memory.absences import MemoryAbsences
from storage.memory.digests import MemoryDigests
from storage.memory.faults import Faults
from storage.memory.reads import MemoryReads
from storage.memory.remembering import MemoryMemory
from storage.memory.rows import Memory
from storage.memory.sealing import MemorySeals
from storage.memory.services import MemoryServices, MemorySignatures
from storage.memory.storms import MemoryStorms
from storage.memory.work import MemoryCards, MemoryDeliveries
from storage.memory.writer import MemoryWriter


class Alone:
    """Implements `approvals.ports.Leases` where there is no other."""

    def leased(self, name: str) -> AbstractAsyncContextManager[bool]:
        """All is ours to do."""
        return nullcontext(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStore:
    """The ports of `approvals.ports`, implemented; and the faults one can plan."""

    writer: MemoryWriter
    reads: MemoryReads
    cards: MemoryCards
    deliveries: MemoryDeliveries
    storms: MemoryStorms
    digests: MemoryDigests
    seals: MemorySeals
    services: MemoryServices
    signatures: MemorySignatures
    absences: MemoryAbsences
    health: MemoryReads
    leases: Alone
    memory: MemoryMemory
    kept: Memory

    @property
    def faults(self) -> Faults:
        """What is planned to go wrong."""
        return self.kept.faults


@asynccontextmanager
async def open_memory_store(
    *,
    facts: FactSource,
    signer: Signer,
    clock: Clock,
    committed: Committed,
    elsewhere: Elsewhere = lambda ids: None,
    memory: Memory | None = None,
) -> AsyncIterator[MemoryStore]:
    """Open a store on fresh memory, or on one that outlived an earlier store.

    Raises AlreadyRunningError while another store uses that memory.
    """
    memory = memory or Memory()
    if memory.is_open:
        raise AlreadyRunningError("Another store uses this memory. Close it first.")
    memory.is_open = True
    writer = MemoryWriter(memory, facts=facts, signer=signer, clock=clock, committed=committed)
    reads, deliveries = MemoryReads(memory), MemoryDeliveries(memory)
    await deliveries.take_over(clock())
    running = asyncio.create_task(writer.run())
    try:
        yield MemoryStore(
            writer=writer,
            reads=reads,
            cards=MemoryCards(memory, clock),
            deliveries=deliveries,
            storms=MemoryStorms(memory),
            digests=MemoryDigests(memory),
            seals=MemorySeals(memory),
            services=MemoryServices(memory),
            signatures=MemorySignatures(memory),
            absences=MemoryAbsences(memory),
            health=reads,
            leases=Alone(),
            memory=MemoryMemory(memory),
            kept=memory,
        )
    finally:
        writer.close()
        await running
        memory.is_open = False
