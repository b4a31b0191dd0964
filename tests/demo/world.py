"""A small workspace, a clock that stands still, and a real Bolt application to talk to it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.request_verification.async_request_verification import (
    AsyncRequestVerification,
)
from slack_sdk import signature
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import (
    Channel,
    ChannelKind,
    Kind,
    Message,
    Person,
    Running,
    UserGroup,
    Window,
    Workspace,
)

SECRET = "test-signing-secret"
BOT_TOKEN = "xoxb-test"
APP_TOKEN = "xapp-test"

RAVI, INES, GUEST, STRANGER, GONE = "U0RAVI", "U0INES", "U0GUEST", "U0FAR", "U0GONE"
OPEN, CLOSED, OLD, ELSEWHERE = "C0OPEN", "G0CLOSED", "C0OLD", "C0ELSEWHERE"

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Andon"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Andon", "always_online": True},
        "slash_commands": [
            {"command": "/escalations", "description": "What waits", "usage_hint": "list"}
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "chat:write",
                "commands",
                "im:write",
                "users:read",
                "usergroups:read",
                "channels:history",
                "groups:history",
                "im:history",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": ["app_home_opened", "app_uninstalled", "tokens_revoked"]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}

PEOPLE = [
    Person(id=RAVI, name="ravi", real_name="Ravi K", email="ravi@example.com", tz="Europe/Berlin"),
    Person(id=INES, name="ines", email="ines@example.com", tz="UTC"),
    Person(id=GUEST, name="gus", kind=Kind.GUEST),
    Person(id=STRANGER, name="far", kind=Kind.FOREIGN, team_id="T0FAR"),
    Person(id=GONE, name="gone", deleted=True),
]

CHANNELS = [
    Channel(id=OPEN, name="open", members=(RAVI, INES, GUEST, STRANGER)),
    Channel(id=CLOSED, name="closed", kind=ChannelKind.PRIVATE, members=(RAVI,)),
    Channel(id=OLD, name="old", archived=True),
    Channel(id=ELSEWHERE, name="elsewhere", members=(RAVI,), bot=False),
]

GROUPS = [UserGroup(id="S0DBA", handle="database-admin", members=(RAVI, GONE))]


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds


def a_workspace(clock: Clock | None = None, **more: Any) -> Workspace:
    """A workspace with everybody in it."""
    return Workspace(
        **{
            "manifest": MANIFEST,
            "people": PEOPLE,
            "channels": CHANNELS,
            "groups": GROUPS,
            "clock": clock or Clock(),
            "signing_secret": SECRET,
            "bot_token": BOT_TOKEN,
            "app_token": APP_TOKEN,
            "event_retries": (0.0, 0.0, 0.0),
            **more,
        }
    )


def without(manifest: Mapping[str, Any], *scopes: str) -> dict[str, Any]:
    """The manifest with fewer scopes."""
    kept = [one for one in manifest["oauth_config"]["scopes"]["bot"] if one not in scopes]
    return {**manifest, "oauth_config": {"scopes": {"bot": kept}}}


@dataclass
class BoltApp:
    """A real Bolt application; `seen` is what its listeners were given."""

    bolt: AsyncApp
    client: AsyncWebClient
    seen: list[dict[str, Any]] = field(default_factory=list)


class ClockOfSdk(signature.Clock):
    """A test's clock as Slack's verifier of signatures reads it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()


def a_bolt_app(running: Running) -> BoltApp:
    """Bolt with Slack's own client and verifier, pointed at the workspace and on its clock."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])
    bolt = AsyncApp(client=client, request_verification_enabled=False)
    verification = AsyncRequestVerification(SECRET)
    verification.verifier.clock = ClockOfSdk(running.workspace.clock)
    bolt.use(verification)
    return BoltApp(bolt=bolt, client=client)


@asynccontextmanager
async def listening(app: BoltApp) -> AsyncIterator[str]:
    """Serve it over HTTP; gives its request URL."""

    async def events(request: web.Request) -> web.Response:
        bolt_request = await to_bolt_request(request)
        return await to_aiohttp_response(await app.bolt.async_dispatch(bolt_request))

    async with answering(events) as url:
        yield url


@asynccontextmanager
async def connected(app: BoltApp, running: Running) -> AsyncIterator[AsyncSocketModeHandler]:
    """Join it to the workspace by Socket Mode."""
    app_client = AsyncWebClient(token=APP_TOKEN, base_url=running.api_url, retry_handlers=[])
    handler = AsyncSocketModeHandler(app.bolt, APP_TOKEN, web_client=app_client)
    await handler.connect_async()
    try:
        await running.workspace.wait_for(lambda: running.workspace.socket.connected)
        yield handler
    finally:
        await handler.close_async()


@asynccontextmanager
async def joined(app: BoltApp, running: Running, line: str) -> AsyncIterator[None]:
    """Join it to the workspace by `http` or by `socket`."""
    if line == "socket":
        async with connected(app, running):
            yield
    else:
        async with listening(app) as url:
            running.workspace.request_url = url
            yield


@asynccontextmanager
async def answering(handler: Any) -> AsyncIterator[str]:
    """Serve any handler as the app's request URL."""
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def plain(text: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


def actions(*elements: dict[str, Any], block_id: str = "choices") -> dict[str, Any]:
    """A row of elements."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


CARD = [
    {"type": "header", "block_id": "title", "text": plain("Schema conflict")},
    actions(
        button("Migrate", "vote:migrate", value="m1"),
        button("Recreate", "vote:recreate", value="r1", style="danger"),
    ),
]


def typed(block_id: str = "why", **more: Any) -> dict[str, Any]:
    """An input block with a text field."""
    element = {"type": "plain_text_input", "action_id": "reason", **more.pop("element", {})}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Why?"),
        "element": element,
        **more,
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A modal that asks why."""
    return {
        "type": "modal",
        "callback_id": "why",
        "title": plain("Why?"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [typed()],
        **more,
    }


async def a_card(app: BoltApp, workspace: Workspace, channel: str = OPEN) -> Message:
    """The app posts its card."""
    await app.client.chat_postMessage(channel=channel, text="A card", blocks=CARD)
    return workspace.messages(channel)[-1]


async def a_modal(app: BoltApp, workspace: Workspace, view: dict[str, Any] | None = None) -> Window:
    """Ravi clicks, the app opens a modal before him, and he has it on his screen."""

    async def ask(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view or modal())

    app.bolt.action("vote:migrate")(ask)
    await workspace.tap(RAVI, await a_card(app, workspace), "Migrate")
    return await workspace.wait_for(lambda: workspace.view_of(RAVI))
