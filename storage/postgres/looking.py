"""Looking at a server's database from a command: a connection that reads, driven step by step."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from storage.errors import UnreachableError
from storage.links import Row
from storage.postgres.connecting import connect
from storage.postgres.reasons import FAILURES, reason
from storage.postgres.wording import worded


class ServerLooking:
    """Implements `storage.links.Looking`, in a loop of its own; raises UnreachableError."""

    def __init__(self, runner: asyncio.Runner, connection: Any) -> None:
        self._runner, self._connection = runner, connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        found: list[Row] = _ran(self._runner, self._connection.fetch(worded(sql), *values))
        return found

    @contextmanager
    def moment(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self._run("COMMIT")

    def _run(self, sql: str) -> None:
        _ran(self._runner, self._connection.execute(sql))


#: Whoever looks takes as much time as they need, and changes nothing.
_SETTINGS = {"default_transaction_read_only": "on", "idle_in_transaction_session_timeout": "0"}


@contextmanager
def looking_at(url: str) -> Iterator[ServerLooking]:
    """A connection that reads, and cannot do more. Raises UnreachableError."""
    with asyncio.Runner() as runner:
        connection = _ran(runner, connect(url, answer_s=None, **_SETTINGS))
        try:
            yield ServerLooking(runner, connection)
        finally:
            connection.terminate()


def _ran(runner: asyncio.Runner, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return runner.run(work)
    except FAILURES as error:
        raise UnreachableError(reason(error)) from error
