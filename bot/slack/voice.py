"""What the surface says to the one who clicked: in a window, where they are, or directly.

Nothing here raises: what Slack refuses is said another way, and logged where no way is left. So it
may follow an acknowledgement.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.messaging import Message, Slack, SlackError, SlackRefusedError
from bot.slack.clicks import Click
from bot.slack.drawing.answers import window_not_opened
from bot.slack.drawing.fitting import fitting_view
from bot.slack.drawing.modals import notice
from bot.slack.web import translated

log = structlog.get_logger(__name__)

#: Seconds that work nobody waits for is waited for when the server stops.
CLOSE_WITHIN_S = 2.5

View = Mapping[str, Any]


class Voice:
    """Says things, and minds the work that goes on after a click was answered."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._later: set[asyncio.Future[Any]] = set()
        self._closed = False

    async def tell(self, client: AsyncWebClient, click: Click, message: Message) -> None:
        """Answer a click where it was made: in the open window, or beside the card."""
        if not click.view_id:
            await self.whisper(click, message)
        elif error := await self._window(client, click, notice(message)):
            log.warning("window-not-opened", code=error.code)
            await self.whisper(click, message)

    async def open(self, client: AsyncWebClient, click: Click, view: View) -> None:
        """Show a window; in place of the one that was clicked in, if one was."""
        if error := await self._window(client, click, view):
            log.warning("window-not-opened", code=error.code)
            said = error.code if isinstance(error, SlackRefusedError) else ""
            await self.whisper(click, window_not_opened(said))

    async def redraw(self, client: AsyncWebClient, click: Click, view: View) -> None:
        """Show how something goes on in the window it began in; a closed one misses nothing."""
        if error := await self._window(client, click, view):
            log.info("window-not-redrawn", code=error.code)

    async def whisper(self, click: Click, message: Message) -> None:
        """Say it to the clicker alone, where they are; as a direct message if Slack refuses."""
        try:
            if click.channel:
                await self._slack.ephemeral(click.channel, click.account, message, click.thread_ts)
                return
        except SlackError as error:
            log.info("ephemeral-refused", code=error.code)
        try:
            await self._slack.post(click.account, message, key=click.command_id)
        except SlackError as error:
            log.warning("answer-not-shown", code=error.code)

    def after(self, work: Coroutine[Any, Any, Any]) -> None:
        """Work nobody waits for; it may fail without harm. None is begun once we stopped."""
        if self._closed:
            work.close()
        else:
            self.mind(asyncio.ensure_future(work))

    def mind(self, work: "asyncio.Future[Any]") -> None:
        """Work that goes on whether or not anybody waits: it ends before the store is closed."""
        self._later.add(work)
        work.add_done_callback(self._ended)

    async def close(self) -> None:
        """Let what goes on end while the store is still there, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                while self._later:
                    await asyncio.wait(self._later)
        self._closed = True

    async def _window(self, client: AsyncWebClient, click: Click, view: View) -> SlackError | None:
        fits = fitting_view(view)
        try:
            async with translated():
                if click.view_id:
                    await client.views_update(view_id=click.view_id, view=fits)
                else:
                    await client.views_open(trigger_id=click.trigger_id, view=fits)
        except SlackError as error:
            return error
        return None

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self._later.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("later-work-failed", error=type(task.exception()).__name__)
