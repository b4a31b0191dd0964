"""A workspace that listens, Slack's own client pointed at it, and a Bolt app joined over HTTP."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Running, Workspace, serve
from tests.demo.world import BOT_TOKEN, BoltApp, Clock, a_bolt_app, a_workspace, joined, listening


@pytest.fixture
def clock() -> Clock:
    """A clock that only tests move."""
    return Clock()


@pytest.fixture
async def running(clock: Clock) -> AsyncIterator[Running]:
    """A workspace that listens on a free loopback port."""
    async with serve(a_workspace(clock)) as running:
        yield running


@pytest.fixture
def workspace(running: Running) -> Workspace:
    """The workspace itself."""
    return running.workspace


@pytest.fixture
def client(running: Running) -> AsyncWebClient:
    """Slack's own client, which here retries nothing by itself."""
    return AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url, retry_handlers=[])


@pytest.fixture
async def app(running: Running) -> AsyncIterator[BoltApp]:
    """A real Bolt app that the workspace reaches over HTTP."""
    app = a_bolt_app(running)
    async with listening(app) as url:
        running.workspace.request_url = url
        yield app


@pytest.fixture(params=["http", "socket"])
async def either(running: Running, request: pytest.FixtureRequest) -> AsyncIterator[BoltApp]:
    """A real Bolt app, once over HTTP and once by Socket Mode."""
    app = a_bolt_app(running)
    async with joined(app, running, request.param):
        yield app
