"""The way in from Slack: HTTP behind our guard, or Socket Mode; both end in the same listeners."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from approvals.ports import Clock, SeenSignatures
from bot.messaging import SlackRefusedError
from bot.slack.clicks import mark
from bot.slack.directory import Strangers
from bot.slack.guard import Guard, Identity, Payload, Rejected, account_of, identified
from bot.slack.shapes import is_shaped
from bot.slack.surface import Surface
from bot.slack.web import WatchedClient, translated

log = structlog.get_logger(__name__)

#: What Bolt logs by, whose messages may hold bodies and signatures. It gives each of its loggers a
#: level of its own unless it is given one whose level they take.
_SILENT = logging.getLogger("andon.bolt")
_SILENT.setLevel(logging.CRITICAL + 1)

#: Where Bolt's context holds what the guard found of who sent it; nobody outside can write there.
SENDER = "andon_sender"

#: Seconds until Slack is asked again who we are, while it does not answer.
ASK_AGAIN_S = 5.0

#: Seconds until the socket is left to itself when the server stops.
CLOSE_WITHIN_S = 1.5


async def _failed(error: Exception) -> None:
    """A listener broke, which is a fault of ours: Slack shows its error, the log says where."""
    log.error("click-failed", error=type(error).__name__, exc_info=error)


class _Socket(AsyncSocketModeHandler):
    """Socket Mode: what has no shape Slack sends is not answered, and Bolt never sees it."""

    async def handle(  # type: ignore[override]  # as Bolt overrides its own
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        """Take an envelope."""
        if is_shaped(req.payload):
            await super().handle(client, req)
        else:
            log.warning("slack-request-rejected", reason="not a payload")


class SlackDoor:
    """Verifies, then hands over to Bolt."""

    def __init__(
        self,
        *,
        client: WatchedClient,
        surface: Surface,
        strangers: Strangers,
        secrets: Sequence[str],
        app_token: str,
        seen: SeenSignatures,
        clock: Clock,
    ) -> None:
        self._client, self._app_token = client, app_token
        self._surface = surface
        self.identity: Identity | None = None
        # Bolt verifies nothing here: the guard has, and Socket Mode is a trusted line.
        self._bolt = AsyncApp(
            client=client,
            logger=_SILENT,
            authorize=self._authorizer(),
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
        )
        self._bolt.middleware(_Senders(lambda: self.identity, strangers))
        self._bolt.error(_failed)
        surface.register(self._bolt)
        self._guard = Guard(
            self._dispatch, secrets=secrets, me=lambda: self.identity, seen=seen, clock=clock
        )
        self._socket: AsyncSocketModeHandler | None = None
        self._asking: asyncio.Task[None] | None = None
        logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)

    def routes(self) -> list[web.RouteDef]:
        """What HTTP mode answers."""
        return [web.post("/slack/events", self._guard.take)]

    async def start(self) -> None:
        """Learn who we are, as often as it takes; then open the socket if there is one."""
        self._asking = asyncio.create_task(self._ask())

    async def hang_up(self) -> None:
        """Hear nothing more; the other side need not answer for us to end."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking}, timeout=CLOSE_WITHIN_S)
        if self._socket is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await self._socket.close_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Let what people asked for end."""
        await self._surface.close()

    async def ready(self) -> tuple[str, bool]:
        """For health: known to Slack, not thrown out, connected."""
        connected = self._socket is None or bool(await self._socket.client.is_connected())
        known = self.identity is not None and not self._client.refused
        return "slack", known and connected

    def take_secrets(self, secrets: tuple[str, ...]) -> bool:
        """What Slack signs with from now on; whether it is another."""
        changed = secrets != tuple(self._guard.secrets)
        self._guard.secrets = secrets
        return changed

    def revoked(self, event: str) -> None:
        """The workspace took a token away: ours, until a call shows that it is good still."""
        self._client.refused = event
        log.error("slack-access-lost", slack_event=event)

    async def _ask(self) -> None:
        while self.identity is None:
            try:
                async with translated():
                    known = await self._client.auth_test()
                self.identity = Identity(
                    team_id=known["team_id"],
                    app_id=await self._app_id(str(known.get("bot_id") or "")),
                    bot_user_id=known["user_id"],
                )
            except Exception as error:
                log.warning("slack-not-ready", error=str(error))
                await asyncio.sleep(ASK_AGAIN_S)
        if self._app_token:
            self._socket = _Socket(
                self._bolt,
                self._app_token,
                web_client=WatchedClient(self._app_token, self._client.base_url),
            )
            await self._connect(self._socket)

    async def _app_id(self, bot_id: str) -> str:
        """Our app's id; empty where Slack does not tell. The signing secret is the app's own."""
        try:
            async with translated():
                found = await self._client.bots_info(bot=bot_id)
            return str(found["bot"].get("app_id") or "")
        except SlackRefusedError:
            return ""

    async def _connect(self, socket: AsyncSocketModeHandler) -> None:
        while True:
            try:
                await socket.connect_async()  # type: ignore[no-untyped-call]
                return
            except (SlackClientError, OSError) as error:
                log.warning("socket-not-connected", error=type(error).__name__)
                await asyncio.sleep(ASK_AGAIN_S)

    def _authorizer(self) -> Callable[[str | None], Awaitable[AuthorizeResult]]:
        """What Bolt asks for each request. A plain function: it would name a method's `self`."""

        async def authorized(team_id: str | None) -> AuthorizeResult:
            me = self.identity
            assert me is not None  # noqa: S101  the guard lets nothing in before
            return AuthorizeResult(
                enterprise_id=None,
                team_id=me.team_id,
                bot_token=self._client.token,
                bot_user_id=me.bot_user_id,
            )

        return authorized

    async def _dispatch(self, payload: Payload, foreign: bool) -> web.StreamResponse:
        """What the guard let in, as over the socket: parsed once, no header, nothing unsigned."""
        bolt = AsyncBoltRequest(mode="socket_mode", body=payload, context={SENDER: foreign})
        return await to_aiohttp_response(await self._bolt.async_dispatch(bolt))


class _Senders(AsyncMiddleware):
    """The same look at who sent it for both modes; marks the foreign for the surface.

    Whoever is rejected is not acknowledged either: Slack shows its own error, as over HTTP.
    """

    def __init__(self, me: Callable[[], Identity | None], strangers: Strangers) -> None:
        self._me, self._strangers = me, strangers

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse | None:
        """Go on, or reject."""
        body, found = req.body, req.context.get(SENDER)
        if found is None:  # by the socket: no guard has looked
            me = self._me()
            found = identified(body, me) if me is not None else Rejected(status=503, reason="early")
        if isinstance(found, Rejected):
            log.warning("slack-request-rejected", reason=found.reason)
            return BoltResponse(status=found.status)
        account = account_of(body)
        mark(body, foreign=found or (bool(account) and await self._strangers.has(account)))
        return await next()
