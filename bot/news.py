"""News of other replicas: what they committed is read once, for all who wait for it here; and now
and then who is away, which people may have told another one.

Owed work needs no such news: whoever commits it does it, and everybody looks for what was left
every few seconds anyway.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from approvals.ports import Reads, StoreError
from bot.api import Waiters

log = structlog.get_logger(__name__)


class News:
    """What was told, until it is read."""

    def __init__(self, waiters: Waiters) -> None:
        self._waiters = waiters
        self._told: set[str] = set()
        self._missed = False  #: there may be some that nobody told
        self.wake: Callable[[], None] = lambda: None

    def elsewhere(self, ids: Sequence[str] | None) -> None:
        """Called by the store."""
        if ids is None:
            self._missed = True
        else:
            self._told.update(filter(self._waiters.are_for, ids))
        if self._told or self._missed:
            self.wake()

    async def once(self, reads: Reads, who_is_away: Callable[[], Awaitable[None]]) -> bool:
        """Read what was told, and tell whoever waits for it."""
        told, missed = self._told, self._missed
        self._told, self._missed = set(), False
        try:
            if missed:
                await who_is_away()
                told |= await self._behind(reads)
            if told:
                self._waiters.committed(await reads.these(told))
        except StoreError as error:
            self._missed = True  # the next look finds all of it
            log.info("news-not-read", error=str(error))
        return False

    async def _behind(self, reads: Reads) -> set[str]:
        """What has gone on since those who wait for it read it."""
        known = self._waiters.known()
        stand = await reads.versions(known.keys()) if known else {}
        return {id_ for id_, version in stand.items() if version > known[id_]}
