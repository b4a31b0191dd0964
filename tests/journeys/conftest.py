"""A whole Andon beside a local workspace, over HTTP on loopback, as it runs for real."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bot.app import Server, serving
from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Channel, ChannelKind, Kind, Person
from bot.demo.workspace.server import serve
from bot.demo.workspace.workspace import Workspace
from bot.settings import Settings
from tests.building import OPERATION, OPTIONS, ROOT

NAMES = ("Ravi", "Ines", "Dana", "Lena", "Mia", "Tom", "Omar", "Sam", "Priya")
SECRET, BOT_TOKEN = "signing-secret-of-tests", "xoxb-of-tests"

BODY: dict[str, Any] = {
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times",
    "environment": "production",
    "operation": OPERATION,
    "options": OPTIONS,
}


def workspace_of_tests() -> Workspace:
    """The people and channels of the sample policy, and some strangers."""
    everyone = [f"U{name.upper()}" for name in NAMES]
    people = [
        Person(id=f"U{n.upper()}", name=n.lower(), real_name=n, tz="Europe/Berlin") for n in NAMES
    ]
    people += [
        Person(id="UGUEST", name="guest", kind=Kind.GUEST),
        Person(id="UFOREIGN", name="foreign", kind=Kind.FOREIGN),
        Person(id="UNOBODY", name="nobody"),
    ]
    channels = [
        Channel(id=id_, name=name, kind=kind, members=[*everyone, "UGUEST", "UFOREIGN", "UNOBODY"])
        for id_, name, kind in (
            ("C0DATABASE", "database", ChannelKind.PUBLIC),
            ("C0PAYMENTS", "payments-approvals", ChannelKind.PRIVATE),
            ("C0OPERATIONS", "operations", ChannelKind.PUBLIC),
        )
    ]
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return Workspace(
        manifest,
        people=people,
        channels=channels,
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token="xapp-of-tests",
    )


@dataclass
class Story:
    """The workspace, the server, and a service that asks."""

    workspace: Workspace
    server: Server
    http: aiohttp.ClientSession
    key: str

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Status and JSON of one call of the service."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.key}"
        async with self.http.request(
            method, self.server.url + path, json=body, headers=sent
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ask(self, key: str = "k1", **changes: Any) -> dict[str, Any]:
        """Open an escalation."""
        status, made = await self.call(
            "POST", "/v1/escalations", {**BODY, **changes}, Idempotency_Key=key
        )
        assert status == 201, made
        return dict(made)

    async def card(self, channel: str, *, label: str = "") -> Message:
        """The newest card in a conversation, once it is there and has that button."""
        return await self.workspace.wait_for(lambda: self._card(channel, label))

    def _card(self, channel: str, label: str) -> Message | None:
        try:
            found = [m for m in self.workspace.messages(channel) if m.thread_ts in (None, m.ts)]
        except Exception:
            return None  # the direct message has not been opened yet
        return found[-1] if found and (not label or label in found[-1].labels) else None

    async def tap(self, person: str, card: Message, label: str) -> Interaction:
        """Press a button of a card."""
        return await self.workspace.tap(person, card, label)

    async def heard(self, person: str, words: str) -> str:
        """Wait until the person alone is told something with these words."""
        return await self.workspace.wait_for(lambda: self._heard(person, words))

    def _heard(self, person: str, words: str) -> str | None:
        said = (spoken(m.blocks) for m in self.workspace.ephemerals(person))
        return next((one for one in said if words in one), None)

    async def status(self, id_: str) -> dict[str, Any]:
        """The escalation as the service reads it."""
        return dict((await self.call("GET", f"/v1/escalations/{id_}"))[1])


def spoken(value: Any) -> str:
    """All text of blocks, run together."""
    if isinstance(value, list | tuple):
        return "".join(spoken(item) for item in value)
    if isinstance(value, dict):
        if value.get("type") == "date":
            return "{time}"
        if value.get("type") == "user":
            return f"@{value['user_id']}"
        found = value.get("text")
        inner = [v for k, v in value.items() if k not in ("type", "text", "value")]
        return (found if isinstance(found, str) else spoken(found)) + spoken(inner)
    return ""


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """The local workspace, serving the Web API."""
    made = workspace_of_tests()
    async with serve(made, page=ROOT / "bot" / "demo" / "page") as running:
        made.api_url = running.api_url  # type: ignore[attr-defined]
        yield made


def settings_for(workspace: Workspace, folder: Path, mode: str) -> Settings:
    """Settings of a server beside the workspace."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(ROOT / "policy.toml"),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE=mode,
        ANDON_SLACK_API_URL=workspace.api_url,  # type: ignore[attr-defined]
        SLACK_BOT_TOKEN=BOT_TOKEN,
        SLACK_APP_TOKEN="xapp-of-tests",
        SLACK_SIGNING_SECRET=SECRET,
    )


@pytest.fixture(params=["http", "socket"])
async def story(
    workspace: Workspace, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Story]:
    """A running server in both modes."""
    settings = settings_for(workspace, tmp_path, request.param)
    async with serving(settings) as server, aiohttp.ClientSession() as http:
        if request.param == "http":
            workspace.request_url = f"{server.url}/slack/events"
        else:
            await workspace.wait_for(lambda: workspace.socket.connected)
        key = await server.store.services.add("data-sync")
        async with asyncio.timeout(5):
            while server.people.facts(server.clock()).people.as_of is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield Story(workspace=workspace, server=server, http=http, key=key)
