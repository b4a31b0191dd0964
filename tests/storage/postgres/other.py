"""Somebody else on the same database: a transaction that is open for as long as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from storage.postgres.connecting import dsn_of


@asynccontextmanager
async def another(url: str, **settings: str) -> AsyncIterator[Any]:
    """A connection beside the stores."""
    connection = await asyncpg.connect(dsn_of(url), server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close(timeout=2)


@asynccontextmanager
async def holding(url: str, sql: str) -> AsyncIterator[Any]:
    """Another replica that has just run this, and not committed yet."""
    async with another(url) as connection:
        await connection.execute("BEGIN")
        await connection.execute(sql)
        yield connection
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK")


async def until_waiting(connection: Any, task: asyncio.Task[Any] | None = None) -> None:
    """Until a connection of ours waits for a lock, or the task is done and need not."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'andon' AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20):
        while not await connection.fetchval(asked):
            if task is not None and task.done():
                return
            await asyncio.sleep(0.005)


async def until_settled(url: str, task: asyncio.Task[Any]) -> None:
    """Until it is done, or waits for a lock that another has."""
    async with another(url) as connection:
        await until_waiting(connection, task)
