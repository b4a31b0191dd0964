"""Slack's Web API, as `bot.messaging.Slack`: says things, and tells whether they were taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.messaging import (
    METADATA_TYPE,
    Message,
    SlackAwayError,
    SlackBusyError,
    SlackError,
    SlackRefusedError,
    SlackUnsureError,
)
from bot.slack.drawing.fitting import fitting

#: Codes that mean our token is no good: nothing is said or heard until people mend that.
NOT_KNOWN = frozenset(
    {
        "invalid_auth",
        "token_revoked",
        "account_inactive",
        "not_authed",
        "token_expired",
        "org_login_required",
    }
)

#: Codes that mean Slack does not know us just now: later may be better, and nothing was taken.
_AWAY = NOT_KNOWN | {"ekm_access_denied", "team_added_to_org", "service_unavailable"}

#: Codes after which the message may have been taken.
_UNSURE = frozenset({"internal_error", "fatal_error", "request_timeout"})

#: Seconds Slack gets to answer a call.
ANSWER_WITHIN_S = 10

#: Messages looked through for one whose post was never answered.
LOOK_BACK = 100


class WatchedClient(AsyncWebClient):
    """A client that notices when Slack knows our token no more, and when it does again."""

    def __init__(self, token: str, base_url: str) -> None:
        # It never retries by itself: a post that was taken must not be sent twice.
        super().__init__(token=token, base_url=base_url, retry_handlers=[], timeout=ANSWER_WITHIN_S)
        self.refused: str | None = None  #: what Slack said of the token last, if it was no good

    async def api_call(self, *arguments: Any, **named: Any) -> Any:
        """Every call goes through here."""
        try:
            answer = await super().api_call(*arguments, **named)
        except SlackApiError as error:
            code = _code(error.response)
            self.refused = code if code in NOT_KNOWN else self.refused
            raise
        self.refused = None
        return answer


def _code(response: Any) -> str:
    try:
        return str(response["error"])
    except (KeyError, TypeError, AttributeError, ValueError):
        return ""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Slack's many failures as the four of `bot.messaging`."""
    try:
        yield
    except SlackApiError as error:
        raise _of_response(error) from error
    except aiohttp.ClientConnectorError as error:
        raise SlackAwayError("unreachable") from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, asyncio.IncompleteReadError) as e:
        raise SlackUnsureError(type(e).__name__) from e


def _of_response(error: SlackApiError) -> SlackError:
    response: Any = error.response
    status = int(getattr(response, "status_code", 0) or 0)
    code = _code(response)
    if status == 429 or code == "ratelimited":
        return SlackBusyError(code, retry_after=_retry_after(response))
    if code in _AWAY or status in (401, 403, 503):
        return SlackAwayError(code or str(status))
    if status >= 500 or code in _UNSURE or not code:
        return SlackUnsureError(code or str(status))
    return SlackRefusedError(code)


def _retry_after(response: Any) -> float:
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, TypeError, ValueError):
        return 30.0


class SlackWeb:
    """One workspace, one static bot token. Posts are never retried here: the caller decides."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._direct: dict[str, str] = {}  # account -> its direct message channel

    async def post(
        self, target: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> tuple[str, str]:
        """Post to a channel or an account, marked with `key`."""
        message = fitting(message)
        async with translated():
            answer = await self._client.chat_postMessage(
                channel=await self._channel(target),
                text=message.text,
                blocks=[dict(b) for b in message.blocks] or None,
                thread_ts=thread_ts,
                metadata={"event_type": METADATA_TYPE, "event_payload": {"id": key}},
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
            )
        return str(answer["channel"]), str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        """Redraw a message."""
        message = fitting(message)
        async with translated():
            await self._client.chat_update(
                channel=channel,
                ts=ts,
                text=message.text,
                blocks=[dict(b) for b in message.blocks],
                metadata={"event_type": METADATA_TYPE, "event_payload": {"id": key}},
                link_names=False,
                parse="none",
            )

    async def ephemeral(
        self, channel: str, account: str, message: Message, thread_ts: str | None = None
    ) -> None:
        """Say it to one account alone. In a direct message that is an ordinary message."""
        if channel.startswith("D"):
            await self.post(channel, message, key="answer", thread_ts=thread_ts)
            return
        message = fitting(message)
        async with translated():
            await self._client.chat_postEphemeral(
                channel=channel,
                user=account,
                text=message.text,
                blocks=[dict(b) for b in message.blocks] or None,
                thread_ts=thread_ts,
                link_names=False,
                parse="none",
            )

    async def find(
        self, target: str, key: str, thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """The newest message marked with `key`, or None."""
        async with translated():
            channel = await self._channel(target)
            if thread_ts:
                found = await self._client.conversations_replies(
                    channel=channel, ts=thread_ts, limit=LOOK_BACK, include_all_metadata=True
                )
            else:
                found = await self._client.conversations_history(
                    channel=channel, limit=LOOK_BACK, include_all_metadata=True
                )
        for message in found["messages"]:
            marked = (message.get("metadata") or {}).get("event_payload") or {}
            if marked.get("id") == key:
                return channel, str(message["ts"])
        return None

    async def _channel(self, target: str) -> str:
        """The channel of a target; a direct message is opened once for each account."""
        if not target.startswith(("U", "W")):
            return target
        if target not in self._direct:
            self._direct[target] = await self._opened(target)
        return self._direct[target]

    async def _opened(self, account: str) -> str:
        try:
            async with translated():
                opened = await self._client.conversations_open(users=account)
        except SlackBusyError as error:
            error.opening = True
            raise
        return str(opened["channel"]["id"])
