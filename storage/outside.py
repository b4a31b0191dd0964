"""Links for everyone but the writer, in whose errors nobody needs to know a driver."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from storage.links import Link, Many, Row, Statement


class OutsideLink:
    """A link that raises StoreError, and nothing else, where the database fails."""

    def __init__(self, link: Link, as_store_errors: Callable[[], AbstractContextManager[None]]):
        self._link, self._as_store_errors = link, as_store_errors

    async def together(self, *statements: Statement) -> list[list[Row]]:
        """Run one statement after the other; the rows of each. Raises StoreError."""
        with self._as_store_errors():
            return await self._link.together(*statements)

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query. Raises StoreError."""
        with self._as_store_errors():
            return await self._link.rows(sql, values)

    async def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it touched. Raises StoreError."""
        with self._as_store_errors():
            return await self._link.run(sql, values)

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row. Raises StoreError."""
        await self.together(Many(sql, rows))

    async def undo(self) -> None:
        """Roll back what is open, if anything is."""
        await self._link.undo()
