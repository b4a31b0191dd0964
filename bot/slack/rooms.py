"""In which channels somebody is, as far as Slack lets us know: public ones, and private ones that
we are in too.

It says what a person may read beside what concerns them, in lists and App Home. Where Slack does
not say it in time, less is listed.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from approvals.ports import Clock
from bot.messaging import SlackError
from bot.slack.web import translated

log = structlog.get_logger(__name__)

#: A list waits this long for it; what was heard is good for a while.
HEAR_WITHIN_S, KEPT, MOST_KEPT = 1.0, timedelta(minutes=1), 1000

#: Channels a page, and pages read of one person.
PAGE, MOST_PAGES = 999, 5


class Rooms:
    """Asks Slack once a while for each account."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._heard: dict[str, tuple[frozenset[str], datetime]] = {}

    async def of(self, account: str) -> frozenset[str]:
        """Ids of the channels the account is in; none where Slack does not say."""
        now = self._clock()
        known = self._heard.get(account)
        if known is not None and now <= known[1]:
            return known[0]
        try:
            async with asyncio.timeout(HEAR_WITHIN_S):
                channels = await self._hear(account)
        except (SlackError, TimeoutError) as error:
            log.warning("channels-not-heard", error=str(error) or "too slow")
            return frozenset()
        if len(self._heard) >= MOST_KEPT:
            self._heard.clear()
        self._heard[account] = (channels, now + KEPT)
        return channels

    async def _hear(self, account: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(MOST_PAGES):
            async with translated():
                page = await self._client.users_conversations(
                    user=account,
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=PAGE,
                    cursor=cursor,
                )
            found |= {channel["id"] for channel in page["channels"]}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return frozenset(found)
