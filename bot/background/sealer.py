"""The sealer: about once a second it seals the chains that grew, then anchors the new blocks,
also those that another replica sealed.

What cannot be anchored now follows later. Where the anchors name a block that the store does not
have, nothing is appended any more: somebody has to look, and readiness says so until then.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from approvals.anchoring import Anchor
from approvals.codec import instant
from approvals.ports import MOST_HEADS, Clock, Seals, StoreError
from approvals.sealing import SETTLED, Block

log = structlog.get_logger(__name__)

#: The same trouble is logged this often.
SAY_EVERY = timedelta(seconds=60)

#: Seconds the last block may take when the server stops.
LAST_S = 2.0


class Anchors(Protocol):
    """Where the heads of blocks are kept besides the store."""

    def last(self) -> Anchor | None:
        """The last one; None before the first. Raises OSError or ValueError."""

    def append(self, blocks: Sequence[Block]) -> None:
        """Add them, durably. Raises OSError."""


class Sealer:
    """Seals and anchors; everything it has done stands in the store and in the file."""

    def __init__(
        self, seals: Seals, anchors: Anchors, clock: Clock, lagged: Callable[[float], None]
    ) -> None:
        self._seals, self._anchors, self._clock, self._lagged = seals, anchors, clock, lagged
        self._is_healed = False
        self._anchored: int | None = None  #: the last block known to be in the file
        self._trouble = ""  #: why nothing is anchored; empty while all is well
        self._said_at: datetime | None = None

    async def once(self) -> bool:
        """Seal once and anchor what there is; whether more waits."""
        now = self._clock()
        await self._heal(now)
        since = await self._seals.unsealed_since()
        block = await self._seals.seal(now) if since is not None else None
        if since is not None and block is not None:
            self._lagged(max(0.0, (now - since).total_seconds()))
        more = block is not None and block.count >= MOST_HEADS
        return await self._anchor(now) or more

    async def finish(self) -> None:
        """Seal what came last, when nothing more comes; what is left waits for the next start."""
        try:
            async with asyncio.timeout(LAST_S):
                while await self.once():
                    pass
        except Exception as error:
            log.warning("not-sealed", exc_info=error)

    async def is_anchoring(self) -> tuple[str, bool]:
        """For readiness: whether every block finds its anchor."""
        return "anchors", not self._trouble

    async def is_sealing(self) -> tuple[str, bool]:
        """For readiness: whether no record waits too long for its block."""
        try:
            since = await self._seals.unsealed_since()
        except StoreError:
            return "sealing", False
        return "sealing", since is None or self._clock() - since <= SETTLED

    async def _heal(self, now: datetime) -> None:
        if not self._is_healed:
            found = await self._seals.heal(now)
            self._is_healed = True
            if found:
                log.warning("unsealed-found", escalations=found)

    async def _anchor(self, now: datetime) -> bool:
        """Append what has no anchor, whoever sealed it; whether more waits."""
        if not await self._is_behind():
            return False
        try:
            last = await asyncio.to_thread(self._anchors.last)
            if last is not None and not await self._is_ours(last):
                self._say(now, "anchors-differ", block=last.block, hash=last.hash)
                return False
            blocks = await self._seals.after(last.block if last else 0)
            if blocks:
                self._told(now, last, blocks)
                await asyncio.to_thread(self._anchors.append, blocks)
        except (OSError, ValueError) as error:
            self._say(now, "anchors-not-written", why=str(error))
            return False
        self._trouble, self._said_at = "", None
        self._anchored = blocks[-1].number if blocks else last.block if last else 0
        return len(blocks) >= MOST_HEADS

    async def _is_behind(self) -> bool:
        """Another replica may have sealed, or we did and never heard: so the store is asked."""
        return self._anchored is None or bool(await self._seals.after(self._anchored, 1))

    def _told(self, now: datetime, last: Anchor | None, blocks: Sequence[Block]) -> None:
        """A file that begins late is worth a word: there may have been another one."""
        if last is None and now - blocks[0].at > SETTLED:
            log.warning("anchors-begun-anew", blocks=len(blocks), since=instant(blocks[0].at))

    async def _is_ours(self, last: Anchor) -> bool:
        block = await self._seals.block(last.block)
        return block is not None and last.names(block)

    def _say(self, now: datetime, trouble: str, **more: object) -> None:
        """Say it now and then, for as long as it lasts."""
        is_old = trouble == self._trouble and self._said_at is not None
        if not is_old or now - (self._said_at or now) >= SAY_EVERY:
            log.error(trouble, **more)
            self._said_at = now
        self._trouble = trouble
