"""The refresher: looks people up again and lets every open vote be rechecked when they changed."""

from collections.abc import Callable

import structlog

from approvals.commands import RecheckPeople
from approvals.ports import Clock, Reads, Writer
from bot.messaging import Directory, SlackError
from bot.people import KnownPeople

log = structlog.get_logger(__name__)


class Refresher:
    """Keeps facts about people young. When Slack cannot be asked, they simply grow old."""

    def __init__(
        self,
        known: KnownPeople,
        directory: Directory,
        reads: Reads,
        writer: Writer,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._known, self._directory = known, directory
        self._reads, self._writer = reads, writer
        self._clock, self._new_id = clock, new_id

    async def once(self) -> bool:
        """Look people up once; recheck votes if anything changed."""
        try:
            people = await self._directory.people(self._clock())
        except SlackError as error:
            log.warning("people-not-refreshed", error=str(error))
            return False
        if self._known.renew(people):
            await self._recheck()
        return False

    async def _recheck(self) -> None:
        concerned = (*await self._reads.pending(), *await self._reads.unclaimed())
        for escalation in concerned:
            if escalation.votes:
                command = RecheckPeople(id=self._new_id("cmd"), escalation_id=escalation.id)
                await self._writer.submit(command)
