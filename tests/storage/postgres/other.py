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


async def until_waiting(connection: Any, n: int = 1) -> None:
    """Until so many connections of ours wait for a lock."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'andon' AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while await connection.fetchval(asked) < n:  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.005)
