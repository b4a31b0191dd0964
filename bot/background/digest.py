"""The digest: one post for what rang nobody, at the policy's times. Nothing to say, no post.

The first one of a week also says whether people really decide: what was asked in the seven days
before it, whenever it ended.

How far it has come is a note in the store: made once over restarts, and once for all the moments
that a server missed; of several replicas one at a time looks. Before the post the note says which
digest is tried, so that after a crash it is looked for before it is posted again.
"""

from datetime import datetime

import structlog

from approvals.codec import instant
from approvals.digests import WEEK, Digested, begins_a_week, latest
from approvals.memory.oversight import Oversight
from approvals.ports import Clock, Digests, FactSource, Leases
from bot.background.budget import Ask, WaitError
from bot.background.line import Line
from bot.messaging import Artist, Slack, SlackError

log = structlog.get_logger(__name__)


class Digester:
    """Posts the digest when it is due."""

    def __init__(
        self,
        *,
        digests: Digests,
        leases: Leases,
        facts: FactSource,
        slack: Slack,
        line: Line,
        artist: Artist,
        clock: Clock,
    ) -> None:
        self._digests, self._leases, self._facts = digests, leases, facts
        self._slack, self._line, self._artist = slack, line, artist
        self._clock = clock

    async def once(self) -> bool:
        """Post the latest digest that is due; never more to do at once."""
        async with self._leases.leased("digest") as is_ours:
            if is_ours:
                await self._look()
        return False

    async def _look(self) -> None:
        now = self._clock()
        policy = self._facts.facts(now).policy
        if policy.digest is None:
            return
        noted = await self._digests.last()
        if noted is None:
            await self._digests.note(Digested(upto=now))  # what was before is nobody's news
            return
        channel = policy.channels[policy.digest.channel].id
        try:
            noted = await self._tried_before(noted, channel)
            moment = latest(policy.digest.at, policy.zone, noted.upto, now)
            if moment is not None:
                await self._tell(noted, moment, channel)
        except WaitError:
            log.info("digest-waits", channel=channel)
        except SlackError as error:
            log.warning("digest-not-posted", channel=channel, code=error.code)

    async def _tried_before(self, noted: Digested, channel: str) -> Digested:
        """Whether the one that was tried last came through after all."""
        if noted.trying is None:
            return noted
        ask = Ask("find", channel)
        self._line.take(ask)
        with self._line.call(ask):
            found = await self._slack.find(channel, _key(noted.trying))
        if found is None:
            return noted
        done = Digested(upto=noted.trying)
        await self._digests.note(done)
        return done

    async def _tell(self, noted: Digested, moment: datetime, channel: str) -> None:
        zone = self._facts.facts(self._clock()).policy.zone
        quiet = await self._digests.quiet(noted.upto, moment)
        week = await self._week(noted, moment, zone)
        if quiet or week:
            message = self._artist.digest(quiet, zone, noted.upto, week)
            ask = Ask("post", channel)
            self._line.take(ask)
            await self._digests.note(Digested(upto=noted.upto, trying=moment))
            with self._line.call(ask):
                await self._slack.post(channel, message, key=_key(moment))
        await self._digests.note(Digested(upto=moment))

    async def _week(self, noted: Digested, moment: datetime, zone: str) -> Oversight | None:
        """Of the week, where it is to be told now and people were asked anything in it."""
        if not begins_a_week(noted.upto, moment, zone):
            return None
        found = await self._digests.oversight(moment - WEEK, moment, zone)
        return found if found.asked_people else None


def _key(moment: datetime) -> str:
    return f"digest_{instant(moment)}"
