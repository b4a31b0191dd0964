"""What other replicas commit, heard on a connection of its own; and what one of them does alone.

A replica tells in the commit itself what changed, so nothing is heard that was not kept. Nobody
repeats what was said while the connection was away: after each new one, and every few seconds
whatever happens, all that waits is looked at.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import structlog

from approvals.ports import Elsewhere
from storage.postgres.connecting import connect_after
from storage.postgres.link import CHANNEL, Link, number_of
from storage.postgres.reasons import FAILURES, reason

log = structlog.get_logger(__name__)

#: Seconds between two looks at everything, each with a word to the server and back; between two
#: while there is no connection; and until it is lost where the server says nothing.
SWEEP_S, AWAY_S, ANSWER_S = 5.0, 1.0, 5.0


class Hearing:
    """One connection, made anew where it is lost. `lock` is a number of its own; `own` is who tells
    for this replica itself.
    """

    def __init__(self, url: str, lock: int, own: Callable[[], int | None]) -> None:
        self._own = own
        self._link = Link(partial(self._connect, url, lock))
        self._elsewhere: Elsewhere = lambda ids: None
        self._lost = asyncio.Event()
        self.works = True  #: whether the connection was there when it was last looked at

    @asynccontextmanager
    async def telling(self, elsewhere: Elsewhere) -> AsyncIterator[None]:
        """Listen for the length of the block."""
        self._elsewhere = elsewhere
        running = asyncio.create_task(self._run(), name="hearing")
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})

    @asynccontextmanager
    async def leased(self, name: str) -> AsyncIterator[bool]:
        """Whether it is ours alone, until the block or the connection ends."""
        number, is_ours = number_of(f"lease:{name}"), False
        with suppress(*FAILURES):
            ((is_ours,),) = await self._link.rows("SELECT pg_try_advisory_lock(?)", (number,))
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(*FAILURES):
                    await self._link.rows("SELECT pg_advisory_unlock(?)", (number,))

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _run(self) -> None:
        while True:
            self._lost.clear()
            await self._look()
            self._tell(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S if self.works else AWAY_S):
                    await self._lost.wait()

    async def _look(self) -> None:
        """Whether the server still answers; where the connection is lost, by another. Whatever is
        wrong with it, the next look follows.
        """
        try:
            await self._link.rows("SELECT 1")
        except Exception as error:
            if self.works:
                log.warning("not-listening", why=reason(error))
            self.works = False
        else:
            if not self.works:
                log.info("listening-again")
            self.works = True

    async def _connect(self, url: str, lock: int) -> Any:
        connection = await connect_after(url, lock, answer_s=ANSWER_S)
        try:
            await connection.add_listener(CHANNEL, self._heard)
        except BaseException:
            connection.terminate()
            raise
        connection.add_termination_listener(lambda _: self._lost.set())
        return connection

    def _heard(self, _: Any, told_by: int, __: str, ids: str) -> None:
        if told_by != self._own():
            self._tell(ids.split())

    def _tell(self, ids: list[str] | None) -> None:
        """It was committed whatever they make of it."""
        try:
            self._elsewhere(ids)
        except Exception:
            log.exception("not-told", escalations=ids)
