"""The refresher: looks people up again and lets every open vote be rechecked when they changed.

Who is away is read again with them: another server may have written it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import structlog

from approvals.commands import RecheckPeople
from approvals.escalation import Escalation
from approvals.policy.model import Policy
from approvals.ports import Absences, Clock, Reads, StoreError, Wanted, Writer
from bot.background.line import wait_of
from bot.messaging import Directory, SlackBusyError, SlackError
from bot.people import KnownPeople

log = structlog.get_logger(__name__)

#: Escalations read and rechecked in one go.
BATCH = 200

#: Seconds between two looks, and after failed ones: by times in a row, then the last.
LOOK_S, BACKOFF_S = 60.0, (5.0, 10.0, 20.0, 60.0)

#: Looks in vain in a row from which on health says so: before anybody's facts are too old.
FAILING = 3

#: A new policy waits so many seconds for its people to be looked up.
ADOPT_WITHIN_S = 10.0

#: Approved ones wait for their claim for minutes, so there are few.
MOST_UNCLAIMED = 100_000


class Refresher:
    """Keeps facts about people young. When Slack cannot be asked, they simply grow old."""

    def __init__(
        self,
        known: KnownPeople,
        directory: Directory,
        absences: Absences,
        reads: Reads,
        writer: Writer,
        clock: Clock,
        new_id: Callable[[str], str],
        wake: Callable[[], None],
    ) -> None:
        self._known, self._directory, self._absences = known, directory, absences
        self._reads, self._writer = reads, writer
        self._clock, self._new_id, self._wake = clock, new_id, wake
        self._next_look: datetime | None = None
        self._failed = 0  # in a row
        self._unchecked = False  # people changed, and not every vote has been rechecked

    async def once(self) -> bool:
        """Look people up when it is time; recheck votes if anything changed that was not yet."""
        if self.next_look_s <= 0:
            await self._look_up()
        if self._unchecked:
            await self._recheck()
            self._unchecked = False
        return False

    async def adopt(self, policy: Policy) -> None:
        """Let a new policy count, its people looked up before. Where Slack cannot be asked, it
        counts all the same, with those who are known: whoever is new has to be looked up first.
        """
        directory, now = self._directory.under(policy), self._clock()
        try:
            async with asyncio.timeout(ADOPT_WITHIN_S):
                people = await directory.people(now)
            self._next_look = now + timedelta(seconds=LOOK_S)
        except (SlackError, TimeoutError) as error:
            log.warning("people-not-looked-up", error=str(error), policy=policy.version)
            people, self._next_look = self._known.carried(policy, now), None
        self._directory = directory
        self._unchecked = self._known.take(policy, people) or self._unchecked

    @property
    def works(self) -> bool:
        """Whether Slack tells who is who; one failure is no news."""
        return self._failed < FAILING

    @property
    def next_look_s(self) -> float:
        """Seconds until people are looked up again: when it is worth asking once more."""
        if self._next_look is None:
            return 0.0
        return max(0.0, (self._next_look - self._clock()).total_seconds())

    async def _look_up(self) -> None:
        now, directory = self._clock(), self._directory
        await self._who_is_away(now)
        try:
            people = await directory.people(now)
        except SlackError as error:
            self._next_look = now + self._wait(error)
            self._failed += 1
            log.warning("people-not-refreshed", error=str(error), as_of=str(self._as_of()))
            return
        if directory is not self._directory:
            return  # these are the people of a policy that no longer counts
        self._next_look, self._failed = now + timedelta(seconds=LOOK_S), 0
        if self._known.renew(people):
            self._unchecked = True
            self._wake()  # whoever could not be written to may have an account by now

    async def _who_is_away(self, now: datetime) -> None:
        """Where it cannot be read, what is known stays, and ends when it was to end."""
        try:
            self._known.away(await self._absences.current(now))
        except StoreError as error:
            log.warning("absences-not-read", error=str(error))

    def _wait(self, error: SlackError) -> timedelta:
        if isinstance(error, SlackBusyError):
            return wait_of(error.retry_after)
        return timedelta(seconds=BACKOFF_S[min(self._failed, len(BACKOFF_S) - 1)])

    async def _recheck(self) -> None:
        """Every one of them, although some fail: a recheck is idempotent, so all come again."""
        failed: list[BaseException] = []
        async for batch in self._concerned():
            commands = (
                RecheckPeople(id=self._new_id("cmd"), escalation_id=escalation.id)
                for escalation in batch
                if escalation.votes
            )
            done = await asyncio.gather(*map(self._writer.submit, commands), return_exceptions=True)
            failed += [error for error in done if isinstance(error, BaseException)]
        if failed:
            raise failed[0]

    async def _concerned(self) -> AsyncIterator[tuple[Escalation, ...]]:
        """Those whose votes still matter: pending, or approved and not yet taken."""
        wanted, cursor = Wanted(status="pending"), None
        while True:
            page = await self._reads.page(wanted, cursor, BATCH)
            yield page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        yield await self._reads.unclaimed(MOST_UNCLAIMED)

    def _as_of(self) -> datetime | None:
        return self._known.facts(self._clock()).people.as_of
