"""Which schema the database has, and the locks that programs have as long as they work with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from storage.migrate import ASKED, Schema, read_schema
from storage.postgres.link import number_of


async def schema_at(rows: Callable[[str], Awaitable[Sequence[Any]]]) -> Schema:
    """The schema the database has. Looks only."""
    try:
        return read_schema(await rows(ASKED))
    except asyncpg.UndefinedTableError:
        return Schema()


def program(schema: str) -> int:
    """The lock that every program has, with others, which brings this schema, as it runs."""
    return number_of(f"knows {schema}")
