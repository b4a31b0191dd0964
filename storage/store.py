"""The store: everything the ports ask for, over one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from approvals.grants import Signer
from approvals.ports import Clock, Committed, Elsewhere, FactSource, Leases
from storage.absences import SqlAbsences
from storage.address import file_of, is_of_a_server
from storage.digests import SqlDigests
from storage.keys import SqlKeys
from storage.links import Database
from storage.needing import needs_asyncpg
from storage.policies import SqlPolicies
from storage.precedents import SqlMemory
from storage.reads import SqlReads
from storage.sealing import SqlSeals
from storage.services import SqlServices, SqlSignatures
from storage.sqlite.database import open_database as open_file
from storage.storms import SqlStorms
from storage.truth import refuse_untrue
from storage.work import SqlCards, SqlDeliveries
from storage.writer import GroupCommitWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The ports of `approvals.ports`, implemented."""

    writer: GroupCommitWriter
    reads: SqlReads
    cards: SqlCards
    deliveries: SqlDeliveries
    storms: SqlStorms
    digests: SqlDigests
    memory: SqlMemory
    seals: SqlSeals
    services: SqlServices
    signatures: SqlSignatures
    absences: SqlAbsences
    keys: SqlKeys
    policies: SqlPolicies
    health: SqlReads
    leases: Leases
    database: Database


def open_database(url: str, *, server: bool) -> AbstractAsyncContextManager[Database]:
    """The database of that address, in the room that knows it.

    Raises what `storage.errors` names, and ValueError for an address it does not know.
    """
    if not is_of_a_server(url):
        return open_file(file_of(url), server=server)
    with needs_asyncpg():
        from storage.postgres.database import open_database as open_on_server
    return open_on_server(url, server=server)


@asynccontextmanager
async def open_store(
    url: str,
    *,
    facts: FactSource,
    signer: Signer,
    clock: Clock,
    committed: Committed,
    elsewhere: Elsewhere = lambda ids: None,
    server: bool,
) -> AsyncIterator[Store]:
    """Open the store; the one server writes, commands beside it only touch rows of services.

    Raises what `storage.errors` names, and ValueError for an address it does not know.
    """
    async with open_database(url, server=server) as database:
        if server:
            await asyncio.to_thread(refuse_untrue, url)
        writer = GroupCommitWriter(
            database, facts=facts, signer=signer, clock=clock, committed=committed
        )
        reads, deliveries = SqlReads(database), SqlDeliveries(database)
        if server and database.alone:  # what another replica has taken is its own
            await deliveries.take_over(clock())
        running = asyncio.create_task(writer.run())
        async with AsyncExitStack() as stack:
            if server:
                await stack.enter_async_context(database.listening(elsewhere))
            stack.push_async_callback(_drained, writer, running)
            yield Store(
                writer=writer,
                reads=reads,
                cards=SqlCards(database, clock),
                deliveries=deliveries,
                storms=SqlStorms(database),
                digests=SqlDigests(database),
                memory=SqlMemory(database),
                seals=SqlSeals(database),
                services=SqlServices(database, clock),
                signatures=SqlSignatures(database, writer),
                absences=SqlAbsences(database),
                keys=SqlKeys(database),
                policies=SqlPolicies(database),
                health=reads,
                leases=database,
                database=database,
            )


async def _drained(writer: GroupCommitWriter, running: asyncio.Task[None]) -> None:
    writer.close()
    await running
